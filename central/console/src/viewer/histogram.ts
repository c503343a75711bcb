// Percentiles of 16-bit data, and the window that shows it well.
import { FULL, depthOf } from "./physics";

/** Low and high end of what is shown, both 0 to 1 of the scale in use. */
export interface Window {
  low: number;
  high: number;
}

/** How often each of the 65536 values occurs. */
export function histogram(data: Uint16Array): Uint32Array {
  const counts = new Uint32Array(FULL + 1);
  for (let i = 0; i < data.length; i++) counts[data[i]!]!++;
  return counts;
}

/** The smallest value that at least `share` (0 to 1) of the pixels do not exceed. */
export function percentile(counts: Uint32Array, share: number): number {
  let total = 0;
  for (const count of counts) total += count;
  const wanted = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value]!;
    if (seen >= wanted) return value;
  }
  return counts.length - 1;
}

/** The signal with nothing in the beam: 99.9 % of the pixels are darker or as bright. */
export function airLevel(counts: Uint32Array): number {
  return Math.max(1, percentile(counts, 0.999));
}

/** Windows that leave out the outermost 0.5 % on each side, one per scale. */
export function autoWindows(counts: Uint32Array, air: number): { intensity: Window; depth: Window } {
  const dark = percentile(counts, 0.005);
  const bright = percentile(counts, 0.995);
  return {
    intensity: atLeast({ low: dark / FULL, high: bright / FULL }),
    depth: atLeast({ low: depthOf(bright, air), high: depthOf(dark, air) }),
  };
}

/** A window is never narrower than one grey value, so that it can be divided by. */
export function atLeast(window: Window): Window {
  return window.high - window.low >= 1 / FULL ? window : { low: window.low, high: window.low + 1 / FULL };
}
