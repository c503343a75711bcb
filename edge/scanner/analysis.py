"""From what was seen of an item to a finding. Pure.

1. A score at or above the lane's threshold is suspect, below it clear.
2. Whatever the score, the item is unreadable when something of it may not have been seen: more lost
   lines than the lane allows, more pixels at the rail than it allows, as these look like air, parts
   that nothing can be said about, a detector that counted afresh or did not send lines to the end,
   a scan that was cut, a stream too disorderly to be believed, a calibration that drifted too far.
3. Everything that went wrong is said in a note.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contract.blob import Picture
from contract.inspection import Finding, Region
from drivers.detector.ring import Tally
from edge.scanner.acquisition import Ended
from edge.scanner.config import InspectionPolicy
from edge.scanner.processing import Seen

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

DISORDER = 0.05  # of the lines that come twice, swapped or torn: no cable does that
FEW = 8  # of them are none


@dataclass(frozen=True)
class Analysis:
    """What was found, the pictures it was found in, and milliseconds by stage.

    ``overview`` is the whole item's transmission in small, (energies, lines, pixels), low energy
    first, ``overview_pitch`` mm a pixel, ``overview_lost`` which of its lines are lost.
    """

    finding: Finding
    score: float
    regions: list[Region]
    pictures: list[Picture]
    notes: list[str]
    stages: dict[str, float]
    threshold: float  # score from which the item is suspect
    lost: int = 0  # lines of the pictures that show nothing
    lines: int = 0
    overview: Image = field(default_factory=lambda: np.ones((1, 1, 1), np.float32), repr=False)
    overview_pitch: float = 1.0
    overview_lost: Mask = field(default_factory=lambda: np.zeros(1, np.bool_), repr=False)


def analyse(
    seen: Seen[Picture],
    ended: Ended,
    threshold: float,
    policy: InspectionPolicy,
    most_quiet: float,
) -> Analysis:
    """Return what the lane makes of an item.

    ``policy`` says how many lines may be missing and how much may be saturated; for ``most_quiet``
    s before the end no line need have come.
    """
    finding = Finding.SUSPECT if seen.score >= threshold else Finding.CLEAR
    unseen = _unseen(seen, ended, policy, most_quiet)
    return Analysis(
        finding=Finding.UNREADABLE if unseen else finding,
        score=seen.score,
        regions=[Region(x=r.x, y=r.y, w=r.w, h=r.h, score=r.score) for r in seen.regions],
        pictures=seen.pictures,
        notes=list(dict.fromkeys([*unseen, *_remarks(seen)])),
        stages=seen.stages,
        threshold=threshold,
        lost=seen.lost,
        lines=seen.lines,
        overview=seen.overview,
        overview_pitch=seen.overview_pitch,
        overview_lost=seen.overview_lost,
    )


def _unseen(
    seen: Seen[Picture], ended: Ended, policy: InspectionPolicy, most_quiet: float
) -> list[str]:
    """Return why something of the item may not have been seen."""
    tally = seen.tally
    disorder = tally.repeated + tally.swapped + tally.torn
    most = FEW + DISORDER * seen.lines
    said = {
        f"{seen.lost} lines lost": seen.lost > policy.most_lost_lines,
        _saturation(seen): seen.saturated > policy.most_saturated,
        "the detector counted afresh or far ahead in mid-scan": tally.restarted > 0,
        f"no lines in the last {ended.quiet:.2f} s": ended.quiet > most_quiet,
        f"longer than {seen.lines} lines: the rest was not seen": ended.cut,
        f"{disorder} lines came twice, out of order or torn": disorder > most,
        **dict.fromkeys(seen.unseen, True),
        seen.calibration.trouble[:300]: bool(seen.calibration.trouble),
    }
    return [text for text, holds in said.items() if holds]


def _remarks(seen: Seen[Picture]) -> list[str]:
    """Return what went wrong without harm."""
    tally: Tally = seen.tally
    said = {
        f"{seen.lost} lines lost": seen.lost,
        f"{seen.frozen} lines equal the line before them: the detector froze": seen.frozen,
        f"{tally.overrun} lines overran: this machine is too slow": tally.overrun,
        f"{tally.repeated} lines repeated": tally.repeated,
        f"{tally.swapped} lines out of order": tally.swapped,
        f"{tally.torn} frames torn": tally.torn,
        f"{seen.black:.0%} of the picture black: nothing was seen there": seen.black >= 0.01,
        _saturation(seen): seen.saturated,
    }
    return [text for text, counts in said.items() if counts]


def _saturation(seen: Seen[Picture]) -> str:
    return f"{100 * seen.saturated:.3g} % of the picture saturated"
