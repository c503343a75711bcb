"""Wedges as theory has them, for a lane that has not scanned any yet; their origin says so.

Spectra are the design's, not this tube's: a table of these colours a picture, it proves nothing.
"""

from __future__ import annotations

import math

import numpy as np

from edge.scanner.materials.wedges import BLACK, Step, Wedges, collect
from models.xray.materials import MATERIALS
from models.xray.spectrum import areal_for, optical_depth

NAMES = ("polyethylene", "water", "aluminium", "titanium", "iron", "lead")
DEPTHS = tuple(float(depth) for depth in np.geomspace(0.05, 5.5, 10))  # τ_high of the steps


def thicknesses(name: str) -> list[float]:
    """Return g/cm² of the steps of a wedge of the material ``name``, none of them black."""
    material = MATERIALS[name]
    every = [areal_for(material, depth) for depth in DEPTHS]
    deepest = -math.log(2 * BLACK)
    return [areal for areal in every if optical_depth(material, areal).max() < deepest]


def nominal(at: float, photons: float = 20_000.0) -> Wedges:
    """Return the wedges of the design's spectra for ``photons`` an open pixel."""
    steps = []
    for name in NAMES:
        material = MATERIALS[name]
        for areal in thicknesses(name):
            low, high = (float(t) for t in np.exp(-optical_depth(material, areal)))
            noise = math.sqrt(low / photons), math.sqrt(high / photons)
            steps.append(Step(name, material.zeff, areal, low, high, *noise))
    return collect("design", at, steps, origin="nominal")
