"""The camera as the rest of the software sees it: the next frame, or why there is none.

1. A frame is numbered and timed when it arrives.
2. No frame in time is NoAnswer; a torn one Garbled; a stream that ended LinkLost.
3. A sensor always has noise: frames that are identical, pixel for pixel, for longer than
   ``frozen_after`` come from a camera that has stopped looking. That is Frozen, a NoAnswer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from drivers.camera.sources import Image, ImageFiles, Source, open_source
from drivers.errors import NoAnswer
from drivers.patience import Clock

_SAMPLE = 4  # every 4th pixel each way: a sixteenth of the work, and noise is everywhere


class Frozen(NoAnswer):
    """The camera answers, with the same picture again and again: switch it off and on."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One image: BGR, uint8, height × width × 3; its number; when it came (monotonic s)."""

    image: Image = field(repr=False)
    sequence: int
    at: float


class Camera:
    """A stream of frames. Blocking: one thread owns one camera."""

    def __init__(
        self, source: Source, frozen_after: float | None = 2.0, clock: Clock = time.monotonic
    ) -> None:
        """``frozen_after`` seconds of identical frames are a fault; None: still images are fine."""
        self._source, self._frozen_after, self._clock = source, frozen_after, clock
        self._sequence = 0
        self._last: Image | None = None
        self._changed = clock()

    @classmethod
    def open(cls, address: str, timeout: float = 3.0, frozen_after: float | None = 2.0) -> Self:
        """Open the camera at ``address`` (drivers/camera/sources.py says which there are).

        Raises LinkLost if nothing answers within ``timeout`` seconds. Image files never freeze.
        """
        source = open_source(address, timeout)
        return cls(source, None if isinstance(source, ImageFiles) else frozen_after)

    def frame(self, timeout: float = 1.0) -> Frame:
        """Return the newest frame; NoAnswer, Frozen, Garbled, Refused or LinkLost."""
        image = self._source.read(timeout)
        if image is None:
            raise NoAnswer(f"camera: no frame within {timeout} s")
        now = self._clock()
        self._watch(image, now)
        self._sequence += 1
        return Frame(image, self._sequence, now)

    def close(self) -> None:
        """Let go of the camera."""
        self._source.close()

    def _watch(self, image: Image, now: float) -> None:
        sample = image[::_SAMPLE, ::_SAMPLE].copy()
        if self._last is None or not np.array_equal(sample, self._last):
            self._last, self._changed = sample, now
        elif self._frozen_after is not None and now - self._changed > self._frozen_after:
            raise Frozen(f"camera: the same picture for {now - self._changed:.1f} s")
