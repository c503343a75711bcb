"""A line's middle, corrected on its own ink: the finder's cells are coarse, and not everywhere.

1. A band twice as high as a strip is cut along the line, in pieces of four characters.
2. In each the ink is strokes: change along the line. Its weight under a bell one character wide is
   highest where the middle is, within half a character of where it was thought to be.
3. A straight correction through the pieces, the strays left out, is added to the line.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.mrz.plane import Page, View
from models.mrz.rows import PITCH, Row, columns_of, points_of

__all__ = ["centred"]

Floats = NDArray[np.float64]

_BAND = 64  # rows
_PIECE = round(4 * PITCH)
_REACH = round(PITCH / 2)
_STRAY = 0.2 * PITCH
_BELL = np.exp(-0.5 * (np.arange(-20, 21) / (0.35 * PITCH)) ** 2)


def centred(page: Page, view: View, row: Row) -> Row:
    """Return ``row`` with its middle where its ink is, if there is ink enough to tell."""
    columns, size = columns_of(row)
    band = page.sample(
        view.to_page(points_of(row, columns, size, _BAND)), view.step * float(size.mean())
    )
    strokes = np.abs(np.diff(band.astype(float), axis=1))
    count = strokes.shape[1] // _PIECE
    if count < 4:
        return row
    profiles = strokes[:, : count * _PIECE].reshape(_BAND, count, _PIECE).mean(2)
    shifts, weights = _shifts(profiles)
    middles = columns[(np.arange(count) * _PIECE + _PIECE // 2)]
    fit = np.polyfit(middles, shifts, 1, w=weights)
    near = np.abs(np.polyval(fit, middles) - shifts) < _STRAY
    if near.sum() < 4:
        return row
    fit = np.polyfit(middles[near], shifts[near], 1, w=weights[near])
    return replace(row, middle=np.asarray(np.polyadd(row.middle, fit * float(size.mean())), float))


def _shifts(profiles: Floats) -> tuple[Floats, Floats]:
    """Return how far below the line each piece's ink lies, strip pixels, and its weight."""
    weighed = np.stack([np.convolve(p, _BELL, "same") for p in profiles.T], 1)
    centre = _BAND // 2
    reach = weighed[centre - _REACH : centre + _REACH + 1]
    return reach.argmax(0) - float(_REACH), np.sqrt(reach.max(0) - reach.min(0) + 1e-6)
