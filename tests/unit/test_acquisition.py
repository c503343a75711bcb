"""What the detector's thread does: references, scans, and every way a scan can end."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

from drivers.detector.detector import Detector
from drivers.detector.ring import LineRing, Tally
from drivers.errors import DriverError, LinkLost, NoAnswer
from edge.scanner import acquisition
from edge.scanner.acquisition import REFERENCE_LINES, reference, scan
from models.xray.projection import air_counts, make_detector
from simulators.cable import Cable, SimulatedTime
from simulators.detector.device import FakeDetector

PIXELS = 16
RATE = 1000.0


class Bench:
    """A detector whose time is the driver's own, and passes while it waits for bytes."""

    def __init__(self, photons: float = 20_000.0):
        air = air_counts(64, make_detector(PIXELS, seed=1, dead=0, photons=photons), 2)
        self.shown = air.transpose(1, 0, 2)
        self.device = FakeDetector(self.shown, rate=RATE, beam_on=True)
        self.time = SimulatedTime(self.device)
        self.heard: list[float] = []
        self.detector = Detector(
            Cable(self.device, self.time.advance),
            clock=self.time,
            heard=lambda: self.heard.append(self.time()),
        )
        self.detector.configure(RATE)
        self.rings: list[LineRing] = []
        self.end = threading.Event()

    def scan(self):
        return scan(self.detector, self.end, self.rings.append)

    def after(self, lines: int, what: Callable[[], object]) -> None:
        """Do ``what`` when so many lines have come."""
        tick, done = self.device.tick, []

        def ticked(seconds: float) -> None:
            tick(seconds)
            if self.device._next >= lines and self.device.running and not done:
                done.append(what())

        self.device.tick = ticked


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(acquisition.time, "monotonic", made.time)
    return made


@contextmanager
def stopped(bench: Bench):
    yield
    assert not bench.device.running
    assert not bench.detector.running
    assert all(ring._ended for ring in bench.rings)


@contextmanager
def told_at_once(bench: Bench):
    """Whoever polls the detector stops it; until then nobody waits for that."""
    yield
    assert bench.detector.running
    assert all(ring._ended for ring in bench.rings)
    bench.detector.stop()
    assert not bench.device.running
    assert not bench.detector.running


def test_a_scan_ends_when_it_is_told_to_and_loses_nothing(bench: Bench) -> None:
    bench.after(300, bench.end.set)
    with stopped(bench):
        ended = bench.scan()
    [ring] = bench.rings
    assert not ended.cut
    assert ended.quiet < 0.02
    assert ring.tally == Tally()
    block = ring.take()
    assert len(block) >= 300
    assert np.array_equal(block.counts[:, 7], bench.shown[7])


@pytest.mark.parametrize("lines", [0, 200])
def test_a_detector_that_falls_silent_ends_it_soon(bench: Bench, lines: int) -> None:
    def stall() -> None:
        bench.device.faults.stall = True
        bench.stalled_at = bench.time()

    if lines:
        bench.after(lines, stall)
    else:
        stall()
    with told_at_once(bench), pytest.raises(NoAnswer, match="no line in"):
        bench.scan()
    took = bench.time() - bench.stalled_at
    assert took <= (0.15 if lines else 1.1)
    assert len(bench.rings) == bool(lines)


def pulled(bench: Bench) -> None:
    """Pull the detector's cable: neither lines nor answers, and no word of it."""
    bench.device.faults.stall, bench.device.faults.mute = True, 10_000
    bench.stalled_at = bench.time()


def test_a_link_that_dies_in_a_scan_is_told_before_anything_is_asked_of_it(bench: Bench) -> None:
    bench.after(200, lambda: pulled(bench))
    with pytest.raises(NoAnswer, match="no line in"):
        bench.scan()
    assert bench.time() - bench.stalled_at <= 0.15


def test_a_link_that_dies_in_a_reference_is_told_at_once(bench: Bench) -> None:
    bench.after(60, lambda: pulled(bench))
    with pytest.raises(NoAnswer, match="no line in"):
        reference(bench.detector)
    assert bench.time() - bench.stalled_at <= 0.15


def test_a_detector_without_a_line_yet_says_that_it_is_there(bench: Bench) -> None:
    """So its pulse goes on until the first line, and one whose link has died has none."""
    bench.device.faults.stall = True
    bench.heard.clear()
    with told_at_once(bench), pytest.raises(NoAnswer):
        bench.scan()
    beats = [0.0, *bench.heard]
    assert max(late - early for early, late in pairwise(beats)) < 0.08
    assert beats[-1] > 0.9


def test_a_dead_link_has_no_pulse(bench: Bench) -> None:
    bench.after(0, lambda: pulled(bench))
    with pytest.raises(NoAnswer):
        bench.scan()
    assert bench.heard[-1] <= bench.stalled_at


def test_a_detector_that_counts_afresh_is_as_good_as_silent(bench: Bench) -> None:
    bench.after(500, lambda: setattr(bench.device.faults, "restart", 1))
    with told_at_once(bench), pytest.raises(NoAnswer):
        bench.scan()
    assert bench.rings[0].tally.restarted > 50


def test_lines_that_stop_just_before_the_end_are_told(bench: Bench) -> None:
    bench.after(300, lambda: setattr(bench.device.faults, "stall", True))
    bench.after(380, bench.end.set)
    with stopped(bench):
        ended = bench.scan()
    assert 0.05 < ended.quiet < 0.12


def test_a_scan_without_end_is_cut(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquisition, "MOST_LINES", 400)
    with stopped(bench):
        assert bench.scan().cut


def test_a_lost_link_ends_it_and_is_raised(bench: Bench) -> None:
    def pull() -> None:
        def gone(*_: object) -> bytes:
            raise LinkLost("pulled")

        bench.detector._link.read = bench.detector._link.write = gone

    bench.after(100, pull)
    with pytest.raises(LinkLost):
        bench.scan()
    assert bench.rings[0]._ended


def test_a_detector_that_refuses_is_raised(bench: Bench) -> None:
    bench.device.faults.mute = 3
    with pytest.raises(DriverError):
        bench.scan()
    assert bench.rings == []


@pytest.mark.parametrize(
    ("photons", "lines"), [(20_000, REFERENCE_LINES[0]), (400, REFERENCE_LINES[1])]
)
def test_a_reference_is_as_long_as_its_noise_wants(monkeypatch, photons, lines) -> None:
    bench = Bench(photons)
    monkeypatch.setattr(acquisition.time, "monotonic", bench.time)
    taken = reference(bench.detector)
    assert lines <= taken.lines < lines + 64
    assert taken.mean == pytest.approx(bench.shown.mean(0), rel=0.05)
    assert not bench.device.running
    assert reference(bench.detector, REFERENCE_LINES[0]).lines < REFERENCE_LINES[0] + 64


def test_lost_lines_are_not_part_of_a_reference(bench: Bench) -> None:
    bench.after(20, lambda: setattr(bench.device.faults, "drop", 30))
    taken = reference(bench.detector)
    assert taken.mean.min() > 20_000
    assert taken.spread.max() < 3_000


def test_a_reference_of_a_detector_that_falls_silent_ends_soon(bench: Bench) -> None:
    bench.after(60, lambda: setattr(bench.device.faults, "stall", True))
    with told_at_once(bench), pytest.raises(NoAnswer):
        reference(bench.detector)
    assert bench.time() < 0.06 + 0.2
