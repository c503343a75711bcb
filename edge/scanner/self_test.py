"""The daily self-test's place in the lane: when it is due, and what a scan of the phantom gives.

1. A test that was passed is good for ``every`` seconds by the wall clock; a clock that was set back
   makes it due. A test that failed is due at once, and again until one is passed.
2. It is due before the next item that has not come yet. From ``GRACE`` on it is overdue: what waits
   at the barrier is taken for the phantom.
3. A result counts once it is on record, as any decision.
4. What is measured is the scan as fine as the detector made it. In small, as the whole item is
   shown at once, blur, fine wires and the noise of single pixels would be averaged away. A scan
   that is too large for that is not measured at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import imagecodecs
import numpy as np
import structlog

from contract.blob import Picture
from contract.inspection import Measure
from edge.runtime.clock import Clock
from edge.scanner.phantom.history import History, HistoryError
from edge.scanner.phantom.layout import PHANTOM
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.phantom.measure import MOST_PIXELS, Image
from edge.scanner.phantom.perform import keep_scan, perform
from edge.scanner.phantom.result import Measurement, Result
from edge.scanner.phantom.schedule import selftest_due
from edge.scanner.pictures import FULL, KINDS

GRACE = 3600.0  # s that a test may be put off while items come without a pause

log = structlog.get_logger()


@dataclass(frozen=True)
class PhantomScan:
    """A scan of the phantom in the lane's own files: of every part, the uppermost first."""

    pictures: Sequence[Picture]
    files: Sequence[bytes] = field(repr=False)  # of each
    pitch_mm: float

    @property
    def pixels(self) -> int:
        """The pixels of one energy."""
        return sum(p.width * p.height for p in self.pictures) // max(len(self._energies), 1)

    @property
    def _energies(self) -> list[str]:
        """The energies that there are, low first."""
        there = {picture.kind.partition("-")[0] for picture in self.pictures}
        return [kind for kind in KINDS[2] if kind in there]

    def picture(self) -> Image:
        """Return the transmission (energies, lines, pixels), low energy first."""
        planes = []
        for energy in self._energies:
            both = zip(self.pictures, self.files, strict=True)
            parts = [file for p, file in both if p.kind.partition("-")[0] == energy]
            planes.append(np.concatenate([imagecodecs.jpegxl_decode(part) for part in parts]))
        return np.stack(planes).astype(np.float32) / np.float32(FULL)


class SelfTestDuty:
    """When the lane has to test itself. ``folder`` is the lane's."""

    def __init__(self, how: SelfTest, folder: Path, clock: Clock) -> None:
        self._how = how
        self._folder = folder
        self._clock = clock
        self._passed_at = self._remembered() if how.required else None

    @property
    def due(self) -> bool:
        """Whether a test has to be passed before the next item."""
        return self._how.required and selftest_due(self._passed_at, self._now(), self._how.every)

    @property
    def overdue(self) -> bool:
        """Whether no item may be scanned any more."""
        within = self._how.every + GRACE
        return self._how.required and selftest_due(self._passed_at, self._now(), within)

    def judge(self, scan: PhantomScan) -> Result:
        """Return what the scan of the phantom shows. Blocks; it is kept, the result with its trend.

        That the scan cannot be kept is a warning: the verdict stands without it.
        """
        if scan.pixels > MOST_PIXELS:
            many = f"{scan.pixels / 1e6:.0f} million pixels are too many; scan the phantom alone"
            return Result(self._now(), PHANTOM.name, (), many)
        seen = scan.picture()
        result = perform(seen, self._now(), self._folder, self._how.limits, scan.pitch_mm)
        try:
            keep_scan(seen, self._folder)
        except OSError as error:
            said = f"the scan is not kept: {error.strerror}"
            return replace(result, warnings=(*result.warnings, said))
        return result

    def concluded(self, result: Result) -> None:
        """Note that the result is on record: it counts from now on."""
        self._passed_at = result.at if result.passed else None

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _remembered(self) -> float | None:
        try:
            return History(self._folder).last_passed_at()
        except HistoryError as error:  # then it is due
            log.warning("self-test.history", error=str(error))
            return None


def measures(measured: Sequence[Measurement]) -> list[Measure]:
    """Return what was measured as it is told to central; what could not be is left out."""
    return [
        Measure(
            name=one.name.replace(" ", "-"),
            value=round(one.value, 4),
            wanted=one.limit,
            unit=one.unit[:16],
            passed=one.passed,
        )
        for one in measured
        if one.value is not None
    ]
