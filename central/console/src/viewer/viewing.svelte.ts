// The viewer's working memory: the view, what it is about, where the pointer is. It draws nothing.
import type { Region } from "../api/types";
import { fit, pan, toImage, zoomAt, type Point, type Size } from "./geometry";
import { missing, modeFor, type Mode } from "./modes";
import { FULL, depthOf } from "./physics";
import type { Pictures } from "./renderer";
import { firstLook, shiftWindow, widen, type Scene, type ViewState } from "./view-state";

export interface Reading {
  value: number;
  depth: number;
}

const DRAG_PX = 300; // CSS px of drag that move or stretch the window by its own width

export class Viewing {
  state = $state.raw<ViewState | null>(null);
  scene = $state.raw<Scene | null>(null);
  pointer = $state.raw<Point | null>(null);
  webgl = $state(true);
  #pictures: Pictures | null = null;
  #size: { view: Size; pixelRatio: number } = { view: { width: 800, height: 600 }, pixelRatio: 1 };

  /** `onTool` hears the id of each mode that the operator uses. */
  constructor(readonly onTool: (id: string) => void) {}

  open(pictures: Pictures, regions: Region[], showRegions: boolean): void {
    const { high, low } = pictures;
    this.#pictures = pictures;
    this.scene = {
      ...this.#size, regions,
      image: { width: high.width, height: high.height },
      auto: { high: high.auto, low: (low ?? high).auto },
      hasLow: low !== null,
    };
    this.state = firstLook(this.scene, showRegions);
  }

  close(): void {
    this.#pictures = null;
    this.state = null;
    this.scene = null;
  }

  /** A view that showed the whole picture goes on doing so. */
  resize(view: Size, pixelRatio: number): void {
    this.#size = { view, pixelRatio };
    if (!this.scene || !this.state) return;
    const fitted = fit(this.scene.image, this.scene.view).zoom === this.state.at.zoom;
    this.scene = { ...this.scene, view, pixelRatio };
    if (fitted) this.state = { ...this.state, at: fit(this.scene.image, view) };
  }

  /** Whether the key was one of the viewer's. */
  key(key: string): boolean {
    const mode = modeFor(key);
    if (!mode) return false;
    this.use(mode, this.pointer);
    return true;
  }

  use(mode: Mode, pointer: Point | null = null): void {
    if (!this.scene || !this.state || missing(mode, this.scene, this.webgl)) return;
    this.state = mode.apply(this.state, this.scene, pointer);
    this.onTool(mode.id);
  }

  goTo(region: number): void {
    if (!this.state) return;
    this.state = { ...this.state, region: region - 1 };
    const next = modeFor("n");
    if (next) this.use(next);
  }

  wheel(steps: number, pointer: Point): void {
    this.#change("zoom", (state, scene) =>
      ({ ...state, at: zoomAt(state.at, 1.2 ** -steps, pointer, scene.image, scene.view) }));
  }

  drag(dx: number, dy: number): void {
    this.#change("pan", (state, scene) => ({ ...state, at: pan(state.at, -dx, -dy, scene.image) }));
  }

  /** Brings the point to the middle. */
  centre(point: Point): void {
    const view = this.scene?.view;
    if (view) this.drag(view.width / 2 - point.x, view.height / 2 - point.y);
  }

  dragWindow(dx: number, dy: number): void {
    this.#change("window", (state) => shiftWindow(widen(state, 2 ** (dx / DRAG_PX)), dy / DRAG_PX));
  }

  /** The 16-bit value under the pointer, and its optical depth; null outside of the picture. */
  get reading(): Reading | null {
    if (!this.pointer || !this.state || !this.scene || !this.#pictures) return null;
    const at = toImage(this.pointer, this.state.at, this.scene.view);
    const { high, low } = this.#pictures;
    const picture = this.state.signal === "low" && low ? low : high;
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return null;
    const value = picture.levels[0]!.data[2 * (y * picture.width + x)]!;
    return { value, depth: depthOf(value, picture.air) * Math.log(FULL) };
  }

  #change(tool: string, next: (state: ViewState, scene: Scene) => ViewState): void {
    if (!this.state || !this.scene) return;
    this.state = next(this.state, this.scene);
    this.onTool(tool);
  }
}
