"""What the manifest check looks at: one item's maps, and the part of them that goods cover.

``zeff`` and ``areal`` are the materials maps (plain arrays of the same shape as the high optical
depth): Zeff with NaN where no kind can be named, and g/cm². Both may be missing; then less can be
told, and the answers say so. A picture without goods is refused as ``Nothing``: it cannot be
examined, but bounds what may lie in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.cargo.usable import Image, Mask, Unusable, usable

AIR = 0.015  # optical depth, averaged over 5 × 5 pixels, below which nothing lies in the beam
BLIND = 5.5  # beyond it a scan only knows that there is more
LEAST_GOODS = 0.005  # share of the picture


@dataclass(frozen=True)
class Seen:
    """One item: high optical depth (lines, pixels), the pixel's size, and what else is known."""

    tau: Image = field(repr=False)
    pitch_mm: tuple[float, float]  # along the belt, across it, at the goods
    zeff: Image | None = field(default=None, repr=False)
    areal: Image | None = field(default=None, repr=False)
    depth_mm: float | None = None  # of the goods along the beam, where it is measured
    layers: int | None = None  # packages one behind the other, where it is known

    @cached_property
    def goods(self) -> Mask:
        """Return where goods lie: what is in the beam, a sheet of paper as well."""
        return goods(self.tau)

    @property
    def pixel_cm2(self) -> float:
        """Return the area of a pixel at the goods."""
        return self.pitch_mm[0] * self.pitch_mm[1] / 100.0

    @property
    def area_cm2(self) -> float:
        """Return the area that goods cover."""
        return float(self.goods.sum()) * self.pixel_cm2

    @property
    def blind(self) -> float:
        """Return the share of the goods that the beam does not pass."""
        covered = self.tau[self.goods]
        return float((covered >= BLIND).mean()) if covered.size else 0.0


def goods(tau: Image) -> Mask:
    """Return where goods lie in τ (lines, pixels): all that is in the beam, paper as well."""
    return np.asarray(cv2.blur(np.minimum(tau, 2), (5, 5)) > AIR)


class Nothing(Unusable):
    """No goods lie in the beam of ``item``, which was scanned well."""

    def __init__(self, item: Seen) -> None:
        super().__init__("nothing lies in the beam; there are no goods to check")
        self.item = item


def seen(
    tau: NDArray[np.floating],
    pitch_mm: tuple[float, float],
    zeff: NDArray[np.floating] | None = None,
    areal: NDArray[np.floating] | None = None,
    lost: Mask | None = None,
    depth_mm: float | None = None,
    layers: int | None = None,
) -> Seen:
    """Return checked maps of τ (lines, pixels) or (2, …).

    Raises Unusable, and says what is wrong; Nothing where no goods are seen.
    """
    plane = usable(tau, lost)
    for name, map_ in (("Zeff", zeff), ("areal density", areal)):
        if map_ is not None and map_.shape != plane.shape:
            raise Unusable(f"the map of {name} is {map_.shape}, the picture {plane.shape}")
    if areal is not None and not (np.isfinite(areal).all() and float(areal.min()) >= 0):
        raise Unusable("the map of areal density holds values that are no weights")
    if not all(np.isfinite(pitch) and 0.01 <= pitch <= 1000 for pitch in pitch_mm):
        raise Unusable(f"a pixel of {pitch_mm} mm cannot be; check the lane's geometry")
    found = Seen(
        plane,
        pitch_mm,
        None if zeff is None else zeff.astype(np.float32),
        None if areal is None else areal.astype(np.float32),
        depth_mm,
        layers,
    )
    if float(found.goods.mean()) < LEAST_GOODS:
        raise Nothing(found)
    return found
