"""Which of the camera's frames is the traveller's picture. Frames and times in, a choice out.

1. Every frame is looked at: all faces in it, their quality, how much it looks like an attack.
2. A frame is the better the better its quality. Once ``enough`` frames with a face have been seen,
   one that keeps every limit ends the capture; otherwise it goes on until time is up.
3. After ``within`` seconds (BSI TR-03121-3-1 §3.5: 10 with attack detection, 7 without) the best
   picture so far is released, whatever its quality.
4. A sign of an attack never ends a capture, never shows on the screen, and never removes a picture.
   The picture that is taken counts as the worse of its own score and that of all frames: a face for
   most of the time must not cover for a photograph in between.
5. Each frame gives at most one instruction for the screen.
6. Only the best picture is kept; ``forget`` overwrites it.

This does no I/O and reads no clock; the caller hands in ``at`` in monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.face.geometry import Face, upright
from models.face.pack import Detect
from models.face.pad import over_frames
from models.face.quality import Instruction, Limits, Quality, judge

__all__ = ["WITHIN_WITHOUT_PAD", "WITHIN_WITH_PAD", "Capture", "Captured", "Pad"]

Image = NDArray[np.uint8]
Pad = Callable[[Image, Face], float | None]
"""A frame and a face in it → how much it looks like an attack, None where it cannot say."""

WITHIN_WITH_PAD, WITHIN_WITHOUT_PAD = 10.0, 7.0  # s
_ENOUGH = 3  # frames with a face before the first good one is taken


@dataclass
class Captured:
    """What one capture gave. ``image`` is the whole frame, BGR; ``portrait`` the face cut upright.

    ``frames`` and ``seen`` count the frames, and those with a face; ``most_faces`` is the largest
    number of near faces in any frame; ``pad`` is None where attacks were not looked for or could
    not be judged, ``pad_looked`` says which; ``work`` is the seconds of computing in it all.
    """

    image: Image | None = field(default=None, repr=False)
    portrait: Image | None = field(default=None, repr=False)
    face: Face | None = field(default=None, repr=False)
    quality: Quality = field(default_factory=lambda: Quality(0, ()))
    pad: float | None = None
    pad_looked: bool = False
    frames: int = 0
    seen: int = 0
    most_faces: int = 0
    timed_out: bool = False
    work: float = 0.0

    def forget(self) -> None:
        """Overwrite the pictures with zeros and let them go."""
        for picture in (self.image, self.portrait):
            if picture is not None and picture.flags.writeable:
                picture[:] = 0
        self.image = self.portrait = self.face = None


class Capture:
    """One traveller's capture, from ``began`` on."""

    def __init__(
        self,
        began: float,
        detect: Detect,
        pad: Pad | None = None,
        limits: Limits | None = None,
        within: float | None = None,
        enough: int = _ENOUGH,
    ) -> None:
        """``pad`` None: attacks are not looked for. ``within``: seconds, None for the standard."""
        usual = WITHIN_WITHOUT_PAD if pad is None else WITHIN_WITH_PAD
        self._until = began + (usual if within is None else within)
        self._detect, self._pad, self._enough = detect, pad, enough
        self._limits = limits or Limits()
        self._best = Captured(pad_looked=pad is not None)
        self._faces: list[Face] = []
        self._scores: list[float | None] = []
        self._best_score: float | None = None
        self._done = False

    @property
    def done(self) -> bool:
        """Whether the picture has been chosen."""
        return self._done

    def frame(self, image: Image, at: float) -> Instruction | None:
        """Take in one BGR frame; return what to ask the traveller for, None for nothing."""
        if self._done:
            return None
        faces = self._detect(image)
        quality = judge(image, faces, self._limits)
        best = self._best
        best.frames += 1
        best.most_faces = max(best.most_faces, quality.faces)
        if faces:
            self._see(image, faces, quality)
        self._done = quality.good and best.seen >= self._enough
        self.tick(at)
        return quality.instruction

    def tick(self, at: float) -> bool:
        """Look at the clock; return whether the picture has been chosen."""
        if not self._done and at >= self._until:
            self._best.timed_out = self._done = True
        return self._done

    def result(self) -> Captured:
        """Return what has been captured so far: the best picture, and what was seen with it."""
        best = self._best
        scores = (over_frames(self._scores, self._faces), self._best_score)
        best.pad = max((score for score in scores if score is not None), default=None)
        if best.image is not None and best.face is not None and best.portrait is None:
            best.portrait = upright(best.image, best.face)
        return best

    def _see(self, image: Image, faces: Sequence[Face], quality: Quality) -> None:
        face = max(faces, key=lambda f: f.size)
        self._faces.append(face)
        score = None if self._pad is None else self._pad(image, face)
        self._scores.append(score)
        best = self._best
        best.seen += 1
        if best.image is None or quality.score > best.quality.score:
            best.image, best.face, best.quality, best.portrait = image, face, quality, None
            self._best_score = score
