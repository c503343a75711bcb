"""What a sheet and the inks on it do with light: reflect white, reflect infrared, glow under UV.

1. Every value is a share from 0 to 1; colours are BGR.
2. An ink lies over what is there: it takes its share of white and infrared light, hides the glow
   below it by as much as it is opaque to UV, and adds its own.
3. Under UV the camera sees the glow and a little violet that the lamp leaks, which the sheet
   reflects.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["BRIGHT", "CARBON", "DULL", "DYE", "Ink", "Sheet", "Stock", "dye"]

Plane = NDArray[np.float32]
Colour = tuple[float, float, float]
LEAK = np.array([0.14, 0.05, 0.04], np.float32)  # BGR of the lamp's own violet


@dataclass(frozen=True, slots=True)
class Ink:
    """What an ink leaves of white light (BGR) and of infrared, and what it adds under UV."""

    white: Colour
    infrared: float
    glow: Colour = (0.0, 0.0, 0.0)
    opaque: float = 0.9  # to UV


@dataclass(frozen=True, slots=True)
class Stock:
    """Unprinted sheet: what it reflects of infrared, and its own glow under UV."""

    infrared: float
    glow: Colour


CARBON = Ink((0.12, 0.12, 0.12), 0.14)
"""Black that absorbs infrared too, as the zone must (Doc 9303-3 §4.4): soot ink, toner."""
DYE = Ink((0.15, 0.13, 0.14), 0.93)
"""Black that is transparent at B900: an ink-jet's or a fountain pen's."""
DULL = Stock(0.92, (0.02, 0.015, 0.01))
"""Security paper and polycarbonate: no optical brightener."""
BRIGHT = Stock(0.92, (0.85, 0.62, 0.5))
"""Office paper: its brightener glows blue-white."""


def dye(blue: float, green: float, red: float) -> Ink:
    """Return an offset ink of a colour, all but transparent to infrared."""
    return Ink((blue, green, red), 0.985, opaque=0.25)


@dataclass
class Sheet:
    """A page while it is printed; planes (height, width) and (height, width, 3)."""

    white: Plane
    infrared: Plane = field(repr=False)
    glow: Plane = field(repr=False)

    @classmethod
    def of(cls, white: Plane, stock: Stock) -> Sheet:
        """Return an unprinted sheet that looks ``white`` (height, width, 3), 0 to 1."""
        infrared = np.full(white.shape[:2], stock.infrared, np.float32)
        glow = np.broadcast_to(np.array(stock.glow, np.float32), white.shape).copy()
        return cls(white.copy(), infrared, glow)

    def lay(self, cover: NDArray[np.uint8], ink: Ink, share: float = 1.0) -> None:
        """Print ``ink`` where ``cover`` (height, width), 0 to 255, says; ``share`` of its body."""
        rows, columns = _touched(cover)
        part = (cover[rows, columns].astype(np.float32) * np.float32(share / 255))[..., None]
        white = np.array(ink.white, np.float32)
        self.white[rows, columns] *= 1 - part * (1 - white)
        self.infrared[rows, columns] *= 1 - part[..., 0] * np.float32(1 - ink.infrared)
        self.glow[rows, columns] *= 1 - part * np.float32(ink.opaque)
        self.glow[rows, columns] += part * np.array(ink.glow, np.float32)

    def under_white(self) -> NDArray[np.uint8]:
        """Return the picture under white light, (height, width, 3) BGR."""
        return _levels(self.white)

    def under_infrared(self) -> NDArray[np.uint8]:
        """Return the picture at B900, (height, width)."""
        return _levels(self.infrared)

    def under_ultraviolet(self) -> NDArray[np.uint8]:
        """Return the picture at 365 nm, (height, width, 3) BGR."""
        return _levels(self.glow + LEAK * self.white)


def _touched(cover: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Return the smallest rectangle that holds all of ``cover``."""
    rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _levels(plane: Plane) -> NDArray[np.uint8]:
    return np.asarray(np.clip(plane * 255, 0, 255), np.uint8)
