"""Two or more recognisers' reports on one picture, made one verdict.

1. Scores of different recognisers mean different things. Each is shifted in log-odds until its
   recogniser's own threshold lies at one half; order within a recogniser stays as it was.
2. Regions are taken by falling score; one that overlaps a stronger by ``SAME`` (intersection over
   union) is the same thing: the stronger box stays, and who else saw it is noted.
3. The score of a thing, and of the picture, is the largest of its recognisers', not the noisy-or.
   Noisy-or takes errors for independent; recognisers that look at the same pixels err together, and
   two that both stay under their thresholds would raise an alarm that neither raised. With the
   largest, the verdict alarms exactly when a recogniser does: false alarms add up at most, hits are
   never lost, and every alarm can be put down to somebody.
4. No report at all is no clear: it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.xray.segmenter import Finding, Region

SAME = 0.4  # intersection over union from which two boxes show one thing
EDGE = 1e-6  # scores and thresholds are kept this far from 0 and 1
ALARM = 0.5  # of a calibrated score


@dataclass(frozen=True)
class Report:
    """One recogniser's say: its name, its threshold (0…1), the picture's score, the regions."""

    name: str
    threshold: float
    score: float
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One suspect thing: box in pixels, calibrated score, kind, and the recognisers that saw it."""

    x: int
    y: int
    w: int
    h: int
    score: float
    kind: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The picture's calibrated score, whether it alarms, and its things, strongest first."""

    score: float
    alarm: bool
    regions: tuple[Agreed, ...]


def report(name: str, threshold: float, finding: Finding) -> Report:
    """Return a finding as its recogniser's report."""
    return Report(name, threshold, finding.score, finding.regions)


def calibrated(score: float, threshold: float) -> float:
    """Return ``score`` shifted in log-odds so that ``threshold`` becomes one half (rule 1).

    Raises ValueError for what lies outside 0…1 or is not a number.
    """
    if not (0 <= score <= 1 and 0 <= threshold <= 1):
        raise ValueError(f"score {score} and threshold {threshold} must lie in 0…1")
    odds = _log_odds(score) - _log_odds(threshold)
    return float(1 / (1 + np.exp(-odds)))


def aggregate(reports: Sequence[Report]) -> Verdict:
    """Return the verdict of one or more reports on the same picture. Raises ValueError for none."""
    if not reports:
        raise ValueError("no recogniser reported; that is a failed analysis, not a clear")
    score = max(calibrated(each.score, each.threshold) for each in reports)
    found: list[Agreed] = []
    for candidate in _by_score(reports):
        _join(found, candidate)
    return Verdict(score, score >= ALARM, tuple(found))


def overlap(a: Agreed, b: Agreed) -> float:
    """Return the intersection over union of two boxes."""
    wide = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    high = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(wide, 0) * max(high, 0)
    return shared / max(a.w * a.h + b.w * b.h - shared, 1)


def _by_score(reports: Sequence[Report]) -> list[Agreed]:
    every = [
        Agreed(r.x, r.y, r.w, r.h, calibrated(r.score, each.threshold), r.kind, (each.name,))
        for each in reports
        for r in each.regions
    ]
    return sorted(every, key=lambda region: -region.score)


def _join(found: list[Agreed], candidate: Agreed) -> None:
    """Add a region to the things found, or note its recogniser at the one it overlaps."""
    for index, known in enumerate(found):
        if overlap(known, candidate) >= SAME:
            names = tuple(dict.fromkeys((*known.by, *candidate.by)))
            found[index] = replace(known, by=names)
            return
    found.append(candidate)


def _log_odds(share: float) -> float:
    inside = float(np.clip(share, EDGE, 1 - EDGE))
    return float(np.log(inside / (1 - inside)))
