"""The daily self-test's place in the lane: when it is due, and what a scan of the phantom gives.

1. A test that was passed is good for ``every`` seconds by the wall clock; a clock that was set back
   makes it due. A test that failed is due at once, and again until one is passed.
2. It is due before the next item that has not come yet. From ``GRACE`` on it is overdue: what waits
   at the barrier is taken for the phantom.
3. A result counts once it is on record, as any decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from contract.inspection import Measure
from edge.runtime.clock import Clock
from edge.scanner.analysis import Analysis
from edge.scanner.phantom.history import History, HistoryError
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.phantom.perform import keep_scan, perform
from edge.scanner.phantom.result import Measurement, Result
from edge.scanner.phantom.schedule import selftest_due

GRACE = 3600.0  # s that a test may be put off while items come without a pause

log = structlog.get_logger()


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

    def judge(self, analysis: Analysis) -> Result:
        """Return what the scan of the phantom shows. Blocks; it is kept, the result with its trend.

        That the scan cannot be kept is a warning: the verdict stands without it.
        """
        seen, pitch = analysis.overview, analysis.overview_pitch
        result = perform(seen, self._now(), self._folder, self._how.limits, pitch)
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
