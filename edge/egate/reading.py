"""Reading one document: the chip as soon as the MRZ is known, the page beside it.

1. BSI TR-03135-1 §4.2: the chip does not wait for the optical checks.
2. The page is looked at until its zone holds: the traveller is told meanwhile how to lay it. The
   first look is the last where it can be.
3. What a device could not do is kept as the error it gave; judging it is for the checks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from drivers.camera.camera import Camera, Frame
from drivers.errors import DriverError
from edge.documents import page
from edge.documents.chip.errors import ChipError
from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz, MrzError, parse
from edge.documents.page import PageReading
from edge.documents.result import Check
from edge.egate.devices import Workers
from edge.egate.evidence import Evidence, Image
from edge.egate.placement import Placement, Problem, judge

T = TypeVar("T")
Authenticate = Callable[[Reading], Mapping[str, Check]]
FRAME_WITHIN = 1.0  # s
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


async def read_document(
    evidence: Evidence,
    lines: tuple[str, ...] | None,
    workers: Workers,
    authenticate: Authenticate,
    guide: Guide,
    may_look_again: Callable[[], bool],
) -> dict[str, float]:
    """Fill ``evidence`` with all that one document says; return milliseconds by stage.

    ``lines`` is what the document reader read, None if it found no zone: then the page's own
    reading opens the chip. ``may_look_again`` is asked before every look but the first.
    """
    stages: dict[str, float] = {}
    look = _page(evidence, workers, stages, guide, may_look_again)
    if lines is None:
        await look
        if evidence.page is not None:
            evidence.printed = evidence.page.zone
        await _chip(evidence, workers, authenticate, stages, guide)
        return stages
    _take(evidence, lines)
    async with asyncio.TaskGroup() as both:
        both.create_task(_chip(evidence, workers, authenticate, stages, guide))
        both.create_task(look)
    return stages


async def take_face(evidence: Evidence, workers: Workers) -> dict[str, float]:
    """Put a fresh picture of the traveller into ``evidence``; return milliseconds by stage."""
    start = time.monotonic()
    try:
        frame = await _answer(workers.face_camera.ask(_fresh))
        evidence.face_image = frame.image
    except DriverError as error:
        evidence.face_error = error
    return {"face": _since(start)}


def _take(evidence: Evidence, lines: tuple[str, ...]) -> None:
    try:
        evidence.printed = parse(lines)
    except MrzError as error:
        evidence.printed_error = str(error)


async def _chip(
    evidence: Evidence,
    workers: Workers,
    authenticate: Authenticate,
    stages: dict[str, float],
    guide: Guide,
) -> None:
    key = _key_input(evidence.printed)
    if not key:
        return
    start = time.monotonic()
    slow = asyncio.get_running_loop().call_later(SLOW_AFTER, guide.slow)
    try:
        reading, seconds = await _answer(workers.chip_reader.ask(lambda chip: chip.read(key)))
    except (ChipError, DriverError) as error:
        evidence.chip_error = error
        stages["chip"] = _since(start)
        return
    finally:
        slow.cancel()
    evidence.chip, evidence.chip_seconds = reading, seconds
    stages["chip"] = _since(start)
    start = time.monotonic()
    evidence.proofs = await asyncio.to_thread(authenticate, reading)
    stages["authenticity"] = _since(start)


def _key_input(printed: Mrz | None) -> str:
    return "" if printed is None else printed.key_input


async def _page(
    evidence: Evidence,
    workers: Workers,
    stages: dict[str, float],
    guide: Guide,
    may_look_again: Callable[[], bool],
) -> None:
    start = time.monotonic()
    try:
        while not await _looked(evidence, workers, stages, guide) and may_look_again():
            pass
    except DriverError as error:
        evidence.page_error = error
    stages["page"] = _since(start)


async def _looked(
    evidence: Evidence, workers: Workers, stages: dict[str, float], guide: Guide
) -> bool:
    """Look once; return whether another look could show nothing more, else let some time pass."""
    start = time.monotonic()
    seen = await _answer(workers.page_camera.ask(partial(_look, previous=evidence.page_image)))
    evidence.page_image, evidence.page = seen.image, seen.reading
    stages["recognise"] = seen.recognised
    guide.see(seen.placement)
    if seen.reading.valid or _agree(seen.reading.zone, evidence.printed):
        return True
    await asyncio.sleep(max(0.0, start + LOOK_EVERY - time.monotonic()))
    return False


def _agree(seen: Mrz | None, printed: Mrz | None) -> bool:
    """Whether camera and reader read the same: what does not hold is then printed like that."""
    return seen is not None and printed is not None and seen.lines == printed.lines


def _look(camera: Camera, previous: Image | None) -> _Look:
    frame = _fresh(camera)
    start = time.monotonic()
    reading = page.read(frame.image)
    recognised = _since(start)
    if reading.valid:  # nobody is asked to mend what works
        return _Look(frame.image, reading, Placement(Problem.GOOD, 1.0), recognised)
    return _Look(frame.image, reading, judge(frame.image, reading, previous), recognised)


def _fresh(camera: Camera) -> Frame:
    """Return a picture that was taken after it was asked for."""
    camera.frame(FRAME_WITHIN)  # waited in the pipe, or was on its way: it may show the empty glass
    return camera.frame(FRAME_WITHIN)


async def _answer(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)


def _since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)
