"""Smooth curves through a few measured points that never overshoot between them.

1. Piecewise cubic Hermite with harmonic slopes (Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5,
   1984): monotone data give a monotone curve.
2. Beyond its ends the curve goes on as a straight line with the end's slope.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def monotone(x: Floats, y: Floats, at: Floats) -> Floats:
    """Return the curve through (x, y) at ``at``; ``x`` has two points at least and rises."""
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    ends = _slopes(step, slope)
    cell = np.clip(np.searchsorted(x, at) - 1, 0, x.size - 2)
    t = (at - x[cell]) / step[cell]
    inside = np.clip(t, 0, 1)
    left, right = ends[cell] * step[cell], ends[cell + 1] * step[cell]
    value = _hermite(inside, y[cell], y[cell + 1], left, right)
    beyond: Floats = value + (t - inside) * np.where(t < 0, left, right)
    return beyond


def _hermite(t: Floats, start: Floats, end: Floats, left: Floats, right: Floats) -> Floats:
    rest = 1 - t
    value: Floats = (
        start * (1 + 2 * t) * rest**2
        + end * (1 + 2 * rest) * t**2
        + left * t * rest**2
        - right * rest * t**2
    )
    return value


def _slopes(step: Floats, slope: Floats) -> Floats:
    """Return the slope at every point: zero at a turn, else the weighted harmonic mean."""
    out = np.empty(step.size + 1)
    out[0], out[-1] = slope[0], slope[-1]
    before, after = slope[:-1], slope[1:]
    heavy, light = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same = before * after > 0
    safe = np.where(same, before, 1), np.where(same, after, 1)
    with np.errstate(over="ignore"):  # beside next to no slope the mean is none
        mean = (heavy + light) / (heavy / safe[0] + light / safe[1])
    out[1:-1] = np.where(same, mean, 0)
    return out
