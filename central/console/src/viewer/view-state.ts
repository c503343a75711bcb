// How the picture is looked at: one frozen value; every key makes the next one. Nothing here draws.
import { fit, type Placement, type Size } from "./geometry";
import { atLeast, type Window } from "./histogram";
import type { PaletteName } from "./palette";
import type { Region } from "../api/types";

export type Signal = "high" | "low" | "ratio" | "material";
export type Enhance = "none" | "clahe" | "sharpen" | "high-pass";

export interface ViewState {
  readonly signal: Signal;
  readonly depth: boolean;
  readonly window: Window;
  readonly gamma: number;
  readonly invert: boolean;
  readonly palette: PaletteName;
  readonly enhance: Enhance;
  readonly opaque: boolean;
  readonly magnifier: boolean;
  readonly regions: boolean;
  readonly region: number | null;
  readonly at: Placement;
}

/** What the state is about: the picture's own properties and the size of the view. */
export interface Scene {
  image: Size;
  view: Size;
  pixelRatio: number;
  auto: Record<"high" | "low", { intensity: Window; depth: Window }>;
  hasLow: boolean;
  regions: Region[];
}

export function autoWindow(scene: Scene, signal: Signal, depth: boolean): Window {
  return scene.auto[signal === "low" ? "low" : "high"][depth ? "depth" : "intensity"];
}

/** The first look at a picture: all of it, window set from its histogram. */
export function firstLook(scene: Scene, regions: boolean): ViewState {
  return {
    signal: "high", depth: false, window: autoWindow(scene, "high", false), gamma: 1, invert: false,
    palette: "grey", enhance: "none", opaque: false, magnifier: false, regions, region: null,
    at: fit(scene.image, scene.view),
  };
}

/** Shows another signal or scale; the window follows, as the old one means nothing there. */
export function show(state: ViewState, scene: Scene, signal: Signal, depth: boolean): ViewState {
  return { ...state, signal, depth, window: autoWindow(scene, signal, depth) };
}

/** Widens (factor > 1) or narrows the window around its middle. */
export function widen(state: ViewState, factor: number): ViewState {
  const { low, high } = state.window;
  const half = Math.min(1, ((high - low) / 2) * factor);
  const middle = (low + high) / 2;
  return { ...state, window: atLeast({ low: middle - half, high: middle + half }) };
}

/** Moves the window by a share of its width; its middle stays on the scale. */
export function shiftWindow(state: ViewState, share: number): ViewState {
  const { low, high } = state.window;
  const half = (high - low) / 2;
  const middle = Math.min(1, Math.max(0, low + half + 2 * half * share));
  return { ...state, window: { low: middle - half, high: middle + half } };
}

/** A part of the automatic window, from its dark end (0) to its bright end (1). */
export function portion(state: ViewState, scene: Scene, from: number, to: number): ViewState {
  const { low, high } = autoWindow(scene, state.signal, state.depth);
  const width = high - low;
  return { ...state, window: atLeast({ low: low + from * width, high: low + to * width }) };
}
