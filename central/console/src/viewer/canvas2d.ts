// Drawing without a graphics card: each value through a table of 65536 colours, nearest pixel.
import { toImage, type Point, type Size } from "./geometry";
import { levelFor } from "./pyramid";
import type { Pictures } from "./renderer";
import { LENS } from "./renderer";
import { colourTable } from "./tone";
import type { Prepared } from "./prepare";
import type { ViewState } from "./view-state";

const NOTHING = 0xff_0a_07_05; // ABGR, the colour behind the picture

export function drawPlain(
  context: CanvasRenderingContext2D, pictures: Pictures, state: ViewState, view: Size, pixelRatio: number,
  lens: Point | null,
): void {
  const picture = state.signal === "low" && pictures.low ? pictures.low : pictures.high;
  const table = colourTable(state, picture.air);
  const { width, height } = context.canvas;
  const scale = state.at.zoom * pixelRatio;
  const corner = toImage({ x: 0, y: 0 }, state.at, view);
  context.putImageData(sampled(picture, table, corner, scale, width, height), 0, 0);
  if (!lens) return;
  const side = Math.round(LENS.size * pixelRatio);
  const middle = toImage(lens, state.at, view);
  const half = LENS.size / 2 / (state.at.zoom * LENS.factor);
  const from = { x: middle.x - half, y: middle.y - half };
  context.putImageData(sampled(picture, table, from, scale * LENS.factor, side, side),
    Math.round(lens.x * pixelRatio - side / 2), Math.round(lens.y * pixelRatio - side / 2));
}

function sampled(
  picture: Prepared, table: Uint32Array, corner: Point, scale: number, width: number, height: number,
): ImageData {
  const out = new ImageData(width, height);
  const pixels = new Uint32Array(out.data.buffer);
  const level = levelFor(scale, picture.levels.length);
  const { data, width: across, height: down } = picture.levels[level]!;
  const shrink = 2 ** level;
  const column = Int32Array.from({ length: width }, (_, x) => Math.floor((corner.x + (x + 0.5) / scale) / shrink));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((corner.y + (y + 0.5) / scale) / shrink);
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const from = column[x]!;
      const inside = from >= 0 && from < across && row >= 0 && row < down;
      pixels[at] = inside ? table[data[2 * (row * across + from)]!]! : NOTHING;
    }
  }
  return out;
}
