"""What the detector takes for the lane: references, and items, and what becomes of them.

Each job answers with one event of the table. A scan that failed is never mistaken for one. An item
is looked at while it moves (edge/scanner/processing.py); what is given up is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError

import numpy as np

from contract.blob import Picture
from drivers.detector.detector import Detector
from drivers.detector.ring import LineRing
from drivers.errors import DriverError
from edge.runtime.clock import Clock
from edge.runtime.lane import Lane
from edge.scanner import acquisition
from edge.scanner.acquisition import REFERENCE_LINES, Ended
from edge.scanner.analysis import analyse
from edge.scanner.calibration import Calibration, CalibrationError, calibrate
from edge.scanner.conditions import TAIL_MARGIN
from edge.scanner.config import Geometry, InspectionPolicy
from edge.scanner.devices import DETECTOR, Workers
from edge.scanner.moments import Moments
from edge.scanner.phases import Event
from edge.scanner.processing import GivenUp, Processing, Seen
from edge.scanner.story import Recorder, Story
from edge.scanner.strips import Sight
from edge.scanner.tip.measured import Noise
from edge.uplink.errors import UplinkError
from models.xray.segmenter import inspect
from models.xray.thresholds import Thresholds

LEAD_MARGIN = 100.0  # mm of air in front of the item that are kept


class NotCalibrated(Exception):
    """An item came before there was a calibration."""


class Drifted(Exception):
    """The calibration cannot follow the detector any more."""


class Scan:
    """One item: its lines come in the detector's thread, and are looked at in another."""

    def __init__(
        self,
        processing: Processing[Picture],
        forget: Callable[[Iterable[Picture]], None],
        silent_after: float,
    ) -> None:
        self.processing = processing
        self.end = threading.Event()
        self.begun = asyncio.Event()
        self.ended: asyncio.Future[Ended]
        self.seen: asyncio.Future[Seen[Picture]]
        self._forget = forget
        self._silent_after = silent_after
        self._turn = threading.Lock()
        self._unwanted = self._looked = False
        self._ring: Future[LineRing] = Future()
        self._loop = asyncio.get_running_loop()

    def start(self, workers: Workers) -> None:
        """Begin to take lines."""
        self.ended = asyncio.wrap_future(workers.detector.ask(self._take))
        self.ended.add_done_callback(self._over)
        self.seen = asyncio.ensure_future(asyncio.to_thread(self._look))
        self.seen.add_done_callback(_heard)

    def give_up(self) -> None:
        """End it, whatever was seen, and forget what was kept of it."""
        self.end.set()
        self.processing.give_up()
        self._no_lines()
        with self._turn:
            self._unwanted = True
            looked = self._looked
        if looked:
            self._forget(self.processing.kept)

    def _take(self, detector: Detector) -> Ended:
        return acquisition.scan(detector, self.end, self._lines_come, self._silent_after)

    def _lines_come(self, ring: LineRing) -> None:
        with contextlib.suppress(InvalidStateError):  # given up meanwhile
            self._ring.set_result(ring)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.begun.set)

    def _look(self) -> Seen[Picture]:
        try:
            return self.processing.run(self._ring.result())
        finally:
            with self._turn:
                self._looked = True
                unwanted = self._unwanted
            if unwanted:
                self._forget(self.processing.kept)

    def _over(self, ended: asyncio.Future[Ended]) -> None:
        """Let nobody wait for lines of a scan that has failed or never began."""
        if ended.cancelled() or ended.exception() is not None:
            self.processing.give_up()
        self._no_lines()

    def _no_lines(self) -> None:
        with contextlib.suppress(InvalidStateError):  # they came
            self._ring.set_exception(GivenUp())


