"""Whether all packages look alike: each part between air lines against what most parts are.

1. A cell's figures are its mean depth, how uneven it is, and what it is made of (mean Zeff), where
   known. They do not change when things lie a little differently in their carton.
2. A cell is odd where a figure is further from the median of all than packing explains: a share of
   the median, and several robust deviations.
3. The figure is the share of cells that are not odd. Below three cells nothing can be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.inspection import Region
from edge.scanner.cargo.counting import Count
from edge.scanner.cargo.seen import BLIND, Seen

LEAST_CELLS = 3
PACKING = (0.15, 0.35, 0.08)  # share of the median by which depth, unevenness, Zeff may differ
DEVIATIONS = 5.0
MOST_REGIONS = 16
MAD = 1.4826


@dataclass(frozen=True)
class Homogeneity:
    """The share of like cells, and where the odd ones are; ``cells`` says of how many."""

    like: float
    cells: int
    odd: tuple[Region, ...] = ()


def homogeneity(item: Seen, grid: Count) -> Homogeneity | None:
    """Return how alike the parts of ``grid`` are; None where there are too few to tell."""
    if grid.parts[0] * grid.parts[1] < LEAST_CELLS:
        return None
    boxes = list(_cells(grid))
    figures = np.array([_figures(item, box) for box in boxes])
    each = [_distance(column, share) for column, share in zip(figures.T, PACKING, strict=True)]
    far = np.max(each, axis=0)
    odd = np.flatnonzero(far > 1)
    regions = tuple(
        Region(x=x, y=y, w=w, h=h, score=min(1.0, float(far[k]) / (float(far[k]) + 1)))
        for k in sorted(odd, key=lambda k: -far[k])[:MOST_REGIONS]
        for x, y, w, h in [boxes[k]]
    )
    return Homogeneity(1 - odd.size / len(boxes), len(boxes), regions)


def _cells(grid: Count) -> Iterator[tuple[int, int, int, int]]:
    left, top, wide, high = grid.box
    across, up = grid.parts
    x = np.linspace(left, left + wide, across + 1).astype(int)
    y = np.linspace(top, top + high, up + 1).astype(int)
    for row in range(up):
        for column in range(across):
            w, h = x[column + 1] - x[column], y[row + 1] - y[row]
            yield int(x[column]), int(y[row]), max(1, int(w)), max(1, int(h))


def _figures(item: Seen, box: tuple[int, int, int, int]) -> tuple[float, float, float]:
    x, y, w, h = box
    cut = np.s_[y : y + h, x : x + w]
    depth = np.minimum(item.tau[cut], BLIND)
    made_of = 0.0
    if item.zeff is not None:
        known = item.zeff[cut][np.isfinite(item.zeff[cut])]
        made_of = float(known.mean()) if known.size > 0.2 * depth.size else np.nan
    return float(depth.mean()), float(depth.std()), made_of


def _distance(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return how far each value is from the median, 1 where it becomes odd; 0 where unknown."""
    if not np.isfinite(values).any():
        return np.zeros(values.size)
    middle = float(np.nanmedian(values))
    usual = MAD * float(np.nanmedian(np.abs(values - middle)))
    allowed = max(share * abs(middle), DEVIATIONS * usual, 0.02)
    return np.nan_to_num(np.abs(values - middle) / allowed)
