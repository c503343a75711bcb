// Every way of looking at a picture: its key, its name, and what it does to the view. One table, read
// by the keyboard, the toolbar, the legend and the log of tools. A mode that is pressed again goes off.
import { fit, lookAt, pan, zoomAt, type Point } from "./geometry";
import type { PaletteName } from "./palette";
import {
  autoWindow, firstLook, portion, shiftWindow, show, widen,
  type Enhance, type Scene, type Signal, type ViewState,
} from "./view-state";

export type Group = "Grey values" | "Colour" | "Signal" | "Detail" | "Findings" | "Place";

export interface Mode {
  /** Goes into `decision.tools`. */
  id: string;
  /** As keys.ts spells them; the first is shown. */
  keys: string[];
  name: string;
  group: Group;
  /** What the mode cannot do without. */
  needs?: "low" | "regions" | "webgl";
  /** Whether it is on; absent for what acts once. */
  isOn?: (state: ViewState) => boolean;
  apply: (state: ViewState, scene: Scene, pointer: Point | null) => ViewState;
}

const signal = (id: Signal, keys: string[], name: string): Mode => ({
  id, keys, name, group: "Signal", needs: "low",
  isOn: (state) => state.signal === id,
  apply: (state, scene) => show(state, scene, state.signal === id ? "high" : id, false),
});

const enhance = (id: Enhance, keys: string[], name: string): Mode => ({
  id, keys, name, group: "Detail", needs: "webgl",
  isOn: (state) => state.enhance === id,
  apply: (state) => ({ ...state, enhance: state.enhance === id ? "none" : id }),
});

const colour = (id: PaletteName, keys: string[], name: string): Mode => ({
  id, keys, name, group: "Colour",
  isOn: (state) => state.palette === id,
  apply: (state) => ({ ...state, palette: state.palette === id ? "grey" : id }),
});

const gamma = (id: string, keys: string[], name: string, value: number): Mode => ({
  id, keys, name, group: "Grey values",
  isOn: (state) => state.gamma === value,
  apply: (state) => ({ ...state, gamma: state.gamma === value ? 1 : value }),
});

const windowed = (
  id: string, keys: string[], name: string, apply: Mode["apply"],
): Mode => ({ id, keys, name, group: "Grey values", apply });

const toggle = (
  id: string, keys: string[], name: string, group: Group, field: "invert" | "opaque" | "magnifier" | "regions",
): Mode => ({
  id, keys, name, group,
  isOn: (state) => state[field],
  apply: (state) => ({ ...state, [field]: !state[field] }),
});

const middle = (scene: Scene): Point => ({ x: scene.view.width / 2, y: scene.view.height / 2 });

const zoom = (id: string, keys: string[], name: string, factor: number): Mode => ({
  id, keys, name, group: "Place",
  apply: (state, scene, pointer) => ({
    ...state, at: zoomAt(state.at, factor, pointer ?? middle(scene), scene.image, scene.view),
  }),
});

const STEP = 80; // CSS px per arrow key

const move = (id: string, key: string, name: string, dx: number, dy: number): Mode => ({
  id, keys: [key], name, group: "Place",
  apply: (state, scene) => ({ ...state, at: pan(state.at, dx * STEP, dy * STEP, scene.image) }),
});

/** The next region in the order of the recogniser, with the view moved to it. */
function jump(state: ViewState, scene: Scene, by: number): ViewState {
  const count = scene.regions.length;
  if (count === 0) return state;
  const index = state.region === null ? (by > 0 ? 0 : count - 1) : (state.region + by + count) % count;
  return { ...state, regions: true, region: index, at: lookAt(scene.regions[index]!, scene.image, scene.view) };
}

