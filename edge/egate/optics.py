"""The page under every light that the lane has, and what all of them say.

1. What needs no chip is judged beside the chip's reading; the printed portrait once the chip's is
   there. Both in threads of their own.
2. A light that the lane has and that gave no picture of its own page leaves its checks *aborted*:
   only a light that is not there is *not supported*.
3. What was laid out for it is let go with the reading.
"""

from __future__ import annotations

import asyncio
import time

from drivers.errors import DriverError, Garbled
from edge.documents.optical.judge import (
    Laid,
    OpticalModels,
    grouped,
    page_checks,
    portrait_check,
)
from edge.documents.optical.light import Light
from edge.documents.result import Check, Status, aborted
from edge.egate.asking import answer, since
from edge.egate.devices import Pictures
from edge.egate.evidence import Evidence, Image

__all__ = ["Optics"]


class Optics:
    """The close look at one document. ``fmr``: false match rate accepted for the portrait."""

    def __init__(self, evidence: Evidence, models: OpticalModels, fmr: float) -> None:
        self._evidence, self._models, self._fmr = evidence, models, fmr
        self._checks: dict[str, Check] = {}
        self._laid: Laid | None = None

    async def gather(self, pictures: Pictures, white: Image) -> None:
        """Take in what the other lights' cameras answer, asked together with ``white``."""
        for light, future in pictures.items():
            self._evidence.lit.pop(light, None)
            self._evidence.light_errors.pop(light, None)
            try:
                image = (await answer(future)).image
                if image.shape[:2] != white.shape[:2]:
                    raise Garbled(f"{image.shape[:2]} pixels, {white.shape[:2]} under white light")
            except DriverError as error:
                self._evidence.light_errors[light] = error
            else:
                self._evidence.lit[light] = image

    async def page(self) -> dict[str, float]:
        """Judge what needs no chip; return milliseconds by stage."""
        if self._evidence.page is None:
            return {}
        start = time.monotonic()
        self._checks, self._laid = await asyncio.to_thread(
            page_checks, self._evidence.pages, self._evidence.page, self._models
        )
        return {"optical": since(start)}

    async def portrait(self) -> dict[str, float]:
        """Judge the printed portrait, and say it all; return milliseconds by stage."""
        if self._laid is None:
            return {}
        start = time.monotonic()
        found = await asyncio.to_thread(
            portrait_check, self._laid, self._evidence.portrait, self._models, self._fmr
        )
        groups = grouped(self._checks | found)
        self._evidence.optical = groups | _unlit(groups["spectral"], self._evidence.light_errors)
        return {"printed_face": since(start)}


def _unlit(spectral: Check, errors: dict[Light, Exception]) -> dict[str, Check]:
    """Return the spectral check as it stands where a light failed, nothing where none did."""
    if not errors or spectral.status is Status.FAILED:
        return {}
    told = "; ".join(f"{light}: {type(error).__name__}: {error}" for light, error in errors.items())
    return {"spectral": aborted(told)}
