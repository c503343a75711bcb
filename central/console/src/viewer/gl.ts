// The picture on the graphics card. Rules:
// 1. Each level of the pyramid is cut into tiles no larger than the largest texture; uploaded once.
// 2. A change of view is uniforms and one quad per tile, nothing else.
// 3. Textures belong to one picture and go with it.
import { Programs, UNITS, type Program } from "./gl-programs";
import { bind, curveTexture, largestTile, paletteTexture, tileTexture } from "./gl-textures";
import type { Placement, Point, Size } from "./geometry";
import type { PaletteName } from "./palette";
import { levelFor } from "./pyramid";
import { LENS, type Pictures, type Renderer } from "./renderer";
import { lookOf } from "./shader";
import { cut, type Tile } from "./tiles";
import type { ViewState } from "./view-state";

type Energy = "high" | "low";

interface Loaded {
  size: Size;
  air: Record<Energy, number>;
  levels: ({ tile: Tile } & Record<Energy, WebGLTexture>)[][];
  curves: Record<Energy, WebGLTexture>;
}

/** Part of the canvas, in device pixels, and what is in its middle; zoom in device px per image px. */
interface Window {
  width: number;
  height: number;
  at: Placement;
}

const SMOOTH_BELOW = 3; // device px per image px; above, single pixels are shown as they are

export class GlRenderer implements Renderer {
  readonly webgl = true;
  readonly #programs: Programs;
  readonly #palettes = new Map<PaletteName, WebGLTexture>();
  #textures: WebGLTexture[] = [];
  #loaded: Loaded | null = null;

  constructor(readonly gl: WebGL2RenderingContext) {
    this.#programs = new Programs(gl);
    gl.bindVertexArray(gl.createVertexArray());
    gl.clearColor(0.02, 0.027, 0.04, 1);
  }

  load({ high, low }: Pictures): void {
    this.#forget();
    const second = low ?? high;
    const own = (texture: WebGLTexture) => {
      this.#textures.push(texture);
      return texture;
    };
    const curves = own(curveTexture(this.gl, high));
    this.#loaded = {
      size: { width: high.width, height: high.height },
      air: { high: high.air, low: second.air },
      curves: { high: curves, low: low ? own(curveTexture(this.gl, low)) : curves },
      levels: high.levels.map(({ width, height }, level) => cut(width, height, largestTile(this.gl)).map((tile) => {
        const first = own(tileTexture(this.gl, high, level, tile));
        return { tile, high: first, low: low ? own(tileTexture(this.gl, low, level, tile)) : first };
      })),
    };
  }

  draw(state: ViewState, view: Size, pixelRatio: number, lens: Point | null): void {
    const { gl } = this;
    resize(gl.canvas as HTMLCanvasElement, view, pixelRatio);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.#loaded) return;
    this.#window(state, this.#loaded, {
      width: view.width * pixelRatio, height: view.height * pixelRatio,
      at: { ...state.at, zoom: state.at.zoom * pixelRatio },
    });
    if (lens) this.#lens(state, this.#loaded, view, pixelRatio, lens);
  }

  dispose(): void {
    this.#forget();
    for (const texture of this.#palettes.values()) this.gl.deleteTexture(texture);
    this.#palettes.clear();
    this.#programs.dispose();
  }

  #window(state: ViewState, loaded: Loaded, { width, height, at }: Window): void {
    const { gl } = this;
    const smooth = at.zoom < SMOOTH_BELOW && at.zoom !== 1;
    const program = this.#programs.use(lookOf(state, smooth));
    const energy = state.signal === "low" ? "low" : "high";
    const level = levelFor(at.zoom, loaded.levels.length);
    setLook(gl, program, state, loaded, energy);
    bind(gl, UNITS.u_curves, loaded.curves[energy]);
    bind(gl, UNITS.u_palette, this.#palette(state.palette));
    gl.uniform1f(program.at("u_level"), 1 / 2 ** level);
    gl.uniform2f(program.at("u_center"), at.cx, at.cy);
    gl.uniform2f(program.at("u_scale"), (2 * at.zoom) / width, (2 * at.zoom) / height);
    for (const part of loaded.levels[level]!) {
      const { tile } = part;
      gl.uniform4f(program.at("u_rect"), tile.x, tile.y, tile.w, tile.h);
      gl.uniform2i(program.at("u_origin"), tile.left, tile.top);
      gl.uniform2i(program.at("u_last"), tile.width - 1, tile.height - 1);
      bind(gl, UNITS.u_first, part[energy]);
      bind(gl, UNITS.u_second, part.low);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  #lens(state: ViewState, loaded: Loaded, view: Size, pixelRatio: number, lens: Point): void {
    const { gl } = this;
    const side = Math.round(LENS.size * pixelRatio);
    const x = Math.round(lens.x * pixelRatio - side / 2);
    const y = Math.round((view.height - lens.y) * pixelRatio - side / 2);
    const { cx, cy, zoom } = state.at;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, y, side, side);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.viewport(x, y, side, side);
    this.#window(state, loaded, {
      width: side, height: side,
      at: {
        cx: cx + (lens.x - view.width / 2) / zoom, cy: cy + (lens.y - view.height / 2) / zoom,
        zoom: zoom * LENS.factor * pixelRatio,
      },
    });
    gl.disable(gl.SCISSOR_TEST);
  }

  #palette(name: PaletteName): WebGLTexture {
    const texture = this.#palettes.get(name) ?? paletteTexture(this.gl, name);
    this.#palettes.set(name, texture);
    return texture;
  }

  #forget(): void {
    for (const texture of this.#textures) this.gl.deleteTexture(texture);
    this.#textures = [];
    this.#loaded = null;
  }
}

function setLook(
  gl: WebGL2RenderingContext, program: Program, state: ViewState, loaded: Loaded, energy: Energy,
): void {
  gl.uniform2f(program.at("u_size"), loaded.size.width, loaded.size.height);
  gl.uniform2f(program.at("u_air"), loaded.air[energy], loaded.air.low);
  gl.uniform2f(program.at("u_window"), state.window.low, state.window.high);
  gl.uniform1f(program.at("u_gamma"), state.gamma);
  gl.uniform1i(program.at("u_invert"), Number(state.invert));
  gl.uniform1i(program.at("u_opaque"), Number(state.opaque));
}

function resize(canvas: HTMLCanvasElement, view: Size, pixelRatio: number): void {
  const width = Math.max(1, Math.round(view.width * pixelRatio));
  const height = Math.max(1, Math.round(view.height * pixelRatio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
