"""Acquisition: a detector at full rate over TCP, the finding on disk after its last line, and the
decision on record when everything else has looked at the item as well (deciding.py).

The detector (5 000 pixels × two energies × 16 bit × 2 000 lines/s, 40 MB/s) is a process of its
own, and takes its share of the same cores. ``run`` returns rows of (figure, value, limit) and never
fails for slowness; whoever reads decides.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from contract.blob import Picture
from drivers.detector.codec import Decoder, Flag, Order, line
from drivers.detector.detector import Detector
from drivers.detector.ring import Arrivals, LineRing
from drivers.link import open_link
from edge.scanner import acquisition
from edge.scanner.analysis import Analysis, analyse
from edge.scanner.calibration import Calibration, calibrate
from edge.scanner.config import InspectionPolicy
from edge.scanner.pictures import MEDIA_TYPE, Rendered, as_counts, render
from edge.scanner.processing import Processing, Seen
from edge.scanner.strips import Sight
from edge.uplink.blobs import BlobSpool
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from models.xray.segmenter import inspect
from simulators.world.goods import scene
from tests.bench.deciding import decided, every, recording
from tests.bench.stopwatch import best

PIXELS, RATE = 5000, 2000.0
NEEDED = 2 * PIXELS * RATE / 1e6  # Mpix/s, both energies
PITCH_MM = 0.4
LEAD = 200  # lines of air
PATIENT = 2.0  # s; the detector's process may have to wait for a core
SHORT, LONG = 2_500, 20_000  # lines
Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    return [*_stages(), *_scans()]


# Stage by stage ----------------------------------------------------------------------------------


def _stages() -> list[Row]:
    world = make_detector(PIXELS, seed=1)
    air = air_counts(256, world, 2)
    made = calibrate(dark_counts(128, world, 1), air, at=0, air_pixels=40)
    some = Arrivals(
        np.arange(256, dtype=np.uint32), np.zeros(256, np.uint64), np.ones(256, bool),
        air.transpose(1, 0, 2),
    )  # fmt: skip
    stream = b"".join(
        line(number, air[:, number % 256], number, Flag.BEAM_ON, Order.LITTLE)
        for number in range(256)
    )
    out = np.empty((2, 32, PIXELS), np.float32)

    def decode() -> None:
        decoder = Decoder(2, PIXELS)
        decoder.ring = LineRing(2, PIXELS, 512)
        for at in range(0, len(stream), 1 << 18):
            decoder.feed(stream[at : at + (1 << 18)])

    def normalise() -> None:
        for at in range(0, 256, 32):
            made.normalise(air[:, at : at + 32], out=out)

    ring = LineRing(2, PIXELS, 512)
    counts = as_counts(made.normalise(air))
    work = {
        "ring alone": lambda: ring.place(some),
        "bytes to ring, CRC included": decode,
        "calibration, wobble included": normalise,
        "JPEG XL, one thread": lambda: render(counts, 0),
    }
    size = air.size / 1e6
    rates = {name: size / best(job) for name, job in work.items()}
    return [
        (f"{name}", f"{rate:.0f} Mpix/s, {rate / NEEDED:.1f} × needed", f"≥ {NEEDED:.0f} Mpix/s")
        for name, rate in rates.items()
    ]


# A whole scan at full rate -----------------------------------------------------------------------


@dataclass
class Measured:
    """One scan: s from its last line to the finding on disk, cores it kept busy, memory in MB."""

    seen: Seen[Picture]
    analysis: Analysis
    after: float
    cores: float  # seconds of work per second of scan at full rate, the detector's apart
    before: float
    peak: float


def _scans() -> list[Row]:
    with _detector() as detector, tempfile.TemporaryDirectory() as folder:
        made = _calibrated()
        quick = [_scan(detector, made, SHORT, Path(folder)) for _ in range(3)]
        long = _scan(detector, made, LONG, Path(folder))
        deciding = _decided(long, Path(folder))
    best = min(quick, key=lambda scan: scan.after)
    work = ", ".join(f"{name} {ms:.0f}" for name, ms in best.seen.stages.items())
    missing = f"{long.seen.lost}, of them {long.seen.tally.overrun} overrun"
    raw = 4e-6 * PIXELS * LONG
    return [
        (f"{SHORT} lines: finding on disk after the last one", f"{best.after:.2f} s", "≤ 1 s"),
        (f"{LONG} lines: finding on disk after the last one", f"{long.after:.2f} s", "≤ 1 s"),
        *deciding,
        (f"{LONG} lines: lost", missing, "0"),
        ("cores kept busy at full rate", f"{long.cores:.2f}", "≤ 2"),
        (f"{SHORT} lines: waits and work by stage", f"{work} ms", "beside one another"),
        (f"{LONG} lines: memory before", f"{long.before:.0f} MB", "none set"),
        (f"{LONG} lines: memory at most", f"{long.peak:.0f} MB", f"{raw:.0f} MB of raw lines"),
        (f"{SHORT} lines: memory at most", f"{max(s.peak for s in quick):.0f} MB", "none set"),
        ("load of this machine, others included", f"{os.getloadavg()[0]:.1f}", "2 cores"),
    ]


def _scan(detector: Detector, made: Calibration, lines: int, folder: Path) -> Measured:
    spool = BlobSpool(folder / "spool")

    def keep(files: list[Rendered]) -> list[Picture]:
        return [
            Picture(
                kind=file.kind,
                blob=spool.put(file.content, MEDIA_TYPE, personal=False),
                width=file.width,
                height=file.height,
                bits=16,
                personal=False,
            )
            for file in files
        ]

    job = Processing(made, PITCH_MM, Sight(inspect), keep)
    job.expect(LEAD)
    end, memory = threading.Event(), _Memory()
    begun: Future[LineRing] = Future()
    busy = time.process_time()
    with ThreadPoolExecutor(2) as pool, memory:
        taken = pool.submit(acquisition.scan, detector, end, begun.set_result, PATIENT)
        ring = begun.result(10)
        looked = pool.submit(job.run, ring)
        while ring.newest < lines + LEAD and not taken.done():
            time.sleep(0.002)
        last = time.perf_counter()
        end.set()
        ended, seen = taken.result(), looked.result()
        analysis = analyse(seen, ended, 0.5, InspectionPolicy(), 0.1)
        (folder / "finding").write_text(f"{seen.score}")
        after = time.perf_counter() - last
    cores = (time.process_time() - busy) / (seen.lines / RATE)
    return Measured(seen, analysis, after, cores, memory.before, memory.peak)


def _decided(scan: Measured, folder: Path) -> list[Row]:
    """Return how long the decision takes with every examination; the best of three."""
    examinations = every(scan.analysis, folder)
    taken = []
    with recording(folder) as where:
        for _ in range(3):
            begun, busy = time.perf_counter(), time.process_time()
            story = decided(scan.analysis, examinations, where, folder, PITCH_MM)
            assert story.recorded
            cpu, stages = time.process_time() - busy, story.stages
            taken.append((time.perf_counter() - begun, cpu, stages))
    wall, cpu, stages = min(taken, key=lambda one: one[0])
    parts = ", ".join(f"{name.removeprefix('examine-')} {ms:.0f}" for name, ms in stages.items())
    lines, pixels = scan.analysis.overview.shape[1:]
    return [
        (f"{LONG} lines: finding, then decision on record with every examination",
         f"{scan.after:.2f} + {wall:.2f} s", "≤ 1 s in all"),
        (f"{LONG} lines: the same, core time; by examination, {pixels} × {lines} pixels",
         f"{cpu:.2f} s; {parts} ms", "none set"),
    ]  # fmt: skip


class _Memory:
    """Resident memory of this process in MB while the block runs."""

    def __enter__(self) -> _Memory:
        self._process, self._over = psutil.Process(), threading.Event()
        self.before = self.peak = self._now()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / 1e6

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self._now())


def _calibrated() -> Calibration:
    world = make_detector(PIXELS, seed=1)
    return calibrate(dark_counts(128, world, 1), air_counts(128, world, 2), at=0, air_pixels=40)


@contextmanager
def _detector() -> Iterator[Detector]:
    """Yield a driver that is connected to a detector of another process."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_acquisition"],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        detector = Detector(open_link(child.stdout.readline().strip()))
        detector.configure(RATE)
        yield detector
        detector.close()
    finally:
        child.stdin.close()
        child.wait(10)


def _serve() -> None:
    """Be the detector until nobody wants one any more: air first, then goods, again and again."""
    from simulators.detector.device import FakeDetector
    from simulators.serve import on_tcp

    world = make_detector(PIXELS, seed=1)
    goods = scene(4, lines=1200, pixels=PIXELS, pitch_mm=PITCH_MM)
    air, item = air_counts(LEAD + 100, world, 5), raw_counts(goods.tau, world, 6)
    shown = np.ascontiguousarray(np.concatenate([air, item], axis=1).transpose(1, 0, 2))
    device = FakeDetector(shown, rate=RATE, beam_on=True)
    with on_tcp(device) as address:
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
