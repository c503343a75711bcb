"""Walks the inspection table over every reachable state, and holds each step against J1 to J14.

The list is in test_inspection_invariants.py.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from drivers.conveyor.registers import Diverter
from edge.scanner.inspection import INSPECTION, LIMITS, Do, Event, Phase
from tests.simulation.scanner_model import (
    BEAM,
    LEVELS,
    MOST_STEPS,
    TIME,
    TROUBLES,
    Item,
    Place,
    Rows,
    State,
    Violated,
    World,
    hold,
    known,
    moves,
    seen,
    threats,
)

P, E = Phase, Event
RESTING = {P.CLOSED, P.FAULT}
Graph = dict[State, set[tuple[str, State]]]
SAID = tuple(event for event in Event if event not in LEVELS)
SCANS = {P.SCANNING, P.TEST_SCANNING}
WAIT_FOR_ITEMS = {P.IDLE, P.TESTING, P.ARMING}
ANSWERS = {  # work that was dropped answers no more
    E.DARK_TAKEN: {P.DARKENING},
    E.AIR_TAKEN: {P.AIRING},
    E.CALIBRATION_FAILED: {P.DARKENING, P.AIRING},
    E.IDENTIFIED: {P.IDENTIFYING},
    E.LINES_BEGIN: SCANS,
    E.SCAN_FAILED: SCANS,
    E.ANALYSED: {P.ANALYSING},
    E.ANALYSIS_FAILED: {P.ANALYSING, P.DECIDING},
    E.FOUND_CLEAR: {P.DECIDING},
    E.FOUND_SUSPECT: {P.DECIDING},
    E.TEST_PASSED: {P.TEST_JUDGING},
    E.TEST_FAILED: {P.TEST_JUDGING},
    E.TIMED_OUT: set(LIMITS),
}
JUDGES = {E.FOUND_CLEAR, E.RELEASE}


class Lane:
    """Walks a table as the engine does, and holds every step against the invariants."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._waits = {phase: {e for p, e in rows if p is phase} for phase in Phase}

    def after(self, state: State, event: Event | None, sight: World, trouble: str) -> State:
        """Return the state when ``event``, and all that ``sight`` leads to, have been taken."""
        if event is not None:
            state = self._step(state, event, sight, trouble)
        for _ in range(MOST_STEPS):
            state = known(state, sight)
            levels = seen(state, sight, trouble)
            waits = self._waits[state.phase]
            level = next((one for one in LEVELS if one in waits and one in levels), None)
            if level is None:
                return at_rest(state, trouble)
            state = self._step(state, level, sight, trouble)
        raise Violated(f"J10 the table goes in a circle: {state}")

    def _step(self, state: State, event: Event, sight: World, trouble: str) -> State:
        if (row := self._rows.get((state.phase, event))) is None:
            return state
        if event in JUDGES:
            state = judged(state)
        opens = state.phase in RESTING and row.phase not in RESTING
        hold(not opens or event is E.OPEN_LANE, f"J13 {event} opens the lane", state)
        failed = state.phase in (P.ANALYSING, P.DECIDING) and event in (
            E.ANALYSIS_FAILED,
            E.TIMED_OUT,
        )
        hold(not failed or row.phase is P.HELD, "J7 a failed analysis is a hold", state)
        before, state = state, state._replace(phase=row.phase)
        state = state._replace(
            lines=event is E.LINES_BEGIN or (state.lines and state.phase in BEAM)
        )
        for do in row.do:
            state = self._done(state, before, do, sight, trouble)
        return forgotten(state) if row.phase in RESTING else state

    def _done(self, state: State, before: State, do: Do, sight: World, trouble: str) -> State:
        world = state.world
        match do:
            case Do.BEAM_ON:
                self._may_radiate(state, before, sight, trouble)
                return state._replace(world=world._replace(told_beam=True))
            case Do.BEAM_OFF:
                return state._replace(world=world._replace(told_beam=False), lines=False)
            case Do.BELT_RUN | Do.BELT_STOP:
                return state._replace(world=world._replace(runs=do is Do.BELT_RUN))
            case Do.POINT_AHEAD | Do.POINT_ASIDE | Do.POINT_HOLD:
                return state._replace(world=world._replace(points=_POINTS[do]))
            case Do.TAKE_DARK | Do.TAKE_AIR:
                return self._reference(state, do)
        return tracks(state, do)

    def _may_radiate(self, state: State, before: State, sight: World, trouble: str) -> None:
        dangers = threats(trouble, before.phase)
        hold(not dangers, f"J1 {set(dangers)} while the beam is asked for", state)
        if state.phase is not P.WARMING:
            fresh = state.accepted and trouble != "stale"
            hold(fresh, "J2 references accepted and fresh", state)
        if state.phase is P.RAISING:
            hold(trouble != "overdue", "J2 the self-test was passed", state)

    def _reference(self, state: State, do: Do) -> State:
        world = state.world
        in_beam = any(item.place in (Place.TUNNEL, Place.LONG) for item in world.items)
        hold(not in_beam and not world.runs, "J11 nothing in the beam, the belt stands", state)
        if do is Do.TAKE_DARK:
            hold(not world.told_beam, "J11 the dark reference is dark", state)
            return state._replace(accepted=False)
        return state


_POINTS = {
    Do.POINT_AHEAD: Diverter.RELEASE,
    Do.POINT_ASIDE: Diverter.DIVERT,
    Do.POINT_HOLD: Diverter.HOLD,
}


