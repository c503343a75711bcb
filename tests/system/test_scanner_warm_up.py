"""A tube that rested, at a real agent: worked up before anything is scanned, and guarded meanwhile.

The generator's tube holds 112 of its 160 kV after a rest of 100 h; at more it arcs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from contract.command import Verb
from drivers.conveyor.registers import Diverter
from drivers.xray_source.source import Fault
from simulators.lanes.scanner import ScannerLane
from simulators.xray_source import tube
from tests.system.lanes import until
from tests.system.scanner_world import PACE, ScannerWorld, scanner_world, thing

pytestmark = pytest.mark.realtime

STAGES = [80.0, 96.0, 112.0, 128.0, 144.0, 160.0]  # kV
SCHEDULE = """
[[devices.xray_source.warm_up]]
rest = 8.0
start = 0.5
stages = 6
seconds = 0.4
current = 0.05
"""
QUICK = 40.0  # kV/s by which this tube holds more: its stages are short


@contextmanager
def rested(
    folder: Path, idle: str = "idle", more: str = ""
) -> Iterator[tuple[ScannerWorld, list[float]]]:
    """Run a lane whose tube rested; also yield the kV that were set while its beam was on."""
    sim = ScannerLane(pace=PACE)
    sim.source.rest(100)
    at: list[float] = []
    tick = sim.source.tick

    def noted(seconds: float) -> None:
        tick(seconds)
        if sim.source.tube.on and at[-1:] != [sim.source.tube.kv_set]:
            at.append(sim.source.tube.kv_set)

    with (
        patch.object(sim.source, "tick", noted),
        patch.object(tube, "WORKS_UP", QUICK),
        scanner_world(folder, threshold=1.0, more=SCHEDULE + more, idle=idle, sim=sim) as world,
    ):
        yield world, at


def test_the_voltage_rises_by_the_schedule_and_then_items_are_scanned(tmp_path: Path) -> None:
    with rested(tmp_path) as (world, at):
        assert at == pytest.approx(STAGES, abs=0.1)
        assert world.sim.source.tube.latched == Fault(0)
        assert world.lane.was_told("xray-source", "TubeRested")
        assert ("xray-source", "TubeRested") not in world.lane.faults
        assert world.lane.unit._book.day.beam_on_s > 6 * 0.4, "it counts as dose"
        assert not world.lane.told(0, "inspection.scanned")
        world.lets_pass(thing())
    with rested(tmp_path) as (world, at):  # a tube that is another's, for the lane: just used
        assert set(at) == {160.0}
        assert not world.lane.was_told("xray-source", "TubeRested")


def test_a_lost_interlock_turns_the_beam_off_in_the_middle_of_it(tmp_path: Path) -> None:
    with rested(tmp_path, idle="warming") as (world, at):
        until(lambda: len(at) >= 3)
        world.sim.conveyor.set_door(True)
        world.lane.reaches("fault")
        until(lambda: not world.sim.source.tube.on)
        reached = at[-1]
        assert reached < 160.0
        assert not world.sim.conveyor.beam_permitted
        del at[:]
        world.mend()
        assert at[0] == pytest.approx(reached, abs=0.1), "it goes on where it was"
        assert at[-1] == 160.0
        assert world.sim.source.tube.latched == Fault(0)


def test_a_beam_that_goes_away_in_the_middle_of_it_is_missed(tmp_path: Path) -> None:
    limit = "\n[policy.limits]\nwarming = 2.0\n"
    with rested(tmp_path, idle="warming", more=limit) as (world, at):
        until(lambda: len(at) >= 2)
        world.sim.source.tube.on = False  # by itself, and without a fault
        world.lane.reaches("fault", within=20)
        world.lane.tells("lane", "TimedOut")
        assert at[-1] < 160.0


def test_an_officer_can_close_the_lane_in_the_middle_of_it(tmp_path: Path) -> None:
    with rested(tmp_path, idle="warming") as (world, at):
        until(lambda: at)
        world.lane.order(Verb.CLOSE_LANE)
        world.lane.reaches("closed")
        until(lambda: not world.sim.source.tube.on)
        assert at[-1] < 160.0


def test_what_comes_meanwhile_waits_at_the_barrier(tmp_path: Path) -> None:
    with rested(tmp_path, idle="warming") as (world, at):
        gone = world.hands.submit(world.sim.follows, thing())
        until(lambda: world.sim.conveyor.belt.items)
        world.lane.reaches("scanning", "fault")
        assert at[-1] == 160.0, "not before the tube was worked up"
        until(lambda: gone.done() or world.lane.phase == "fault", 60.0)
        if world.lane.phase != "fault":  # a busy machine
            assert gone.result(60) is Diverter.RELEASE
        else:
            world.mend()
