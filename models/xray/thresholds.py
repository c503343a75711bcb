"""The score from which a picture is suspect: by the networks that look at it and its energies.

A picture of unknown pixel size is looked at by the crop network alone; one whose pixels are finer
than the scene network's by that and the close-up network; any other by the scene network alone.
With one energy each of them tells less apart, and has a threshold of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.catalogue import CatalogueError, card
from models.xray.scenes import WORKING_MM
from models.xray.segmenter import CLOSE_UP, CROPS, NAME


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores 0…1 from which a picture of two energies is suspect, and one of a single energy."""

    both: float
    single: float

    def of(self, energies: int) -> float:
        """Return that for a picture of so many energies."""
        return self.single if energies == 1 else self.both


def thresholds(pitch_mm: float | None) -> Thresholds:
    """Return what the cards say for pictures of such pixels. Raises CatalogueError."""
    entry = card(_looking(pitch_mm))
    if entry.threshold is None:
        raise CatalogueError(f"model {entry.name}: its card has no threshold")
    return Thresholds(
        entry.threshold,
        entry.threshold if entry.single_threshold is None else entry.single_threshold,
    )


def _looking(pitch_mm: float | None) -> str:
    if pitch_mm is None:
        return CROPS
    return CLOSE_UP if pitch_mm < WORKING_MM else NAME
