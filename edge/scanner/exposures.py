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
LEAD_MARGIN = 100.0  # mm of air in front of the item that are kept


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
        self._begun = asyncio.Event()
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
            self._lane.trouble(DETECTOR, error)
            return Event.CALIBRATION_FAILED
        return Event.AIR_TAKEN

    def begin(self) -> None:
        """Begin to take lines of an item."""
        self._end = end = threading.Event()
        self._begun = begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def lines_come() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(begun.set)

        job = self._workers.detector.ask(
            lambda detector: acquisition.scan(detector, end, lines_come)
        )
        self._scan = asyncio.wrap_future(job)
        self._scan.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def begun(self) -> Event:
        """Return when lines come."""
        await self._begun.wait()
        return Event.LINES_BEGIN

    async def broken(self) -> Event | None:
        """Return when the scan has failed, or with nothing when it is over."""
        assert self._scan is not None
        try:
            await asyncio.shield(self._scan)
        except DriverError as error:
            self._lane.trouble(DETECTOR, error)
            return Event.SCAN_FAILED
        return None

    def give_up(self) -> None:
        """End a scan that nobody wants any more."""
        self._end.set()
        self._scan = None

    async def analyse(self, story: Story) -> Event:
        """End the scan, find out what it shows, record it."""
        start = time.monotonic()
        self._end.set()
        if story.to_beam <= 0:
            self._recorder.unreadable(story, "the item was in the beam before lines came")
            return Event.ANALYSIS_FAILED
        try:
            assert self._scan is not None
            exposure = await self._scan
            analysis = await asyncio.to_thread(self._analyse, exposure, story.to_beam)
            pictures = await asyncio.to_thread(self._recorder.keep, analysis)
        except (DriverError, CalibrationError, BadPicture, UplinkError) as error:
            reason = f"{type(error).__name__}: {error}"
            self._recorder.unreadable(story, reason)
            return Event.ANALYSIS_FAILED
        story.stages |= {"analyse": round((time.monotonic() - start) * 1000, 1)}
        if not self._recorder.scanned(story, analysis, pictures):
            return Event.ANALYSIS_FAILED  # what is not on record must not leave
        return _EVENTS[analysis.finding.value]

    def _analyse(self, exposure: Exposure, to_beam: float) -> Analysis:
        """Look at ``exposure`` without the air in front of the item.

        The belt moves at most one pitch per line, slower while it starts: so many lines at least
        came before the item did.
        """
        assert self._calibration is not None
        lead = int((to_beam - LEAD_MARGIN) / self._geometry.pitch)
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
            self._lane.trouble(DETECTOR, error)
            return None


_EVENTS = {
    "clear": Event.FOUND_CLEAR,
    "suspect": Event.FOUND_SUSPECT,
    "unreadable": Event.ANALYSIS_FAILED,
}
