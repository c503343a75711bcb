// What draws a picture: WebGL 2 where there is one, else a plain canvas with fewer modes.
import { drawPlain } from "./canvas2d";
import { GlRenderer } from "./gl";
import type { Point, Size } from "./geometry";
import type { Prepared } from "./prepare";
import type { ViewState } from "./view-state";

export interface Pictures {
  high: Prepared;
  /** Only where it has the size of `high`. */
  low: Prepared | null;
}

export interface Renderer {
  readonly webgl: boolean;
  load(pictures: Pictures): void;
  /** `view` in CSS pixels; `lens` where the magnifier is, or null. */
  draw(state: ViewState, view: Size, pixelRatio: number, lens: Point | null): void;
  dispose(): void;
}

export const LENS = { size: 280, factor: 3 }; // CSS px; times the current zoom

/** Throws where the browser can draw nothing at all. */
export function createRenderer(canvas: HTMLCanvasElement): Renderer {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
  if (gl) return new GlRenderer(gl);
  const context = canvas.getContext("2d", { alpha: false });
  if (context) return new PlainRenderer(context);
  throw new Error("This browser can draw neither with WebGL 2 nor on a canvas. Use another browser.");
}

class PlainRenderer implements Renderer {
  readonly webgl = false;
  #pictures: Pictures | null = null;

  constructor(readonly context: CanvasRenderingContext2D) {}

  load(pictures: Pictures): void {
    this.#pictures = pictures;
  }

  draw(state: ViewState, view: Size, pixelRatio: number, lens: Point | null): void {
    const { canvas } = this.context;
    canvas.width = Math.round(view.width * pixelRatio);
    canvas.height = Math.round(view.height * pixelRatio);
    if (this.#pictures) drawPlain(this.context, this.#pictures, state, view, pixelRatio, lens);
  }

  dispose(): void {
    this.#pictures = null;
  }
}