def forgotten(state: State) -> State:
    """Return ``state`` of a lane that rests: what lies on its belt is not asked about again."""
    world = state.world._replace(items=tuple(Item(item.place) for item in state.world.items))
    begun = state.begun  # and this must be nought
    return State(state.phase, world, begun=begun)


def judged(state: State) -> State:
    """Return ``state`` with the item at hand free to go."""
    items = state.world.items
    count = state.known[1]
    free = tuple(item._replace(judged=True) for item in items[:count])
    return state._replace(world=state.world._replace(items=(*free, *items[count:])))


def tracks(state: State, do: Do) -> State:
    """Return ``state`` when tracking and stories have taken ``do``."""
    ahead, item, behind = state.known
    match do:
        case Do.EMPTY:
            return state._replace(emptying=True, scanned=False)
        case Do.EMPTIED:
            return state._replace(emptying=False, known=(0, 0, 0), gone=0)
        case Do.BEGIN | Do.BEGIN_TEST:
            if state.scanned:
                ahead, item, behind = item, behind, 0
            begun = 1 + bool(ahead and state.begun) if do is Do.BEGIN else state.begun
            return state._replace(known=(ahead, item, behind), scanned=False, begun=begun)
        case Do.ANALYSE | Do.JUDGE_TEST:
            return state._replace(scanned=True)
        case Do.END_LEFT:
            counts = (0, item, behind) if ahead else (0, behind * state.scanned, 0)
            left = state._replace(known=counts, scanned=state.scanned and bool(ahead))
            return left._replace(gone=0, begun=min(state.begun, 1) if ahead else 0)
        case Do.END_HELD:
            return state._replace(begun=0)
    return state


def at_rest(state: State, trouble: str) -> State:
    """Hold ``state`` against what must be true when the lane has done what there was to see."""
    world, phase = state.world, state.phase
    dangers = threats(trouble, phase)
    hold(not (dangers and (world.told_beam or world.runs)), f"J3 {set(dangers)} stops", state)
    hold(not world.told_beam or phase in BEAM, "J4 a phase that uses the beam", state)
    fresh = state.accepted and trouble != "stale"
    hold(fresh or phase not in WAIT_FOR_ITEMS, "J2 references are taken anew", state)
    lit = world.beam or phase not in SCANS | {P.AIRING}
    hold(lit, "J14 lines are taken with a beam", state)
    long = any(item.place is Place.LONG for item in world.items)
    hold(not long or phase not in SCANS, "J14 what is too long is not scanned on", state)
    hold(phase not in RESTING or not (world.told_beam or world.runs), "J8 all is off", state)
    let_on = world.runs and world.points is Diverter.RELEASE
    leaves = state.gone or any(item.judged for item in world.items)
    hold(not let_on or bool(leaves), "J6 the diverter is shut behind an item", state)
    ended = phase not in RESTING | {P.IDLE, P.TESTING, P.PREPARING, P.EMPTYING}
    hold(ended or not state.begun, "J12 what was begun has ended", state)
    return state


def moved(state: State, world: World) -> State:
    """Return the state when the world has become ``world`` by itself."""
    before, after = state.world.items, world.items
    if len(after) < len(before) and state.world.points is Diverter.RELEASE:
        hold(before[0].judged, "J6 what leaves was judged", state)
    for was, now in zip(before, after, strict=False):
        if len(after) == len(before) and (was.place, now.place) == (Place.BARRIER, Place.TUNNEL):
            seen_whole = state.lines and state.world.told_beam and state.phase in SCANS
            hold(seen_whole or state.phase is P.EMPTYING, "J5 into the tunnel unseen", state)
    gone = state.gone + (len(after) < len(before))
    return state._replace(world=world, gone=0 if state.emptying else gone)


def next_states(lane: Lane, state: State) -> Iterator[tuple[str, State]]:
    """Yield every state that can follow, each invariant held, and the trouble that led to it."""
    heard = [event for event in SAID if state.phase in ANSWERS.get(event, set(Phase))]
    for trouble in TROUBLES:
        yield trouble, lane.after(state, None, state.world, trouble)
    for event in heard:
        told = state._replace(accepted=state.accepted or event is E.AIR_TAKEN)
        for trouble in ("", *TIME):
            yield trouble, lane.after(told, event, state.world, trouble)
    for world in moves(state.world):
        later = moved(state, world)
        for trouble in ("", "person"):  # who may come at this very moment
            yield trouble, lane.after(later, None, world, trouble)


def every_start() -> Iterator[State]:
    """Yield the lane as it starts, the machine as a crash may have left it."""
    for items in ((), (Item(Place.TUNNEL),), (Item(Place.THROUGH), Item(Place.BARRIER))):
        for points in (Diverter.HOLD, Diverter.RELEASE):
            yield State(INSPECTION.start, World(beam=True, points=points, items=items))


def explore(rows: Rows) -> Graph:
    """Return what follows on every reachable state; raise Violated at the first fault."""
    lane = Lane(rows)
    found: Graph = {}
    waiting = deque(every_start())
    while waiting:
        state = waiting.popleft()
        if state in found:
            continue
        found[state] = set(next_states(lane, state))
        waiting.extend(after for _, after in found[state])
    return found


def leads_to(graph: Graph, goal: set[State]) -> set[State]:
    """Return the states from which ``goal`` can be reached with nothing going wrong."""
    into: dict[State, list[State]] = defaultdict(list)
    for state, follows in graph.items():
        for trouble, after in follows:
            if trouble in ("", *TIME):
                into[after].append(state)
    found, waiting = set(goal), deque(goal)
    while waiting:
        for state in into[waiting.popleft()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found
