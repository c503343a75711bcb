"""State machines as tables: what may happen, written down once.

1. A table maps (phase, event) to the next phase and the effects of getting there.
2. Every pair is listed, or named as ignored; a pair that is neither is counted and reported.
3. The machine is pure: it returns effects, it never performs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

PhaseT = TypeVar("PhaseT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)
EffectT = TypeVar("EffectT")


@dataclass(frozen=True, slots=True)
class To(Generic[PhaseT, EffectT]):
    """Where an event leads, and what to do on the way."""

    phase: PhaseT
    do: tuple[EffectT, ...] = ()


@dataclass(frozen=True, slots=True)
class Table(Generic[PhaseT, EventT, EffectT]):
    """One kind of lane, whole: where it starts, its steps, and the pairs that change nothing."""

    start: PhaseT
    steps: Mapping[tuple[PhaseT, EventT], To[PhaseT, EffectT]]
    ignored: frozenset[tuple[PhaseT, EventT]] = frozenset()


class Machine(Generic[PhaseT, EventT, EffectT]):
    """Walks a table and counts what the table does not foresee."""

    def __init__(self, table: Table[PhaseT, EventT, EffectT]) -> None:
        self._table = table
        self.phase = table.start
        self.unforeseen: Counter[tuple[PhaseT, EventT]] = Counter()

    def on(self, event: EventT) -> tuple[EffectT, ...]:
        """Take ``event``; return what must now be done, in order."""
        pair = (self.phase, event)
        if (step := self._table.steps.get(pair)) is None:
            if pair not in self._table.ignored:
                self.unforeseen[pair] += 1
            return ()
        self.phase = step.phase
        return step.do
