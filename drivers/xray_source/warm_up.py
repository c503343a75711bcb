"""How a tube that rested is worked up to its voltage. Pure: rest and time in, set-points out.

1. Gas gathers in a tube that rests; at full voltage it would arc, and each arc harms it. So the
   voltage goes up in stages, the slower the longer it rested. ``TABLE`` has the usual ones; the
   tube's own manual decides, and a site gives its own.
2. An arc sends it back by one stage, which then lasts its whole time again, as the present one does
   after any other interruption. After ``MOST_ARCS`` it is over: the tube has to be looked at.
3. The last stage is at the voltage and current that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOUR = 3600.0
MOST_ARCS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """For a rest of at least ``rest`` s: stages from ``start`` of the voltage, ``seconds`` each."""

    rest: float
    start: float
    stages: int
    seconds: float
    current: float  # of the current, until the last stage


TABLE = (
    Row(2160 * HOUR, 0.25, 16, 300.0, 0.2),  # three months, or a new tube
    Row(720 * HOUR, 0.4, 10, 120.0, 0.2),  # a month
    Row(72 * HOUR, 0.5, 6, 60.0, 0.5),  # a long weekend
    Row(8 * HOUR, 0.6, 4, 15.0, 1.0),  # a night
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What to set, and for how long to stay there."""

    kv: float
    ma: float
    seconds: float


class TooManyArcs(Exception):
    """The tube does not come up to its voltage: it has to be looked at before it is used again."""


def plan(
    rest: float | None, kv: float, ma: float, table: Sequence[Row] = TABLE
) -> tuple[Stage, ...]:
    """Return the stages for a tube that rested for ``rest`` seconds; none where it needs none.

    None is a tube of which nobody knows when it was last used: the longest plan. A rest below zero
    is a clock that was set back, and no better. ``table`` goes from the longest rest to the
    shortest; an empty one is a tube that needs no working up.
    """
    if not table:
        return ()
    known = rest if rest is not None and rest >= 0 else table[0].rest
    row = next((row for row in table if known >= row.rest), None)
    if row is None:
        return ()
    rise = (1 - row.start) / max(row.stages - 1, 1)
    stages = [
        Stage(kv * min(1.0, row.start + rise * index), ma * row.current, row.seconds)
        for index in range(row.stages)
    ]
    return (*stages, Stage(kv, ma, row.seconds))


class WarmUp:
    """Walks through the stages. The clock is the caller's."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = tuple(stages)
        self._at = 0
        self._since: float | None = None
        self.arcs = 0

    @property
    def present(self) -> Stage | None:
        """The stage that is reached, None when it is over. No time passes by looking."""
        return self._stages[self._at] if self._at < len(self._stages) else None

    def again(self) -> None:
        """Have the present stage last its whole time from the next look on: the beam was off."""
        self._since = None

    def wanted(self, now: float) -> Stage | None:
        """Return what is to be set at ``now`` (seconds), None when it is over."""
        if self._since is None:
            self._since = now
        while self._at < len(self._stages) and now - self._since >= self._stages[self._at].seconds:
            self._since += self._stages[self._at].seconds
            self._at += 1
        return self.present

    def arced(self, now: float) -> Stage:
        """Go back by one stage after an arc; raise TooManyArcs."""
        self.arcs += 1
        if self.arcs > MOST_ARCS or not self._stages:
            raise TooManyArcs(f"{self.arcs} arcs while the tube was warmed up; have it looked at")
        self._at = max(0, min(self._at, len(self._stages) - 1) - 1)
        self._since = now
        return self._stages[self._at]

    def remaining(self, now: float) -> float:
        """Return the seconds until it is over, if no arc comes."""
        passed = 0.0 if self._since is None else now - self._since
        return max(0.0, sum(stage.seconds for stage in self._stages[self._at :]) - passed)
