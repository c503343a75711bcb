"""Where a threat could lie, so that nobody tells a projection by its place.

1. Cargo is where the beam loses more than 4 %, closed over small gaps and filled; single wires and
   the belt's edge are none.
2. A threat lies with ``INSIDE`` of its pixels in the cargo, clear of lost lines and of the rim.
3. At least half of it shows: it takes 3 % of the open beam or more from what is behind it. What no
   beam reaches, no one can be asked to find.
4. Turn, side and place follow from the generator that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.tip.errors import TipError
from models.xray.tip.library import COVERED, Stamp

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

LOADED = 0.96  # transmission below which something is in the beam
GAP = 15  # pixels that closing bridges
LEAST_AREA = 400  # pixels of a piece of cargo
INSIDE = 0.98
SHOWS, LEAST_SHOWN = 0.03, 0.5
LOST = 1e-4  # transmission of a line that never came, or of nothing at all
TRIES = 60


class NoPlace(TipError):
    """Nowhere in this item would the threat be plausible: take another threat, or item."""


@dataclass(frozen=True)
class Place:
    """A stamp in a picture: its top left pixel, how it is turned, and τ (2, h, w) as seen."""

    row: int
    column: int
    turns: int
    mirror: bool
    tau: Image = field(repr=False)

    @property
    def window(self) -> tuple[slice, slice]:
        """Return the rows and columns it covers."""
        high, wide = self.tau.shape[1:]
        return slice(self.row, self.row + high), slice(self.column, self.column + wide)


def cargo(picture: Image) -> Mask:
    """Return where (lines, pixels) the item is, in a transmission (1 or 2, lines, pixels)."""
    loaded = (cv2.blur(picture[-1], (3, 3)) < LOADED).astype(np.uint8)
    opened = cv2.morphologyEx(loaded, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(closed)
    large = [line for line in outlines if cv2.contourArea(line) >= LEAST_AREA]
    return np.asarray(cv2.drawContours(whole, large, -1, 1, cv2.FILLED) > 0)


def find_place(picture: Image, stamp: Stamp, pitch_mm: float, rng: np.random.Generator) -> Place:
    """Return a plausible place for ``stamp`` in a transmission (1 or 2, lines, pixels).

    Raises NoPlace if ``TRIES`` random ones are all implausible, TipError for no picture.
    """
    if picture.ndim != 3 or picture.shape[0] not in (1, 2) or not np.isfinite(picture).all():
        raise TipError(f"wanted a finite transmission (1 or 2, lines, pixels), not {picture.shape}")
    inside = cargo(picture) & ~_lost(picture)
    spots = np.flatnonzero(inside)
    if not spots.size:
        raise NoPlace("nothing is in the picture that a threat could be in")
    for _ in range(TRIES):
        turns, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
        tau = stamp.seen(pitch_mm, turns, mirror)
        row, column = divmod(int(spots[rng.integers(spots.size)]), picture.shape[2])
        place = Place(row - tau.shape[1] // 2, column - tau.shape[2] // 2, turns, mirror, tau)
        if plausible(picture, inside, place):
            return place
    raise NoPlace(f"{stamp.name} fits nowhere in this item")


def plausible(picture: Image, inside: Mask, place: Place) -> bool:
    """Return whether rules 2 and 3 hold for ``place``."""
    rows, columns = place.window
    if min(rows.start, columns.start) < 1:
        return False
    if rows.stop >= picture.shape[1] or columns.stop >= picture.shape[2]:
        return False
    high = place.tau[1]
    thing = high > COVERED
    taken = picture[-1, rows, columns] * -np.expm1(-high)
    shown = (taken > SHOWS)[thing].mean()
    return bool(inside[rows, columns][thing].mean() >= INSIDE and shown >= LEAST_SHOWN)


def _lost(picture: Image) -> Mask:
    """Return the lines that show nothing at all, and their neighbours, as (lines, 1)."""
    black = (picture.max((0, 2)) <= LOST).astype(np.uint8).reshape(-1, 1)
    return np.asarray(cv2.dilate(black, np.ones((5, 1), np.uint8)) > 0)
