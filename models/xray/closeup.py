"""A second look, close up, at the places that the scene network points at.

1. A place is a peak of "any threat": a cell more certain than ``LEAST`` and than all within two.
2. Around it ``VIEW`` × ``VIEW`` pixels of ``FINE_MM`` are cut out of the picture, twice as fine as
   the scene network sees it; outside the picture there is air. The channels are the same.
3. The close-up network answers what to add to the scene network's logit there. A cell's certainty
   is moved by what was said of the peak nearest to it; what is fainter than ``LEAST`` stays.
4. The strongest ``DENSE`` places of a square metre are looked at, so that time stays bounded. A
   picture that has nothing finer to show than the scene network saw is not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.scenes import MASK_STRIDE, SURE_STRIDE, WORKING_MM, Cells, channels, working_size

Image = NDArray[np.float32]
Adds = Callable[[Image], Image]  # views (n, 5, VIEW, VIEW) to what to add to n logits

FINE_MM = 1.0  # the slot of a razor blade is 2 mm wide
VIEW = 144
LEAST = 0.05  # half as many places as from 0.02, and no hit less at few false alarms
APART = 5  # cells of a neighbourhood's side, of which a peak is the largest
DENSE = 24  # places of a square metre
BATCH = 8  # places at a time


@dataclass(frozen=True, slots=True)
class Peak:
    """A place: its middle in working pixels, and how certain the scene network is, as a logit."""

    x: int
    y: int
    logit: float


def peaks(sure: Image, least: float = LEAST) -> list[Peak]:
    """Return the peaks of certainty (rows, columns) on cells of MASK_STRIDE, strongest first."""
    step = SURE_STRIDE // MASK_STRIDE
    cells = np.ascontiguousarray(sure[::step, ::step])
    around = cv2.dilate(cells, np.ones((APART, APART), np.uint8))
    rows, columns = np.nonzero((cells >= around) & (cells > least))
    middle = SURE_STRIDE // 2
    found = [
        Peak(x * SURE_STRIDE + middle, y * SURE_STRIDE + middle, _logit(float(cells[y, x])))
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    return sorted(found, key=lambda peak: -peak.logit)


def cut(picture: Image, at: tuple[float, float], pitch_mm: float, side: int = VIEW) -> Image:
    """Return (planes, side, side) at FINE_MM around ``at``, x and y in pixels of the picture.

    ``picture`` is a transmission (planes, H, W) whose pixels are ``pitch_mm`` wide.
    """
    reach = max(1, round(side * FINE_MM / pitch_mm))
    left, top = (round(middle - reach / 2) for middle in at)
    rows, columns = picture.shape[1:]
    there = (
        slice(max(top, 0), max(min(top + reach, rows), 0)),
        slice(max(left, 0), max(min(left + reach, columns), 0)),
    )
    part = picture[:, *there]
    out = np.ones((len(picture), reach, reach), np.float32)
    y, x = there[0].start - top, there[1].start - left
    out[:, y : y + part.shape[1], x : x + part.shape[2]] = part
    if reach == side:
        return out
    how = cv2.INTER_AREA if reach > side else cv2.INTER_LINEAR
    return np.stack([cv2.resize(plane, (side, side), interpolation=how) for plane in out])


def closer(cells: Cells, picture: Image, pitch_mm: float, adds: Adds) -> Cells:
    """Return ``cells`` as they are after the second look (rules 3 and 4).

    ``picture`` is the transmission (1 or 2, H, W) that ``cells`` were seen in, at its own pitch.
    """
    rows, columns = picture.shape[1:]
    if pitch_mm >= WORKING_MM:
        return cells
    found = peaks(cells.sure)
    most = int(np.ceil(DENSE * rows * columns * pitch_mm**2 / 1e6))
    wide, high = working_size(rows, columns, pitch_mm)
    scale = columns / wide, rows / high
    added = np.zeros(len(found), np.float32)
    for first in range(0, min(most, len(found)), BATCH):
        some = found[first : min(first + BATCH, most)]
        places = (cut(picture, (p.x * scale[0], p.y * scale[1]), pitch_mm) for p in some)
        added[first : first + len(some)] = adds(np.stack([channels(place) for place in places]))
    return replace(cells, sure=moved(cells.sure, found, added))


def moved(sure: Image, found: Sequence[Peak], added: Image) -> Image:
    """Return certainty, each cell moved by what was ``added`` to the logit of its nearest peak."""
    hot = np.argwhere(sure > LEAST)
    if not len(found) or not len(hot):
        return sure
    middles = np.array([(peak.y, peak.x) for peak in found]) / MASK_STRIDE - 0.5
    nearest = np.concatenate(
        [np.square(some[:, None] - middles[None]).sum(2).argmin(1) for some in _pieces(hot)]
    )
    where = tuple(hot.T)
    bounded = np.clip(sure[where], 1e-6, 1 - 1e-6)
    out = sure.copy()
    out[where] = 1 / (1 + (1 / bounded - 1) * np.exp(-added[nearest]))
    return out


def _pieces(hot: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return cells a few thousand at a time, so that memory stays bounded."""
    return np.array_split(hot, len(hot) // 4096 + 1)


def _logit(share: float) -> float:
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))
