"""A small scanner for the model check: tube, belt with items, people, time; and who walks a table.

The tube and the belt obey everything: no hard-wired interlock cuts the beam here. So what holds,
holds by the table. The lane sees the world through its own conditions (edge.scanner.conditions);
what it must see is told here, by THREATENS and by the world itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from drivers.conveyor.registers import Belt, ConveyorState, Diverter, Fault
from drivers.xray_source.source import ReadBack, SourceStatus
from edge.runtime.machine import To
from edge.scanner.conditions import Conditions
from edge.scanner.config import Geometry
from edge.scanner.devices import SourceState
from edge.scanner.inspection import BEAM, LEVELS, THREATS, Do, Event, Phase
from edge.scanner.tracking import Span, Tracked

Rows = dict[tuple[Phase, Event], To[Phase, Do]]
P, E = Phase, Event
MOST_STEPS = 20
KILOVOLTS = 160.0


class Place(IntEnum):
    """How far an item has come."""

    BARRIER = 0  # its front breaks the entry barrier
    TUNNEL = 1  # in the beam's reach, its tail not through
    THROUGH = 2  # its tail has passed the beam
    DIVERTER = 3  # its front is there; the tail is through
    LONG = 4  # its front is at the diverter, its tail not through the beam


class Item(NamedTuple):
    """Something on the belt. ``judged``: found clear, on record, or let go by an operator."""

    place: Place
    judged: bool = False


class World(NamedTuple):
    """The hardware, and what lies on it."""

    told_beam: bool = False
    beam: bool = False
    runs: bool = False
    points: Diverter = Diverter.HOLD
    items: tuple[Item, ...] = ()  # the first is furthest ahead


class State(NamedTuple):
    """The whole: the lane's phase, the world, what the lane tracks, what the invariants recall."""

    phase: Phase
    world: World
    known: tuple[int, int, int] = (0, 0, 0)  # things ahead, of the item at hand, and behind it
    gone: int = 0  # of those, the ones that have left the belt
    scanned: bool = False  # the one at hand
    emptying: bool = False
    lines: bool = False
    accepted: bool = False  # the references
    begun: int = 0  # items whose story is open


class Violated(Exception):
    """An invariant does not hold."""


def hold(what: bool, name: str, state: State) -> None:
    """Raise Violated unless ``what``."""
    if not what:
        raise Violated(f"{name}: {state}")


# The world by itself


def moves(world: World) -> Iterator[World]:
    """Yield what may happen next without the lane. An item that leaves ahead is the first."""
    if world.beam != world.told_beam:
        yield world._replace(beam=world.told_beam)
    if world.beam:
        yield world._replace(beam=False)  # the tube may always fail
    if len(world.items) < 2 and all(item.place >= Place.TUNNEL for item in world.items):
        yield world._replace(items=(*world.items, Item(Place.BARRIER)))
    if world.runs:
        yield from _carried(world)


def _carried(world: World) -> Iterator[World]:
    for index, item in enumerate(world.items):
        before = world.items[:index]
        for place in _NEXT[item.place]:
            # Geometry: while one is on the belt, the next has not come to the diverter.
            if not before or place <= min(Place.THROUGH, before[-1].place):
                yield _with(world, index, item._replace(place=place))
        if item.place >= Place.DIVERTER and world.points is not Diverter.HOLD:
            yield world._replace(items=world.items[1:])


_NEXT = {
    Place.BARRIER: (Place.TUNNEL,),
    Place.TUNNEL: (Place.THROUGH, Place.LONG),
    Place.THROUGH: (Place.DIVERTER,),
    Place.DIVERTER: (),
    Place.LONG: (Place.DIVERTER,),
}


def _with(world: World, index: int, item: Item) -> World:
    items = (*world.items[:index], item, *world.items[index + 1 :])
    return world._replace(items=items)


# What the lane sees

TIME = ("stale", "due", "overdue", "closing")  # what an hour brings, or an officer
THREATENS: dict[str, set[Event]] = {
    "stop": {E.EMERGENCY},
    "person": {E.PERSON_IN_ZONE},
    "door": {E.INTERLOCK_OPEN},
    "jam": {E.JAMMED},
    "stands": {E.JAMMED},
    "tube": {E.LANE_FAULT},
    "belt": {E.LANE_FAULT},
    "disobeys": {E.LANE_FAULT},
    "conveyor": {E.DEVICE_FAILED},
    "source": {E.DEVICE_FAILED},
    "detector": {E.DEVICE_FAILED},
    "silent": {E.LINK_SILENT},
    "astray": {E.BEAM_ASTRAY},
    "disk": {E.DISK_FULL},
}
"""What must be seen in each trouble: written down here once more, not taken from the lane.

Each comes alone: a person counts though the interlock, for whatever reason, says that it is closed.
"""

