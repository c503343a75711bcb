// A stored picture in small, as the viewer first shows it: fetched whole, reduced at once, drawn once.
// One picture at a time, so that small ones never crowd out the large one.
import type { Picture } from "../api/types";
import { airLevel, autoWindows, histogram } from "./histogram";
import { fetchImage, joined, type Image16 } from "./image";
import { colourTable } from "./tone";

let last: Promise<unknown> = Promise.resolve();

/** The picture that `parts` are, the uppermost first, with no side above `side`. Errors: ApiError. */
export function thumbnail(parts: Picture<string>[], side: number, wanted: () => boolean): Promise<Image16 | null> {
  const turn = last.then(() => (wanted() ? small(parts, side) : null));
  last = turn.catch(() => undefined);
  return turn;
}

async function small(parts: Picture<string>[], side: number): Promise<Image16> {
  const height = parts.reduce((sum, part) => sum + part.height, 0);
  const factor = Math.max(1, Math.ceil(Math.max(parts[0]?.width ?? 1, height) / side));
  const reduced: Image16[] = [];
  for (const part of parts) reduced.push(reduce(await fetchImage(part.sha256), factor));
  return joined(reduced);
}

/** Each pixel the mean of `factor` × `factor`; at the far edges of what there is. */
export function reduce(image: Image16, factor: number): Image16 {
  const [width, height] = [Math.ceil(image.width / factor), Math.ceil(image.height / factor)];
  const data = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = mean(image, x * factor, y * factor, factor);
  }
  return { ...image, width, height, data };
}

function mean(image: Image16, left: number, top: number, factor: number): number {
  const right = Math.min(image.width, left + factor);
  const bottom = Math.min(image.height, top + factor);
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += image.data[y * image.width + x]!;
  }
  return Math.round(sum / ((right - left) * (bottom - top)));
}

/** Grey, the window set from the histogram: the viewer's first look. */
export function draw(canvas: HTMLCanvasElement, image: Image16): void {
  const counts = histogram(image.data);
  const air = airLevel(counts);
  const window = autoWindows(counts, air).intensity;
  const table = colourTable({ depth: false, window, gamma: 1, invert: false, palette: "grey", opaque: false }, air);
  canvas.width = image.width;
  canvas.height = image.height;
  const pixels = Uint32Array.from(image.data, (value) => table[value]!);
  const shown = new ImageData(new Uint8ClampedArray(pixels.buffer), image.width, image.height);
  canvas.getContext("2d")?.putImageData(shown, 0, 0);
}
