"""The passage table against a small physical gate: every reachable state, then planted faults.

The gate here obeys everything: only fire and springs move a leaf by themselves. So what holds,
holds by the table, without the interlocks of a real controller. A look at the gate may be one move
old.
The invariants are those of docs/architecture.md: I1 to I5, I7, I10, I11, I14, I15.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from drivers.gate.registers import Crossings, Fault, GateState, Lamps, Leaf, Power
from edge.egate.conditions import Conditions
from edge.egate.passage import LEVELS, LIMITS, PASSAGE, Do, Event, Phase
from edge.runtime.machine import To

Rows = dict[tuple[Phase, Event], To[Phase, Do]]
P, E = Phase, Event
OPERATING = set(Phase) - {P.CLOSED, P.FAULT, P.EVACUATING, P.RECOVERING}
MOST_STEPS = 20


@dataclass(frozen=True)
class World:
    """The gate, those inside, and an emergency: none, fire, or power."""

    entry_told: bool = False
    entry_open: bool = False
    exit_told: bool = False
    exit_open: bool = False
    inside: int = 0
    emergency: str = ""


@dataclass(frozen=True)
class State:
    """The whole: the lane's phase, the world, and what the invariants remember."""

    phase: Phase
    world: World
    recorded: bool = False  # this passage's clearance or approval is on disk
    crossed: int = 0  # out through the exit since it was last opened, less those who came in
    unsettled: bool = True  # leaves are where a crash, fire or springs left them
    needs_officer: bool = True


class Violated(Exception):
    """An invariant does not hold."""


def hold(what: bool, name: str, state: State) -> None:
    if not what:
        raise Violated(f"{name}: {state}")


# The world


def moves(world: World) -> Iterator[tuple[World, int]]:
    """Yield what may happen next by itself, and how many cross by it."""
    dead = world.emergency == "power"
    yield replace(world, entry_open=world.entry_told or dead), 0
    yield replace(world, exit_open=world.exit_told or bool(world.emergency)), 0
    if world.entry_open and world.inside < 2:
        yield replace(world, inside=world.inside + 1), 0
    if world.entry_open and world.inside:
        yield replace(world, inside=world.inside - 1), 0
    if world.exit_open and world.inside:
        yield replace(world, inside=world.inside - 1), 1
    if world.exit_open and world.inside < 2:
        yield replace(world, inside=world.inside + 1), -1
    for kind in ("fire", "power", ""):
        if kind != world.emergency:
            yield replace(world, emergency=kind), 0


def leaf(told: bool, opened: bool) -> Leaf:
    if told:
        return Leaf.OPEN if opened else Leaf.OPENING
    return Leaf.CLOSING if opened else Leaf.CLOSED


def seen(world: World) -> GateState:
    fire = world.emergency == "fire"
    return GateState(
        entry=leaf(world.entry_told, world.entry_open),
        exit=leaf(world.exit_told or fire, world.exit_open),
        entry_curtain=False,
        exit_curtain=False,
        occupancy=world.inside,
        emergency_stop=False,
        fire=fire,
        host_silent=False,
        power=Power.OFF if world.emergency == "power" else Power.MAINS,
        faults=Fault(0),
        lamps=Lamps(),
        buzzer=False,
        heartbeat=0,
        controller_beat=0,
        crossings=Crossings(),
    )


TROUBLES = ("", "away", "disobeys", "readers", "disk", "closing", "document")


@cache
def held(world: World, trouble: str) -> frozenset[Event]:
    """Return the levels that hold, by the lane's own conditions, with one trouble at a time."""
    conditions = Conditions(
        gate=None if trouble == "away" else seen(world),
        gate_obeys=trouble != "disobeys",
        readers_well=trouble != "readers",
        disk_full=trouble == "disk",
        closing=trouble == "closing",
        document_waits=trouble == "document",
    )
    return frozenset(level for level in LEVELS if conditions.holds(level))


# The lane


