"""Faults planted in the lane's eyes: whatever it does not see any more must be caught.

What threatens is written down in the model once more (THREATENS), so that the walk does not ask
the lane's own conditions whether they are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.conveyor.registers import Fault
from edge.scanner import conditions
from edge.scanner.conditions import Conditions
from edge.scanner.inspection import INSPECTION, LEVELS, Event, Phase
from tests.simulation.inspection_walk import explore
from tests.simulation.scanner_model import THREATENS, THREATS, Violated, held
from tests.simulation.test_inspection_invariants import (
    test_every_held_item_can_be_resolved as every_held_item_can_be_resolved,
)
from tests.simulation.test_inspection_invariants import (
    test_every_reachable_state_keeps_the_invariants as every_phase_is_reached,
)
from tests.simulation.test_inspection_invariants import (
    test_from_every_state_the_lane_can_get_to as from_every_state_the_lane_can_get_to,
)

E = Event
Blind = Callable[[Conditions], Conditions]


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    """What the lane sees is remembered by the model; a mutant sees other things."""
    held.cache_clear()
    yield
    held.cache_clear()


def examined() -> None:
    """Hold the inspection, as it sees now, against every invariant."""
    graph = explore(dict(INSPECTION.steps))
    every_phase_is_reached(graph)
    every_held_item_can_be_resolved(graph)
    for phase in (Phase.CLOSED, Phase.IDLE, Phase.RELEASING, Phase.TEST_CLEARING):
        from_every_state_the_lane_can_get_to(graph, phase)


def test_the_lane_as_it_is_sees_well() -> None:
    examined()


def test_every_threat_has_its_trouble() -> None:
    assert set().union(*THREATENS.values()) == set(THREATS)
    assert conditions._RULES.keys() == set(LEVELS)


@pytest.mark.parametrize("level", LEVELS)
def test_a_condition_that_never_holds_is_caught(
    monkeypatch: pytest.MonkeyPatch, level: Event
) -> None:
    monkeypatch.setitem(conditions._RULES, level, lambda _: False)
    with pytest.raises((Violated, AssertionError)) as caught:
        examined()
    print(f"{level}: {str(caught.value)[:100]}")


@pytest.mark.parametrize("level", THREATS)
def test_a_threat_that_is_not_seen_offends_the_rule_about_threats(
    monkeypatch: pytest.MonkeyPatch, level: Event
) -> None:
    monkeypatch.setitem(conditions._RULES, level, lambda _: False)
    with pytest.raises(Violated, match=r"^J[13] "):
        explore(dict(INSPECTION.steps))


def _belt(now: Conditions, **changed: Any) -> Conditions:
    return now if now.conveyor is None else replace(now, conveyor=replace(now.conveyor, **changed))


def _faults(now: Conditions, without: Fault) -> Conditions:
    return now if now.conveyor is None else _belt(now, faults=now.conveyor.faults & ~without)


def _tube_is_well(now: Conditions) -> Conditions:
    if now.source is None:
        return now
    status = replace(now.source.status, fault=False)
    return replace(now, source=replace(now.source, status=status))


BLIND: dict[str, Blind] = {
    "the detector is away": lambda now: replace(now, detector_well=True),
    "a command was refused": lambda now: replace(now, lane_obeys=True),
    "a link is silent": lambda now: replace(now, silent=False),
    "the beam is astray": lambda now: replace(now, astray=False),
    "the belt stands": lambda now: replace(now, stands=False),
    "the disk is full": lambda now: replace(now, disk_full=False),
    "the lane shall close": lambda now: replace(now, closing=False),
    "the references are stale": lambda now: replace(now, air_fresh=True),
    "a test is due": lambda now: replace(now, test_due=False, test_overdue=False),
    "a test is overdue": lambda now: replace(now, test_overdue=False),
    "somebody is in the zone, or a door open": lambda now: _belt(
        now, person_in_zone=False, interlock_closed=True, emergency_stop=False
    ),
    "the interlock is open": lambda now: _belt(now, interlock_closed=True),
    "the belt is jammed": lambda now: _faults(now, Fault.JAM),
    "the belt has a fault": lambda now: _faults(now, ~Fault.JAM),
    "the generator has a fault": _tube_is_well,
}


@pytest.mark.parametrize("what", BLIND)
def test_a_lane_that_is_blind_to_one_thing_is_caught(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    holds, blind = Conditions.holds, BLIND[what]
    monkeypatch.setattr(Conditions, "holds", lambda now, level: holds(blind(now), level))
    with pytest.raises((Violated, AssertionError)) as caught:
        examined()
    print(f"{what}: {str(caught.value)[:100]}")


@pytest.mark.parametrize("device", ["conveyor", "source", "detector"])
def test_a_device_whose_absence_is_not_seen_is_caught(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    def away(now: Conditions) -> bool:
        gone = {
            "conveyor": now.conveyor is None,
            "source": now.source is None,
            "detector": not now.detector_well,
        }
        return any(missing for name, missing in gone.items() if name != device)

    monkeypatch.setitem(conditions._RULES, E.DEVICE_FAILED, away)
    with pytest.raises(Violated, match=r"^J[13] "):
        examined()
