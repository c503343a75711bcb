"""What may happen while the beam is on, and how soon the lane then turns it off."""

from __future__ import annotations

import time
from collections.abc import Callable

from contract.command import Verb
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, thing

WANTED = 0.2  # s from the threat to the command that turns the beam off


SILENT = {"stall": True, "mute": 10_000}  # neither lines nor answers: its cable is pulled


class Disturbed(Exception):
    """The lane stopped, or was through, before it was threatened: the machine is busy."""


THREATS: dict[str, Callable[[ScannerWorld], None]] = {
    "a person in the zone": lambda world: world.sim.conveyor.set_person_in_zone(True),
    "a door that opens": lambda world: world.sim.conveyor.set_door(True),
    "the emergency stop": lambda world: world.sim.conveyor.set_emergency_stop(True),
    "a silent conveyor": lambda world: setattr(world.sim.conveyor.faults, "mute", 10_000),
    "a silent generator": lambda world: setattr(world.sim.source.faults, "mute", 10_000),
    "a silent detector": lambda world: vars(world.sim.detector.faults).update(SILENT),
    "a detector that hangs up": lambda world: setattr(world.sim.detector.faults, "hang_up", 1),
}
"""Each may come at any time; here it comes while the air reference is taken."""

IN_SCAN: dict[str, Callable[[ScannerWorld], None]] = {
    "a jam": lambda world: setattr(world.sim.conveyor.faults, "jam", True),
    "an encoder that stands": lambda world: setattr(
        world.sim.conveyor.faults, "frozen_encoder", True
    ),
    "a detector that stalls": lambda world: setattr(world.sim.detector.faults, "stall", True),
    "a silent detector": lambda world: vars(world.sim.detector.faults).update(SILENT),
}
"""These need a belt that runs, and lines that come: they are for the middle of a scan."""


def cut_in_air(world: ScannerWorld, threat: Callable[[ScannerWorld], None]) -> float:
    """Return the s until the beam is told off when ``threat`` comes during the air reference."""
    world.mend()
    world.lane.order(Verb.CLOSE_LANE)
    world.lane.reaches("closed")
    world.lane.order(Verb.OPEN_LANE)
    world.lane.reaches("airing", "fault", "idle", within=20)
    if world.lane.phase != "airing":
        raise Disturbed
    return _cut(world, threat)


def cut_in_scan(world: ScannerWorld, threat: Callable[[ScannerWorld], None]) -> float:
    """Return the s until the beam is told off when ``threat`` comes in the middle of a scan."""
    world.mend()
    gone = world.comes(thing())
    world.lane.reaches("scanning", "fault", within=20)
    until(lambda: world.sim.conveyor.belt.in_beam is not None or world.lane.phase != "scanning")
    if world.lane.phase != "scanning":
        world.mend()
        gone.result(60)
        raise Disturbed
    took = _cut(world, threat)
    world.mend()
    gone.result(60)
    return took


def _cut(world: ScannerWorld, threat: Callable[[ScannerWorld], None]) -> float:
    start = time.monotonic()
    threat(world)
    took = world.cut_after(start)
    world.lane.reaches("fault")
    until(lambda: not world.sim.source.tube.on)
    assert not [ask for ask in world.asked if ask.on and ask.at > start + took]
    return took
