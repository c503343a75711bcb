// Pictures, curves and palettes as textures. Nothing is filtered by the card: integers cannot be.
import { BINS, GRID } from "./clahe";
import { palette, type PaletteName } from "./palette";
import type { Prepared } from "./prepare";
import type { Tile } from "./tiles";

const LARGEST_TILE = 8192; // px; the least that desktop cards and software renderers agree on

export function largestTile(gl: WebGL2RenderingContext): number {
  return Math.min(LARGEST_TILE, gl.getParameter(gl.MAX_TEXTURE_SIZE) as number);
}

/** One tile of one level: value and local mean, 16 bits each. */
export function tileTexture(gl: WebGL2RenderingContext, picture: Prepared, level: number, tile: Tile): WebGLTexture {
  const { data, width } = picture.levels[level]!;
  const texture = plain(gl);
  gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
  gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, tile.left);
  gl.pixelStorei(gl.UNPACK_SKIP_ROWS, tile.top);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16UI, tile.width, tile.height, 0, gl.RG_INTEGER, gl.UNSIGNED_SHORT, data);
  for (const name of [gl.UNPACK_ROW_LENGTH, gl.UNPACK_SKIP_PIXELS, gl.UNPACK_SKIP_ROWS]) gl.pixelStorei(name, 0);
  return texture;
}

export function curveTexture(gl: WebGL2RenderingContext, picture: Prepared): WebGLTexture {
  const texture = plain(gl);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, BINS, GRID * GRID, 0, gl.RED, gl.FLOAT, picture.curves);
  return texture;
}

export function paletteTexture(gl: WebGL2RenderingContext, name: PaletteName): WebGLTexture {
  const texture = plain(gl);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, palette(name));
  return texture;
}

export function bind(gl: WebGL2RenderingContext, unit: number, texture: WebGLTexture): void {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
}

function plain(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture();
  bind(gl, 0, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}
