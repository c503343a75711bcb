// Mean of the square around each pixel; what sharpening and high-pass compare with.
// Running sums, so the cost does not depend on the radius. Beyond the border the edge repeats.

/** Box mean of the given radius, rows then columns. Shape as the input. */
export function localMean(data: Uint16Array, width: number, height: number, radius: number): Uint16Array {
  const rows = new Float32Array(data.length);
  for (let y = 0; y < height; y++) meanAlong(data, rows, y * width, 1, width, radius);
  const out = new Uint16Array(data.length);
  sumColumns(rows, out, width, height, radius);
  return out;
}

function meanAlong(
  from: Uint16Array, to: Float32Array, start: number, step: number, count: number, radius: number,
): void {
  const last = start + (count - 1) * step;
  let sum = from[start]! * (radius + 1);
  for (let k = 1; k <= radius; k++) sum += from[Math.min(last, start + k * step)]!;
  for (let i = 0, at = start; i < count; i++, at += step) {
    to[at] = sum / (2 * radius + 1);
    sum += from[Math.min(last, at + (radius + 1) * step)]! - from[Math.max(start, at - radius * step)]!;
  }
}

// Whole rows at a time, as walking down single columns would miss the cache at each step.
function sumColumns(
  from: Float32Array, to: Uint16Array, width: number, height: number, radius: number,
): void {
  const sum = new Float64Array(width);
  const row = (y: number) => Math.min(height - 1, Math.max(0, y)) * width;
  for (let k = -radius; k <= radius; k++) {
    for (let x = 0, at = row(k); x < width; x++, at++) sum[x]! += from[at]!;
  }
  const share = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const enter = row(y + radius + 1);
    const leave = row(y - radius);
    for (let x = 0, at = y * width; x < width; x++, at++) {
      to[at] = Math.round(sum[x]! * share);
      sum[x]! += from[enter + x]! - from[leave + x]!;
    }
  }
}
