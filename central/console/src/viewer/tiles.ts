// Images wider than the largest texture are cut; each piece keeps one pixel of its neighbours, so
// that smoothing sees across the seam.

/** `x, y, w, h`: the pixels to draw. `left, top, width, height`: the pixels to upload. */
export interface Tile {
  x: number;
  y: number;
  w: number;
  h: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

const HALO = 1;

/** Tiles that cover `width` × `height`, none larger than `max` with its halo. */
export function cut(width: number, height: number, max: number): Tile[] {
  return spans(height, max).flatMap((down) => spans(width, max).map((across) => ({
    x: across.start, y: down.start, w: across.length, h: down.length,
    left: across.from, top: down.from, width: across.size, height: down.size,
  })));
}

function spans(total: number, max: number): { start: number; length: number; from: number; size: number }[] {
  const step = total <= max ? total : max - 2 * HALO;
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => {
    const start = i * step;
    const length = Math.min(step, total - start);
    const from = Math.max(0, start - HALO);
    return { start, length, from, size: Math.min(total, start + length + HALO) - from };
  });
}
