"""A scanner at work for tests: the lane, its simulated devices, items, and when the beam was on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

from contract.command import Execution, Verb
from drivers.conveyor.registers import Diverter, Holding
from drivers.xray_source.codec import Command
from simulators.conveyor.device import ConveyorFaults
from simulators.detector.device import DetectorFaults
from simulators.lanes.scanner import ScannerLane
from simulators.world.goods import scene
from simulators.world.items import PIXELS, Item
from simulators.xray_source.device import SourceFaults
from tests.system.lanes import RunningLane, running, until, written

SHORT = 320  # lines of an item
PACE = 2.0  # faster, and the belt runs too far before a busy machine has stopped it
BRISK = (
    dict.fromkeys(["emptying", "releasing", "diverting", "test_clearing"], 6.0)
    | dict.fromkeys(["warming", "raising", "test_raising"], 8.0)
    | dict.fromkeys(["darkening", "airing"], 4.0)
)
"""In these nothing comes into the beam and nothing has to be stopped in time: only time passes."""
REST = """
[policy]
threshold = {threshold}
air_fresh_for = {fresh}
most_lost_lines = 2
silent_for = {silent}
"""


@dataclass
class Asked:
    """One command: beam, or its permission, on or off, and when it came (monotonic s)."""

    at: float
    on: bool


@dataclass
class ScannerWorld:
    """The scanner, the lane that runs it, and what its generator was asked."""

    lane: RunningLane
    sim: ScannerLane
    asked: list[Asked]
    relay: list[Asked]
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    def comes(self, thing: Item) -> Future[Diverter | None]:
        return self.hands.submit(self.sim.passes, thing)

    brisk: bool = True

    def hurry(self) -> None:
        """Let time pass as fast as the lane's phase allows."""
        pace = BRISK.get(self.lane.phase, PACE) if self.brisk else PACE
        self.sim.pace = self.sim.conveyor.pace = pace

    @contextmanager
    def at_beam(self, do: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Have ``do`` done in the world's own time, when the front of what comes is in the beam.

        That lasts a fraction of a second: who looks from outside may come too late. The block lays
        it on the belt; behind it this has happened.
        """
        there, tick = Event(), self.sim._tick

        def noted(seconds: float) -> None:
            tick(seconds)
            if not there.is_set() and self.sim.conveyor.belt.in_beam is not None:
                do()
                there.set()

        with patch.object(self.sim, "_tick", noted):
            yield
            until(there.is_set, why="nothing came into the beam")

    @property
    def story(self) -> Any:
        """The item at hand."""
        return self.lane.unit._items.at_hand

    def decide(self, disposition: str) -> None:
        until(lambda: self.story is not None and self.story.recorded)
        inspection = self.story.inspection
        answer = self.lane.order(
            Verb.DECIDE_INSPECTION, inspection=inspection, disposition=disposition, reason="looked"
        )
        assert answer[0] is Execution.DONE, answer

    def spooled(self, sha256: str) -> bytes:
        """Return a file that waits to be sent to central."""
        spool = self.lane.unit._recorder._spool
        [held] = [held for held in spool.pending() if held.blob.sha256 == sha256]
        return bytes(held.path.read_bytes())

    def lets_pass(self, goods: Item) -> None:
        """Have ``goods`` released; again where a busy machine has stopped the lane."""
        for _ in range(4):
            gone = self.comes(goods)
            until(lambda gone=gone: gone.done() or self.lane.phase in ("fault", "held"), 60.0)
            self.mend()  # the lane, too, knows then that they have left
            if gone.result(60) is Diverter.RELEASE:
                return
        raise AssertionError("the lane stopped four times")

    def off_after(self, start: float) -> float:
        """Return the s from ``start`` until the generator was asked to turn the beam off."""
        first = until(lambda: next((a for a in self.asked if a.at >= start and not a.on), None))
        return float(first.at - start)

    def cut_after(self, start: float) -> float:
        """Return the s from ``start`` until the beam was told off, by whichever way came first."""

        def first() -> float | None:
            told = [ask.at for ask in (*self.asked, *self.relay) if ask.at >= start and not ask.on]
            return min(told, default=None)

        return float(until(first) - start)

    def mend(self) -> None:
        """Take faults, people and goods away, and bring the lane to idle again."""
        self.sim.conveyor.faults = ConveyorFaults()
        self.sim.source.faults = SourceFaults()
        self.sim.detector.faults = DetectorFaults()
        self.sim.source.tube.temperature = 25.0
        self.sim.conveyor.set_emergency_stop(False)
        self.sim.conveyor.set_person_in_zone(False)
        self.sim.conveyor.set_door(False)
        self.lane.reaches("idle", "held", "fault", "closed", within=60.0)
        if self.lane.phase == "held":
            self.decide("divert")
        self.lane.open("idle")
        until(lambda: not self.sim.conveyor.belt.items, why="the belt is not empty")


@contextmanager
def scanner_world(
    folder: Path,
    threshold: float = 0.5,
    fresh: float = 3600.0,
    pace: float = PACE,
    silent: float = 1.0,  # a busy machine is not a lost link; the real figure has a test of its own
    more: str = "",
    idle: str = "idle",
    sim: ScannerLane | None = None,
) -> Iterator[ScannerWorld]:
    """Run a scanner, open and idle, while the block runs."""
    sim = sim or ScannerLane(pace=pace)
    sim.source.tube.warm_in = 0.0
    asked, relay = _listened(sim.source), _watched(sim.conveyor)
    with sim.served():
        rest = REST.format(threshold=threshold, fresh=fresh, silent=silent) + more
        with running(written(folder, "scanner", sim.urls, rest)) as lane:
            world = ScannerWorld(lane, sim, asked, relay)
            lane.built.on_change(lambda _: world.hurry())
            try:
                lane.open(idle)
                yield world
            finally:
                sim.stopping.set()
                world.hands.shutdown()


def _listened(source: Any) -> list[Asked]:
    """Note every command to switch the beam, as the generator hears it."""
    asked: list[Asked] = []
    answer = source._answer

    def noted(message: Any) -> Any:
        if message.command == Command.XRAY:
            asked.append(Asked(time.monotonic(), message.arguments == ("1",)))
        return answer(message)

    source._answer = noted
    return asked


def _watched(conveyor: Any) -> list[Asked]:
    """Note every command to the beam's permission relay, as the conveyor's controller takes it."""
    asked: list[Asked] = []
    obey = conveyor._obey

    def noted(register: Holding, value: int) -> None:
        if register is Holding.BEAM_PERMISSION:
            asked.append(Asked(time.monotonic(), bool(value)))
        obey(register, value)

    conveyor._obey = noted
    return asked


def thing(seed: int = 3, *, threat: bool = False) -> Item:
    """Goods that are soon through the beam."""
    return Item(f"item-{seed}", threat, scene(seed, lines=SHORT, pixels=PIXELS, threat=threat))
