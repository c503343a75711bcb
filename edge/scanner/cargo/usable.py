"""Which optical-depth pictures an examination may be made of at all.

A picture is refused, with the reason, where it holds values that are no numbers, is no picture, is
a few pixels, is black or saturated all over, or has lost too many of its lines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEAST_SIDE = 32  # pixels; nothing is measured on less
BLACK = 9.0  # optical depth; a lost line reads as the detector's floor, 11.1
MOST_LOST = 0.01  # share of the lines
MOST_BLIND = 0.6  # share of the picture that no beam passed
MOST_PIXELS = 32_000_000  # reduced.py makes larger pictures fit


class Unusable(Exception):
    """A picture that nothing can be told from; the message says why, in words for an officer."""


def usable(tau: NDArray[np.floating], lost: Mask | None = None) -> Image:
    """Return the high optical depth (lines, pixels) as float32 of τ (lines, pixels) or (2, …).

    ``lost`` (lines,) marks lines that were lost; black lines count as lost as well. Raises
    Unusable.
    """
    plane = _plane(tau)
    gone = lost_lines(plane, lost)
    if gone.mean() > MOST_LOST:
        raise Unusable(f"{int(gone.sum())} of {len(gone)} lines are lost; scan the item again")
    kept = plane[~gone]
    if float((kept >= BLACK).mean()) > MOST_BLIND:
        raise Unusable("the picture is black: no beam came through; check the source")
    if float(np.percentile(kept[:: max(1, len(kept) // 256)], 99.5)) < 0.01:
        raise Unusable("the picture is saturated or holds nothing; check the exposure")
    return plane


def lost_lines(plane: Image, lost: Mask | None = None) -> Mask:
    """Return which lines (lines,) show nothing: those marked, and those black from side to side."""
    black: Mask = np.asarray((plane >= BLACK).all(1))
    if lost is None:
        return black
    if lost.shape != black.shape:
        raise Unusable(f"{lost.size} marks for {black.size} lines; they belong to another scan")
    return black | lost.astype(np.bool_)


def mended(plane: Image, gone: Mask) -> Image:
    """Return ``plane`` with its lost lines drawn from the lines around: to lay it, not to judge."""
    if not gone.any():
        return plane
    kept = np.flatnonzero(~gone)
    lost = np.flatnonzero(gone)
    after = np.clip(np.searchsorted(kept, lost), 0, kept.size - 1)
    before, out = np.maximum(after - 1, 0), plane.copy()
    out[lost] = (plane[kept[before]] + plane[kept[after]]) / 2
    return out


def _plane(tau: NDArray[np.floating]) -> Image:
    if (
        tau.ndim not in (2, 3)
        or tau.dtype.kind != "f"
        or (tau.ndim == 3 and len(tau) not in (1, 2))
    ):
        raise Unusable(f"wanted optical depth (lines, pixels), got {tau.dtype} {tau.shape}")
    plane = np.asarray(tau if tau.ndim == 2 else tau[-1], np.float32)
    if min(plane.shape) < LEAST_SIDE:
        rows, columns = plane.shape
        raise Unusable(f"only {columns}×{rows} pixels; at least {LEAST_SIDE} a side are needed")
    if plane.size > MOST_PIXELS:
        raise Unusable(
            f"{plane.size / 1e6:.0f} million pixels; reduce it to at most {MOST_PIXELS // 10**6}"
        )
    if not np.isfinite(plane).all():
        raise Unusable("the picture holds values that are not numbers; check the calibration")
    if float(plane.min()) < -1.0:
        raise Unusable("optical depth below zero: this picture is not calibrated")
    return plane
