"""How thin a thing is still seen, from the signals of things that get thinner and of blanks.

1. A thing is seen if its signal stands ``ROSE`` standard deviations above the blanks: places that
   look the same with nothing in them. They hold all the noise there is, fixed patterns included.
2. The thinnest seen is the last of an unbroken row from the thickest on; beyond a gap is luck.
3. Between it and the next one the value is interpolated, so that a trend shows before a step is
   lost: the signal of a thin thing goes as a power of its thickness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.scanner.phantom.result import confidence

ROSE = 5.0  # after A. Rose: a disc in noise is seen from this signal-to-noise ratio on
LEAST_Z = 0.3  # what is below is taken for this, so that its logarithm stays finite


@dataclass(frozen=True, slots=True)
class Seen:
    """How far it is seen, its uncertainty, and how many of the things were."""

    value: float | None
    uncertainty: float
    count: int


def above_blanks(signals: Sequence[float], blanks: Sequence[float]) -> list[float]:
    """Return each signal in standard deviations above the blanks."""
    if len(blanks) < 4:
        return [0.0] * len(signals)
    middle, spread = float(np.median(blanks)), float(np.std(blanks, ddof=1))
    if not spread > 0 or not math.isfinite(spread):
        return [0.0] * len(signals)
    return [(signal - middle) / spread for signal in signals]


def last_seen(sizes: Sequence[float], z: Sequence[float], blanks: int = 1000) -> Seen:
    """Return the size at which ``z`` falls through ROSE.

    ``sizes`` run from the best seen thing to the worst; None if not even the first is seen.
    ``blanks`` is how many went into z: few of them make it less certain.
    """
    count = next((i for i, value in enumerate(z) if not value >= ROSE), len(z))
    if count == 0:
        return Seen(None, 0.0, 0)
    if count == len(sizes):
        return Seen(sizes[-1], 0.0, count)
    above, below = (math.log(max(value, LEAST_Z)) for value in z[count - 1 : count + 1])
    near, far = (math.log(size) for size in sizes[count - 1 : count + 1])
    slope = (far - near) / min(below - above, -1e-6)
    value = math.exp(near + slope * (math.log(ROSE) - above))
    error = math.sqrt(1 / ROSE**2 + 1 / (2 * max(blanks - 1, 1)))  # of log z
    return Seen(value, value * abs(slope) * error, count)


def sure(seen: Seen, limit: float) -> float:
    """Return the confidence of a verdict about ``seen``."""
    if seen.value is None:
        return 1.0
    return confidence(seen.value, limit, seen.uncertainty)
