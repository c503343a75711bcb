"""How the loop asks a device's thread, and how long that took."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from typing import TypeVar

from drivers.camera.camera import Camera, Frame

__all__ = ["FRAME_WITHIN", "answer", "fresh", "since"]

T = TypeVar("T")
FRAME_WITHIN = 1.0  # s


async def answer(future: Future[T]) -> T:
    """Return what a worker answers; whoever gives up waiting takes the job back."""
    return await asyncio.wrap_future(future)


def fresh(camera: Camera) -> Frame:
    """Return a picture that was taken after it was asked for."""
    camera.frame(FRAME_WITHIN)  # waited in the pipe, or was on its way: it may show the empty glass
    return camera.frame(FRAME_WITHIN)


def since(start: float) -> float:
    """Return the milliseconds since ``start`` (monotonic s)."""
    return round((time.monotonic() - start) * 1000, 1)
