"""From a comparison score to the false match rate it achieves, and from a wanted rate to a score.

1. A calibration is a table: from which score on, how often two *different* persons were taken for
   one. It says how many such pairs it was estimated on, what they show, and what they do not.
2. Between two rows the logarithm of the rate is interpolated. Below the lowest rate that the pairs
   can show nothing is extrapolated: a rate is stated as 3 / pairs at best (the rule of three: with
   no error seen, 95 % confidence).
3. A threshold for a rate that the table cannot show is refused, not guessed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DEFAULT_FMR", "RECOMMENDED_FMR", "Calibration", "CalibrationError", "estimated"]

DEFAULT_FMR = 0.001  # BSI TR-03121-3-1, CMP-FI-VER: at most
RECOMMENDED_FMR = 0.0001  # the same, recommended
_RATES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5)


class CalibrationError(Exception):
    """A rate that this table cannot show: use more pairs, or a rate that it can."""


class Calibration(BaseModel):
    """What is known about the scores of one embedding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pairs: int = Field(gt=0, description="impostor pairs")
    persons: int = Field(gt=1)
    material: str = Field(description="whose pictures, and how they were found and cut")
    limits: str = Field(description="what the pairs do not show")
    table: tuple[tuple[float, float], ...] = Field(
        min_length=2, description="(score, FMR): scores rise, rates fall"
    )

    @model_validator(mode="after")
    def _monotone(self) -> Self:
        for (score, rate), (next_score, next_rate) in pairwise(self.table):
            if not (score < next_score and rate > next_rate > 0):
                raise ValueError("calibration: scores must rise and rates fall, all above 0")
        return self

    @property
    def finest(self) -> float:
        """The lowest rate that may be stated."""
        return max(self.table[-1][1], 3 / self.pairs)

    def fmr(self, score: float) -> float:
        """Return the rate at which other persons reach ``score``; 1 below the table."""
        scores, rates = (np.array(column) for column in zip(*self.table, strict=True))
        if score < scores[0]:
            return 1.0
        rate = float(np.exp(np.interp(score, scores, np.log(rates))))
        return max(rate, self.finest)

    def threshold(self, fmr: float) -> float:
        """Return the score from which on at most ``fmr`` of other persons are; CalibrationError."""
        if not self.finest <= fmr <= self.table[0][1]:
            raise CalibrationError(
                f"a false match rate of {fmr:g} cannot be shown with {self.pairs} pairs of "
                f"{self.persons} persons; possible: {self.finest:.2g} to {self.table[0][1]:.2g}"
            )
        scores, rates = (np.array(column) for column in zip(*self.table, strict=True))
        return float(np.interp(-np.log(fmr), -np.log(rates), scores))


def estimated(
    vectors: NDArray[np.float32], others: NDArray[np.float32], material: str, limits: str
) -> Calibration:
    """Return the table over all pairs of one row of ``vectors`` and another row of ``others``.

    Row k of both is person k; pairs of a person with themselves do not count. Vectors are unit.
    Raises CalibrationError where they are too few.
    """
    scores = (vectors @ others.T)[~np.eye(len(vectors), dtype=bool)]
    scores = np.sort(scores)[::-1]
    rows: list[tuple[float, float]] = []
    for rate in _RATES:
        rank = int(rate * len(scores))
        score = round(float(scores[rank]) + 5e-5, 4) if rank >= 10 else None
        if score is not None and (not rows or score > rows[-1][0]):
            rows.append((score, rate))
    if len(rows) < 2:
        raise CalibrationError(
            f"{len(vectors)} persons are too few to show any rate: ten errors must be seen at each"
        )
    return Calibration(
        pairs=len(scores), persons=len(vectors), material=material, limits=limits, table=tuple(rows)
    )
