"""Two optical depths as so much plastic and so much iron, so that one thing can lie behind another.

1. The beam hardens: τ of two things together is less than their sum, at low energy behind steel by
   a third. What adds is µ·areal in each part of the spectrum; τ is then integrated anew.
2. Below its K edge anything attenuates like some polyethylene and some iron (either may be a
   little negative); lead, whose edge lies in the spectrum, comes out within 5 %. Two energies say
   how much of each: Newton's method on the eight bins.
3. What noise alone could make (τ_low/τ_high beyond plastic or heavy metal) is first moved to
   the nearest possible pair. What a thing has beyond ``DEEPEST`` is hard beam only, and adds.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.xray.spectrum import Floats, binned_attenuation, bins

Image = NDArray[np.float32]

NAMES = ("polyethylene", "iron")
STEPS = 8  # worst case is iron at τ_low 9: the eighth step leaves 1e-7
STRIDE = 20.0  # g/cm², the longest step of an iteration
DEEPEST = 9.0
RATIO = (1.0, 5.6)  # of τ_low to τ_high; thin molybdenum, the highest, has 5.4


def depth_of(areal: Floats) -> Floats:
    """Return τ (2, n), low and high, of ``areal`` (2, n): g/cm² of polyethylene and of iron."""
    return _forward(areal)[0]


def areal_of(tau: Image) -> Floats:
    """Return g/cm² (2, n) of polyethylene and of iron whose τ is ``tau`` (2, n), low and high."""
    high = np.clip(tau[1].astype(np.float64), 0, DEEPEST)
    low = np.clip(tau[0].astype(np.float64), high * RATIO[0], np.minimum(high * RATIO[1], DEEPEST))
    wanted = np.stack([low, np.minimum(high, low)])
    areal = np.zeros_like(wanted)
    for _ in range(STEPS):
        found, slope = _forward(areal)
        areal += _solved(slope, wanted - found)
    return areal


def hidden_behind(scene: Image, thing: Image) -> Image:
    """Return the share of the beam (2, n) that ``thing`` lets through behind ``scene``, both τ.

    Behind air it is exp(−τ) of the thing; behind steel it is more, as soft rays are gone already.
    """
    before, added = areal_of(scene), areal_of(thing)
    deeper = np.maximum(thing - np.float32(DEEPEST), 0)
    passed = np.exp(depth_of(before) - depth_of(before + added) - deeper)
    share: Image = np.clip(passed, 0, 1).astype(np.float32)
    return share


@cache
def _lines() -> Floats:
    """Return (bins, 2): cm²/g of each basis material in each bin."""
    return np.stack([binned_attenuation(name) for name in NAMES], 1)


def _forward(areal: Floats) -> tuple[Floats, Floats]:
    """Return τ (2, n) and its slope (2, 2, n): energy by material."""
    lines, weights = _lines(), bins()[0]
    passed = np.exp(-np.maximum(lines @ areal, -1))
    signal = np.maximum(weights @ passed, 1e-30)
    slope = np.stack([(weights * column) @ passed for column in lines.T], 1) / signal[:, None]
    return -np.log(signal), slope


def _solved(slope: Floats, wanted: Floats) -> Floats:
    """Return the step (2, n) of a Newton iteration, bounded where both energies say the same."""
    (a, b), (c, d) = slope
    # Iron raises low before high, plastic both: the determinant is below zero everywhere.
    area = np.minimum(a * d - b * c, -1e-9)
    step = np.stack([d * wanted[0] - b * wanted[1], a * wanted[1] - c * wanted[0]]) / area
    bounded: Floats = np.clip(step, -STRIDE, STRIDE)
    return bounded
