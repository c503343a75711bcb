import { describe, expect, it } from "vitest";
import { fit, lookAt, pan, toImage, toView, zoomAt } from "../src/viewer/geometry";
import { missing, MODES, modeFor } from "../src/viewer/modes";
import { firstLook, portion, shiftWindow, widen, type Scene } from "../src/viewer/view-state";

const full = { low: 0.1, high: 0.9 };
const scene: Scene = {
  image: { width: 2000, height: 1000 }, view: { width: 800, height: 600 }, pixelRatio: 1, hasLow: true,
  auto: { high: { intensity: full, depth: { low: 0, high: 0.4 } }, low: { intensity: { low: 0.2, high: 0.7 }, depth: full } },
  regions: [{ x: 100, y: 100, w: 50, h: 50, score: 0.9 }, { x: 1800, y: 900, w: 100, h: 80, score: 0.6 }],
};
const start = firstLook(scene, true);
const after = (...keys: string[]) =>
  keys.reduce((state, key) => modeFor(key)!.apply(state, scene, null), start);

describe("geometry", () => {
  it("goes there and back", () => {
    const at = { cx: 700, cy: 300, zoom: 1.7 };
    const there = toView(toImage({ x: 123, y: 45 }, at, scene.view), at, scene.view);
    expect(there.x).toBeCloseTo(123);
    expect(there.y).toBeCloseTo(45);
  });

  it("keeps the point under the pointer while zooming", () => {
    const pointer = { x: 500, y: 260 };
    const before = fit(scene.image, scene.view);
    const then = zoomAt(before, 2, pointer, scene.image, scene.view);
    expect(toImage(pointer, then, scene.view).x).toBeCloseTo(toImage(pointer, before, scene.view).x);
    expect(toImage(pointer, then, scene.view).y).toBeCloseTo(toImage(pointer, before, scene.view).y);
  });

  it("never loses the picture", () => {
    expect(pan(fit(scene.image, scene.view), 1e6, -1e6, scene.image)).toMatchObject({ cx: 2000, cy: 0 });
    expect(zoomAt(start.at, 1e9, { x: 0, y: 0 }, scene.image, scene.view).zoom).toBe(32);
    expect(lookAt({ x: 0, y: 0, w: 1, h: 1 }, scene.image, scene.view).zoom).toBe(8);
  });
});

describe("modes", () => {
  it("are sixteen or more, each on a key of its own and by a name of its own", () => {
    const keys = MODES.flatMap((mode) => mode.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(MODES.map((mode) => mode.id)).size).toBe(MODES.length);
    expect(MODES.filter((mode) => mode.isOn).length).toBeGreaterThanOrEqual(16);
  });

  it("leave the decision's keys alone", () => {
    for (const key of ["r", "h", "x", "Enter", "Escape", " ", "?"]) expect(modeFor(key)).toBeUndefined();
  });

  it("have names that central takes as identifiers", () => {
    for (const mode of MODES) expect(mode.id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/);
  });

  it.each(MODES.filter((mode) => mode.isOn && mode.id !== "depth").map((mode) => [mode.id, mode] as const))(
    "%s goes on and off by the same key", (_, mode) => {
      const once = mode.apply(start, scene, null);
      expect(mode.isOn!(once)).not.toBe(mode.isOn!(start));
      expect(mode.isOn!(mode.apply(once, scene, null))).toBe(mode.isOn!(start));
    });

  it("set the window anew when the signal changes", () => {
    expect(after("l").window).toEqual({ low: 0.2, high: 0.7 });
    expect(after("o").window).toEqual({ low: 0, high: 0.4 });
    expect(after("l", "o").window).toEqual(full);
    expect(after("l", "l").window).toEqual(full);
  });

  it("walk the boxes both ways and around", () => {
    expect(after("n").region).toBe(0);
    expect(after("n", "n").region).toBe(1);
    expect(after("n", "n", "n").region).toBe(0);
    expect(after("Shift+n").region).toBe(1);
    expect(after("n").at).toMatchObject({ cx: 125, cy: 125 });
  });

  it("go to one image pixel per device pixel", () => {
    const sharp = { ...scene, pixelRatio: 2 };
    expect(modeFor("z")!.apply(start, sharp, null).at.zoom).toBeCloseTo(0.5);
  });

  it("say why they cannot be used", () => {
    const poor = { ...scene, hasLow: false, regions: [] };
    expect(missing(modeFor("l")!, poor, true)).toBe("Needs a second energy");
    expect(missing(modeFor("n")!, poor, true)).toBe("The recogniser marked nothing");
    expect(missing(modeFor("c")!, scene, false)).toContain("WebGL");
    expect(missing(modeFor("i")!, scene, false)).toBeNull();
    expect(missing(modeFor("i")!, null, true)).toBe("No picture");
  });
});

describe("window", () => {
  it("narrows without end, yet never to nothing", () => {
    let state = start;
    for (let i = 0; i < 200; i++) state = widen(state, 0.5);
    expect(state.window.high).toBeGreaterThan(state.window.low);
  });

  it("moves, and its middle stays on the scale", () => {
    let state = start;
    for (let i = 0; i < 100; i++) state = shiftWindow(state, 0.5);
    expect((state.window.low + state.window.high) / 2).toBeCloseTo(1);
    expect(state.window.high - state.window.low).toBeCloseTo(0.8);
  });

  it("takes a part of the automatic one", () => {
    const { window } = portion(start, scene, 0, 0.5);
    expect(window.low).toBeCloseTo(0.1);
    expect(window.high).toBeCloseTo(0.5);
  });
});
