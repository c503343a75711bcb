"""How fine a scanner sees: the modulation transfer function from a slanted edge (after ISO 12233).

1. Along each of the square's four sides, pixels are sorted by their distance from the edge. Where
   the edge really lies is fitted to the picture, so that registration's error does not blur it.
2. Their mean in bins of a quarter pixel is the edge's profile; its slope is the line spread, and
   the Fourier transform of that the MTF. Binning and slope are divided out.
3. The value is the frequency at which the MTF falls to ``MODULATION``: across the belt from the
   left and right sides, along it from the upper and lower ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.scanner.phantom.layout import Layout, Points, Rect, turned_square
from edge.scanner.phantom.registration import Placed

Floats = NDArray[np.float64]

MODULATION = 0.5
REACH = 11.0  # mm to both sides of the edge
CORNER = 6.0  # mm of a side's ends that are left out
PER_PIXEL = 4  # bins
SLAB = 2.0  # mm of a side on which its place is measured
FEWEST = 10  # pixels of a slab
LEAST_STEP = 0.2  # of transmission from one side of the edge to the other


@dataclass(frozen=True, slots=True)
class Sharpness:
    """Line pairs per mm at MODULATION, and the uncertainty; None where there is no edge."""

    value: float | None
    uncertainty: float


def sharpness(placed: Placed, layout: Layout) -> tuple[Sharpness, Sharpness]:
    """Return the sharpness across the belt (x) and along it (y)."""
    corners = turned_square(layout)
    found = [_edge(placed, corners[i], corners[(i + 1) % 4]) for i in range(4)]
    return _both(found[1], found[3]), _both(found[0], found[2])


def _both(one: float | None, other: float | None) -> Sharpness:
    if one is None or other is None:
        return Sharpness(None, 0.0)
    return Sharpness((one + other) / 2, abs(one - other) / 2 + 0.005)


def _edge(placed: Placed, begin: Points, end: Points) -> float | None:
    """Return the frequency (1/mm) at which the MTF of one side falls to MODULATION."""
    along = (end - begin) / np.linalg.norm(end - begin)
    outward = np.array([along[1], -along[0]])
    length = float(np.linalg.norm(end - begin))
    both = np.stack([begin, end])
    box = Rect(*(both.min(0) - REACH), *(both.max(0) + REACH))
    values, x, y = placed.region(box)
    offset = np.stack([x, y], 1) - begin
    u, v = offset @ outward, offset @ along
    near = (np.abs(u) < REACH) & (v > CORNER) & (v < length - CORNER)
    u, v, values = u[near], v[near], values[near].astype(np.float64)
    straight = _straightened(u, v, values)
    return None if straight is None else _frequency(straight, values, placed.pitch_mm)


def _straightened(u: Floats, v: Floats, values: Floats) -> Floats | None:
    """Return ``u`` from where the edge really lies, None if there is none."""
    far = REACH * 0.6
    if not (u > far).any() or not (u < -far).any():
        return None
    bright, dark = float(values[u > far].mean()), float(values[u < -far].mean())
    if bright - dark < LEAST_STEP:
        return None
    slabs = np.floor((v - v.min()) / SLAB).astype(int)
    places, middles = [], []
    for slab in range(slabs.max() + 1):
        here = slabs == slab
        if here.sum() >= FEWEST:
            share = (values[here].mean() - dark) / (bright - dark)
            places.append(float(REACH - share * 2 * REACH))
            middles.append(float(v[here].mean()))
    if len(places) < 3:
        return None
    slope, start = np.polyfit(middles, places, 1)
    return np.asarray(u - (start + slope * v))


def _frequency(u: Floats, values: Floats, pitch: float) -> float | None:
    width = pitch / PER_PIXEL
    edges = np.arange(-REACH * 0.85, REACH * 0.85, width)
    index = np.digitize(u, edges)
    count = np.bincount(index, minlength=edges.size + 1)[1:-1]
    total = np.bincount(index, values, minlength=edges.size + 1)[1:-1]
    if (count == 0).mean() > 0.2:
        return None
    middle = (edges[:-1] + edges[1:]) / 2
    profile = np.interp(middle, middle[count > 0], total[count > 0] / count[count > 0])
    spread = np.diff(profile) * _window(profile.size - 1)
    mtf = np.asarray(np.abs(np.fft.rfft(spread, 4096)), np.float64)
    frequency = np.asarray(np.fft.rfftfreq(4096, width), np.float64)
    lost = np.sinc(frequency * width) ** 2  # of the bins, and of the slope between two of them
    if mtf[0] <= 0:
        return None
    return _falls_to(frequency, mtf / mtf[0] / np.maximum(lost, 0.1), 1.5 / pitch)


def _window(size: int) -> Floats:
    """Return a window that is flat over its middle half: a narrow one would sharpen the spread."""
    away = np.abs(np.linspace(-1, 1, size))
    return np.asarray(np.where(away < 0.5, 1.0, np.cos(np.pi * (away - 0.5)) / 2 + 0.5))


def _falls_to(frequency: Floats, mtf: Floats, highest: float) -> float | None:
    below = np.flatnonzero((mtf < MODULATION) & (frequency <= highest))
    if below.size == 0 or below[0] == 0:
        return None
    at = int(below[0])
    share = (mtf[at - 1] - MODULATION) / max(mtf[at - 1] - mtf[at], 1e-12)
    found = frequency[at - 1] + share * (frequency[at] - frequency[at - 1])
    return float(found) if math.isfinite(found) else None
