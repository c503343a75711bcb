"""The traveller's picture, from the camera to the four checks; nothing of it in the loop's thread.

1. The camera's own thread looks, as long as it takes; it stops at once when nobody waits for it any
   more, and forgets what it has.
2. The comparison is computed in a thread beside the loop, after the capture.
3. Without the authority's word on false matches no score is a match: *undetermined*.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from drivers.camera.camera import Camera
from drivers.errors import DriverError
from edge.egate.asking import answer, fresh, since
from edge.egate.evidence import Evidence
from edge.egate.face.capture import Captured
from edge.egate.face.look import Looking, Tell, look
from edge.egate.face.verify import FacePolicy, face_checks
from edge.runtime.worker import Worker

__all__ = ["patient", "policy_of", "take_face"]


def policy_of(false_match_rate: float | None, pad_alarm: float) -> FacePolicy:
    """Return what the site decided. A rate of 0 can be shown by no model, so it matches nobody."""
    return FacePolicy(fmr=false_match_rate or 0.0, pad_alarm=pad_alarm)


async def take_face(
    evidence: Evidence,
    camera: Worker[Camera],
    how: Looking,
    policy: FacePolicy,
    tell: Tell,
) -> dict[str, float]:
    """Put the traveller's picture and what it says into ``evidence``; return ms by stage.

    ``face`` is the whole capture, ``look`` the computing in it, ``compare`` that after it.
    """
    start = time.monotonic()
    stopped = threading.Event()
    try:
        captured = await answer(camera.ask(lambda it: _captured(it, how, tell, stopped.is_set)))
    except DriverError as error:
        evidence.face_error = error
        return {"face": since(start)}
    finally:
        stopped.set()
    evidence.captured = captured
    stages = {"face": since(start), "look": round(captured.work * 1000, 1)}
    start = time.monotonic()
    evidence.face = await asyncio.to_thread(
        face_checks, captured, evidence.portrait, how.pack, policy
    )
    return stages | {"compare": since(start)}


def patient(how: Looking, times: float) -> Looking:
    """Return ``how`` for a traveller who asked for more time."""
    return how if how.within is None else replace(how, within=how.within * times)


def _captured(camera: Camera, how: Looking, tell: Tell, stopped: Callable[[], bool]) -> Captured:
    """Return the capture; without a detector, a picture for the officer and no face in it."""
    found = look(camera, how, tell, stopped=stopped)
    return found if found is not None else Captured(image=fresh(camera).image, frames=1)
