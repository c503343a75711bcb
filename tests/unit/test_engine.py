from datetime import UTC, datetime
from enum import StrEnum, auto

import pytest

from edge.runtime.engine import Engine
from edge.runtime.machine import Table, To


class P(StrEnum):
    A = auto()
    B = auto()
    C = auto()


class E(StrEnum):
    URGENT = auto()
    READY = auto()
    GO = auto()
    TIMED_OUT = auto()


TABLE = Table(
    start=P.A,
    steps={
        (P.A, E.GO): To(P.B, ("enter",)),
        (P.B, E.READY): To(P.C, ("finish",)),
        (P.B, E.URGENT): To(P.A, ("flee",)),
        (P.B, E.TIMED_OUT): To(P.A, ("give up",)),
    },
)


class Hands:
    """The clock, the conditions and a list of what was done."""

    def __init__(self) -> None:
        self.time = 0.0
        self.conditions: set[E] = set()
        self.done: list[object] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def engine(self, table: Table[P, E, str] = TABLE) -> Engine[P, E, str]:
        return Engine(
            table,
            levels=(E.URGENT, E.READY),
            limits={P.B: 2.0},
            timed_out=E.TIMED_OUT,
            clock=self,
            holds=lambda level: level in self.conditions,
            perform=self.done.append,
            entered=self.done.append,
        )


def test_a_condition_that_came_early_is_not_missed() -> None:
    hands = Hands()
    engine = hands.engine()
    hands.conditions = {E.READY}
    engine.happen(E.GO)
    assert hands.done == ["enter", P.B, "finish", P.C]
    assert engine.version == 2


def test_the_most_urgent_condition_wins() -> None:
    hands = Hands()
    engine = hands.engine()
    hands.conditions = {E.READY, E.URGENT}
    engine.happen(E.GO)
    assert engine.phase is P.A
    assert "flee" in hands.done


def test_a_limit_runs_from_entering_the_phase() -> None:
    hands = Hands()
    engine = hands.engine()
    hands.time = 100.0
    engine.happen(E.GO)
    hands.time = 101.9
    engine.look()
    assert engine.phase is P.B
    hands.time = 102.0
    engine.look()
    assert engine.phase is P.A
    engine.look()
    assert hands.done.count("give up") == 1


def test_an_event_nobody_foresaw_is_counted() -> None:
    hands = Hands()
    engine = hands.engine()
    engine.happen(E.TIMED_OUT)
    assert engine.unforeseen == {(P.A, E.TIMED_OUT): 1}


def test_a_circle_is_an_error_not_a_hang() -> None:
    hands = Hands()
    hands.conditions = {E.READY}
    circle: Table[P, E, str] = Table(P.A, {(P.A, E.READY): To(P.A)})
    with pytest.raises(RuntimeError, match="circle"):
        hands.engine(circle).look()
