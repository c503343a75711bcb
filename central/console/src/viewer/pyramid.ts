// The image at full, half, quarter … size, so that a small view averages pixels instead of skipping
// them (a wire one pixel wide must not vanish). Each pixel carries two numbers: value, local mean.

export interface Level {
  width: number;
  height: number;
  /** Interleaved: value, local mean. Length 2 · width · height. */
  data: Uint16Array;
}

export const SMALLEST = 256; // px; a whole image this small needs no further halving

/** Value and local mean side by side: the pyramid's first level. */
export function interleave(values: Uint16Array, means: Uint16Array, width: number, height: number): Level {
  const data = new Uint16Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    data[2 * i] = values[i]!;
    data[2 * i + 1] = means[i]!;
  }
  return { width, height, data };
}

/** Half the size; each pixel the mean of up to four. Odd edges repeat their last pixel. */
export function halve(level: Level): Level {
  const width = Math.ceil(level.width / 2);
  const height = Math.ceil(level.height / 2);
  const data = new Uint16Array(2 * width * height);
  for (let y = 0; y < height; y++) {
    const top = 2 * y * level.width;
    const bottom = Math.min(2 * y + 1, level.height - 1) * level.width;
    for (let x = 0; x < width; x++) {
      const left = 2 * x;
      const right = Math.min(left + 1, level.width - 1);
      const [a, b, c, d] = [2 * (top + left), 2 * (top + right), 2 * (bottom + left), 2 * (bottom + right)];
      const to = 2 * (y * width + x);
      data[to] = (level.data[a]! + level.data[b]! + level.data[c]! + level.data[d]! + 2) >> 2;
      data[to + 1] = (level.data[a + 1]! + level.data[b + 1]! + level.data[c + 1]! + level.data[d + 1]! + 2) >> 2;
    }
  }
  return { width, height, data };
}

export function pyramid(first: Level): Level[] {
  const levels = [first];
  for (let last = first; Math.max(last.width, last.height) > SMALLEST; levels.push(last)) last = halve(last);
  return levels;
}

/** The level for `scale` screen pixels per image pixel: never fewer pixels than the screen shows. */
export function levelFor(scale: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(Math.log2(1 / scale))));
}
