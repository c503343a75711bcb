"""From an analysis to what the lane does: every examination, one record, one event of the table.

1. What is not on record is not decided: the item stays, as if its analysis had failed.
2. Examinations and the self-test's measurements run beside the loop.
3. The phantom is measured as finely as it was scanned. A scan of it that would hold an item, as
   something of it may not have been seen, proves nothing: the test has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from contract.inspection import Disposition, Finding
from edge.runtime.clock import Clock
from edge.runtime.lane import Lane
from edge.scanner.devices import DETECTOR
from edge.scanner.examinations import Examination, Item, examine
from edge.scanner.inspection import Event
from edge.scanner.likeness import Memory
from edge.scanner.self_test import PhantomScan, SelfTestDuty, measures
from edge.scanner.story import Recorder, Story


class SelfTestFailed(Exception):
    """The phantom showed that the scanner does not see what it must."""


class Deciding:
    """What becomes of an analysis."""

    def __init__(
        self,
        lane: Lane,
        recorder: Recorder,
        examinations: Sequence[tuple[str, Examination]],
        duty: SelfTestDuty,
        memory: Memory,
        pitch_mm: float,
        clock: Clock,
    ) -> None:
        self._lane = lane
        self._recorder = recorder
        self._examinations = examinations
        self._duty = duty
        self._memory = memory
        self._pitch_mm = pitch_mm
        self._clock = clock

    async def decide(self, story: Story) -> Event:
        """Examine the item of ``story`` and record what that amounts to."""
        assert story.analysis is not None
        item = Item(story.analysis, story.known, self._pitch_mm, self._clock.now().timestamp())
        examined = await asyncio.to_thread(examine, item, self._examinations)
        story.stages |= examined.stages
        if (chapter := story.known.identity.chapter) is not None:
            story.likeness = await asyncio.to_thread(self._memory.look, item, chapter)
        if not self._recorder.scanned(story, examined.checks, examined.finding):
            return Event.ANALYSIS_FAILED
        clear = examined.finding is Finding.CLEAR
        return Event.FOUND_CLEAR if clear else Event.FOUND_SUSPECT

    async def remember(self, story: Story) -> None:
        """Keep what an item that was found clear and released as declared looked like."""
        chapter, likeness = story.known.identity.chapter, story.likeness
        released = story.clear and story.disposition is Disposition.RELEASE
        if not released or chapter is None or likeness is None or likeness.descriptor is None:
            return
        now = self._clock.now().timestamp()
        keep = self._memory.keep
        await asyncio.to_thread(keep, story.inspection, chapter, now, likeness.descriptor)

    async def judge(
        self, story: Story, analyse: Callable[[Story], Coroutine[Any, Any, Event]]
    ) -> Event:
        """End the scan of the phantom of ``story`` by ``analyse``, measure it and record it."""
        analysed, analysis = await analyse(story), story.analysis
        if analysed is not Event.ANALYSED or analysis is None:
            return self._no_test(story, story.trouble or "the scan failed")
        if analysis.finding is Finding.UNREADABLE:
            return self._no_test(story, "; ".join(["the scan is unreadable", *analysis.notes]))
        files = self._recorder.measured(analysis.pictures)
        scan = PhantomScan(analysis.pictures, files, self._pitch_mm)
        result = await asyncio.to_thread(self._duty.judge, scan)
        said = "; ".join([result.told(), *result.warnings])
        if not self._recorder.tested(story, measures(result.measurements), result.passed, said):
            return Event.TEST_FAILED
        self._duty.concluded(result)
        if not result.passed:
            self._lane.trouble(DETECTOR, SelfTestFailed(result.told()))
        return Event.TEST_PASSED if result.passed else Event.TEST_FAILED

    def _no_test(self, story: Story, why: str) -> Event:
        """Record that the phantom could not be measured."""
        self._recorder.tested(story, [], False, why)
        self._lane.trouble(DETECTOR, SelfTestFailed(why))
        return Event.TEST_FAILED
