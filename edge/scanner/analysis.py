"""From raw counts to a finding and to pictures that can travel. Pure, but for the network's file.

1. Counts become transmission by the lane's calibration; lost lines stay black and are counted.
2. More lost lines than the lane allows: unreadable, whatever the network says.
3. Pictures travel as 16-bit JPEG XL without loss, one per energy: full scale is transmission 1.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from contract.inspection import Finding, Region
from edge.scanner.acquisition import Exposure
from edge.scanner.calibration import Calibration
from models.xray.segmenter import inspect

Image16 = NDArray[np.uint16]

KINDS = {1: ("high",), 2: ("low", "high")}
MEDIA_TYPE = "image/jxl"
EFFORT = 1  # of JPEG XL: 900 MB/s in, and a third smaller than raw
FULL = 65_535


@dataclass(frozen=True)
class Rendered:
    """One energy as a file."""

    kind: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Analysis:
    """What was found, the pictures it was found in, and milliseconds by stage."""

    finding: Finding
    score: float
    regions: list[Region]
    pictures: list[Rendered]
    notes: list[str]
    stages: dict[str, float]
    lost: int = 0  # lines of the pictures that show nothing


def analyse(
    exposure: Exposure, calibration: Calibration, threshold: float, most_lost: int, pitch_mm: float
) -> Analysis:
    """Return what ``exposure`` shows.

    Raises CalibrationError or BadPicture for counts that no picture can be made of.
    """
    clock = Stopwatch()
    picture = calibration.picture(exposure.counts)
    clock.lap("normalise")
    found = inspect(picture.transmission, pitch_mm, threads=2)
    clock.lap("recognise")
    pictures = [
        _render(kind, plane)
        for kind, plane in zip(KINDS[len(exposure.counts)], picture.transmission, strict=True)
    ]
    clock.lap("encode")
    lost = int(picture.lost.sum())
    notes = _notes(exposure, lost, float(picture.saturated.mean()))
    finding = Finding.SUSPECT if found.score >= threshold else Finding.CLEAR
    return Analysis(
        finding=Finding.UNREADABLE if lost > most_lost else finding,
        score=found.score,
        regions=[Region(x=r.x, y=r.y, w=r.w, h=r.h, score=r.score) for r in found.regions],
        pictures=pictures,
        notes=notes,
        stages=clock.laps,
        lost=lost,
    )


def _render(kind: str, plane: NDArray[np.float32]) -> Rendered:
    counts: Image16 = np.rint(plane * FULL).astype(np.uint16)
    content = bytes(imagecodecs.jpegxl_encode(counts, lossless=True, effort=EFFORT))
    return Rendered(kind, content, counts.shape[1], counts.shape[0])


def _notes(exposure: Exposure, lost: int, saturated: float) -> list[str]:
    said = {
        f"{lost} lines lost": lost,
        f"{exposure.repeated} lines repeated": exposure.repeated,
        f"{exposure.swapped} lines out of order": exposure.swapped,
        f"{exposure.torn} frames torn": exposure.torn,
        f"{saturated:.1%} of the picture saturated": saturated > 0.001,
    }
    return [text for text, counts in said.items() if counts]


class Stopwatch:
    """Milliseconds since the lap before, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the time since the last lap under ``name``."""
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 1)
        self._last = now
