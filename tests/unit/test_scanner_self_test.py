import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.blob import Picture
from contract.inspection import Finding
from edge.scanner.analysis import Analysis
from edge.scanner.calibration import calibrate
from edge.scanner.deciding import Deciding
from edge.scanner.images import load
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.phantom.measure import self_test
from edge.scanner.phantom.perform import SCAN
from edge.scanner.phases import Event
from edge.scanner.pictures import PART, WIDEST, Overview, Rendered, as_counts, render
from edge.scanner.self_test import GRACE, PhantomScan, SelfTestDuty, measures
from edge.scanner.story import Recorder, Story
from edge.uplink.blobs import BlobSpool
from models.catalogue import card
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from simulators.world.phantom import Wear, drifted, phantom_tau, worn

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)


def duty(folder: Path, clock: Clock, required: bool = True) -> SelfTestDuty:
    return SelfTestDuty(SelfTest(required=required), folder, clock)


Image = NDArray[np.float32]
FINE, WIDE = (
    0.4,
    2600,
)  # mm of a pixel, and how many: a metre, of which the picture in small has 650


def parts(transmission: Image) -> list[Rendered]:
    """Return the files of a scan as the lane makes them."""
    counts = as_counts(transmission)
    tops = range(0, counts.shape[1], PART)
    return [file for top in tops for file in render(counts[:, top : top + PART], top // PART)]


def scan(transmission: Image, pitch_mm: float = 1.0) -> PhantomScan:
    files = parts(transmission)
    return PhantomScan(named(files), [file.content for file in files], pitch_mm)


def named(files: list[Rendered]) -> list[Picture]:
    blob = {"sha256": "0" * 64, "size": 1, "media_type": "image/jxl"}
    return [
        Picture.model_validate(
            {"kind": f.kind, "blob": blob, "width": f.width, "height": f.height,
             "bits": 16, "personal": False}
        )
        for f in files
    ]  # fmt: skip


def level(transmission: float) -> PhantomScan:
    return scan(np.full((2, 300, 300), transmission, np.float32))


def phantom_seen(wear: Wear) -> Image:
    """Return the phantom as a detector of many fine pixels sees it, in the middle of much air."""
    depth = phantom_tau(lines=800, pixels=1300, pitch_mm=FINE)
    new = worn(make_detector(depth.shape[2], seed=1), wear)
    references = (dark_counts(128, new, 2), air_counts(128, new, 3))
    seen = calibrate(*references, at=0.0).picture(raw_counts(depth, drifted(new, wear), 4))
    beside = (WIDE - depth.shape[2]) // 2
    return np.pad(
        np.asarray(seen.transmission, np.float32), ((0, 0), (0, 0), (beside, beside)), mode="wrap"
    )


def test_a_lane_that_need_not_test_itself_is_never_due(tmp_path: Path) -> None:
    free = duty(tmp_path, Clock(), required=False)
    assert not free.due
    assert not free.overdue


def test_a_lane_that_never_passed_is_due_at_once(tmp_path: Path) -> None:
    mine = duty(tmp_path, Clock())
    assert mine.due
    assert mine.overdue


def test_a_test_is_good_for_a_day_then_due_then_overdue(tmp_path: Path) -> None:
    clock = Clock()
    mine = duty(tmp_path, clock)
    mine._passed_at = clock.now().timestamp()
    said = []
    for later in (0.0, DAY - 1, DAY, DAY + GRACE - 1, DAY + GRACE, -1.0):
        now, clock.at = clock.at, clock.at + later
        said.append((mine.due, mine.overdue))
        clock.at = now
    free, due, over = (False, False), (True, False), (True, True)
    assert said == [free, free, due, due, over, over], "a clock set back makes it due as well"


def test_what_is_no_phantom_fails_and_is_due_again(tmp_path: Path) -> None:
    clock = Clock()
    mine = duty(tmp_path, clock)
    result = mine.judge(level(1.0))
    assert not result.passed
    assert (tmp_path / SCAN).exists(), "the scan can be looked at"
    mine._passed_at = clock.now().timestamp()
    mine.concluded(result)
    assert mine.due
    assert duty(tmp_path, clock).due, "and after a restart too"


def test_a_disk_that_refuses_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.scanner.self_test.keep_scan", refuses)
    result = duty(tmp_path, Clock()).judge(level(1.0))
    assert not result.passed
    assert "No space left" in " ".join(result.warnings)


def test_what_could_not_be_measured_is_no_measure(tmp_path: Path) -> None:
    result = duty(tmp_path, Clock()).judge(level(0.5))
    told = measures(result.measurements)
    assert len(told) == sum(one.value is not None for one in result.measurements)


# A detector of more pixels than a picture in small has ------------------------------------------


def test_a_blurred_detector_of_many_pixels_fails(tmp_path: Path) -> None:
    blurred = phantom_seen(Wear(blur=1.0))
    assert blurred.shape[2] > WIDEST
    small = Overview(WIDE, FINE)
    small.add(as_counts(blurred), np.zeros(blurred.shape[1], np.bool_))
    assert self_test(small.picture(), 0.0, None, small.pitch_mm).passed, "in small nothing shows"
    result = duty(tmp_path, Clock()).judge(scan(blurred, FINE))
    assert {m.name for m in result.failures} == {"resolution across", "resolution along"}
    assert load(tmp_path / SCAN).transmission.shape == blurred.shape, "kept as fine as it is"


def test_a_good_detector_of_many_pixels_passes(tmp_path: Path) -> None:
    result = duty(tmp_path, Clock()).judge(scan(phantom_seen(Wear()), FINE))
    assert result.passed, result.told()


def test_parts_are_put_together_in_their_order() -> None:
    rng = np.random.default_rng(1)
    seen = rng.random((2, PART + 70, 40), np.float32)
    assert np.abs(scan(seen).picture() - seen).max() < 1 / 65_535
    assert np.abs(scan(seen[:1]).picture() - seen[:1]).max() < 1 / 65_535
    assert scan(seen).pixels == scan(seen[:1]).pixels == (PART + 70) * 40


def test_a_scan_that_is_too_large_is_refused_and_not_decoded(tmp_path: Path) -> None:
    huge = named([Rendered(kind, b"", 20_000, 2000) for kind in ("low", "high")])
    result = duty(tmp_path, Clock()).judge(PhantomScan(huge, [b"", b""], 0.1))
    assert not result.passed
    assert "scan the phantom alone" in result.reason


# From the scan to the record --------------------------------------------------------------------


class Kept:
    """A lane that keeps what is recorded."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.troubles: list[str] = []
        self.clock = Clock()

    def record(self, _: object, __: str, data: Any, state: object = None) -> bool:
        self.events.append(data)
        return True

    def report(self) -> None:
        return None

    def trouble(self, _: str, error: Exception) -> None:
        self.troubles.append(str(error))


class Bench:
    """What judges a phantom, with a real recorder and spool."""

    def __init__(self, folder: Path, pitch_mm: float = 1.0) -> None:
        self.lane, self.spool = Kept(), BlobSpool(folder / "pictures")
        lane: Any = self.lane
        book: Any = SimpleNamespace(day=SimpleNamespace(model_dump_json=lambda: "{}"))
        self.recorder = Recorder(lane, self.spool, card("xray_scenes"), 0.5, book)
        memory: Any = None
        self.deciding = Deciding(
            lane, self.recorder, [], duty(folder, Clock()), memory, pitch_mm, Clock()
        )

    def judged(self, transmission: Image, finding: Finding, notes: list[str]) -> Event:
        """Return what becomes of a phantom that is scanned so."""
        story = Story(0.0, phantom=True)
        self.recorder.phantom_begins()
        pictures = self.recorder.keep(parts(transmission))

        async def analyse(of: Story) -> Event:
            of.analysis = Analysis(finding, 0.0, [], pictures, notes, {}, 0.5)
            return Event.ANALYSED

        return asyncio.run(self.deciding.judge(story, analyse))


def healthy() -> Image:
    depth = phantom_tau(lines=380, pixels=480)
    new = make_detector(480, seed=1)
    references = (dark_counts(128, new, 2), air_counts(128, new, 3))
    seen = calibrate(*references, at=0.0).picture(raw_counts(depth, new, 4))
    return np.asarray(seen.transmission, np.float32)


def test_a_phantom_that_was_seen_well_passes_and_is_sent_to_nobody(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.judged(healthy(), Finding.SUSPECT, []) is Event.TEST_PASSED
    [tested] = bench.lane.events
    assert tested.passed
    assert not bench.spool.pending()


def test_a_scan_that_would_hold_an_item_proves_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    said = bench.judged(healthy(), Finding.UNREADABLE, ["7 lines lost"])
    assert said is Event.TEST_FAILED
    [tested] = bench.lane.events
    assert not tested.passed
    assert "7 lines lost" in tested.detail
    assert "7 lines lost" in bench.lane.troubles[0]
    assert bench.deciding._duty.due


def test_what_comes_after_the_test_is_spooled_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.judged(healthy(), Finding.CLEAR, [])
    assert bench.recorder.keep(parts(healthy()))
    assert len(bench.spool.pending()) == 2
    bench.recorder.phantom_begins()  # a test that was given up
    bench.recorder.started(Story(0.0), None)
    bench.recorder.keep(parts(healthy() * np.float32(0.5)))
    assert len(bench.spool.pending()) == 4
