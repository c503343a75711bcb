import { describe, expect, it } from "vitest";
import { BINS, equalise, GRID, curves } from "../src/viewer/clahe";
import { airLevel, autoWindows, histogram, percentile } from "../src/viewer/histogram";
import { fromRaw, fromRgba } from "../src/viewer/image";
import { localMean } from "../src/viewer/local-mean";
import { palette, type PaletteName } from "../src/viewer/palette";
import { DEPTH_MAX, depthOf } from "../src/viewer/physics";
import { halve, interleave, levelFor, pyramid } from "../src/viewer/pyramid";
import { reduce } from "../src/viewer/thumbnail";
import { cut } from "../src/viewer/tiles";
import { colourTable, tone } from "../src/viewer/tone";
import { firstLook } from "../src/viewer/view-state";

const random = (length: number, seed = 1): Uint16Array =>
  Uint16Array.from({ length }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xffff);

describe("raw rows", () => {
  it("are little-endian", () => {
    expect([...fromRaw(Uint8Array.of(0x34, 0x12, 0xff, 0xff).buffer, 2, 1, 16).data]).toEqual([0x1234, 0xffff]);
  });

  it("of the wrong length are refused", () => {
    expect(() => fromRaw(new ArrayBuffer(6), 2, 2, 16)).toThrow("not 2 × 2 × 2");
    expect(() => fromRaw(new ArrayBuffer(0), 0, 0, 16)).toThrow();
  });

  it("of 8 bits fill the 16-bit range", () => {
    expect([...fromRgba(Uint8ClampedArray.of(255, 255, 255, 255, 0, 0, 0, 255), 2, 1).data]).toEqual([65_535, 0]);
  });
});

describe("histogram and windows", () => {
  it("find percentiles", () => {
    const counts = histogram(Uint16Array.from({ length: 1000 }, (_, i) => i));
    expect([0.001, 0.5, 1].map((share) => percentile(counts, share))).toEqual([0, 499, 999]);
  });

  it("give a flat picture a window that can be divided by", () => {
    const counts = histogram(new Uint16Array(100).fill(7));
    const { intensity, depth } = autoWindows(counts, airLevel(counts));
    expect(intensity.high - intensity.low).toBeCloseTo(1 / 65_535);
    expect(depth.high).toBeGreaterThan(depth.low);
  });
});

it("optical depth is ln(air / I), and air is never negative", () => {
  expect(depthOf(60_000 / Math.E, 60_000) * DEPTH_MAX).toBeCloseTo(1);
  expect(depthOf(65_535, 60_000)).toBe(0);
  expect(depthOf(0, 65_535)).toBeCloseTo(1);
});

it("the local mean is the mean of the square, with repeated edges", () => {
  const [width, height, radius] = [9, 7, 2];
  const data = random(width * height);
  const at = (x: number, y: number) =>
    data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;
  const means = localMean(data, width, height, radius);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = -radius; dy <= radius; dy++) for (let dx = -radius; dx <= radius; dx++) sum += at(x + dx, y + dy);
      expect(Math.abs(means[y * width + x]! - sum / 25)).toBeLessThanOrEqual(1);
    }
  }
});

describe("pyramid", () => {
  const first = interleave(Uint16Array.of(0, 4, 65_535, 8, 12, 65_535), new Uint16Array(6).fill(9), 3, 2);

  it("averages four, without overflow, and repeats odd edges", () => {
    const { width, height, data } = halve(first);
    expect([width, height]).toEqual([2, 1]);
    expect([...data]).toEqual([6, 9, 65_535, 9]);
  });

  it("goes down to 256 px and never shows fewer pixels than the screen", () => {
    const levels = pyramid(interleave(new Uint16Array(2048 * 4), new Uint16Array(2048 * 4), 2048, 4));
    expect(levels.map((level) => level.width)).toEqual([2048, 1024, 512, 256]);
    expect([2, 1, 0.5, 0.3, 0.01].map((scale) => levelFor(scale, 4))).toEqual([0, 0, 1, 1, 3]);
  });
});