class Lane:
    """Walks a table as the engine does, and holds every step against the invariants."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def after(self, state: State, event: Event | None, sight: World, trouble: str) -> State:
        """Return the state when ``event``, and all that ``sight`` leads to, have been taken."""
        if event is not None:
            state = self._step(state, event, sight)
        for _ in range(MOST_STEPS):
            level = next(
                (
                    level
                    for level in LEVELS
                    if (state.phase, level) in self._rows and level in held(sight, trouble)
                ),
                None,
            )
            if level is None:
                return self._rested(state, sight)
            state = self._step(state, level, sight)
        raise Violated(f"the table goes in a circle: {state}")

    def _rested(self, state: State, sight: World) -> State:
        told = sight.entry_told or sight.exit_told
        if state.phase in (P.CLOSED, P.FAULT) and told and not sight.emergency:
            state = replace(state, world=closed(state.world))  # Leaves.keep_closed
        return state

    def _step(self, state: State, event: Event, sight: World) -> State:
        state = settle(state)
        if (row := self._rows.get((state.phase, event))) is None:
            return state
        if event in (E.CLEARED, E.APPROVED):
            state = replace(state, recorded=True)
        if event is E.OPEN_LANE:
            state = replace(state, needs_officer=False)
        state = replace(state, phase=row.phase)
        for do in row.do:
            state = self._done(state, do, sight)
        if row.phase is P.EVACUATING:
            kept = state.world.exit_told and sight.emergency != "fire"
            hold(not kept, "I7 no command outlives the emergency", state)
            hold(not state.world.entry_told, "I4 the entry's command is withdrawn", state)
        if row.phase in (P.FAULT, P.EVACUATING, P.CLOSED):
            state = replace(state, needs_officer=True)
        return state

    def _done(self, state: State, do: Do, sight: World) -> State:
        match do:
            case Do.BEGIN:
                return replace(state, recorded=False)
            case Do.OPEN_ENTRY:
                hold(not sight.emergency, "I4 fire opens no entry", state)
                hold(not (sight.exit_told or sight.exit_open), "I1 the exit is closed", state)
                return replace(state, world=replace(state.world, entry_told=True))
            case Do.OPEN_EXIT:
                return self._opened(state, sight)
            case Do.CLOSE_LEAVES:
                return replace(state, world=closed(state.world))
            case Do.WITHDRAW:
                fire = state.world.exit_told and sight.emergency == "fire"
                return replace(state, world=replace(closed(state.world), exit_told=fire))
        if do in (Do.END_CROSSED, Do.END_REFUSED, Do.END_ABANDONED, Do.END_FAULT, Do.END_EVACUATED):
            return replace(state, recorded=False)
        return state

    def _opened(self, state: State, sight: World) -> State:
        hold(state.recorded, "I2 I14 a clearance on disk before the exit opens", state)
        hold(sight.inside == 1, "I3 one inside", state)
        closed_in = not (sight.entry_told or sight.entry_open)
        hold(closed_in, "I3 the entry proved closed", state)
        hold(not sight.emergency, "I2 software opens nothing in an emergency", state)
        return replace(state, world=replace(state.world, exit_told=True), recorded=False, crossed=0)


def closed(world: World) -> World:
    return replace(world, entry_told=False, exit_told=False)


def settle(state: State) -> State:
    """Return ``state``, settled if the world is: both leaves closed, nothing told, no emergency."""
    return (
        replace(state, unsettled=False)
        if state.world == World(inside=state.world.inside)
        else state
    )


def moved(state: State, world: World, crossed: int) -> State:
    """Return the state when the world has become ``world``."""
    unsettled = state.unsettled or bool(world.emergency)
    counted = 0 if unsettled else state.crossed + crossed
    return settle(replace(state, world=world, crossed=max(-2, counted), unsettled=unsettled))


def checked(state: State) -> State:
    """Hold ``state`` against what must be true at rest."""
    state = settle(state)
    world, phase = state.world, state.phase
    if not state.unsettled:
        hold(not (world.entry_open and world.exit_open), "I1 one leaf at a time", state)
        hold(not world.exit_told or phase is P.EXITING, "I7 no clearance survives", state)
    in_fire = phase is P.EVACUATING or world.emergency == "fire"
    kept = state.unsettled and (phase is P.CLOSED or in_fire)
    hold(not world.exit_told or phase is P.EXITING or kept, "I7 withdrawn", state)
    hold(state.crossed <= 1, "I5 one clearance, one crossing", state)
    hold(not (state.needs_officer and phase in OPERATING), "I15 an officer opens", state)
    return state


# What an officer, a reader, a clock may say: in any phase, as a late answer would

SAID = (
    *(E.OPEN_LANE, E.DOCUMENT_REMOVED, E.DOCUMENT_ACCEPTED, E.DOCUMENT_FLAGGED),
    *(E.CLEARED, E.FLAGGED, E.APPROVED, E.REFUSED, E.TIMED_OUT),
)
FRESH = {E.CLEARED, E.APPROVED}  # these stand on a reading of the gate made for them
ANSWERS = {  # a decision under way is dropped when its phase is left: it can come nowhere else
    E.CLEARED: {P.DECIDING},
    E.FLAGGED: {P.DECIDING},
    E.APPROVED: {P.REFERRED_AT_ENTRY, P.REFERRED_INSIDE},
    E.REFUSED: {P.REFERRED_AT_ENTRY, P.REFERRED_INSIDE},
    E.DOCUMENT_ACCEPTED: {P.READING},
    E.DOCUMENT_FLAGGED: {P.READING},
}


def next_states(lane: Lane, state: State) -> Iterator[State]:
    """Yield every state that can follow, each invariant held."""
    for trouble in TROUBLES:
        yield checked(lane.after(state, None, state.world, trouble))
    # What the lane has seen, it has acted upon, before it hears anything.
    heard = [event for event in SAID if _may_come(state.phase, event)]
    rested = lane.after(state, None, state.world, "") == state
    for event in heard if rested else ():
        yield checked(lane.after(state, event, state.world, ""))
    for world, crossed in moves(state.world):
        later = checked(moved(state, world, crossed))
        yield later
        for event in heard if rested else ():
            if event not in FRESH:  # the lane still sees what was
                yield checked(lane.after(later, event, state.world, ""))


def _may_come(phase: Phase, event: Event) -> bool:
    return phase in ANSWERS.get(event, LIMITS if event is E.TIMED_OUT else set(Phase))


def every_start() -> Iterator[State]:
    """Yield the lane as it starts, the gate as a crash may have left it (I10)."""
    flags = (False, True)
    for told_in in flags:
        for told_out in flags:
            for open_in in flags:
                for open_out in flags:
                    for inside in (0, 1, 2):
                        world = World(told_in, open_in, told_out, open_out, inside)
                        yield State(PASSAGE.start, world)


def explore(rows: Rows) -> set[State]:
    """Return every reachable state; raise Violated at the first that must not be."""
    lane = Lane(rows)
    found = set(every_start())
    waiting = deque(found)
    while waiting:
        for state in next_states(lane, waiting.popleft()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def test_every_reachable_state_keeps_the_invariants() -> None:
    found = explore(dict(PASSAGE.steps))
    print(f"{len(found)} states")
    assert {state.phase for state in found} == set(Phase), "every phase is reached"
    crossed = [state for state in found if state.crossed == 1]
    assert crossed, "somebody does cross: the invariants are not kept by never opening"


def test_nobody_who_is_inside_waits_for_ever() -> None:
    """I11: with somebody inside the lane goes on by itself, or an officer has been called."""
    for state in explore(dict(PASSAGE.steps)):
        if state.world.inside and state.phase in OPERATING | {P.RECOVERING}:
            leaves = (state.phase in LIMITS) or any(
                (state.phase, level) in PASSAGE.steps for level in held(state.world, "")
            )
            assert leaves or not settled(state.world), state


def settled(world: World) -> bool:
    return not (world.entry_told or world.entry_open or world.exit_told or world.exit_open)


# Planted faults

_OPEN = To(P.EXITING, (Do.OPEN_EXIT,))
EVACUATE_BY_SOFTWARE = {
    (phase, E.EMERGENCY): To(P.EVACUATING, (Do.OPEN_EXIT, Do.END_EVACUATED)) for phase in Phase
}
KEEP_IN_EMERGENCY = {
    (phase, E.EMERGENCY): To(P.EVACUATING, (Do.ALARM, Do.END_EVACUATED)) for phase in Phase
}
MUTANTS: dict[str, tuple[Rows, tuple[tuple[Phase, Event], ...]]] = {
    "the exit opens before the decision": ({(P.SECURING, E.SECURED): _OPEN}, ()),
    "a flag opens the exit": ({(P.DECIDING, E.FLAGGED): _OPEN}, ()),
    "an officer who says nothing approves": ({(P.REFERRED_INSIDE, E.TIMED_OUT): _OPEN}, ()),
    "two inside are not looked for while deciding": ({}, ((P.DECIDING, E.CROWDED),)),
    "two inside are not looked for while an officer decides": (
        {},
        ((P.REFERRED_INSIDE, E.CROWDED),),
    ),
    "nobody inside is not looked for": ({}, ((P.DECIDING, E.EMPTY),)),
    "an open entry is not looked for": (
        {(P.SECURING, E.OCCUPIED): To(P.DECIDING, (Do.DECIDE,))},
        ((P.DECIDING, E.ENTRY_ASTRAY), (P.SECURING, E.SECURED)),
    ),
    "the exit is left open behind a traveller": (
        {(P.EXITING, E.EMPTY): To(P.CLEARING, (Do.END_CROSSED,))},
        (),
    ),
    "the gate is idle before its exit is closed": (
        {(P.CLEARING, E.TIMED_OUT): To(P.IDLE), (P.CLEARING, E.EMPTY): To(P.IDLE)},
        ((P.IDLE, E.EXIT_ASTRAY), (P.READING, E.EXIT_ASTRAY), (P.ENTERING, E.EXIT_ASTRAY)),
    ),
    "a fault closes nothing": (
        {(P.EXITING, E.DEVICE_FAILED): To(P.FAULT, (Do.ALARM, Do.END_FAULT))},
        (),
    ),
    "software opens the exit in an emergency": (
        EVACUATE_BY_SOFTWARE,
        ((P.EVACUATING, E.EMERGENCY),),
    ),
    "a command outlives the emergency": (KEEP_IN_EMERGENCY, ((P.EVACUATING, E.EMERGENCY),)),
    "the end of a fire opens the lane": ({(P.EVACUATING, E.ALL_CLEAR): To(P.IDLE)}, ()),
    "a reader that is well again opens the lane": ({(P.FAULT, E.READERS_WELL): To(P.IDLE)}, ()),
    "whoever is let back is let back into a fire": (
        {(P.EVACUATING, E.CONFINED): To(P.RETURNING, (Do.OPEN_ENTRY,))},
        (),
    ),
    "the entry opens before recovery": (
        {(P.RECOVERING, E.TIMED_OUT): To(P.RETURNING, (Do.OPEN_ENTRY,))},
        (),
    ),
    "late travellers get the exit opened again": (
        {(P.EXITING, E.TIMED_OUT): To(P.EXITING, (Do.OPEN_EXIT,))},
        (),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_is_caught(name: str) -> None:
    changed, dropped = MUTANTS[name]
    rows = {key: to for key, to in PASSAGE.steps.items() if key not in dropped}
    rows |= {key: to for key, to in changed.items() if key not in dropped}
    with pytest.raises(Violated) as caught:
        explore(rows)
    print(f"{name}: {str(caught.value)[:100]}")
