"""Reading one document: the chip as soon as the MRZ is known, the page beside it.

BSI TR-03135-1 §4.2: the chip does not wait for the optical checks. What a device could not do is
kept as the error it gave; judging it is for the checks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TypeVar

from drivers.camera.camera import Camera, Frame
from drivers.errors import DriverError
from edge.documents import page
from edge.documents.chip.errors import ChipError
from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz, MrzError, parse
from edge.documents.page import PageReading
from edge.documents.result import Check
from edge.egate.devices import Workers
from edge.egate.evidence import Evidence

T = TypeVar("T")
Authenticate = Callable[[Reading], Mapping[str, Check]]
FRAME_WITHIN = 1.0  # s


async def read_document(
    evidence: Evidence, lines: tuple[str, ...] | None, workers: Workers, authenticate: Authenticate
) -> dict[str, float]:
    """Fill ``evidence`` with all that one document says; return milliseconds by stage.

    ``lines`` is what the document reader read, None if it found no zone: then the page's own
    reading opens the chip.
    """
    stages: dict[str, float] = {}
    if lines is None:
        await _page(evidence, workers, stages)
        if evidence.page is not None:
            evidence.printed = evidence.page.zone
        await _chip(evidence, workers, authenticate, stages)
        return stages
    _take(evidence, lines)
    async with asyncio.TaskGroup() as both:
        both.create_task(_chip(evidence, workers, authenticate, stages))
        both.create_task(_page(evidence, workers, stages))
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
    evidence: Evidence, workers: Workers, authenticate: Authenticate, stages: dict[str, float]
) -> None:
    key = _key_input(evidence.printed)
    if not key:
        return
    start = time.monotonic()
    try:
        reading, seconds = await _answer(workers.chip_reader.ask(lambda chip: chip.read(key)))
    except (ChipError, DriverError) as error:
        evidence.chip_error = error
        stages["chip"] = _since(start)
        return
    evidence.chip, evidence.chip_seconds = reading, seconds
    stages["chip"] = _since(start)
    start = time.monotonic()
    evidence.proofs = await asyncio.to_thread(authenticate, reading)
    stages["authenticity"] = _since(start)


def _key_input(printed: Mrz | None) -> str:
    return "" if printed is None else printed.key_input


async def _page(evidence: Evidence, workers: Workers, stages: dict[str, float]) -> None:
    start = time.monotonic()
    try:
        frame, reading, recognised = await _answer(workers.page_camera.ask(_look))
        evidence.page_image, evidence.page = frame.image, reading
        stages["recognise"] = recognised
    except DriverError as error:
        evidence.page_error = error
    stages["page"] = _since(start)


def _look(camera: Camera) -> tuple[Frame, PageReading, float]:
    frame = _fresh(camera)
    start = time.monotonic()
    return frame, page.read(frame.image), _since(start)


def _fresh(camera: Camera) -> Frame:
    """Return a picture that was taken after it was asked for."""
    camera.frame(FRAME_WITHIN)  # waited in the pipe, or was on its way: it may show the empty glass
    return camera.frame(FRAME_WITHIN)


async def _answer(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)


def _since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)