TROUBLES = ("", *THREATENS, *TIME)
"""What the lane looks at once; it may be gone at the next look."""


def threats(trouble: str, phase: Phase) -> frozenset[Event]:
    """Return what threatens; a silent link does where a beam is wanted."""
    if trouble == "silent" and phase not in BEAM:
        return frozenset()
    return frozenset(THREATENS.get(trouble, set()))


_AT, _GEOMETRY = 100_000.0, Geometry()
_SPANS = {
    Place.BARRIER: Span(_AT - 10),
    Place.TUNNEL: Span(_AT - 700),
    Place.THROUGH: Span(_AT - 1000, _AT - 700),
    Place.DIVERTER: Span(_AT - 1850, _AT - 1500),
    Place.LONG: Span(_AT - 1850),
}
_GONE = Span(_AT - 2900, _AT - 2500)


def known(state: State, sight: World) -> State:
    """Return ``state`` when the lane has seen what is new at its entry barrier."""
    ahead, item, behind = state.known
    if (new := state.gone + len(sight.items) - ahead - item - behind) <= 0:
        return state
    counts = (ahead, item, behind + new) if state.scanned else (ahead, item + new, behind)
    return state._replace(known=counts)


@cache
def tracked(
    known: tuple[int, int, int], gone: int, scanned: bool, emptying: bool, sight: World
) -> Tracked:
    """Return what the lane's tracking makes of the belt: what has left is seen as gone."""
    if emptying:
        return Tracked(None if sight.items or not sight.runs else _GONE)
    spans = [*([_GONE] * gone), *(_SPANS[item.place] for item in sight.items)]
    ahead, item = known[0], known[0] + known[1]
    return Tracked(
        _joined(spans[ahead:item]), scanned, _joined(spans[:ahead]), _joined(spans[item:])
    )


def _joined(spans: list[Span]) -> Span | None:
    """Return what follows so closely that it is one item."""
    return Span(spans[0].front_at, spans[-1].tail_at) if spans else None


def seen(state: State, sight: World, trouble: str) -> frozenset[Event]:
    """Return the levels that hold for the lane."""
    spans = tracked(state.known, state.gone, state.scanned, state.emptying, sight)
    return held(sight._replace(items=()), spans, trouble, state.phase in BEAM, state.accepted)


@cache
def held(
    sight: World, spans: Tracked, trouble: str, wanted: bool, accepted: bool
) -> frozenset[Event]:
    """Return the levels that hold, by the lane's own conditions, with one trouble at a time."""
    now = Conditions(
        conveyor=None if trouble == "conveyor" else _conveyor(sight, trouble),
        source=None if trouble == "source" else _source(sight, trouble),
        detector_well=trouble != "detector",
        lane_obeys=trouble != "disobeys",
        silent=trouble == "silent" and wanted,
        astray=trouble == "astray",
        stands=trouble == "stands",
        disk_full=trouble == "disk",
        closing=trouble == "closing",
        air_fresh=accepted and trouble != "stale",
        test_due=trouble == "due",
        test_overdue=trouble == "overdue",
        tracked=spans,
        geometry=_GEOMETRY,
        kilovolts=KILOVOLTS,
    )
    return frozenset(level for level in LEVELS if now.holds(level))


def _conveyor(sight: World, trouble: str) -> ConveyorState:
    return ConveyorState(
        belt=Belt.FORWARD if sight.runs else Belt.STOPPED,
        speed=400.0 * sight.runs,
        position=_AT,
        entry_barrier=False,
        exit_barrier=False,
        emergency_stop=trouble == "stop",
        person_in_zone=trouble == "person",
        door_open=trouble == "door",
        interlock_closed=trouble != "door",
        beam_permitted=sight.told_beam,
        host_silent=False,
        diverter=sight.points,
        faults={"jam": Fault.JAM, "belt": ~Fault.JAM}.get(trouble, Fault(0)),
        heartbeat=0,
        controller_beat=0,
        items_in=0,
        items_out=0,
    )


def _source(sight: World, trouble: str) -> SourceState:
    kv = KILOVOLTS * sight.beam
    status = SourceStatus(sight.beam, trouble != "door", trouble == "tube")
    return SourceState(status, ReadBack(kv, 1.0, 25.0))


__all__ = [
    "BEAM",
    "LEVELS",
    "MOST_STEPS",
    "THREATS",
    "TIME",
    "TROUBLES",
    "Do",
    "Item",
    "Place",
    "Rows",
    "State",
    "Violated",
    "World",
    "hold",
    "known",
    "moves",
    "seen",
    "threats",
]
