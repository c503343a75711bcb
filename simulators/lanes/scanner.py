"""A scanner without a tube: conveyor, generator and detector wired together, and goods on the belt.

One thread lets time pass for all three in step, a detector line at a time, so that a line shows
what lies in the beam at its very moment. The generator's interlock loop runs through the
conveyor's permission relay, as in a real lane. With ``identifies`` there are a radiation portal, a
weighbridge and a container number camera in front of the belt too; they keep time by themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from drivers.conveyor.registers import Diverter
from models.xray.projection import FULL_SCALE, air_counts, dark_counts, make_detector
from simulators.container_camera.device import FakeContainerCamera
from simulators.conveyor.device import FakeConveyor
from simulators.detector.device import FakeDetector
from simulators.lanes.waiting import sees
from simulators.radiation.device import FakePortal
from simulators.serve import on_pty, on_tcp
from simulators.weighbridge.device import FakeWeighbridge
from simulators.world.goods import PITCH_MM, raw_counts
from simulators.world.items import PIXELS, Item
from simulators.xray_source.device import FakeXraySource

Counts = NDArray[np.uint16]

REFERENCE_LINES = 256  # different lines of air, and of dark, that the detector can show
RATE = 400.0  # lines per second
SCANNED_WITHIN = 90.0  # s for an item to be through, operators included
READ_NOISE = 2  # counts, of a row that is read out again: no two lines look the same
LATE = 0.25  # s of time that may be caught up at once; more is forgotten


@dataclass
class ScannerLane:
    """The devices, their addresses, and what lies on the belt."""

    pace: float = 1.0  # how much faster than life belt, tube and detector run
    conveyor: FakeConveyor = field(default_factory=FakeConveyor)
    source: FakeXraySource = field(default_factory=FakeXraySource)
    identifies: bool = False
    portal: FakePortal = field(default_factory=FakePortal)
    weighbridge: FakeWeighbridge = field(default_factory=FakeWeighbridge)
    camera: FakeContainerCamera = field(default_factory=FakeContainerCamera)
    urls: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.conveyor.pace = self.pace
        model = make_detector(PIXELS, seed=7)
        self._model = model
        self._air = air_counts(REFERENCE_LINES, model, 11)
        self._dark = dark_counts(REFERENCE_LINES, model, 12)
        self._pictures: dict[str, Counts] = {}
        self._numbers = count(1)
        self._noise = np.random.default_rng(13)
        self._read = ("", -1)  # the picture and its row that were read out last
        self.detector = FakeDetector(self._line, rate=RATE)
        self.last_line_at = 0.0  # monotonic s; when the detector was last told to stop

    @contextmanager
    def served(self) -> Iterator[ScannerLane]:
        """Put every device behind its port while the block runs."""
        with ExitStack() as ports:
            self.urls = {
                "conveyor": ports.enter_context(on_pty(self.conveyor, clock=None)),
                "xray_source": ports.enter_context(on_pty(self.source, clock=None)),
                "detector": ports.enter_context(on_tcp(self.detector, clock=None)),
            }
            if self.identifies:
                self.urls |= {
                    "radiation_portal": ports.enter_context(on_pty(self.portal)),
                    "weighbridge": ports.enter_context(on_pty(self.weighbridge)),
                    "container_camera": ports.enter_context(on_pty(self.camera)),
                }
            world = threading.Thread(target=self._pass_time, name="scanner-world")
            world.start()
            try:
                yield self
            finally:
                self.stopping.set()
                world.join()

    def passes(self, item: Item) -> Diverter | None:
        """Lay ``item`` on the belt and wait until it has left it; return where to, None if not."""
        return self.follows(item) if self._sees(self._ready) else None

    def follows(self, item: Item) -> Diverter | None:
        """Lay ``item`` on the belt whatever lies there; return where it went, None if nowhere."""
        tag = f"{item.tag}, number {next(self._numbers)}"  # the same goods may come again
        self._pictures[tag] = raw_counts(item.scene, self._model)
        length = item.scene.tau.shape[1] * PITCH_MM
        self.conveyor.place(tag, length)
        try:
            self._sees(lambda: self._left(tag) is not None)
            return self._left(tag)
        finally:
            del self._pictures[tag]

    def announced(self, number: str, kilograms: float, gamma: float = 0.0) -> None:
        """Let what comes next pass portal, weighbridge and camera first."""
        self.portal.vehicle_enters(length=1.0, kph=8.0, gamma=gamma)
        self.weighbridge.drive_on(kilograms)
        self.camera.container_passes(number)

    def _ready(self) -> bool:
        """Whether the belt runs empty towards a closed diverter: the lane waits for an item."""
        belt = self.conveyor.belt
        return belt.wanted > 0 and not belt.items and self.conveyor.diverter is Diverter.HOLD

    def _left(self, tag: str) -> Diverter | None:
        gone = list(self.conveyor.belt.gone)
        return next((where for item, where in gone if item.tag == tag), None)

    def _sees(self, what: Callable[[], bool], within: float = SCANNED_WITHIN) -> bool:
        return sees(what, within, self.stopping)

    def _pass_time(self) -> None:
        last = time.monotonic()
        while not self.stopping.wait(0.005):
            now = time.monotonic()
            owed = min(now - last, LATE) * self.pace
            last = now
            while owed > 0:
                step = min(owed, 1 / RATE)
                self._tick(step)
                owed -= step

    def _tick(self, seconds: float) -> None:
        self.conveyor.tick(seconds)
        self.source.set_interlock(self.conveyor.beam_permitted)
        self.source.tick(seconds)
        ran = self.detector.running
        self.detector.beam_on = self.source.beam_on
        self.detector.tick(seconds)
        if ran:
            self.last_line_at = time.monotonic()

    def _line(self, number: int) -> Counts:
        if not self.source.beam_on:
            return self._dark[:, number % REFERENCE_LINES]
        seen = self.conveyor.belt.in_beam
        if seen is not None and (picture := self._pictures.get(seen[0].tag)) is not None:
            row = int(seen[1] / PITCH_MM)
            if 0 <= row < picture.shape[1]:
                return self._read_out(picture[:, row], (seen[0].tag, row))
        return self._air[:, number % REFERENCE_LINES]

    def _read_out(self, row: Counts, which: tuple[str, int]) -> Counts:
        """Return a row; with a noise of its own if it is the same again, as the belt is slow."""
        again, self._read = which == self._read, which
        if not again:
            return row
        noise = self._noise.integers(-READ_NOISE, READ_NOISE + 1, row.shape)
        return np.asarray(np.clip(row + noise, 0, FULL_SCALE), np.uint16)
