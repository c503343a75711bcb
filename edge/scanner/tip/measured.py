"""How a scanner sees, from what it measured of itself.

1. Photons: an air pixel's variance is that of its photons and of the read noise, 1/photons + read².
   Both are known from the lane's references. Where they are not, the wedges' steps say as much.
2. Spread: the point spread that, with the pixel's own width, halves the modulation where the last
   self-test's slanted edge found it halved (phantom/resolution.py). The modulation is that of the
   kernel which a threat is blurred with: a narrow one is no Gaussian any more.
3. What nobody measured is as the design has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.phantom.resolution import MODULATION
from edge.scanner.phantom.result import Result
from edge.scanner.tip.insertion import Optics

Floats = NDArray[np.float64]

SHARPEST, SOFTEST = 0.05, 4.0  # pixels of spread that are looked among
RESOLUTIONS = ("resolution across", "resolution along")  # as the self-test names them


@dataclass(frozen=True)
class Noise:
    """Standard deviation of a pixel (energies,) or (), low first, as a share of the open beam."""

    air: Floats  # with nothing in the beam
    dark: Floats  # without a beam


def optics(
    noise: Noise | None,
    photons: tuple[float, float] | None,
    test: Result | None,
    pitch_mm: float,
) -> Optics:
    """Return how a scanner with pixels of ``pitch_mm`` sees; None is what is not known.

    ``photons`` are the wedges', ``test`` is the last self-test.
    """
    known = Optics() if photons is None else Optics(photons=photons)
    if noise is not None and (counted := _photons(noise)) is not None:
        known = replace(known, photons=counted, read=float(np.mean(noise.dark)))
    halved = None if test is None else _resolution(test)
    return known if halved is None else replace(known, spread=spread_of(halved, pitch_mm))


def spread_of(resolution: float, pitch_mm: float) -> float:
    """Return the spread in pixels with which MODULATION is left at ``resolution`` (lp/mm)."""
    frequency = resolution * pitch_mm  # per pixel
    spreads, kernels = _kernels()
    places = np.arange(kernels.shape[1]) - kernels.shape[1] // 2
    left = kernels @ np.cos(2 * np.pi * frequency * places) * np.sinc(frequency)
    return float(np.interp(-MODULATION, -np.minimum.accumulate(left), spreads))


@cache
def _kernels() -> tuple[Floats, Floats]:
    """Return spreads (n,) and what each makes of a single pixel, (n, places)."""
    spreads = np.arange(SHARPEST, SOFTEST, 0.01)
    impulse = np.zeros((1, 1 + 2 * int(np.ceil(4 * SOFTEST + 1))), np.float64)
    impulse[0, impulse.shape[1] // 2] = 1
    seen = [cv2.GaussianBlur(impulse, (0, 0), float(spread))[0] for spread in spreads]
    return spreads, np.stack(seen)


def _photons(noise: Noise) -> tuple[float, float] | None:
    """Return the photons of an open pixel, low and high; None for noise that no photons make."""
    own = np.atleast_1d(noise.air**2 - noise.dark**2)
    if not np.isfinite(own).all() or own.min() <= 0:
        return None
    return float(1 / own[0]), float(1 / own[-1])


def _resolution(test: Result) -> float | None:
    """Return the mean of both ways (lp/mm); None where either was not measured."""
    found = {m.name: m.value for m in test.measurements if m.name in RESOLUTIONS}
    values = [value for value in found.values() if value is not None]
    return float(np.mean(values)) if len(values) == len(RESOLUTIONS) else None
