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

MOST = 3_000_000  # pixels; half a second on one core


def factor(lines: int, pixels: int, most: int = MOST) -> int:
    """Return the whole number by which a picture's sides must be divided to have ``most``."""
    return max(1, math.ceil(math.sqrt(lines * pixels / most)))


def reduced(transmission: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Return the means of ``by`` × ``by`` pixels of (…, lines, pixels); a rest at the end is left.

    Raises ValueError where nothing would be left.
    """
    lines, pixels = (length // by for length in transmission.shape[-2:])
    if by < 1 or min(lines, pixels) < 1:
        raise ValueError(f"{transmission.shape} cannot be reduced by {by}")
    cut = transmission[..., : lines * by, : pixels * by]
    cells = cut.reshape(*transmission.shape[:-2], lines, by, pixels, by)
    return np.asarray(cells.mean((-3, -1), dtype=np.float32))


def enlarged(regions: Iterable[Region], by: int) -> tuple[Region, ...]:
    """Return regions of a reduced picture in the pixels of the whole one."""
    return tuple(
        Region(x=r.x * by, y=r.y * by, w=r.w * by, h=r.h * by, score=r.score) for r in regions
    )
