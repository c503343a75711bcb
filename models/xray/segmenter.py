"""Find what does not belong: a score, a heat map and regions for any X-ray picture.

1. In comes a transmission: (H, W), or (2, H, W) with low and high energy; anything else is refused.
2. The picture is looked at whole, reduced to 128 pixels (models/xray/view.py says how). Where the
   pixel pitch is known it is looked at in tiles of a fixed scale instead, so that size counts.
3. A view of one tile is looked at four ways (as it is, mirrored twice, transposed) and averaged.
4. A tile's certainty is the geometric mean of "any threat" and its likeliest kind: both must agree.
   The score is the largest certainty. A tile's heat is its masks times its certainty; regions are
   the connected parts of the heat above half the score, and above 0.3 in any case.
5. Memory is bounded: a view has at most ``MAX_SIDE`` pixels a side and goes by in small batches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.session import open_session
from models.xray.view import STRIDE, TILE, channels, reduced, tiles

Image = NDArray[np.float32]
Runner = Callable[[Image], tuple[Image, Image]]

NAME = "xray_anomaly"
KINDS = ("firearm", "knife", "razor", "star", "bar", "device")
BATCH = 16
MAX_SIDE = 2048
FINE_MM = 1.5  # mm a pixel where the pitch is known: a razor blade is 29 pixels long, a pistol 120
REGION = 0.5  # of the score: heat from which a cell belongs to a region
LEAST_HEAT = 0.3  # below this nothing is marked
SMALLEST = 3  # cells of a region


class BadPicture(ValueError):
    """A picture that nothing can be said about; the message says why."""


@dataclass(frozen=True, slots=True)
class Region:
    """A suspect part: left, top, width, height in pixels, its score, and the likeliest kind."""

    x: int
    y: int
    w: int
    h: int
    score: float
    kind: str


@dataclass(frozen=True)
class Finding:
    """What was found: score 0…1, heat (H, W) 0…1, and the regions, strongest first."""

    score: float
    heat: Image
    regions: tuple[Region, ...]


def inspect(
    transmission: Image, pitch_mm: float | None = None, threads: int = 1, run: Runner | None = None
) -> Finding:
    """Return what the network finds in a transmission, 0 < t ≤ 1 (values outside are clipped).

    ``pitch_mm`` is the size of a pixel at the object. ``run`` replaces the catalogued network.
    Raises BadPicture for a wrong shape, no pixels, or values that are not numbers.
    """
    planes = _planes(transmission)
    view = channels(reduced(planes, _longest(planes, pitch_mm)))
    score, cells = _look(view, run or _catalogued(threads))
    rows, columns = planes.shape[1:]
    return Finding(
        score, _heat(cells, view, (columns, rows)), _regions(cells, score, view, rows, columns)
    )


def certainty(kinds: Image) -> Image:
    """Return the certainty (n,) of tiles from their probabilities (n, 1 + kinds), by rule 4."""
    mean: Image = np.sqrt(kinds[:, 0] * kinds[:, 1:].max(1))
    return mean


def _planes(transmission: Image) -> Image:
    planes = transmission[None] if transmission.ndim == 2 else transmission
    if planes.ndim != 3 or planes.shape[0] not in (1, 2) or not planes.size:
        raise BadPicture(f"a picture is (H, W) or (2, H, W), not {transmission.shape}")
    if not np.isfinite(planes).all():
        raise BadPicture("the picture holds values that are not numbers")
    return planes.astype(np.float32, copy=False)


def _longest(planes: Image, pitch_mm: float | None) -> int:
    """Return the longest side, in pixels, of the view to look at."""
    if pitch_mm is None:
        return TILE
    return int(np.clip(max(planes.shape[1:]) * pitch_mm / FINE_MM, TILE, MAX_SIDE))


def _catalogued(threads: int) -> Runner:
    session = open_session(NAME, threads)

    def run(batch: Image) -> tuple[Image, Image]:
        masks, kinds = session.run({"tiles": batch})
        return masks, kinds

    return run


def _look(view: Image, run: Runner) -> tuple[float, Image]:
    """Return the score and the heat of each kind per cell (kinds, rows, columns)."""
    rows, columns = (-(-side // STRIDE) for side in view.shape[1:])
    side = TILE // STRIDE
    # One tile more than the view, as the last tile may reach over the edge.
    cells = np.zeros((len(KINDS), rows + side, columns + side), np.float32)
    score = 0.0
    for places, batch in tiles(view, BATCH):
        single = rows <= side and columns <= side
        masks, kinds = _four_ways(batch[0], run) if single else run(batch)
        certain = certainty(kinds)
        score = max(score, float(certain.max()))
        for (top, left), mask, sure in zip(places, masks, certain, strict=True):
            y, x = top // STRIDE, left // STRIDE
            part = cells[:, y : y + side, x : x + side]
            np.maximum(part, mask * sure, out=part)
    return score, cells[:, :rows, :columns]


def _four_ways(tile: Image, run: Runner) -> tuple[Image, Image]:
    """Return the masks (1, kinds, h, w) and kinds (1, n) of one tile, the mean of four views."""
    masks, kinds = run(np.stack([view(tile) for view in _WAYS]))
    turned_back = np.stack([view(mask) for view, mask in zip(_WAYS, masks, strict=True)])
    return turned_back.mean(0, keepdims=True), kinds.mean(0, keepdims=True)


# Each is its own inverse.
_WAYS: tuple[Callable[[Image], Image], ...] = (
    lambda image: image,
    lambda image: image[:, ::-1],
    lambda image: image[:, :, ::-1],
    lambda image: image.transpose(0, 2, 1),
)


def _heat(cells: Image, view: Image, size: tuple[int, int]) -> Image:
    """Return the heat stretched over the picture of ``size`` (columns, rows)."""
    coarse = cells.max(0)
    rows, columns = view.shape[1:]
    whole = cv2.resize(coarse, (coarse.shape[1] * STRIDE, coarse.shape[0] * STRIDE))
    return np.asarray(cv2.resize(whole[:rows, :columns], size), np.float32)


def _regions(
    cells: Image, score: float, view: Image, rows: int, columns: int
) -> tuple[Region, ...]:
    heat = cells.max(0)
    hot = (heat > max(REGION * score, LEAST_HEAT)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(hot, connectivity=8)
    scale = STRIDE * np.array([columns / view.shape[2], rows / view.shape[1]])
    found = []
    for index in range(1, count):
        if boxes[index, cv2.CC_STAT_AREA] >= SMALLEST:
            inside = cells[:, labels == index]
            kind = KINDS[int(inside.sum(1).argmax())]
            x, y, w, h = _stretched(boxes[index], scale, rows, columns)
            found.append(Region(x, y, w, h, round(float(inside.max()), 4), kind))
    return tuple(sorted(found, key=lambda region: -region.score))


def _stretched(
    box: NDArray[np.int32], scale: NDArray[np.float64], rows: int, columns: int
) -> tuple[int, int, int, int]:
    """Return a box of cells as left, top, width, height in pixels, inside the picture."""
    low = np.floor(box[:2] * scale).astype(int)
    high = np.minimum(np.ceil((box[:2] + box[2:4]) * scale), (columns, rows)).astype(int)
    return int(low[0]), int(low[1]), int(max(high[0] - low[0], 1)), int(max(high[1] - low[1], 1))
