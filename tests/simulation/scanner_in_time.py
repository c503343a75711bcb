"""A whole scanner in simulated time: the real lane, workers and drivers at simulated devices.

Every exchange on a line takes WIRE, a deadline takes what the driver says: what is measured is the
sum of all deadlines from a threat to the command that turns the beam off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from contract.names import Address
from drivers.conveyor.conveyor import Conveyor
from drivers.conveyor.registers import Holding
from drivers.detector.detector import Detector
from drivers.errors import LinkLost
from drivers.xray_source.codec import Command
from drivers.xray_source.source import XraySource
from edge.agent import TICK
from edge.config import read
from edge.runtime import worker
from edge.runtime.worker import Happening
from edge.scanner import acquisition, devices, exposures, watch
from edge.scanner.calibration import Calibration, calibrate
from edge.scanner.inspection import SCANS, Phase
from edge.scanner.moments import Moments
from edge.scanner.unit import ScannerUnit
from edge.uplink.blobs import BlobSpool
from edge.uplink.outbox import Outbox
from models.catalogue import card
from models.xray.projection import air_counts, dark_counts
from simulators.cable import Cable
from simulators.lanes.scanner import ScannerLane
from simulators.world.items import PIXELS
from simulators.xray_source import tube
from tests.simulation.timeline import Doubles, Timeline
from tests.system.lanes import written

WIRE = {"conveyor": 0.006, "xray_source": 0.017, "detector": 0.001}
"""s that a question and its answer take: 60 bytes at 115 200 baud, 33 at 19 200; a network."""
TURNS = 20  # of the agent's loop: as many as one thing may lead to
LENGTH = 300.0  # mm of an item
P = Phase


class Wire(Cable):
    """A cable on which a question takes its time."""

    def __init__(self, device: Any, timeline: Timeline, takes: float) -> None:
        super().__init__(device, timeline.wait)
        self._timeline, self._takes = timeline, takes

    def write(self, data: bytes) -> None:
        self._timeline.wait(self._takes)
        super().write(data)

    def read(self, timeout: float) -> bytes:
        said = super().read(timeout)
        if self._device.faults.take("hang_up"):
            raise LinkLost("it hung up")
        return said


class ScannerInTime:
    """The lane at its devices. Used in a running loop, which it turns."""

    def __init__(self, folder: Path) -> None:
        self.sim = ScannerLane()
        self.sim.source.tube.warm_in = 0.0
        self.time = Timeline(self._passed)
        self.micrograys = 0.0  # as the tube gave them: 100 μGy per mA·s at 160 kV
        self.told_off: list[float] = []
        self._said: list[Happening] = []
        self._tick_at = 0.0
        self._folder = folder

    @asynccontextmanager
    async def works(self) -> AsyncIterator[ScannerInTime]:
        """Have the lane at work, closed, while the block runs."""
        doubles, by_url = Doubles(self.time), self._devices()
        links = lambda url, *_: Wire(by_url[url], self.time, WIRE[url])  # noqa: E731
        with ExitStack() as patched:
            for where, name, double in (
                (worker, "time", doubles.time),
                (worker, "queue", doubles.queue),
                (worker, "threading", doubles.threading),
                (acquisition, "time", doubles.time),
                (watch, "CLOCK", self.time),
                (devices, "open_link", links),
                (devices, "Detector", partial(Detector, clock=self.time)),
                (devices, "Conveyor", partial(Conveyor, clock=self.time)),
                (devices, "XraySource", partial(XraySource, clock=self.time)),
                (exposures.asyncio, "to_thread", _at_once(asyncio.to_thread)),
                (tube, "RAMP", 1000.0),  # kV/s
                (tube, "FILAMENT", 0.01),  # s
            ):
                patched.enter_context(patch.object(where, name, double))
            self._listen()
            outbox = Outbox(self._folder / "outbox.db", Address(site="s", unit="u"), self.time)
            patched.callback(outbox.close)
            config = read(written(self._folder, "scanner", {name: name for name in by_url}))
            self.unit: Any = ScannerUnit(
                config,
                outbox,
                BlobSpool(self._folder / "pictures"),
                self.time,
                self._said.append,
                card("xray_anomaly"),
                {},
                lambda _: None,
            )
            self.unit.start()
            try:
                yield self
            finally:
                self.unit._end_held()
                self.unit.lane.stop()
                await self._loop_turns()

    async def passes(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass until something is true; return whether it is."""
        deadline = self.time.at + seconds
        while not until():
            if self.time.at >= deadline:
                return False
            if self.time.turn():
                await self._loop_turns()
            else:
                self.time.advance(deadline)
            if self.time.at >= self._tick_at:
                self._tick_at = self.time.at + TICK
                self.unit.tick()
                await self._loop_turns()
        return True

    async def reaches(self, phase: Phase, within: float = 30.0) -> None:
        """Let time pass until the lane is in ``phase``."""
        there = await self.passes(within, lambda: self.unit.phase is phase)
        assert there, f"{self.unit.phase}, not {phase}: {self.unit.lane.faults.all}"

    async def comes_to(self, phase: Phase) -> None:
        """Bring the lane to a phase in which there is a beam, or is about to be."""
        seen = self.unit._lookout
        assert await self.passes(5.0, lambda: None not in (seen.conveyor, seen.source))
        assert await self.passes(5.0, lambda: self.unit.lane.connected(*NAMES))
        self.unit._exposures._dark, self.unit._exposures._calibration = references()
        self.unit._machinery._tube._at_level = self.time.at  # it has not rested
        if phase in (P.WARMING, P.AIRING):
            self._stands_at(P.WARMING)
            self.unit._machinery.beam_on(P.WARMING)
        else:
            self._stands_at(P.IDLE if phase in (P.RAISING, P.SCANNING) else P.TESTING)
            self.unit._belt_run()
            self.sim.conveyor.place("an item", LENGTH)
        await self.reaches(phase)

    async def beam(self) -> None:
        """Let time pass until the beam is on, and in a scan until lines come and the belt runs."""
        assert await self.passes(10.0, lambda: self.sim.source.tube.on)
        if self.unit.phase in SCANS:
            assert await self.passes(2.0, lambda: self.sim.conveyor.belt.wanted > 0)
            await self.passes(0.2)  # it has started by then

    async def cut_after(self, threat: Callable[[ScannerInTime], None], within: float) -> float:
        """Return the s from ``threat`` to the first command to turn the beam off, or infinity."""
        start, before = self.time.at, len(self.told_off)
        threat(self)
        told = await self.passes(within, lambda: len(self.told_off) > before)
        return self.told_off[before] - start if told else float("inf")

    def _stands_at(self, phase: Phase) -> None:
        """Put the lane into ``phase``, as if it had come there by itself."""
        self.unit._engine._machine.phase = phase

    def _devices(self) -> dict[str, Any]:
        sim = self.sim
        return {"conveyor": sim.conveyor, "xray_source": sim.source, "detector": sim.detector}

    def _listen(self) -> None:
        """Note when the beam is told off, either way, as the device takes it."""
        answer, obey = self.sim.source._answer, self.sim.conveyor._obey

        def answered(message: Any) -> Any:
            if message.command == Command.XRAY and message.arguments == ("0",):
                self.told_off.append(self.time.at)
            return answer(message)

        def obeyed(register: Holding, value: int) -> None:
            if register is Holding.BEAM_PERMISSION and not value:
                self.told_off.append(self.time.at)
            obey(register, value)

        self.sim.source._answer = answered  # type: ignore[method-assign]
        self.sim.conveyor._obey = obeyed  # type: ignore[method-assign]

    def _passed(self, seconds: float) -> None:
        self.sim._tick(seconds)
        tube = self.sim.source.tube
        if tube.on:
            self.micrograys += 100.0 * (tube.kv / 160.0) ** 2 * tube.ma * seconds

    async def _loop_turns(self) -> None:
        """Let the agent's loop do all there is to do."""
        for _ in range(TURNS):
            while self._said:
                self.unit.handle(self._said.pop(0))
            await asyncio.sleep(0)


NAMES = (devices.CONVEYOR, devices.SOURCE, devices.DETECTOR)


@cache
def references() -> tuple[Moments, Calibration]:
    """Return a dark reference of the simulated detector, and its calibration."""
    model = ScannerLane()._model
    dark, air = Moments(), Moments()
    dark.add(dark_counts(256, model, 12))
    air.add(air_counts(256, model, 11))
    assert np.all(air.mean.shape == (2, PIXELS))
    return dark, calibrate(dark, air, 0.0, 0)


def _at_once(in_thread: Callable[..., Any]) -> Callable[..., Any]:
    """Return `asyncio.to_thread` without the thread, but for what waits for lines there."""

    async def done(work: Callable[..., Any], *given: Any) -> Any:
        return await in_thread(work, *given) if work.__name__ == "_look" else work(*given)

    return done
