"""The radiation portal's word on an item.

The portal stands in front of the entry barrier. Whatever passed it since the item before is this
item's, all of it: where passages and items do not pair off, an alarm still holds somebody.

1. What a passage amounts to is judged by drivers/radiation/verdict.py: yes, no, or undetermined.
2. An alarm is suspect, whatever else went wrong; undetermined is unreadable.
3. A passage that is still going on when the time is over is undetermined, and counts for the next
   item as well. Nothing heard in time is no word: policy decides.
4. While the link was away, what was counted is not known: the passage under way is spoilt, and so
   is any that follows before the portal has said, by its backgrounds, that it is empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from contract.inspection import Check, Finding, Radiation
from drivers.radiation.codec import Event
from drivers.radiation.occupancy import Occupancy, OccupancyTracker
from drivers.radiation.verdict import Alarm, RayVerdict, Thresholds, Verdict, judge

NAME = "radiation"
STILL = "a passage was still going on"
_FINDINGS = {
    Alarm.YES: Finding.SUSPECT,
    Alarm.UNDETERMINED: Finding.UNREADABLE,
    Alarm.NO: Finding.CLEAR,
}


@dataclass(frozen=True)
class Passage:
    """One passage, and when it began by the watch's clock, in s."""

    occupancy: Occupancy
    began: float


@dataclass(frozen=True)
class Word:
    """What the portal says of an item, and the passages that it says it of."""

    check: Check
    radiation: Radiation
    passages: tuple[Passage, ...] = ()


class PortalWatch:
    """Hears the portal; answers for one item at a time. It lives in the agent's loop."""

    def __init__(self, thresholds: Thresholds, now: Callable[[], float]) -> None:
        self._thresholds = thresholds
        self._now = now
        self._tracker = OccupancyTracker()
        self._passed: list[Passage] = []
        self._began = 0.0
        self._changed = asyncio.Event()

    def feed(self, event: Event) -> None:
        """Take in one event of the portal."""
        now, was_occupied = self._now(), self._tracker.occupied
        if (ended := self._tracker.feed(event, now)) is not None:
            self._passed.append(Passage(ended, self._began))
        if self._tracker.occupied and (ended is not None or not was_occupied):
            self._began = now
        self._changed.set()

    def spoil(self) -> None:
        """Note that something the portal said was not understood, or not heard."""
        self._tracker.spoil()

    def tick(self) -> None:
        """Give up a passage that ought to have ended long ago."""
        if (ended := self._tracker.overdue(self._now())) is not None:
            self._passed.append(Passage(ended, self._began))
            self._changed.set()

    async def word(self, within: float) -> Word | None:
        """Return what is said of everything that passed since last asked, None if nothing did."""
        try:
            async with asyncio.timeout(within):
                while self._tracker.occupied or not self._passed:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass  # what is not known by now is judged as it is
        passed, self._passed = self._passed, []
        going_on = self._tracker.occupied
        if not passed and not going_on:
            return None
        verdicts = [judge(passage.occupancy, self._thresholds) for passage in passed]
        return replace(said(verdicts, going_on=going_on), passages=tuple(passed))


def said(passed: Sequence[Verdict], *, going_on: bool) -> Word:
    """Return what passages amount to for one item; ``going_on``: another has not ended."""
    alarms = {verdict.alarm for verdict in passed}
    worst = next((a for a in (Alarm.YES, Alarm.UNDETERMINED) if a in alarms), Alarm.NO)
    if going_on and worst is Alarm.NO:
        worst = Alarm.UNDETERMINED
    told = [STILL] * going_on + [verdict.detail for verdict in passed]
    numbers = [verdict.number for verdict in passed if verdict.number is not None]
    radiation = Radiation(
        occupancy=numbers[-1] if numbers else None,
        gamma_sigma=_highest([verdict.gamma for verdict in passed]),
        neutron_sigma=_highest([verdict.neutron for verdict in passed]),
        alarms=_alarms(passed),
    )
    detail = "; ".join(told)[:300]
    return Word(Check(name=NAME, finding=_FINDINGS[worst], detail=detail), radiation)


def _alarms(passed: Sequence[Verdict]) -> list[str]:
    rays = {
        "gamma": [verdict.gamma for verdict in passed],
        "neutron": [verdict.neutron for verdict in passed],
    }
    return [name for name, of in rays.items() if any(ray.alarm is Alarm.YES for ray in of)]


def _highest(rays: Sequence[RayVerdict]) -> float | None:
    known = [ray.sigma for ray in rays if ray.sigma is not None]
    return round(max(known), 2) if known else None