class Exposures:
    """The lane's calibration, and the scan under way."""

    def __init__(
        self,
        lane: Lane,
        workers: Workers,
        recorder: Recorder,
        policy: InspectionPolicy,
        geometry: Geometry,
        thresholds: Thresholds,
        clock: Clock,
    ) -> None:
        self._lane = lane
        self._workers = workers
        self._recorder = recorder
        self._policy = policy
        self._geometry = geometry
        self._thresholds = thresholds
        self._clock = clock
        self._dark: Moments | None = None
        self._calibration: Calibration | None = None
        self._scan: Scan | None = None

    @property
    def air_fresh(self) -> bool:
        """Whether the calibration may still be used: young enough, and not drifted too far."""
        known = self._calibration
        return known is not None and known.fresh(
            self._clock.monotonic(), self._policy.air_fresh_for
        )

    @property
    def noise(self) -> Noise | None:
        """The noise of the references that items are calibrated with, None before there are any."""
        known, dark = self._calibration, self._dark
        if known is None or dark is None:
            return None
        return Noise(known.noise, np.asarray(dark.noise / np.median(known.gain, -1)))

    async def take_dark(self) -> Event:
        """Take the dark reference."""
        self._calibration = None
        self._dark = await self._reference()
        return Event.CALIBRATION_FAILED if self._dark is None else Event.DARK_TAKEN

    async def take_air(self) -> Event:
        """Take the air reference, make the calibration, and check it on a second look."""
        air = await self._reference()
        check = None if air is None else await self._reference(REFERENCE_LINES[0])
        if air is None or check is None or self._dark is None:
            return Event.CALIBRATION_FAILED
        try:
            self._calibration = await asyncio.to_thread(self._calibrated, self._dark, air, check)
        except CalibrationError as error:
            self._lane.trouble(DETECTOR, error)
            return Event.CALIBRATION_FAILED
        return Event.AIR_TAKEN

    def begin(self) -> None:
        """Begin to take lines of an item."""
        self.give_up()
        if self._calibration is None:
            raise NotCalibrated("take a dark and an air reference first")
        processing = Processing(
            self._calibration, self._geometry.pitch, Sight(inspect), self._recorder.keep
        )
        self._scan = Scan(processing, self._recorder.forget, self._policy.silent_for)
        self._scan.start(self._workers)

    def expect(self, to_beam: float) -> None:
        """Say how many mm of air come before the item.

        The belt moves at most one pitch per line, slower while it starts: so many lines at least
        come before the item does.
        """
        if self._scan is not None:
            lead = int((to_beam - LEAD_MARGIN) / self._geometry.pitch)
            self._scan.processing.expect(max(0, lead))

    async def begun(self) -> Event:
        """Return when lines come."""
        assert self._scan is not None
        await self._scan.begun.wait()
        return Event.LINES_BEGIN

    async def broken(self) -> Event | None:
        """Return when the scan has failed, or with nothing when it is over."""
        assert self._scan is not None
        try:
            await asyncio.shield(self._scan.ended)
        except DriverError as error:
            self._lane.trouble(DETECTOR, error)
            return Event.SCAN_FAILED
        return None

    def give_up(self) -> None:
        """End a scan that nobody wants any more."""
        scan, self._scan = self._scan, None
        if scan is not None:
            scan.give_up()

    async def analyse(self, story: Story) -> Event:
        """End the scan and find out what it shows: ``story.analysis``, or ``story.trouble``."""
        start = time.monotonic()
        assert self._scan is not None
        scan = self._scan
        scan.end.set()
        if story.to_beam <= 0:
            return self._troubled(story, "the item was in the beam before lines came")
        self.expect(story.to_beam)
        try:
            ended = await asyncio.shield(scan.ended)
            seen = await asyncio.shield(scan.seen)
        except (DriverError, CalibrationError, UplinkError, GivenUp) as error:
            return self._troubled(story, f"{type(error).__name__}: {error}")
        self._follow(seen.calibration)
        threshold = self._thresholds.of(len(seen.overview))
        story.analysis = analyse(seen, ended, threshold, self._policy, self._most_quiet)
        story.stages |= {"analyse": round((time.monotonic() - start) * 1000, 1)}
        self._scan = None  # what was kept is the item's now
        return Event.ANALYSED

    def _troubled(self, story: Story, reason: str) -> Event:
        self.give_up()
        story.trouble = reason
        return Event.ANALYSIS_FAILED

    def _calibrated(self, dark: Moments, air: Moments, check: Moments) -> Calibration:
        made = calibrate(dark, air, self._clock.monotonic(), self._air_pixels)
        made.check(check, air.lines)
        return made

    def _follow(self, calibration: Calibration) -> None:
        """Go on with a gain that followed the air in front of the item, if none is newer."""
        if self._calibration is not None and self._calibration.at == calibration.at:
            self._calibration = calibration
        if calibration.trouble:
            self._lane.trouble(DETECTOR, Drifted(calibration.trouble))

    @property
    def _most_quiet(self) -> float:
        """The s before the end in which no line need have come: only the margin passed then."""
        return TAIL_MARGIN / self._geometry.scan_speed

    @property
    def _air_pixels(self) -> int:
        return int(self._geometry.free_edge / self._geometry.pitch)

    async def _reference(self, most: int = REFERENCE_LINES[1]) -> Moments | None:
        silent_after = self._policy.silent_for
        job = self._workers.detector.ask(
            lambda detector: acquisition.reference(detector, most, silent_after)
        )
        try:
            return await asyncio.wrap_future(job)
        except DriverError as error:
            self._lane.trouble(DETECTOR, error)
            return None


def _heard(done: asyncio.Future[Seen[Picture]]) -> None:
    """Take note of an error that nobody may wait for any more."""
    if not done.cancelled():
        done.exception()