describe("tiles", () => {
  it("are one where the picture fits", () => {
    expect(cut(8192, 100, 8192)).toEqual([{ x: 0, y: 0, w: 8192, h: 100, left: 0, top: 0, width: 8192, height: 100 }]);
  });

  it("cover every pixel once, overlap by one, and are small enough", () => {
    const seen = new Uint8Array(50 * 23);
    for (const tile of cut(50, 23, 16)) {
      expect(Math.max(tile.width, tile.height)).toBeLessThanOrEqual(16);
      expect(tile.left).toBe(Math.max(0, tile.x - 1));
      expect(tile.left + tile.width).toBe(Math.min(50, tile.x + tile.w + 1));
      for (let y = tile.y; y < tile.y + tile.h; y++) for (let x = tile.x; x < tile.x + tile.w; x++) seen[y * 50 + x]!++;
    }
    expect(seen.every((count) => count === 1)).toBe(true);
  });
});

describe("local contrast", () => {
  it("gives curves that rise from 0 to 1, no steeper than the limit", () => {
    const all = curves({ width: 64, height: 64, bits: 16, data: random(64 * 64) }, 65_535);
    expect(all.length).toBe(GRID * GRID * BINS);
    for (let part = 0; part < GRID * GRID; part++) {
      const curve = all.subarray(part * BINS, (part + 1) * BINS);
      expect(curve[BINS - 1]).toBeCloseTo(1, 4);
      const steps = Array.from({ length: BINS - 1 }, (_, i) => curve[i + 1]! - curve[i]!);
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...steps)).toBeLessThan(17.1 / BINS);
    }
  });

  it("of an empty part is a straight line", () => {
    const counts = new Float32Array(4);
    equalise(counts);
    expect([...counts]).toEqual([0, 0.25, 0.5, 0.75]);
  });
});

const luminance = (r: number, g: number, b: number): number => {
  const linear = (v: number) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};

it.each<PaletteName>(["grey", "heat", "sea", "dusk"])("the %s palette keeps the order of brightness", (name) => {
  const colours = palette(name);
  let before = -1;
  for (let i = 0; i < 256; i++) {
    const now = luminance(colours[3 * i]!, colours[3 * i + 1]!, colours[3 * i + 2]!);
    expect(now).toBeGreaterThanOrEqual(before - 0.002); // bytes round
    before = now;
  }
  expect(before).toBeGreaterThan(0.85);
});

describe("tone", () => {
  const plain = { depth: false, window: { low: 0, high: 1 }, gamma: 1, invert: false };

  it("tells neighbours of 16 bits apart in a narrow window", () => {
    const window = { low: 30_000 / 65_535, high: 30_001 / 65_535 };
    expect(tone(30_000, { ...plain, window }, 60_000)).toBeCloseTo(0);
    expect(tone(30_001, { ...plain, window }, 60_000)).toBeCloseTo(1);
  });

  it("inverts, lifts and follows depth", () => {
    expect(tone(65_535, { ...plain, invert: true }, 65_535)).toBe(0);
    expect(tone(16_384, { ...plain, gamma: 0.5 }, 65_535)).toBeCloseTo(0.5, 2);
    expect(tone(1, { ...plain, depth: true }, 65_535)).toBeCloseTo(1);
  });

  it("marks what was not penetrated", () => {
    const scene = {
      image: { width: 1, height: 1 }, view: { width: 1, height: 1 }, pixelRatio: 1, hasLow: false, regions: [],
      auto: { high: { intensity: plain.window, depth: plain.window }, low: { intensity: plain.window, depth: plain.window } },
    };
    const table = colourTable({ ...firstLook(scene, false), opaque: true }, 60_000);
    expect(table[599]).toBe(0xffc020ff);
    expect(table[601]).not.toBe(0xffc020ff);
  });
});

describe("a picture in small", () => {
  it("is the mean of each cell, at the edges of what there is", () => {
    const data = Uint16Array.of(10, 20, 7, 30, 40, 9, 65_535, 65_535, 1);
    const small = reduce({ width: 3, height: 3, bits: 16, data }, 2);
    expect([small.width, small.height, ...small.data]).toEqual([2, 2, 25, 8, 65_535, 1]);
  });

  it("is itself where it is small enough", () => {
    const image = { width: 5, height: 3, bits: 16, data: random(15) };
    expect(reduce(image, 1)).toEqual(image);
  });
});
