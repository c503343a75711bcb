"""Everything that looks at an item, and the one decision that comes of it.

1. An examination takes what is known of the item and gives one check, or none where it has nothing
   to say on this item. Which ones a lane has is its configuration (``examinations``).
2. One that fails in any way is unreadable: it is told by name, and holds the item. It costs no
   other.
3. Any check that is not clear holds the item: suspect before unreadable before clear. No check at
   all is unreadable.
4. A check's regions are in pixels of the item's picture. Those seen in the picture in small are
   stretched to it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from contract.inspection import Check, Finding, Region
from edge.scanner.analysis import Analysis
from edge.scanner.identify import Known

RECOGNISER = "recogniser"

log = structlog.get_logger()


@dataclass(frozen=True)
class Item:
    """What an examination may look at. ``pitch_mm`` is that of the full picture; ``at`` is UTC."""

    analysis: Analysis
    known: Known
    pitch_mm: float
    at: float  # s since 1970

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the full picture."""
        widths = [picture.width for picture in self.analysis.pictures]
        columns = max(widths, default=round(self.analysis.overview.shape[2] * self.scale))
        return columns, self.analysis.lines

    @property
    def scale(self) -> float:
        """Pixels of the full picture per pixel of the overview."""
        return self.analysis.overview_pitch / self.pitch_mm


Examination = Callable[[Item], Check | None]


@dataclass(frozen=True)
class Examined:
    """Every check, what they amount to, and how long each took (ms)."""

    checks: tuple[Check, ...]
    finding: Finding
    stages: dict[str, float]


def recogniser(item: Item) -> Check:
    """Return what the networks say, and the scan's own soundness."""
    analysis = item.analysis
    notes = "; ".join(analysis.notes)
    return Check(
        name=RECOGNISER,
        finding=analysis.finding,
        detail=notes[:300],
        score=analysis.score,
        regions=analysis.regions,
    )


def examine(item: Item, examinations: Sequence[tuple[str, Examination]]) -> Examined:
    """Return what every examination says of ``item``, those of its identification first."""
    checks = list(item.known.checks)
    stages: dict[str, float] = {}
    for name, examination in examinations:
        begun = time.perf_counter()
        if (check := _examined(name, examination, item)) is not None:
            checks.append(check)
        stages[f"examine-{name}"] = round((time.perf_counter() - begun) * 1000, 1)
    return Examined(tuple(checks), together(checks), stages)


def _examined(name: str, examination: Examination, item: Item) -> Check | None:
    try:
        return examination(item)
    except Exception as error:  # noqa: BLE001 the supervisor of every examination
        log.error("examination.failed", examination=name, error=type(error).__name__)
        detail = f"the examination failed: {type(error).__name__}"
        return Check(name=name, finding=Finding.UNREADABLE, detail=detail)


def together(checks: Sequence[Check]) -> Finding:
    """Return what ``checks`` amount to."""
    findings = {check.finding for check in checks}
    if Finding.SUSPECT in findings:
        return Finding.SUSPECT
    return Finding.UNREADABLE if findings != {Finding.CLEAR} else Finding.CLEAR


def stretched(regions: Sequence[Region], scale: float, size: tuple[int, int]) -> list[Region]:
    """Return ``regions`` of the overview in pixels of the picture of ``size`` (columns, lines)."""
    columns, lines = size
    found = []
    for region in regions:
        x, y = int(region.x * scale), int(region.y * scale)
        right = min(columns, math.ceil((region.x + region.w) * scale))
        below = min(lines, math.ceil((region.y + region.h) * scale))
        box = {"x": x, "y": y, "w": max(1, right - x), "h": max(1, below - y)}
        found.append(region.model_copy(update=box))
    return found
