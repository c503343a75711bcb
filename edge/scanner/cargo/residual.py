"""What a registered scan has more or less than its empty template, and how sure that is.

1. The difference of the optical depths is rid of what the scanner does to whole lines (tube), whole
   columns (detector) and, slowly, to the whole picture (gauge of the sheet): medians over each, and
   never more than ``MOST_*``, so that goods cannot be explained away.
2. Pixels that no beam passes (τ ≥ ``BLIND``) or that the scan does not show carry no weight.
3. For boxes of several sizes, Σ d/σ² ÷ √Σ 1/σ² over the box: for a thing as large as the box
   that is the best linear test there is. Independent noise gives it unit variance at every size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

BLIND = 6.0  # optical depth; 50 photons of 20 000 are left
BOXES = (1, 3, 7, 15, 31)  # pixels a side
MOST_LINE, MOST_COLUMN, MOST_SLOW = 0.03, 0.02, 0.03  # optical depth
SLOW = 24  # lines and pixels a side, of the blocks whose medians make the slow part


def difference(scan: Image, empty: Image, seen: Mask) -> Image:
    """Return scan − empty, (lines, pixels), without what rule 1 names; 0 where not ``seen``."""
    found = np.where(seen, scan - empty, np.float32(0)).astype(np.float32)
    clear = empty < BLIND / 2
    for axis, most in ((1, MOST_LINE), (0, MOST_COLUMN)):
        found -= np.clip(_median(found, clear & seen, axis), -most, most)
    found -= np.clip(_slow(found, clear & seen), -MOST_SLOW, MOST_SLOW)
    return np.where(seen, found, np.float32(0)).astype(np.float32)


def box_sums(found: Image, spread: Image, judged: Mask) -> list[Image]:
    """Return rule 3's figure at every pixel, one picture per size of ``BOXES``."""
    weight = np.where(judged, 1.0 / np.square(spread), 0.0).astype(np.float32)
    pulled = found * weight
    return [_box_sum(pulled, weight, side) * judged for side in BOXES]


def _box_sum(pulled: Image, weight: Image, side: int) -> Image:
    top, below = (
        cv2.boxFilter(
            plane, cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        for plane in (pulled, weight)
    )
    return np.asarray(top / np.sqrt(np.maximum(below, 1e-6)), np.float32)


def _median(found: Image, counted: Mask, axis: int) -> Image:
    """Return the median along ``axis`` over ``counted``, kept as an axis; 0 where few count."""
    count = counted.sum(axis, keepdims=True)
    ordered = np.sort(np.where(counted, found, np.float32(np.inf)), axis=axis)
    middle = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis)
    return np.where(count >= 16, middle, np.float32(0)).astype(np.float32)


def _slow(found: Image, counted: Mask) -> Image:
    rows, columns = (max(1, length // SLOW) for length in found.shape)
    small = np.zeros((rows, columns), np.float32)
    row_edges, column_edges = (
        np.linspace(0, length, parts + 1).astype(int)
        for length, parts in zip(found.shape, (rows, columns), strict=True)
    )
    for row in range(rows):
        for column in range(columns):
            cut = np.s_[
                row_edges[row] : row_edges[row + 1], column_edges[column] : column_edges[column + 1]
            ]
            some = found[cut][counted[cut]]
            small[row, column] = np.median(some) if some.size >= 64 else 0
    return np.asarray(
        cv2.resize(small, found.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32
    )
