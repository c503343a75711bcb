// Where the image lies in the view. Sizes of the view are CSS pixels; of the image, image pixels.

export interface Size {
  width: number;
  height: number;
}

/** The image point in the middle of the view, and CSS pixels per image pixel. */
export interface Placement {
  cx: number;
  cy: number;
  zoom: number;
}

export interface Point {
  x: number;
  y: number;
}

const CLOSEST = 32; // CSS px per image px
const MARGIN = 0.96; // of the view that a fitted image fills

export function fit(image: Size, view: Size): Placement {
  const zoom = MARGIN * Math.min(view.width / image.width, view.height / image.height);
  return { cx: image.width / 2, cy: image.height / 2, zoom: zoom > 0 ? zoom : 1 };
}

export function toImage(point: Point, at: Placement, view: Size): Point {
  return {
    x: at.cx + (point.x - view.width / 2) / at.zoom,
    y: at.cy + (point.y - view.height / 2) / at.zoom,
  };
}

export function toView(point: Point, at: Placement, view: Size): Point {
  return {
    x: (point.x - at.cx) * at.zoom + view.width / 2,
    y: (point.y - at.cy) * at.zoom + view.height / 2,
  };
}

/** Zooms by `factor` so that the image point under `anchor` stays under it. */
export function zoomAt(at: Placement, factor: number, anchor: Point, image: Size, view: Size): Placement {
  const widest = fit(image, view).zoom / 4;
  const zoom = Math.min(CLOSEST, Math.max(widest, at.zoom * factor));
  const fixed = toImage(anchor, at, view);
  return clamp({
    zoom,
    cx: fixed.x - (anchor.x - view.width / 2) / zoom,
    cy: fixed.y - (anchor.y - view.height / 2) / zoom,
  }, image);
}

/** Moves the view by CSS pixels; the middle never leaves the image, so nobody gets lost. */
export function pan(at: Placement, dx: number, dy: number, image: Size): Placement {
  return clamp({ ...at, cx: at.cx + dx / at.zoom, cy: at.cy + dy / at.zoom }, image);
}

/** Brings a box of the image to the middle, with room around it. */
export function lookAt(box: { x: number; y: number; w: number; h: number }, image: Size, view: Size): Placement {
  const whole = fit(image, view).zoom;
  const zoom = Math.min(8, Math.max(whole, Math.min(view.width / (3 * box.w), view.height / (3 * box.h))));
  return clamp({ cx: box.x + box.w / 2, cy: box.y + box.h / 2, zoom }, image);
}

function clamp(at: Placement, image: Size): Placement {
  return {
    ...at,
    cx: Math.min(image.width, Math.max(0, at.cx)),
    cy: Math.min(image.height, Math.max(0, at.cy)),
  };
}
