"""How deep and how fine a scanner sees in steel: penetration, and contrast on a plate.

1. Penetration: the lead triangle on a step is seen if it is darker than the steel around it by
   ROSE standard errors, and darker the way it points than any other way.
2. Contrast: a shim's signal is its mean optical depth less that of its two neighbours on the same
   lines, so that a tube that flickers from line to line does not count.
3. Both look at the high energy, which comes through steel.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.scanner.phantom.detection import Seen, above_blanks, last_seen
from edge.scanner.phantom.layout import Layout, Rect, Step, triangle
from edge.scanner.phantom.registration import Placed

Mask = NDArray[np.bool_]

DARKEST = 1e-5  # transmission; below it there is nothing to take a logarithm of
MARGIN = 1.0  # mm inside a triangle's edge that are left out: they are mixed
BETWEEN = 4.0  # mm inside a step's edge that are left out: a thinner step glares over it
FLANK = (9.0, 14.0)  # mm from a shim's middle to what it is compared with
REACH = 5.5  # mm from a shim's middle that count as the shim
BLANK_STEP = 7.0  # mm between two blanks; they do not overlap by much
FROM_EDGE = 4.0  # mm of the plate's edge that no blank comes near


def penetration(high: Placed, layout: Layout) -> tuple[Seen, list[float]]:
    """Return the thickest steel (mm) behind which the triangle is seen, and z of every step."""
    z = [_triangle(high, step, layout.triangle) for step in layout.steps]
    return last_seen([step.thickness for step in layout.steps], z), z


def contrast(high: Placed, layout: Layout) -> tuple[Seen, list[float]]:
    """Return the thinnest shim (mm) seen on the plate, and z of every shim."""
    signals = [_shim(high, shim.x, shim.y) for shim in layout.shims]
    left, right = (
        layout.plate.left + FLANK[1] + FROM_EDGE,
        layout.plate.right - FLANK[1] - FROM_EDGE,
    )
    places = np.arange(left, right, BLANK_STEP)
    blanks = [_shim(high, float(x), y) for y in layout.blank_rows for x in places]
    z = above_blanks(signals, blanks)
    return last_seen([shim.thickness for shim in layout.shims], z, len(blanks)), z


def _triangle(high: Placed, step: Step, side: float) -> float:
    """Return how many standard errors darker the triangle is; 0 if it seems to point elsewhere."""
    values, x, y = high.region(step.place.grown(-BETWEEN))
    if values.size < 50:
        return 0.0
    scores = [
        _score(values, _inside(x, y, step, side - MARGIN, way), _inside(x, y, step, side + 3, way))
        for way in range(4)
    ]
    best = int(np.argmax(scores))
    return scores[step.points_to] if best == step.points_to else 0.0


def _score(values: NDArray[np.float32], inside: Mask, near: Mask) -> float:
    within, around = values[inside].astype(np.float64), values[~near].astype(np.float64)
    if within.size < 5 or around.size < 20:
        return 0.0
    error = float(around.std()) * math.sqrt(1 / within.size + 1 / around.size)
    return float(around.mean() - within.mean()) / max(error, 1e-9)


def _inside(
    x: NDArray[np.float64], y: NDArray[np.float64], step: Step, side: float, way: int
) -> Mask:
    corners = triangle(step.centre, side, way)
    inside = np.ones(x.shape, np.bool_)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
    return inside


def _shim(high: Placed, x: float, y: float) -> float:
    """Return by how much deeper (x, y) is than what lies beside it, in optical depth."""
    place = Rect(x - FLANK[1], y - REACH, x + FLANK[1], y + REACH)
    values, at, _ = high.region(place)
    depth = -np.log(np.maximum(values, DARKEST).astype(np.float64))
    off = np.abs(at - x)
    middle, beside = off < REACH, off > FLANK[0]
    if not middle.any() or not beside.any():
        return 0.0
    return float(depth[middle].mean() - depth[beside].mean())
