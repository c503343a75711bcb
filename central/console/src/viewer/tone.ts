// One pixel's way from transmission to a place on the palette (0 to 1), without neighbours. The
// shader does the same on the graphics card; this is its plain statement, and the canvas fallback's.
import { FULL, OPAQUE_DEPTH, depthOf } from "./physics";
import { palette } from "./palette";
import type { ViewState } from "./view-state";

type Toned = Pick<ViewState, "depth" | "window" | "gamma" | "invert">;
type Coloured = Toned & Pick<ViewState, "palette" | "opaque">;

export function tone(value: number, state: Toned, air: number): number {
  const signal = state.depth ? depthOf(value, air) : value / FULL;
  const windowed = (signal - state.window.low) / (state.window.high - state.window.low);
  const lifted = Math.min(1, Math.max(0, windowed)) ** state.gamma;
  return state.invert ? 1 - lifted : lifted;
}

/** The colour of each of the 65536 values, as ABGR for little-endian RGBA bytes. */
export function colourTable(state: Coloured, air: number): Uint32Array {
  const colours = palette(state.palette);
  const table = new Uint32Array(FULL + 1);
  for (let value = 0; value <= FULL; value++) {
    const at = 3 * Math.round(255 * tone(value, state, air));
    const hidden = state.opaque && depthOf(value, air) >= OPAQUE_DEPTH;
    table[value] = hidden
      ? 0xff_c0_20_ff // magenta: nothing in a grey picture looks like it
      : (0xff_00_00_00 | (colours[at + 2]! << 16) | (colours[at + 1]! << 8) | colours[at]!) >>> 0;
  }
  return table;
}
