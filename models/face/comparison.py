"""Are two faces one person's? A score, the rate it stands for, and the threshold asked for.

1. The score is the cosine of the two embeddings, -1 to 1.
2. ``fmr`` is how often two different persons reach this score; ``threshold`` the score from which
   on at most the wanted share of different persons are (both from the model's calibration).
3. Without a calibration neither is known: then only the model's own threshold, if its makers gave
   one, says *match*, and no rate is stated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.face.calibration import DEFAULT_FMR
from models.face.pack import Embedder

__all__ = ["Comparison", "compare"]

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One to one. ``threshold_fmr`` is the rate that the threshold was chosen for."""

    score: float
    threshold: float | None
    fmr: float | None
    threshold_fmr: float | None

    @property
    def match(self) -> bool | None:
        """Whether the score reaches the threshold; None where there is none."""
        return None if self.threshold is None else self.score >= self.threshold


def compare(one: Vector, other: Vector, by: Embedder, fmr: float = DEFAULT_FMR) -> Comparison:
    """Compare two unit vectors; ``fmr`` is the false match rate that the administrator accepts.

    Raises CalibrationError for a rate that the model's calibration cannot show.
    """
    score = float(np.clip(one @ other, -1, 1))
    calibration = by.calibration
    if calibration is None:
        return Comparison(score, by.card.threshold, None, None)
    return Comparison(score, calibration.threshold(fmr), calibration.fmr(score), fmr)
