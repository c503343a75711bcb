"""How much the goods weigh, from what they take out of the beam.

1. With the areal density map it is the sum over the goods. It is sure to ``ERROR``; where the beam
   does not pass, what is behind counts at the least it can be, and the upper bound is open.
2. Without the map the material is unknown: the weight lies between that of iron and that of
   polyethylene of the same optical depth. That is wide, and still tells a feather from an anvil.
3. Where no goods are seen, something may yet lie there: polyethylene all over the picture, as thick
   as goes unnoticed, and what little is seen. It is no more than that, if the beam passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.scanner.cargo.seen import AIR, Seen
from models.xray.materials import MATERIALS
from models.xray.spectrum import optical_depth

ERROR = 0.2  # share; nine of ten rendered consignments are nearer with the design's table
LIGHTEST, HEAVIEST = "iron", "polyethylene"  # g/cm² for the same optical depth
MOST_BLIND = 0.002  # share of the goods; a few black pixels bound nothing


@dataclass(frozen=True, slots=True)
class Mass:
    """Kilograms: the best estimate (None without a materials map) and its bounds."""

    kilograms: float | None
    least: float
    most: float  # infinite where the beam did not pass


def weigh(item: Seen) -> Mass:
    """Return the weight of all that lies in the beam: goods, packing and pallet."""
    open_ended = item.blind > MOST_BLIND
    if item.areal is not None:
        kilograms = _kilograms(item, item.areal)
        most = math.inf if open_ended else kilograms * (1 + ERROR)
        return Mass(kilograms, kilograms * (1 - ERROR), most)
    least, most = (_kilograms(item, _areal(item, name)) for name in (LIGHTEST, HEAVIEST))
    return Mass(None, least * (1 - ERROR), math.inf if open_ended else most * (1 + ERROR))


def unnoticed(item: Seen) -> float:
    """Return the most kilograms that a picture of no goods may hold; infinite where it is dark."""
    if item.blind > MOST_BLIND:
        return math.inf
    depth, areal = _curve(HEAVIEST)
    most = np.interp(np.maximum(item.tau, AIR), depth, areal)
    return float(most.sum()) * item.pixel_cm2 / 1000.0 * (1 + ERROR)


def _kilograms(item: Seen, areal: NDArray[np.float32]) -> float:
    return float(areal[item.goods].sum(dtype=np.float64)) * item.pixel_cm2 / 1000.0


def _areal(item: Seen, material: str) -> NDArray[np.float32]:
    depth, areal = _curve(material)
    return np.interp(item.tau, depth, areal).astype(np.float32)


@cache
def _curve(material: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return high optical depths and the g/cm² that make them."""
    areal = np.concatenate([[0.0], np.geomspace(1e-3, 200.0, 400)])
    return optical_depth(MATERIALS[material], areal)[1], areal
