"""How good a detector's scores are: area under the curve, and hits at a false-alarm rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]


def auc(bad: Scores, good: Scores) -> float:
    """Return the chance that a threat scores above a harmless picture (Mann–Whitney; ties half)."""
    ordered = np.sort(good)
    below = np.searchsorted(ordered, bad, "left") + np.searchsorted(ordered, bad, "right")
    return float(below.mean() / 2 / len(good))


def hits_at(bad: Scores, good: Scores, false_alarms: float = 0.05) -> float:
    """Return the share of threats above the threshold that ``false_alarms`` of the good pass."""
    return float((bad > np.quantile(good, 1 - false_alarms)).mean())
