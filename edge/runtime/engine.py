"""Drives one table: takes events, has their effects performed, watches limits and conditions.

1. Events are taken one at a time, in the order they came; an effect may raise further events.
2. Entering a phase starts its limit, times ``stretch``; when it is over, TIMED_OUT happens.
3. After every event the conditions are looked at, most urgent first, until none has a step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Generic, TypeVar

from edge.runtime.clock import Clock
from edge.runtime.machine import EventT, Machine, PhaseT, Table

DoT = TypeVar("DoT")

MOST_STEPS = 64
"""Steps that one event may cause; more is a circle in the table."""


class Engine(Generic[PhaseT, EventT, DoT]):
    """One machine at work. Not thread-safe: it lives in the agent's loop."""

    def __init__(
        self,
        table: Table[PhaseT, EventT, DoT],
        *,
        levels: Sequence[EventT],
        limits: Mapping[PhaseT, float],
        timed_out: EventT,
        clock: Clock,
        holds: Callable[[EventT], bool],
        perform: Callable[[DoT], None],
        entered: Callable[[PhaseT], None],
        stretch: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._table = table
        self._machine = Machine(table)
        self._levels = levels
        self._limits = limits
        self._timed_out = timed_out
        self._clock = clock
        self._holds = holds
        self._perform = perform
        self._entered = entered
        self._stretch = stretch
        self._waiting: deque[EventT] = deque()
        self._busy = False
        self._deadline: float | None = None
        self.since = clock.monotonic()
        self.version = 0
        self.cause: tuple[PhaseT, EventT] | None = None
        """The phase and the event that led to the present phase."""

    @property
    def phase(self) -> PhaseT:
        """Where the machine stands."""
        return self._machine.phase

    @property
    def left(self) -> float:
        """Seconds until the present phase's limit is over; infinite where it has none."""
        return inf if self._deadline is None else self._deadline - self._clock.monotonic()

    @property
    def unforeseen(self) -> Mapping[tuple[PhaseT, EventT], int]:
        """Events that the table neither lists nor ignores, and how often they came."""
        return self._machine.unforeseen

    def happen(self, event: EventT) -> None:
        """Take ``event`` and all that follows from it."""
        self._waiting.append(event)
        if not self._busy:
            self._drain()

    def look(self) -> None:
        """Look at the limit and at the conditions."""
        if self._deadline is not None and self._clock.monotonic() >= self._deadline:
            self._deadline = None
            self._waiting.append(self._timed_out)
        if not self._busy:
            self._drain()

    def stretch_now(self) -> None:
        """Give the limit that is running its length as ``stretch`` says now."""
        if self._deadline is not None:
            self._deadline = self._ends()

    def _ends(self) -> float | None:
        limit = self._limits.get(self.phase)
        return None if limit is None else self.since + limit * self._stretch()

    def _drain(self) -> None:
        self._busy = True
        try:
            for _ in range(MOST_STEPS):
                event = self._waiting.popleft() if self._waiting else self._pressing()
                if event is None:
                    return
                self._take(event)
            raise RuntimeError(f"the table goes in a circle at {self.phase}")
        finally:
            self._busy = False

    def _pressing(self) -> EventT | None:
        """Return the most urgent condition that holds and that this phase has a step for."""
        for level in self._levels:
            if (self.phase, level) in self._table.steps and self._holds(level):
                return level
        return None

    def _take(self, event: EventT) -> None:
        pair = (self.phase, event)
        listed = pair in self._table.steps
        effects = self._machine.on(event)
        if listed:
            self.version += 1
            self.cause = pair
            self.since = self._clock.monotonic()
            self._deadline = self._ends()
        for effect in effects:
            self._perform(effect)
        if listed:
            self._entered(self.phase)
