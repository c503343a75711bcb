"""The inspection table against a small scanner: every reachable state, then planted faults.

The source here obeys everything: no interlock cuts its beam. So what holds, holds by the table.
The beam is off, and the belt stands, as soon as a threat is seen; it is never on in a phase that
takes no lines; and nothing leaves that was not found clear or let go by an operator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from edge.runtime.machine import To
from edge.scanner.inspection import INSPECTION, LEVELS, LIMITS, THREATS, Do, Event, Phase

Rows = dict[tuple[Phase, Event], To[Phase, Do]]
P, E = Phase, Event
BEAM = {P.WARMING, P.AIRING, P.ARMING, P.SCANNING}
SAID = tuple(event for event in Event if event not in LEVELS)
ANSWERS = {  # work that was dropped answers no more
    E.DARK_TAKEN: {P.DARKENING},
    E.AIR_TAKEN: {P.AIRING},
    E.CALIBRATION_FAILED: {P.DARKENING, P.AIRING},
    E.LINES_BEGIN: {P.SCANNING},
    E.SCAN_FAILED: {P.SCANNING},
    E.FOUND_CLEAR: {P.ANALYSING},
    E.FOUND_SUSPECT: {P.ANALYSING},
    E.ANALYSIS_FAILED: {P.ANALYSING},
    E.TIMED_OUT: set(LIMITS),
}
ITEM = (E.ITEM_ARRIVED, E.ITEM_SCANNED, E.ITEM_GONE, E.ITEM_TOO_LONG, E.CALIBRATION_STALE)
BELT = (E.SAFE, E.BEAM_LOST, E.BEAM_IS_ON, E.CLOSE_LANE)


@dataclass(frozen=True)
class State:
    """The lane's phase, what was commanded, and what is in the tunnel."""

    phase: Phase = INSPECTION.start
    beam: bool = False
    runs: bool = False
    ahead: bool = False  # the diverter lets items go
    judged: bool = False  # the item was found clear, or an operator let it go
    item: bool = False  # something is in the tunnel
    lines: bool = False  # they are being taken


class Violated(Exception):
    """An invariant does not hold."""


def hold(what: bool, name: str, state: State) -> None:
    if not what:
        raise Violated(f"{name}: {state}")


def step(rows: Rows, state: State, event: Event) -> State:
    if (row := rows.get((state.phase, event))) is None:
        return state
    if event in (E.FOUND_CLEAR, E.RELEASE):
        state = replace(state, judged=True)
    if event is E.LINES_BEGIN:
        state = replace(state, lines=True)
    state = replace(state, phase=row.phase)
    for do in row.do:
        state = done(state, do)
    return checked(state, event)


def done(state: State, do: Do) -> State:
    changes: dict[Do, dict[str, bool]] = {
        Do.BEAM_ON: {"beam": True},
        Do.BEAM_OFF: {"beam": False, "lines": False},
        Do.BELT_RUN: {"runs": True},
        Do.BELT_STOP: {"runs": False},
        Do.POINT_AHEAD: {"ahead": True},
        Do.POINT_ASIDE: {"ahead": False},
        Do.POINT_HOLD: {"ahead": False},
        Do.BEGIN: {"item": True, "judged": False},
        Do.EMPTIED: {"item": False, "judged": False},
        Do.END_FAULT: {"judged": False},
    }
    if do in (Do.TAKE_DARK, Do.TAKE_AIR):
        hold(not (state.item and state.runs), "no reference while items move", state)
    if do is Do.TAKE_DARK:
        hold(not state.beam, "the dark reference is dark", state)
    return replace(state, **changes.get(do, {}))


def checked(state: State, event: Event) -> State:
    hold(not state.beam or state.phase in BEAM, "no beam outside the phases that use it", state)
    if event in THREATS:
        hold(not (state.beam or state.runs), f"{event} turns beam and belt off", state)
    if state.runs and state.ahead and state.item:
        hold(state.judged, "what leaves was judged", state)
    if state.phase is P.SCANNING and state.runs:
        hold(state.lines, "the belt carries an item into the beam only when lines come", state)
    if state.phase is P.IDLE:
        hold(not state.item, "nothing unjudged is left in the tunnel of an idle lane", state)
    return state


def next_states(rows: Rows, state: State) -> Iterator[State]:
    for event in (*THREATS, *ITEM, *BELT):
        yield step(rows, state, event)
    for event in SAID:
        if state.phase in ANSWERS.get(event, set(Phase)):
            yield step(rows, state, event)


def explore(rows: Rows) -> set[State]:
    """Return every reachable state; raise Violated at the first that must not be."""
    start = [State(item=item) for item in (False, True)]
    found, waiting = set(start), deque(start)
    while waiting:
        for state in next_states(rows, waiting.popleft()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def test_every_reachable_state_keeps_the_invariants() -> None:
    found = explore(dict(INSPECTION.steps))
    print(f"{len(found)} states")
    assert {state.phase for state in found} == set(Phase)
    assert any(state.ahead and state.runs and state.judged for state in found), "items do leave"


FAULTED = To(P.FAULT, (Do.BELT_STOP, Do.ALARM, Do.END_FAULT))
MUTANTS: dict[str, tuple[Rows, tuple[tuple[Phase, Event], ...]]] = {
    "a person in the zone is not a threat while scanning": (
        {},
        ((P.SCANNING, E.PERSON_IN_ZONE),),
    ),
    "an open interlock leaves the beam on": ({(P.SCANNING, E.INTERLOCK_OPEN): FAULTED}, ()),
    "a jam leaves the beam on": ({(P.SCANNING, E.JAMMED): FAULTED}, ()),
    "the beam stays on while the item is judged": (
        {(P.SCANNING, E.ITEM_SCANNED): To(P.ANALYSING, (Do.BELT_STOP, Do.ANALYSE))},
        (),
    ),
    "the beam stays on behind the air reference": (
        {(P.AIRING, E.AIR_TAKEN): To(P.IDLE, (Do.BELT_RUN,))},
        (),
    ),
    "a failed analysis releases": (
        {(P.ANALYSING, E.ANALYSIS_FAILED): To(P.RELEASING, (Do.POINT_AHEAD, Do.BELT_RUN))},
        (),
    ),
    "a late analysis releases": (
        {(P.ANALYSING, E.TIMED_OUT): To(P.RELEASING, (Do.POINT_AHEAD, Do.BELT_RUN))},
        (),
    ),
    "the tunnel is not emptied when the lane opens": (
        {(P.PREPARING, E.SAFE): To(P.DARKENING, (Do.TAKE_DARK,))},
        (),
    ),
    "the belt runs before lines come": (
        {(P.ARMING, E.BEAM_IS_ON): To(P.SCANNING, (Do.TAKE_LINES, Do.BELT_RUN))},
        (),
    ),
    "the dark reference is taken in the beam": (
        {
            (P.IDLE, E.CALIBRATION_STALE): To(P.WARMING, (Do.BEAM_ON,)),
            (P.WARMING, E.BEAM_IS_ON): To(P.DARKENING, (Do.TAKE_DARK,)),
        },
        (),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_is_caught(name: str) -> None:
    changed, dropped = MUTANTS[name]
    rows = {key: to for key, to in INSPECTION.steps.items() if key not in dropped} | changed
    for phase, event in dropped:  # a threat without a row changes nothing, and that is the fault
        rows[phase, event] = To(phase)
    with pytest.raises(Violated) as caught:
        explore(rows)
    print(f"{name}: {str(caught.value)[:90]}")
