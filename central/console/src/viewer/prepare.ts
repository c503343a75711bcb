// Everything that is computed once per picture, so that each change of view is one draw.
import { curves } from "./clahe";
import { airLevel, autoWindows, histogram, type Window } from "./histogram";
import type { Image16 } from "./image";
import { localMean } from "./local-mean";
import { interleave, pyramid, type Level } from "./pyramid";

const MEAN_RADIUS = 6; // px; keeps wires and edges, drops the slow change of thick cargo

export interface Prepared {
  width: number;
  height: number;
  bits: number;
  air: number;
  auto: { intensity: Window; depth: Window };
  levels: Level[];
  curves: Float32Array;
}

export function prepare(image: Image16): Prepared {
  const { width, height, bits, data } = image;
  const counts = histogram(data);
  const air = airLevel(counts);
  const means = localMean(data, width, height, MEAN_RADIUS);
  return {
    width, height, bits, air,
    auto: autoWindows(counts, air),
    levels: pyramid(interleave(data, means, width, height)),
    curves: curves(image, air),
  };
}
