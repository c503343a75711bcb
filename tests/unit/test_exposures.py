"""The lane's calibration and scans: a real driver and detector, a recorder that only counts."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest

from contract.blob import Blob, Picture
from contract.inspection import Finding
from drivers.detector.detector import Detector
from drivers.link import open_link
from edge.scanner import exposures
from edge.scanner.config import Geometry, InspectionPolicy
from edge.scanner.exposures import Exposures
from edge.scanner.phases import Event
from edge.uplink.errors import SpoolFull
from models.xray import segmenter
from models.xray.projection import air_counts, dark_counts, make_detector
from models.xray.thresholds import Thresholds
from simulators.detector.device import FakeDetector
from simulators.serve import on_tcp

pytestmark = pytest.mark.realtime

PIXELS, RATE = 64, 5000.0
WORLD = make_detector(PIXELS, seed=1, dead=0)
AIR = air_counts(256, WORLD, 2).transpose(1, 0, 2)
DARK = dark_counts(256, WORLD, 3).transpose(1, 0, 2)


def nothing(picture, pitch_mm, threads):
    return segmenter.Finding(0.1, (), 0.0, np.zeros((1, 1), np.float32), (1, 1))


class Recorder:
    def __init__(self) -> None:
        self.kept: list[Picture] = []
        self.full = False

    def keep(self, files):
        if self.full:
            raise SpoolFull("the spool is full")
        made = [
            Picture(
                kind=file.kind, width=file.width, height=file.height, bits=16, personal=False,
                blob=Blob(sha256=f"{len(self.kept):064x}", size=1, media_type="image/jxl"),
            )
            for file in files
        ]  # fmt: skip
        self.kept += made
        return made

    def forget(self, pictures) -> None:
        for picture in list(pictures):
            self.kept.remove(picture)


class World:
    """Exposures with everything around them that they need, and nothing more."""

    def __init__(self, address: str, device: FakeDetector, pool: ThreadPoolExecutor) -> None:
        self.device, self.pool = device, pool
        self.detector = Detector(open_link(address))
        self.detector.configure(RATE)
        self.recorder = Recorder()
        self.troubles: list[Exception] = []
        self.now = 0.0
        self.exposures = Exposures(
            SimpleNamespace(trouble=lambda _, error: self.troubles.append(error)),
            SimpleNamespace(detector=SimpleNamespace(ask=self.ask)),
            self.recorder,
            InspectionPolicy(air_fresh_for=60.0, most_lost_lines=2),
            Geometry(free_edge=8.0),
            Thresholds(0.5, 0.4),
            SimpleNamespace(monotonic=lambda: self.now),
        )
        self.story = SimpleNamespace(to_beam=150.0, analysis=None, trouble="", stages={})

    def ask(self, job) -> Future:
        return self.pool.submit(job, self.detector)

    def beam(self, *, on: bool) -> None:
        self.device.beam_on = on
        self.device.source = AIR if on else DARK

    async def calibrated(self) -> None:
        self.beam(on=False)
        assert await self.exposures.take_dark() is Event.DARK_TAKEN
        assert not self.exposures.air_fresh
        self.beam(on=True)
        assert await self.exposures.take_air() is Event.AIR_TAKEN

    async def scanning(self, lines: int) -> None:
        self.exposures.begin()
        assert await self.exposures.begun() is Event.LINES_BEGIN
        self.exposures.expect(self.story.to_beam)
        await until(lambda: self.detector.ring.newest >= lines)


async def until(what) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


@contextmanager
def world() -> Iterator[World]:
    device = FakeDetector(DARK, rate=RATE)
    with (
        patch.object(exposures, "inspect", nothing),
        patch.object(exposures.acquisition, "SILENT_AFTER", 1.0),  # a busy machine is no fault
        on_tcp(device) as address,
        ThreadPoolExecutor(1) as pool,
    ):
        made = World(address, device, pool)
        yield made
        made.detector.close()


def test_an_item_is_calibrated_scanned_and_found_clear() -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        assert here.exposures._calibration.air_pixels == 8
        await here.scanning(300)
        assert await here.exposures.analyse(here.story) is Event.ANALYSED
        analysis = here.story.analysis
        assert analysis.finding is Finding.CLEAR, analysis.notes
        assert analysis.lines >= 300 - 50
        assert [picture.kind for picture in analysis.pictures] == ["low", "high"]
        assert analysis.pictures == here.recorder.kept
        assert analysis.overview.shape == (2, analysis.lines, PIXELS)
        assert {"normalise", "recognise", "encode", "keep"} <= set(analysis.stages)

    with world() as here:
        asyncio.run(lane(here))


def test_a_calibration_grows_old() -> None:
    async def lane(here: World) -> None:
        assert not here.exposures.air_fresh
        await here.calibrated()
        assert here.exposures.air_fresh
        here.now = 61.0
        assert not here.exposures.air_fresh

    with world() as here:
        asyncio.run(lane(here))


def test_air_that_is_dark_is_no_calibration() -> None:
    async def lane(here: World) -> None:
        assert await here.exposures.take_dark() is Event.DARK_TAKEN
        assert await here.exposures.take_air() is Event.CALIBRATION_FAILED
        assert "beam is on" in str(here.troubles[0])
        assert not here.exposures.air_fresh

    with world() as here:
        asyncio.run(lane(here))


def test_lost_lines_make_it_unreadable() -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        await here.scanning(100)
        here.device.faults.drop = 9
        await until(lambda: here.detector.ring.newest >= 300)
        assert await here.exposures.analyse(here.story) is Event.ANALYSED
        analysis = here.story.analysis
        assert (analysis.finding, analysis.lost) == (Finding.UNREADABLE, 9)
        assert analysis.notes == ["9 lines lost"]

    with world() as here:
        asyncio.run(lane(here))


def test_drift_beyond_all_bounds_asks_for_new_air() -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        changed = AIR.copy()
        changed[..., 20:30] = changed[..., 20:30] * 0.9
        here.device.source = changed
        await here.scanning(300)
        assert await here.exposures.analyse(here.story) is Event.ANALYSED
        assert here.story.analysis.finding is Finding.UNREADABLE
        assert not here.exposures.air_fresh
        assert [type(error).__name__ for error in here.troubles] == ["Drifted"]

    with world() as here:
        asyncio.run(lane(here))


def test_a_scan_that_breaks_is_a_failed_scan_and_leaves_nothing() -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        await here.scanning(3000)
        await until(lambda: here.recorder.kept)
        here.device.faults.hang_up = 1
        assert await here.exposures.broken() is Event.SCAN_FAILED
        assert "LinkLost" in type(here.troubles[0]).__name__
        here.exposures.give_up()
        await until(lambda: not here.recorder.kept)

    with world() as here:
        asyncio.run(lane(here))


@pytest.mark.parametrize("how", ["given up", "in the beam too early", "disk full"])
def test_what_is_not_finished_leaves_nothing(how: str) -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        await here.scanning(3000)
        await until(lambda: here.recorder.kept)
        here.recorder.full = how == "disk full"
        here.story.to_beam = -1.0 if how == "in the beam too early" else 150.0
        if how == "given up":
            here.exposures.give_up()
        else:
            assert await here.exposures.analyse(here.story) is Event.ANALYSIS_FAILED
            assert here.story.analysis is None
            assert ("full" if how == "disk full" else "before lines came") in here.story.trouble
        await until(lambda: not here.recorder.kept)
        await until(lambda: not here.device.running)

    with world() as here:
        asyncio.run(lane(here))


def test_an_analysis_that_is_dropped_ends_the_scan() -> None:
    async def lane(here: World) -> None:
        await here.calibrated()
        await here.scanning(100)
        task = asyncio.create_task(here.exposures.analyse(here.story))
        await asyncio.sleep(0)
        task.cancel()
        here.exposures.give_up()
        await until(lambda: not here.device.running)

    with world() as here:
        asyncio.run(lane(here))
    assert here.recorder.kept == []
