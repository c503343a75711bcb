"""Whether a measurement drifts towards its limit, from the results that were kept.

1. The slope is Theil and Sen's: the median of the slopes between all pairs of results. A single bad
   day does not move it.
2. It counts as a drift if zero lies outside its 99 % interval (Sen 1968, from Kendall's variance)
   and it leads towards the limit. At 95 % eleven measurements would cry wolf every few days.
3. A drift is warned of where the limit will be reached within ``HORIZON``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from edge.scanner.phantom.result import Measurement

DAY = 86_400.0
FEWEST = 8  # results; of fewer nothing is said
MOST = 60  # results, the latest: two months of a daily test
HORIZON = 14.0  # days
_Z = 2.576  # 99 %


@dataclass(frozen=True, slots=True)
class Drift:
    """Change per day with its 99 % interval."""

    per_day: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it is no accident."""
        return self.low > 0 or self.high < 0


def drift(times: Sequence[float], values: Sequence[float]) -> Drift | None:
    """Return the drift of ``values`` taken at ``times`` (seconds); None of too few results."""
    at, seen = np.asarray(times[-MOST:]) / DAY, np.asarray(values[-MOST:])
    one, other = np.triu_indices(len(at), 1)
    gaps = at[other] - at[one]
    apart = gaps > 0
    if len(at) < FEWEST or apart.sum() < FEWEST:
        return None
    slopes = np.sort((seen[other] - seen[one])[apart] / gaps[apart])
    n = len(at)
    reach = _Z * sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = int(np.clip(round((slopes.size - reach) / 2), 0, slopes.size - 1))
    high = int(np.clip(round((slopes.size + reach) / 2), 0, slopes.size - 1))
    return Drift(float(np.median(slopes)), float(slopes[low]), float(slopes[high]))


def warning(m: Measurement, times: Sequence[float], values: Sequence[float]) -> str | None:
    """Return what to say of the drift of ``m``, the last of ``values``; None if nothing."""
    found = drift(times, values)
    if found is None or not found.certain or m.value is None or not m.passed:
        return None
    towards = found.per_day < 0 if m.at_least else found.per_day > 0
    if not towards:
        return None
    days = (m.limit - m.value) / found.per_day
    if days > HORIZON:
        return None
    way = "falls" if m.at_least else "rises"
    return (
        f"{m.name} {way} by {abs(found.per_day):.2g} {m.unit} a day; "
        f"at its limit of {m.limit:g} in {max(days, 0):.0f} days: have the scanner looked at"
    )
