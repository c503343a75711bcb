"""Whether a passage was an alarm: yes, no, or nobody can tell. Numbers in, verdict out.

1. Yes, where the portal itself said so, or where our own sum reaches B + n·√B: over all detectors,
   and for gamma in any single one. An alarm stands, whatever else went wrong.
2. Undetermined, where there was none and something is missing that might have shown one: no scan
   of that ray, no background or one out of bounds or too old, a detector that counts nothing, a
   cabinet that was open, an end that was lost, lines that were spoilt or not heard, scans that the
   other ray has and this one has not.
3. No, in all other cases.

The portal's own n is in its settings lines, whose fields differ by firmware: ours is a setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from drivers.radiation.codec import DETECTORS, Level, Ray
from drivers.radiation.occupancy import Counting, Occupancy, alarm_level

STALE = 600.0  # s; in a queue without gaps a portal has no time for its background
DEAD = 0.1  # of the other detectors' gamma background
MISSING = 1  # scans that one ray may have less than the other: the last may be under way


class Alarm(StrEnum):
    """What is said of one ray."""

    YES = "yes"
    NO = "no"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """σ above background from which a ray is an alarm."""

    gamma: float = 6.0
    neutron: float = 5.0
    single_detector: bool = True  # gamma in one detector alone is an alarm too


@dataclass(frozen=True, slots=True)
class RayVerdict:
    """One ray: the alarm, why, and the numbers. Counts are those of the largest second."""

    alarm: Alarm
    reasons: tuple[str, ...]
    foreground: int
    background: float  # counts expected in the same time; 0 where unknown
    level: float | None  # counts from which it is an alarm
    sigma: float | None
    detector_sigmas: tuple[float | None, ...]
    peak: float  # s from the front of the item to the largest second


@dataclass(frozen=True, slots=True)
class Verdict:
    """Both rays of one passage."""

    gamma: RayVerdict
    neutron: RayVerdict
    number: int | None

    @property
    def alarm(self) -> Alarm:
        """What holds of the passage as a whole."""
        both = (self.gamma.alarm, self.neutron.alarm)
        for worst in (Alarm.YES, Alarm.UNDETERMINED):
            if worst in both:
                return worst
        return Alarm.NO

    @property
    def detail(self) -> str:
        """What to tell an officer, at most 300 characters."""
        return "; ".join(
            _told(name, ray) for name, ray in (("gamma", self.gamma), ("neutron", self.neutron))
        )[:300]


def judge(occupancy: Occupancy, thresholds: Thresholds = Thresholds()) -> Verdict:
    """Return the verdict on one passage."""
    return Verdict(
        _judge(occupancy, Ray.GAMMA, thresholds.gamma, thresholds),
        _judge(occupancy, Ray.NEUTRON, thresholds.neutron, thresholds),
        occupancy.number,
    )


def _judge(occupancy: Occupancy, ray: Ray, n: float, thresholds: Thresholds) -> RayVerdict:
    counting = _of(occupancy, ray)
    single = thresholds.single_detector and ray is Ray.GAMMA
    alarms = tuple(_alarms(counting, n, single=single))
    doubts = tuple(_doubts(occupancy, ray))
    alarm = Alarm.YES if alarms else Alarm.UNDETERMINED if doubts else Alarm.NO
    return RayVerdict(
        alarm=alarm,
        reasons=(*alarms, *doubts),
        foreground=counting.foreground,
        background=counting.expected,
        level=alarm_level(counting.expected, n) if counting.expected else None,
        sigma=counting.sigma,
        detector_sigmas=tuple(counting.detector_sigma(i) for i in range(DETECTORS)),
        peak=counting.peak,
    )


def _alarms(counting: Counting, n: float, *, single: bool) -> Iterator[str]:
    if counting.alarm:
        yield "the portal's own alarm"
    if counting.sigma is not None and counting.sigma >= n:
        yield f"{counting.sigma:.1f} σ over all detectors, alarm from {n:g}"
    for detector in range(DETECTORS if single else 0):
        found = counting.detector_sigma(detector)
        if found is not None and found >= n:
            yield f"{found:.1f} σ in detector {detector + 1}"


def _doubts(occupancy: Occupancy, ray: Ray) -> Iterator[str]:
    counting = _of(occupancy, ray)
    other = _of(occupancy, Ray.NEUTRON if ray is Ray.GAMMA else Ray.GAMMA)
    told = {
        "no scan of it came": not counting.scans,
        "scans of it are missing": 0 < len(counting.scans) < len(other.scans) - MISSING,
        "its background is not known": not counting.background,
        f"its background is {counting.level.name.lower()}": counting.level is not Level.NORMAL,
        "its background is old": (counting.background_age or 0) > STALE,
        "a cabinet was open": occupancy.tampered,
        "the end of the passage was lost": not occupancy.complete,
        f"{occupancy.spoilt} lines were spoilt or not heard": occupancy.spoilt > 0,
    }
    yield from (said for said, holds in told.items() if holds)
    if ray is Ray.GAMMA and counting.background:
        usual = median(counting.background)
        dead = [i + 1 for i, b in enumerate(counting.background) if b < DEAD * usual]
        yield from (f"detector {number} counts nothing" for number in dead)


def _of(occupancy: Occupancy, ray: Ray) -> Counting:
    return occupancy.gamma if ray is Ray.GAMMA else occupancy.neutron


def _told(name: str, ray: RayVerdict) -> str:
    numbers = "" if ray.sigma is None else f" ({ray.foreground} counts, {ray.sigma:+.1f} σ)"
    why = f": {', '.join(ray.reasons)}" if ray.reasons else ""
    word = {Alarm.YES: "alarm", Alarm.NO: "no alarm"}.get(ray.alarm, "undetermined")
    return f"{name} {word}{numbers}{why}"