export const MODES: Mode[] = [
  windowed("auto-window", ["a"], "Auto window", (state, scene) =>
    ({ ...state, window: autoWindow(scene, state.signal, state.depth) })),
  windowed("dense", ["d"], "Dense parts", (state, scene) =>
    state.depth ? portion(state, scene, 0.5, 1) : portion(state, scene, 0, 0.2)),
  windowed("thin", ["t"], "Thin parts", (state, scene) =>
    state.depth ? portion(state, scene, 0, 0.3) : portion(state, scene, 0.55, 1)),
  windowed("narrower", ["k"], "More contrast", (state) => widen(state, 0.8)),
  windowed("wider", ["j"], "Less contrast", (state) => widen(state, 1.25)),
  windowed("level-up", ["."], "Darker", (state) => shiftWindow(state, 0.1)),
  windowed("level-down", [","], "Brighter", (state) => shiftWindow(state, -0.1)),
  toggle("invert", ["i"], "Invert", "Grey values", "invert"),
  gamma("gamma-bright", ["g"], "Lift darks", 0.5),
  gamma("gamma-dark", ["Shift+g"], "Press brights", 2),

  colour("heat", ["1"], "Heat"),
  colour("sea", ["2"], "Sea"),
  colour("dusk", ["3"], "Dusk"),

  signal("low", ["l"], "Low energy"),
  signal("ratio", ["q"], "Energy ratio"),
  signal("material", ["m"], "Material"),
  {
    id: "depth", keys: ["o"], name: "Optical depth", group: "Signal",
    isOn: (state) => state.depth,
    apply: (state, scene) => show(state, scene, state.signal === "low" ? "low" : "high", !state.depth),
  },

  enhance("clahe", ["c"], "Local contrast"),
  enhance("sharpen", ["s"], "Sharpen"),
  enhance("high-pass", ["p"], "High-pass"),
  toggle("opaque", ["u"], "Unpenetrated", "Detail", "opaque"),
  toggle("magnifier", ["v"], "Magnifier", "Detail", "magnifier"),

  { ...toggle("regions", ["b"], "Boxes", "Findings", "regions"), needs: "regions" },
  { id: "next-region", keys: ["n"], name: "Next box", group: "Findings", needs: "regions",
    apply: (state, scene) => jump(state, scene, 1) },
  { id: "previous-region", keys: ["Shift+n"], name: "Previous box", group: "Findings", needs: "regions",
    apply: (state, scene) => jump(state, scene, -1) },

  { id: "fit", keys: ["f"], name: "Fit", group: "Place",
    apply: (state, scene) => ({ ...state, region: null, at: fit(scene.image, scene.view) }) },
  { id: "one-to-one", keys: ["z"], name: "1 : 1", group: "Place",
    apply: (state, scene, pointer) => ({
      ...state,
      at: zoomAt(state.at, 1 / scene.pixelRatio / state.at.zoom, pointer ?? middle(scene), scene.image, scene.view),
    }) },
  zoom("zoom-in", ["+", "="], "Closer", 1.25),
  zoom("zoom-out", ["-"], "Farther", 0.8),
  move("left", "ArrowLeft", "Move left", -1, 0),
  move("right", "ArrowRight", "Move right", 1, 0),
  move("up", "ArrowUp", "Move up", 0, -1),
  move("down", "ArrowDown", "Move down", 0, 1),
  { id: "reset", keys: ["0"], name: "Reset", group: "Place",
    apply: (state, scene) => firstLook(scene, state.regions) },
];

const BY_KEY = new Map(MODES.flatMap((mode) => mode.keys.map((key) => [key, mode] as const)));

export function modeFor(key: string): Mode | undefined {
  return BY_KEY.get(key);
}

/** Why a mode cannot be used now, or null. */
export function missing(mode: Mode, scene: Scene | null, webgl: boolean): string | null {
  if (!scene) return "No picture";
  if (mode.needs === "low" && !scene.hasLow) return "Needs a second energy";
  if (mode.needs === "regions" && scene.regions.length === 0) return "The recogniser marked nothing";
  const heavy = mode.needs === "webgl" || mode.id === "ratio" || mode.id === "material";
  return heavy && !webgl ? "Needs WebGL 2, which this browser lacks" : null;
}
