"""The page under several lights: what is missing, what does not fit, and what follows from it."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import date
from functools import cache

import numpy as np
import pytest

from contract.passage import Status
from drivers.camera.camera import Frame
from drivers.errors import NoAnswer
from edge.documents.optical.judge import OpticalModels, open_models
from edge.documents.page import read
from edge.egate.checks import document_checks
from edge.egate.evidence import Evidence, Image
from edge.egate.optics import Optics
from models.face.pack import open_pack
from simulators.world.documents_light import Forgery, Light, passport, photographed, utopian
from simulators.world.portraits import portrait

SEED, TODAY = 41, date(2026, 11, 24)


@cache
def models() -> OpticalModels:
    return open_models(open_pack())


@cache
def page(forgery: Forgery | None = None) -> dict[Light, Image]:
    seen = photographed(passport(SEED, 200.0, forgery, utopian(SEED)), SEED)
    return {light: np.asarray(image, np.uint8) for light, image in seen.items()}


def answered(what: Image | Exception) -> Future[Frame]:
    future: Future[Frame] = Future()
    if isinstance(what, Exception):
        future.set_exception(what)
    else:
        future.set_result(Frame(what, 1, 0.0))
    return future


def judged(
    pictures: dict[Light, Image], others: dict[Light, Image | Exception], *, chip: bool = True
) -> dict[str, tuple[Status, str]]:
    """Return status and detail of the three groups, judged as a lane judges them."""
    white = pictures[Light.WHITE]
    evidence = Evidence(page_image=white, page=read(white))
    if chip:
        evidence.portrait = portrait(SEED, 480, 360)

    async def run() -> None:
        optics = Optics(evidence, models(), 0.001)
        asked = {light: answered(what) for light, what in others.items()}
        await optics.gather(asked, white)
        await optics.page()
        await optics.portrait()

    asyncio.run(run())
    names = ("spectral", "document-model", "printed-face")
    found = {c.name: (c.status, c.detail) for c in document_checks(evidence, TODAY)}
    return {name: found[name] for name in names}


def lit(forgery: Forgery | None = None) -> dict[Light, Image | Exception]:
    return {light: image for light, image in page(forgery).items() if light is not Light.WHITE}


def test_a_genuine_page_is_successful_under_every_light() -> None:
    found = judged(page(), lit())
    assert {status for status, _ in found.values()} == {Status.SUCCESSFUL}


def test_a_light_that_gave_nothing_is_aborted_and_named() -> None:
    status, told = judged(page(), {**lit(), Light.INFRARED: NoAnswer("no frame")})["spectral"]
    assert status is Status.ABORTED
    assert told == "infrared: NoAnswer: no frame"


def test_a_light_of_another_size_is_no_picture_of_this_page() -> None:
    small = page()[Light.ULTRAVIOLET][::2, ::2]
    status, told = judged(page(), {**lit(), Light.ULTRAVIOLET: small})["spectral"]
    assert status is Status.ABORTED
    assert told.startswith("ultraviolet: Garbled")


def test_what_failed_stays_failed_whatever_else_is_missing() -> None:
    others = {**lit(Forgery.BRIGHT_PAPER), Light.INFRARED: NoAnswer("no frame")}
    status, told = judged(page(Forgery.BRIGHT_PAPER), others)["spectral"]
    assert status is Status.FAILED
    assert told.startswith("uv-dullness")


def test_without_the_chip_the_portrait_is_aborted_and_the_rest_stands() -> None:
    found = judged(page(), lit(), chip=False)
    assert found["printed-face"][0] is Status.ABORTED
    assert found["spectral"][0] is Status.SUCCESSFUL


@pytest.mark.parametrize(
    ("error", "status"), [(None, Status.UNDETERMINED), (NoAnswer("away"), Status.ABORTED)]
)
def test_a_page_that_nobody_saw_says_nothing(error: Exception | None, status: Status) -> None:
    evidence = Evidence(page_error=error)

    async def run() -> None:
        optics = Optics(evidence, models(), 0.001)
        assert await optics.page() == {}
        assert await optics.portrait() == {}

    asyncio.run(run())
    found = {c.name: c.status for c in document_checks(evidence, TODAY)}
    assert {found[name] for name in ("spectral", "document-model", "printed-face")} == {status}
