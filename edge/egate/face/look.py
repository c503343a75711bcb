"""One traveller in front of the gate's camera: frames until the picture is chosen.

It blocks, so it runs in the thread that owns the camera. What the camera cannot do is the driver's
error, as ever; a torn frame is passed over while there is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.camera.camera import Frame
from drivers.errors import Garbled
from edge.egate.face.capture import Capture, Captured, Pad
from models.face.pack import FacePack
from models.face.quality import Instruction, Limits

__all__ = ["Looking", "Source", "look"]

Tell = Callable[[Instruction | None], None]
FRAME_WITHIN = 1.0  # s


class Source(Protocol):
    """A camera, as far as it matters here."""

    def frame(self, timeout: float = 1.0) -> Frame:
        """Return the newest frame, or raise a DriverError."""


@dataclass(frozen=True)
class Looking:
    """How a lane looks. ``pad`` None: attacks are not looked for, and that is told."""

    pack: FacePack
    pad: Pad | None = None
    limits: Limits | None = None
    within: float | None = None  # s; None: the standard's 10 with attack detection, 7 without


def look(
    camera: Source,
    how: Looking,
    tell: Tell = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    stopped: Callable[[], bool] = lambda: False,
) -> Captured | None:
    """Return what was captured, None where no detector is there. Raises a DriverError.

    ``tell`` is called, in this thread, with the instruction for the screen whenever it changes,
    last with None. Once ``stopped`` nobody wants the picture any more: it is forgotten.
    """
    if how.pack.detect is None:
        return None
    capture = Capture(clock(), how.pack.detect, how.pad, how.limits, how.within)
    told: Instruction | None = None
    work = 0.0
    camera.frame(FRAME_WITHIN)  # it waited in the pipe: from before the traveller stood there
    while not (stopped() or capture.tick(clock())):
        try:
            frame = camera.frame(FRAME_WITHIN)
        except Garbled:
            continue
        began = clock()
        asked = capture.frame(frame.image, began)
        work += clock() - began
        if asked is not told:
            told = asked
            tell(asked)
    if told is not None:
        tell(None)
    return _given(capture, work, stopped=stopped())


def _given(capture: Capture, work: float, *, stopped: bool) -> Captured:
    captured = capture.result()
    captured.work = work
    if stopped:
        captured.forget()
    return captured
