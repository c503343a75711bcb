"""Two effective spectra of a 160 kVp tube on a sandwich detector, and what matter does to them.

1. The tube gives Kramers' bremsstrahlung behind 3.1 mm of aluminium (window, filter, conveyor).
2. The thin CsI layer sees it first (low), then copper hardens it for the thick CsI layer (high).
   Each layer integrates energy: weight = photons × keV × absorbed fraction.
3. Thicknesses are fitted, so that R = τ_low/τ_high of six materials at τ_high 0.3 and 3 falls on
   the published curve (worst residual 0.01; tests/unit/test_xray_physics.py holds the table).
4. Optical depth is not linear in thickness (beam hardening): always integrate over the spectrum.
   A picture does so over eight bins, which stay within 5 % of the full spectrum.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.xray.attenuation import mixture_attenuation
from models.xray.materials import MATERIALS, Material

Floats = NDArray[np.float64]

KVP = 160.0
FILTER_AL = 0.31 * 2.70  # g/cm²
THIN_CSI = 0.0285 * 4.51
BETWEEN_CU = 0.0647 * 8.96
THICK_CSI = 0.329 * 4.51
KEV = np.arange(15.5, KVP, 1.0)
BIN_EDGES = (15, 36, 46, 56, 68, 80, 88, 110, 160)  # keV; 88 is the K edge of lead
CSI = {"Cs": 0.5115, "I": 0.4885}


@cache
def responses() -> Floats:
    """Return (2, energies): the share of the low and the high signal from each keV of ``KEV``."""
    tube = (KVP / KEV - 1.0) * np.exp(-FILTER_AL * mixture_attenuation({"Al": 1.0}, KEV))
    csi = mixture_attenuation(CSI, KEV)
    copper = mixture_attenuation({"Cu": 1.0}, KEV)
    low = tube * KEV * -np.expm1(-csi * THIN_CSI)
    behind = np.exp(-csi * THIN_CSI - copper * BETWEEN_CU)
    high = tube * KEV * behind * -np.expm1(-csi * THICK_CSI)
    return np.stack([low / low.sum(), high / high.sum()])


@cache
def bins() -> tuple[Floats, NDArray[np.intp]]:
    """Return (weights (2, bins), bin number of each energy): a short stand-in for the spectrum."""
    index: NDArray[np.intp] = np.digitize(KEV, BIN_EDGES[1:-1]).astype(np.intp)
    rows = [np.bincount(index, row, len(BIN_EDGES) - 1) for row in responses()]
    weights = np.stack(rows).astype(np.float64)
    return weights, index


@cache
def binned_attenuation(name: str) -> Floats:
    """Return the mass attenuation, cm²/g, of the material ``name`` in each bin."""
    weights, index = bins()
    share = responses().sum(0)
    mu = MATERIALS[name].attenuation(KEV)
    mean: Floats = np.bincount(index, mu * share, weights.shape[1]) / weights.sum(0)
    return mean


def optical_depth(material: Material, areal: Floats | float) -> Floats:
    """Return (2, …): τ low and high of ``areal`` g/cm² of ``material``, full spectrum."""
    mass = np.asarray(areal, dtype=np.float64)
    passed = np.exp(-mass[..., None] * material.attenuation(KEV))
    return np.stack([-np.log(np.maximum(passed @ row, 1e-300)) for row in responses()])


def depth_from_bins(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (2, …): τ low and high of ``lines`` (bins, …), Σ µ·areal along each ray."""
    weights, _ = bins()
    passed = np.exp(-lines.reshape(lines.shape[0], -1))
    signal = weights.astype(np.float32) @ passed
    tau = -np.log(np.maximum(signal, np.float32(1e-12)))
    return tau.reshape(2, *lines.shape[1:])


def areal_for(material: Material, tau_high: float) -> float:
    """Return the g/cm² of ``material`` whose high optical depth is ``tau_high``."""
    grid = np.geomspace(1e-4, 500.0, 600)
    return float(np.interp(tau_high, optical_depth(material, grid)[1], grid))
