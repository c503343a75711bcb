"""A scanner at work for tests: the lane, its simulated devices, items, and when the beam was on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.command import Execution, Verb
from drivers.conveyor.registers import Diverter
from drivers.xray_source.codec import Command
from simulators.conveyor.device import ConveyorFaults
from simulators.detector.device import DetectorFaults
from simulators.lanes.scanner import ScannerLane
from simulators.world.items import Item, item
from simulators.xray_source.device import SourceFaults
from tests.system.lanes import RunningLane, running, until, written

PACE = 2.0  # faster, and the belt runs too far before a busy machine has stopped it
REST = """
[policy]
threshold = {threshold}
air_fresh_for = {fresh}
most_lost_lines = 2
"""


@dataclass
class Asked:
    """One command to the generator: beam on or off, and when it came (monotonic s)."""

    at: float
    on: bool


@dataclass
class ScannerWorld:
    """The scanner, the lane that runs it, and what its generator was asked."""

    lane: RunningLane
    sim: ScannerLane
    asked: list[Asked]
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    def comes(self, thing: Item) -> Future[Diverter | None]:
        return self.hands.submit(self.sim.passes, thing)

    def decide(self, disposition: str) -> None:
        until(lambda: self.lane.unit._story is not None and self.lane.unit._story.recorded)
        inspection = self.lane.unit._story.inspection
        answer = self.lane.order(
            Verb.DECIDE_INSPECTION, inspection=inspection, disposition=disposition, reason="looked"
        )
        assert answer[0] is Execution.DONE, answer

    def off_after(self, start: float) -> float:
        """Return the s from ``start`` until the generator was asked to turn the beam off."""
        first = until(lambda: next((a for a in self.asked if a.at >= start and not a.on), None))
        return float(first.at - start)

    def mend(self) -> None:
        """Take faults, people and goods away, and bring the lane to idle again."""
        self.sim.conveyor.faults = ConveyorFaults()
        self.sim.source.faults = SourceFaults()
        self.sim.detector.faults = DetectorFaults()
        self.sim.source.tube.temperature = 25.0
        self.sim.conveyor.set_emergency_stop(False)
        self.sim.conveyor.set_person_in_zone(False)
        self.sim.conveyor.set_door(False)
        if self.lane.phase == "held":
            self.decide("divert")
        self.lane.open("idle")
        until(lambda: not self.sim.conveyor.belt.items, why="the belt is not empty")


@contextmanager
def scanner_world(
    folder: Path, threshold: float = 0.5, fresh: float = 3600.0, pace: float = PACE
) -> Iterator[ScannerWorld]:
    """Run a scanner, open and idle, while the block runs."""
    sim = ScannerLane(pace=pace)
    sim.source.tube.warm_in = 0.0
    asked = _listened(sim.source)
    with sim.served():
        rest = REST.format(threshold=threshold, fresh=fresh)
        with running(written(folder, "scanner", sim.urls, rest)) as lane:
            world = ScannerWorld(lane, sim, asked)
            try:
                lane.open("idle")
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


def thing(seed: int = 3, *, threat: bool = False) -> Item:
    return item(seed, threat)
