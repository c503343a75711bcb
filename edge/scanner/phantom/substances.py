"""Whether a scanner tells organic, inorganic and metal apart, and still as it did.

1. A sample's ratio is τ_low/τ_high of its mean optical depths. All samples are about equally deep,
   so that the ratio follows from the substance alone.
2. Separation: the gap between the highest ratio of one class and the lowest of the next, in
   standard deviations of a single pixel's ratio: that is what an operator's colours are made of.
3. Shift: how far the worst sample's ratio lies from its reference: the site's own, taken when the
   scanner was commissioned, or that of our physics.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge.scanner.phantom.layout import Kind, Layout, Sample
from edge.scanner.phantom.registration import Placed
from models.xray.materials import MATERIALS
from models.xray.spectrum import binned_attenuation, depth_from_bins

MARGIN = 3.0  # mm inside a sample's edge that are left out
DARKEST = 1e-5


@dataclass(frozen=True, slots=True)
class Ratio:
    """τ_low/τ_high of one sample: mean, spread of a single pixel, standard error."""

    sample: Sample
    value: float
    spread: float
    error: float


def ratios(low: Placed, high: Placed, layout: Layout) -> list[Ratio]:
    """Return the ratio of every sample."""
    return [_ratio(low, high, sample) for sample in layout.samples]


def separation(found: list[Ratio]) -> tuple[float, float]:
    """Return the smallest gap between two classes in σ of a pixel, and its uncertainty."""
    worst = (math.inf, 0.0)
    for one, other in pairwise(Kind):
        upper = max((r for r in found if r.sample.kind is one), key=lambda r: r.value)
        lower = min((r for r in found if r.sample.kind is other), key=lambda r: r.value)
        noise = math.hypot(upper.spread, lower.spread)
        if not math.isfinite(upper.value + lower.value) or noise <= 0:
            return 0.0, 0.0
        gap = (lower.value - upper.value) / noise
        worst = min(worst, (gap, math.hypot(upper.error, lower.error) / noise))
    return worst


def shift(found: list[Ratio], references: Mapping[str, float]) -> tuple[float, float, str]:
    """Return the largest change of a ratio in %, its uncertainty in %, and of which sample."""

    def off(ratio: Ratio) -> float:
        wanted = references.get(ratio.sample.material) or expected(ratio.sample)
        return abs(ratio.value / wanted - 1) * 100 if math.isfinite(ratio.value) else math.inf

    worst = max(found, key=off)
    return off(worst), worst.error / max(worst.value, 1e-6) * 100, worst.sample.material


def expected(sample: Sample) -> float:
    """Return the ratio that our physics gives ``sample``."""
    areal = sample.thickness * MATERIALS[sample.material].density * 0.1
    low, high = depth_from_bins((binned_attenuation(sample.material)[:, None] * areal)
                                .astype(np.float32))[:, 0]  # fmt: skip
    return float(low / high)


def _ratio(low: Placed, high: Placed, sample: Sample) -> Ratio:
    place = sample.place.grown(-MARGIN)
    depths = [
        -np.log(np.maximum(placed.region(place)[0], DARKEST).astype(np.float64))
        for placed in (low, high)
    ]
    if depths[0].size < 20:
        return Ratio(sample, math.nan, 0.0, 0.0)
    (mean_low, mean_high), (noise_low, noise_high) = (
        [float(d.mean()) for d in depths], [float(d.std()) for d in depths])  # fmt: skip
    if mean_high <= 0.01 or mean_low <= 0.01:
        return Ratio(sample, math.nan, 0.0, 0.0)
    value = mean_low / mean_high
    spread = value * math.hypot(noise_low / mean_low, noise_high / mean_high)
    return Ratio(sample, value, spread, spread / math.sqrt(depths[0].size))
