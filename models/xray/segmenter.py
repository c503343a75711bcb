"""Find what does not belong: a score, a heat map and regions for any X-ray picture.

1. In comes a transmission: (H, W), or (2, H, W) with low and high energy. What nothing can be said
   about is refused: wrong shapes, values that are not numbers or no transmission, too small, too
   large, the same everywhere, or black. What is black in part is looked at and the share told.
2. Where the pixel pitch is known the scene network sees the picture in its true size, both energies
   or one, strip by strip (models/xray/scenes.py), and the close-up network the places that it
   points at (models/xray/closeup.py).
3. Else it is reduced to 128 pixels (models/xray/view.py) and the crop network looks at it four ways
   (as it is, mirrored twice, transposed); the answers are averaged. Certainty is the geometric mean
   of "any threat" and its likeliest kind: both must agree.
4. A picture's heat is its masks times its certainty; regions are the connected parts of it.
5. Memory is bounded, and heat is stretched over the picture only when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from models.session import open_session
from models.xray import scenes
from models.xray.closeup import Adds, closer
from models.xray.scenes import KINDS, Cells
from models.xray.view import STRIDE, TILE, channels, reduced

__all__ = [
    "CLOSE_UP",
    "CROPS",
    "KINDS",
    "NAME",
    "BadPicture",
    "Finding",
    "Region",
    "catalogued",
    "certainty",
    "close_up",
    "inspect",
]

Image = NDArray[np.float32]
Runner = Callable[[Image], tuple[Image, Image]]

NAME = "xray_scenes"  # pitch known: a lane's network
CLOSE_UP = "xray_closeup"  # and the one that looks again
CROPS = "xray_anomaly"  # pitch unknown
REGION = 0.5  # of the score: heat from which a cell belongs to a region
LEAST_HEAT = 0.3  # below this nothing is marked
SMALLEST = 3  # cells of a region of the crop network
SMALLEST_SIDE = 8  # pixels of a picture
LARGEST = 150_000_000  # pixels of a picture
BLACK = 1 / 1000  # of the open beam: less is black
ALL = 0.995  # black pixels that make a black picture
IMPOSSIBLE = 2.0  # times the open beam: no transmission


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
    """What was found: score 0…1, the regions, strongest first, and heat (H, W) 0…1.

    ``black`` is the share of the picture through which nothing comes: nothing was seen there.
    ``cells`` is the heat before it is stretched over ``shape``, the picture's lines and pixels.
    """

    score: float
    regions: tuple[Region, ...]
    black: float
    cells: Image
    shape: tuple[int, int]

    @cached_property
    def heat(self) -> Image:
        """Return the heat stretched over the picture, (H, W) float32."""
        rows, columns = self.shape
        return np.asarray(cv2.resize(self.cells, (columns, rows)), np.float32)


def inspect(
    transmission: Image,
    pitch_mm: float | None = None,
    threads: int = 1,
    run: Runner | None = None,
    adds: Adds | None = None,
) -> Finding:
    """Return what the networks find in a transmission, 0 < t ≤ 1 (values a little over are air).

    ``pitch_mm`` is the size of a pixel at the object. ``run`` replaces the catalogued network, and
    has a second look only by ``adds``. Raises BadPicture for what nothing can be said about.
    """
    planes = _planes(transmission)
    if pitch_mm is None:
        small = reduced(planes, TILE)
        black = _sound(small)
        return _crop(small, black, planes.shape[1:], run or catalogued(CROPS, "tiles", threads))
    small = scenes.working(planes, pitch_mm)
    black = _sound(small)
    cells = scenes.look(small, run or catalogued(NAME, "scene", threads))
    if adds := adds or (None if run else close_up(threads)):
        cells = closer(cells, planes, pitch_mm, adds)
    return _scene(cells, black, small.shape[1:], planes.shape[1:])


def certainty(kinds: Image) -> Image:
    """Return the certainty (n,) of crops from their probabilities (n, 1 + kinds), by rule 3."""
    mean: Image = np.sqrt(kinds[:, 0] * kinds[:, 1:].max(1))
    return mean


def catalogued(name: str, first: str, threads: int) -> Runner:
    """Return the catalogued network ``name``, whose input is called ``first``."""
    session = open_session(name, threads)

    def run(batch: Image) -> tuple[Image, Image]:
        masks, sure = session.run({first: batch})
        return masks, sure

    return run


def close_up(threads: int) -> Adds:
    """Return the catalogued close-up network."""
    session = open_session(CLOSE_UP, threads)
    return lambda views: session.run({"place": views})[0]


def _planes(transmission: Image) -> Image:
    planes = transmission[None] if transmission.ndim == 2 else transmission
    if planes.ndim != 3 or planes.shape[0] not in (1, 2) or not planes.size:
        raise BadPicture(f"a picture is (H, W) or (2, H, W), not {transmission.shape}")
    rows, columns = planes.shape[1:]
    if min(rows, columns) < SMALLEST_SIDE:
        raise BadPicture(
            f"a picture of {columns} × {rows} pixels shows nothing; {SMALLEST_SIDE} a side is least"
        )
    if rows * columns > LARGEST:
        raise BadPicture(
            f"a picture of {rows * columns / 1e6:.0f} Mpix is too large; cut it into parts of at "
            f"most {LARGEST / 1e6:.0f}"
        )
    return planes.astype(np.float32, copy=False)


def _sound(small: Image) -> float:
    """Return the black share of a reduced picture, or raise BadPicture by rule 1.

    The mean of an area is no number where one of its pixels is none, so the reduced picture tells.
    """
    least, most = float(small.min()), float(small.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        raise BadPicture("the picture holds values that are not numbers")
    if most > IMPOSSIBLE and float((small > IMPOSSIBLE).mean()) > 0.01:
        raise BadPicture(
            f"values up to {most:.6g} are no transmission (0…1); divide counts by the open beam"
        )
    black = float((small[-1] < BLACK).mean()) if least < BLACK else 0.0
    if black >= ALL:
        raise BadPicture("the picture is black: no beam came through, so nothing can be seen")
    if most - least < 1e-6:
        raise BadPicture(
            f"every pixel is {most:.4g}: no item, or a detector that is saturated or stuck"
        )
    return black


def _scene(cells: Cells, black: float, small: tuple[int, ...], shape: tuple[int, ...]) -> Finding:
    rows, columns = small
    found = scenes.spots(cells, max(REGION * cells.score, LEAST_HEAT))
    scale = scenes.MASK_STRIDE * np.array([shape[1] / columns, shape[0] / rows])
    regions = (
        Region(*_stretched(np.array([s.x, s.y, s.w, s.h]), scale, shape[0], shape[1]),
               round(s.score, 4), KINDS[s.kind])
        for s in found
    )  # fmt: skip
    return Finding(cells.score, _ordered(regions), black, cells.heat, (shape[0], shape[1]))


def _ordered(regions: Iterable[Region]) -> tuple[Region, ...]:
    return tuple(sorted(regions, key=lambda region: -region.score))


def _crop(small: Image, black: float, shape: tuple[int, ...], run: Runner) -> Finding:
    """Return what the crop network finds in a picture of at most 128 pixels a side."""
    view = channels(small)
    tile = np.zeros((len(view), TILE, TILE), np.float32)
    rows, columns = view.shape[1:]
    tile[:, :rows, :columns] = view
    masks, kinds = _four_ways(tile, run)
    sure = float(certainty(kinds)[0])
    high, wide = -(-rows // STRIDE), -(-columns // STRIDE)
    cells = masks[0, :, :high, :wide] * sure
    scale = STRIDE * np.array([shape[1] / columns, shape[0] / rows])
    whole = cv2.resize(cells.max(0), (wide * STRIDE, high * STRIDE))[:rows, :columns]
    regions = _parts(cells, sure, scale, shape)
    return Finding(sure, regions, black, np.asarray(whole), (shape[0], shape[1]))


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


def _parts(
    cells: Image, score: float, scale: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[Region, ...]:
    """Return the connected parts of the crop network's heat (kinds, rows, columns)."""
    hot = (cells.max(0) > max(REGION * score, LEAST_HEAT)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(hot, connectivity=8)
    found = []
    for index in range(1, count):
        if boxes[index, cv2.CC_STAT_AREA] >= SMALLEST:
            inside = cells[:, labels == index]
            kind = KINDS[int(inside.sum(1).argmax())]
            place = _stretched(boxes[index], scale, shape[0], shape[1])
            found.append(Region(*place, round(float(inside.max()), 4), kind))
    return _ordered(found)


def _stretched(
    box: NDArray[np.int32], scale: NDArray[np.float64], rows: int, columns: int
) -> tuple[int, int, int, int]:
    """Return a box of cells as left, top, width, height in pixels, inside the picture."""
    low = np.floor(box[:2] * scale).astype(int)
    high = np.minimum(np.ceil((box[:2] + box[2:4]) * scale), (columns, rows)).astype(int)
    return int(low[0]), int(low[1]), int(max(high[0] - low[0], 1)), int(max(high[1] - low[1], 1))
