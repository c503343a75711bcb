"""What is looked at of one traveller: the document in front of the gate, the face inside.

1. While the document is read, a boarding pass that is required is asked for; what was shown beside
   the document is judged once its zone is known.
2. Who asked for a lower camera is looked at by the lower one, where the gate has one. Asked while
   the other one looks, that one stops, and the lower one begins anew.
3. Nothing here decides: all of it ends as evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.camera.camera import Camera
from edge.display.display import Display
from edge.egate.codes import Codes
from edge.egate.devices import Workers
from edge.egate.evidence import Evidence
from edge.egate.face.guide import FaceGuide
from edge.egate.face.take import patient, policy_of, take_face
from edge.egate.face.verify import FacePolicy
from edge.egate.guide import Guide
from edge.egate.optics import Optics
from edge.egate.reading import Authenticate, DocumentReading
from edge.egate.recognition import Recognition
from edge.egate.standing import Standing
from edge.runtime.clock import Clock
from edge.runtime.worker import Worker

__all__ = ["JUDGING", "Examination"]

JUDGING = 2.0  # s of a reading's limit that are kept for judging what was read


@dataclass
class Examination:
    """The looking of one gate. ``left`` says the s that the present phase may still last."""

    workers: Workers
    authenticate: Authenticate
    recognition: Recognition
    standing: Standing
    codes: Codes
    display: Display
    clock: Clock
    left: Callable[[], float]
    _taking: asyncio.Task[dict[str, float]] | None = field(default=None, init=False)
    _seen: Evidence | None = field(default=None, init=False, repr=False)  # while it is taken
    _lowering: bool = field(default=False, init=False)

    async def document(self, evidence: Evidence, lines: tuple[str, ...] | None) -> dict[str, float]:
        """Read the document, of which the reader read ``lines``; return milliseconds by stage."""
        guide = Guide(self.display, self.clock)
        reading = DocumentReading(
            evidence,
            self.workers,
            self.authenticate,
            Optics(evidence, self.recognition.optical, self._policy.fmr),
            guide,
            lambda: self._reading_left() > 0,
        )
        async with asyncio.TaskGroup() as both:
            both.create_task(self.codes.awaited(evidence, guide, self._reading_left))
            stages = both.create_task(reading.read(lines))
        await self.codes.judge(evidence)
        return stages.result()

    async def face(self, evidence: Evidence, patience: float) -> dict[str, float]:
        """Take and compare the face, ``patience`` times as long; return milliseconds by stage."""
        how = patient(self.recognition.looking, patience)
        guide = FaceGuide(self.display)
        self._seen = evidence
        try:
            while True:
                work = take_face(evidence, self._camera, how, self._policy, guide.tell)
                self._taking = asyncio.create_task(work)
                try:
                    return await self._taking
                except asyncio.CancelledError:
                    if not self._lowering:
                        raise
                    self._lowering = False
        finally:
            self._taking = self._seen = None
            guide.close()

    def lower_camera(self) -> None:
        """Begin anew with the lower camera, where the other one looks and has no picture yet."""
        if self._taking is None or self.workers.face_camera_low is None:
            return
        if self._seen is not None and self._seen.captured is None:
            self._lowering = self._taking.cancel()

    @property
    def _camera(self) -> Worker[Camera]:
        low = self.workers.face_camera_low
        asked = self.display.wishes.lower_camera
        return low if low is not None and asked else self.workers.face_camera

    @property
    def _policy(self) -> FacePolicy:
        return policy_of(self.standing.false_match_rate, self.recognition.pad_alarm)

    def _reading_left(self) -> float:
        return self.left() - JUDGING
