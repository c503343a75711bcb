// Contrast-limited adaptive histogram equalisation (Zuiderveld 1994), as curves for the shader. Rules:
// 1. The image is cut into GRID × GRID parts; each gets a histogram over optical depth (BINS).
// 2. A bin above CLIP times the even share is cut there, and what was cut is shared out evenly; so
//    contrast rises at most CLIP-fold, and the noise of plain air stays noise.
// 3. The running sum is the part's curve, 0 to 1; the shader mixes the curves of four parts.
import { depthOf } from "./physics";
import type { Image16 } from "./image";

export const GRID = 8;
export const BINS = 1024; // steps of 1.1 % of the signal; finer than the photon noise
const CLIP = 16;

/** GRID² curves of BINS numbers, row by row. */
export function curves(image: Image16, air: number): Float32Array {
  const out = new Float32Array(GRID * GRID * BINS);
  countParts(image, air, out);
  for (let part = 0; part < GRID * GRID; part++) equalise(out.subarray(part * BINS, (part + 1) * BINS));
  return out;
}

function countParts({ data, width, height }: Image16, air: number, out: Float32Array): void {
  const bin = Uint16Array.from({ length: 65_536 }, (_, value) =>
    Math.min(BINS - 1, Math.floor(depthOf(value, air) * BINS)));
  const column = Uint16Array.from({ length: width }, (_, x) => Math.floor((x * GRID) / width) * BINS);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * GRID) / height) * GRID * BINS;
    for (let x = 0, at = y * width; x < width; x++, at++) out[row + column[x]! + bin[data[at]!]!]!++;
  }
}

/** Turns one histogram into its clipped, cumulative curve, in place. */
export function equalise(counts: Float32Array): void {
  let total = 0;
  for (const count of counts) total += count;
  const limit = (CLIP * total) / counts.length;
  let excess = 0;
  for (const count of counts) excess += Math.max(0, count - limit);
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    sum += Math.min(counts[i]!, limit) + excess / counts.length;
    counts[i] = total ? sum / total : i / counts.length;
  }
}
