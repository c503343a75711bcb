"""Pictures small enough to be examined while the item still stands there, and regions back again.

Empty verification and manifest check need no finer pixels than a container's structure; a whole
picture of 100 million would take them half a minute. Transmission is averaged, not optical depth:
that is what a coarser detector would count. Templates are learned from pictures reduced likewise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from contract.inspection import Region
from edge.scanner.shrink import shrunk

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

MOST = 1_500_000  # pixels; half a second on one core


def factor(lines: int, pixels: int, most: int = MOST) -> int:
    """Return the whole number by which a picture's sides must be divided to have ``most``."""
    return max(1, math.ceil(math.sqrt(lines * pixels / most)))


def reduced(transmission: Image, by: int) -> Image:
    """Return the means of ``by`` × ``by`` pixels of (lines, pixels) or (energies, lines, pixels).

    At the lower and right edge a square repeats the edge's pixels: nothing is left out.
    """
    if transmission.ndim == 2:
        return np.asarray(shrunk(transmission[None], by)[0])
    return np.asarray(shrunk(transmission, by))


def reduced_depth(tau: Image, by: int) -> Image:
    """Return the optical depth that pixels ``by`` times as large a side would see."""
    return tau if by == 1 else np.asarray(-np.log(reduced(np.exp(-tau), by)))


def reduced_marks(lost: Mask, by: int) -> Mask:
    """Return which lines of the reduced picture have one in them that is ``lost`` (lines,)."""
    return np.asarray(np.pad(lost, (0, -len(lost) % by)).reshape(-1, by).any(-1))


def enlarged(regions: Iterable[Region], by: int) -> tuple[Region, ...]:
    """Return regions of a reduced picture in the pixels of the whole one."""
    return tuple(
        Region(x=r.x * by, y=r.y * by, w=r.w * by, h=r.h * by, score=r.score) for r in regions
    )
