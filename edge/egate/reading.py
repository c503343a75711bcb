"""Reading one document: the chip as soon as the MRZ is known, the page beside it.

1. BSI TR-03135-1 §4.2: the chip does not wait for the optical checks.
2. The page is looked at until its zone holds, under every light at once: the traveller is told
   meanwhile how to lay it. The first look is the last where it can be; the zone is read from the
   white picture.
3. What a device could not do is kept as the error it gave; judging it is for the checks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from drivers.camera.camera import Camera
from drivers.errors import DriverError
from edge.documents import page
from edge.documents.chip.errors import ChipError
from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz, MrzError, parse
from edge.documents.page import PageReading
from edge.documents.result import Check
from edge.egate.asking import answer, fresh, since
from edge.egate.devices import Workers
from edge.egate.evidence import Evidence, Image
from edge.egate.optics import Optics
from edge.egate.pictures import portrait_of
from edge.egate.placement import Placement, Problem, judge

__all__ = ["Authenticate", "DocumentReading", "Guide"]

Authenticate = Callable[[Reading], Mapping[str, Check]]
LOOK_EVERY = 0.5  # s from one look at a page whose zone does not hold yet to the next
SLOW_AFTER = 4.0  # s of the chip's reading that a traveller waits without a word


class Guide(Protocol):
    """Who tells the traveller what is seen."""

    def see(self, placement: Placement) -> None:
        """Take in how the document lies."""

    def slow(self) -> None:
        """Take in that the chip is not read yet."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the page."""

    image: Image
    reading: PageReading
    placement: Placement
    recognised: float  # ms


@dataclass
class DocumentReading:
    """One document while it is read: fills ``evidence`` with all that it says.

    ``may_look_again`` is asked before every look at the page but the first. ``stages`` are
    milliseconds by stage.
    """

    evidence: Evidence
    workers: Workers
    authenticate: Authenticate
    optics: Optics
    guide: Guide
    may_look_again: Callable[[], bool]
    stages: dict[str, float] = field(default_factory=dict)

    async def read(self, lines: tuple[str, ...] | None) -> dict[str, float]:
        """Read; ``lines`` is what the document reader read. Return milliseconds by stage.

        None: it found no zone, and the page's own reading opens the chip.
        """
        if lines is None:
            await self._page()
            if self.evidence.page is not None:
                self.evidence.printed = self.evidence.page.zone
            await self._chip()
        else:
            self._take(lines)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._chip())
                both.create_task(self._page())
        self.stages |= await self.optics.portrait()
        return self.stages

    def _take(self, lines: tuple[str, ...]) -> None:
        try:
            self.evidence.printed = parse(lines)
        except MrzError as error:
            self.evidence.printed_error = str(error)

    async def _chip(self) -> None:
        key = "" if self.evidence.printed is None else self.evidence.printed.key_input
        if not key:
            return
        start = time.monotonic()
        slow = asyncio.get_running_loop().call_later(SLOW_AFTER, self.guide.slow)
        try:
            reading, seconds = await answer(
                self.workers.chip_reader.ask(lambda chip: chip.read(key))
            )
        except (ChipError, DriverError) as error:
            self.evidence.chip_error = error
            self.stages["chip"] = since(start)
            return
        finally:
            slow.cancel()
        self.evidence.chip, self.evidence.chip_seconds = reading, seconds
        self.stages["chip"] = since(start)
        start = time.monotonic()
        self.evidence.portrait = await asyncio.to_thread(portrait_of, reading.files)
        self.evidence.proofs = await asyncio.to_thread(self.authenticate, reading)
        self.stages["authenticity"] = since(start)

    async def _page(self) -> None:
        """Look until the zone holds, then judge the page."""
        start = time.monotonic()
        try:
            while not await self._looked() and self.may_look_again():
                pass
        except DriverError as error:
            self.evidence.page_error = error
        self.stages["page"] = since(start)
        self.stages |= await self.optics.page()

    async def _looked(self) -> bool:
        """Look once; return whether another could show nothing more, else let some time pass."""
        start = time.monotonic()
        evidence = self.evidence
        white = self.workers.page_camera.ask(partial(_look, previous=evidence.page_image))
        others = {light: worker.ask(fresh) for light, worker in self.workers.lights.items()}
        seen = await answer(white)
        evidence.page_image, evidence.page = seen.image, seen.reading
        self.stages["recognise"] = seen.recognised
        self.guide.see(seen.placement)
        await self.optics.gather(others, seen.image)
        if seen.reading.valid or _agree(seen.reading.zone, evidence.printed):
            return True
        await asyncio.sleep(max(0.0, start + LOOK_EVERY - time.monotonic()))
        return False


def _agree(seen: Mrz | None, printed: Mrz | None) -> bool:
    """Whether camera and reader read the same: what does not hold is then printed like that."""
    return seen is not None and printed is not None and seen.lines == printed.lines


def _look(camera: Camera, previous: Image | None) -> _Look:
    frame = fresh(camera)
    start = time.monotonic()
    reading = page.read(frame.image)
    recognised = since(start)
    if reading.valid:  # nobody is asked to mend what works
        return _Look(frame.image, reading, Placement(Problem.GOOD, 1.0), recognised)
    return _Look(frame.image, reading, judge(frame.image, reading, previous), recognised)
