"""What the detector takes for the lane: references, and items, and what becomes of them.

Each job answers with one event of the table. An exposure that failed is never mistaken for one.
"""

from __future__ import annotations

import asyncio
import threading
import time

from drivers.errors import DriverError
from edge.runtime.clock import Clock
from edge.runtime.lane import Lane
from edge.scanner import acquisition
from edge.scanner.acquisition import Exposure
from edge.scanner.analysis import Analysis, analyse
from edge.scanner.calibration import Calibration, CalibrationError, Counts, calibrate
from edge.scanner.config import Geometry, InspectionPolicy
from edge.scanner.devices import DETECTOR, Workers
from edge.scanner.inspection import Event
from edge.scanner.story import Recorder, Story
from edge.uplink.errors import UplinkError
from models.xray.segmenter import BadPicture

REFERENCE_LINES = 128
LEAD_MARGIN = 150.0  # mm in front of the item that are kept: what the belt took to stop, and air


class Exposures:
    """The lane's calibration, and the scan under way."""

    def __init__(
        self,
        lane: Lane,
        workers: Workers,
        recorder: Recorder,
        policy: InspectionPolicy,
        geometry: Geometry,
        threshold: float,
        clock: Clock,
    ) -> None:
        self._lane = lane
        self._workers = workers
        self._recorder = recorder
        self._policy = policy
        self._geometry = geometry
        self._threshold = threshold
        self._clock = clock
        self._dark: Counts | None = None
        self._calibration: Calibration | None = None
        self._scan: asyncio.Future[Exposure] | None = None
        self._end = threading.Event()

    @property
    def air_fresh(self) -> bool:
        """Whether the air reference may still be used."""
        known = self._calibration
        return known is not None and known.fresh(
            self._clock.monotonic(), self._policy.air_fresh_for
        )

    async def take_dark(self) -> Event:
        """Take the dark reference."""
        self._calibration = None
        exposure = await self._reference()
        if exposure is None:
            return Event.CALIBRATION_FAILED
        self._dark = exposure.counts
        return Event.DARK_TAKEN

    async def take_air(self) -> Event:
        """Take the air reference and make the calibration."""
        exposure = await self._reference()
        if exposure is None or self._dark is None:
            return Event.CALIBRATION_FAILED
        try:
            self._calibration = calibrate(self._dark, exposure.counts, self._clock.monotonic())
        except CalibrationError as error:
            self._lane.faults.raise_(DETECTOR, "CalibrationError", str(error))
            return Event.CALIBRATION_FAILED
        return Event.AIR_TAKEN

    def begin(self) -> None:
        """Begin to take lines of an item."""
        self._end = end = threading.Event()
        job = self._workers.detector.ask(lambda detector: acquisition.scan(detector, end))
        self._scan = asyncio.wrap_future(job)
        self._scan.add_done_callback(lambda done: done.cancelled() or done.exception())

    def give_up(self) -> None:
        """End a scan that nobody wants any more."""
        self._end.set()
        self._scan = None

    async def analyse(self, story: Story) -> Event:
        """End the scan, find out what it shows, record it."""
        start = time.monotonic()
        self._end.set()
        try:
            assert self._scan is not None
            exposure = await self._scan
            analysis = await asyncio.to_thread(self._analyse, exposure)
            pictures = await asyncio.to_thread(self._recorder.keep, analysis)
        except (DriverError, CalibrationError, BadPicture, UplinkError) as error:
            reason = f"{type(error).__name__}: {error}"
            self._recorder.unreadable(story, reason)
            return Event.ANALYSIS_FAILED
        story.stages |= {"analyse": round((time.monotonic() - start) * 1000, 1)}
        if not self._recorder.scanned(story, analysis, pictures, exposure.lost):
            return Event.ANALYSIS_FAILED  # what is not on record must not leave
        return _EVENTS[analysis.finding.value]

    def _analyse(self, exposure: Exposure) -> Analysis:
        assert self._calibration is not None
        lead = round((self._geometry.entry_to_beam - LEAD_MARGIN) / self._geometry.pitch)
        return analyse(
            exposure.without_lead(max(0, lead)),
            self._calibration,
            self._threshold,
            self._policy.most_lost_lines,
            self._geometry.pitch,
        )

    async def _reference(self) -> Exposure | None:
        job = self._workers.detector.ask(
            lambda detector: acquisition.take(detector, REFERENCE_LINES)
        )
        try:
            return await asyncio.wrap_future(job)
        except DriverError as error:
            self._lane.faults.raise_(DETECTOR, type(error).__name__, str(error))
            return None


_EVENTS = {
    "clear": Event.FOUND_CLEAR,
    "suspect": Event.FOUND_SUSPECT,
    "unreadable": Event.ANALYSIS_FAILED,
}
