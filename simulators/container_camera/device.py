"""A container number camera made of arithmetic: let a container pass, and it says what it reads.

Physics: each character is read rightly with a chance that falls with dirt and dark; what is read
wrongly becomes a look-alike, mostly with less confidence. Manners: a heartbeat every five seconds;
a reading some time after the container came into view, and again when it is asked to look; light.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from drivers.container_camera.camera import HEARTBEAT
from drivers.container_camera.codec import (
    LONGEST,
    Answer,
    Heartbeat,
    Message,
    Missed,
    Place,
    Seen,
    Status,
    encode,
    unwrap,
)
from simulators.cable import exclusive
from simulators.faults import LineFaults

READS_IN = 0.35  # s from coming into view to a reading
CLEAN, DIRTY, DARK = 0.999, 0.93, 0.80  # chance that a character is read rightly
_LIKE = {"0": "OD", "O": "0", "D": "0", "1": "I7", "I": "1", "2": "Z", "Z": "2", "5": "S6",
         "S": "5", "6": "G5", "G": "6", "8": "B3", "B": "8", "3": "8", "7": "1", "4": "A",
         "A": "4", "U": "V", "M": "N", "N": "M", "E": "F", "F": "E"}  # fmt: skip


@dataclass
class ContainerCameraFaults(LineFaults):
    """The menu: the line's faults and the camera's own."""

    dirty: bool = False  # the lens
    dark: bool = False  # the lamp has failed; `LIT,1` is refused
    hot: bool = False
    misread: int = 0  # readings with one look-alike, and little confidence in it
    sure_misread: int = 0  # the same, with full confidence: only the check digit can tell
    no_confidence: bool = False  # firmware that sends none
    missed: int = 0  # containers that are not read
    twice: int = 0  # readings said twice
    wrong_crc: int = 0
    no_heartbeat: bool = False


@dataclass
class FakeContainerCamera:
    """The physics and the manners of a container number camera."""

    place: Place = Place.REAR
    reads_in: float = READS_IN
    seed: int = 1
    lit: bool = True
    faults: ContainerCameraFaults = field(default_factory=ContainerCameraFaults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._in_view: tuple[str, str] | None = None
        self._left: float | None = None
        self._since_beat = 0.0
        self._sequence = 0
        self._outbox = bytearray()
        self._inbox = bytearray()

    @exclusive
    def container_passes(self, number: str, size_type: str = "22G1") -> None:
        """Let a container come into view."""
        self._in_view, self._left = (number.upper(), size_type.upper()), self.reads_in

    @exclusive
    def container_leaves(self) -> None:
        """Take it away."""
        self._in_view = self._left = None

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._since_beat += seconds
        if self._since_beat >= HEARTBEAT:
            self._since_beat = 0.0
            if not self.faults.no_heartbeat:
                self._say(Heartbeat(self._next(), self.place, self._status))
        if self._left is None:
            return
        self._left -= seconds
        if self._left <= 0:
            self._left = None
            self._look()

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Take the host's commands, and answer them."""
        self._inbox += data
        answers = bytearray()
        while (end := self._inbox.find(b"\n")) >= 0:
            line = bytes(self._inbox[:end]).removesuffix(b"\r")
            del self._inbox[: end + 1]
            if (parts := unwrap(line)) is not None:
                answers += self.faults.spoil(encode(self._obey(parts)))
        del self._inbox[: max(0, len(self._inbox) - LONGEST)]
        return bytes(answers)

    @exclusive
    def transmit(self) -> bytes:
        """Return what the camera said unasked."""
        said, self._outbox = bytes(self._outbox), bytearray()
        return said

    @property
    def _status(self) -> Status:
        faults = self.faults
        status = Status.LENS_DIRTY if faults.dirty else Status(0)
        status |= Status.DARK if faults.dark or not self.lit else Status(0)
        return status | (Status.HOT if faults.hot else Status(0))

    def _obey(self, parts: list[str]) -> Answer:
        match parts:
            case ["TRG"]:
                self._left = self.reads_in
                return Answer("TRG")
            case ["LIT", "0" | "1"]:
                if self.faults.dark and parts[1] == "1":
                    return Answer("LIT", "lamp failed")
                self.lit = parts[1] == "1"
                return Answer("LIT")
            case [name, *_]:
                return Answer(name, "unknown command")
        raise AssertionError("a line has a name")

    def _look(self) -> None:
        if self._in_view is None or self.faults.take("missed"):
            why = "nothing in view" if self._in_view is None else "no text found"
            self._say(Missed(self._next(), self.place, why))
            return
        number, size_type = self._in_view
        text, sure = self._read(number)
        seen = Seen(self._next(), self.place, text, () if self.faults.no_confidence else sure,
                    size_type, round(self.reads_in * 1000))  # fmt: skip
        self._say(seen)
        if self.faults.take("twice"):
            self._say(seen)

    def _read(self, number: str) -> tuple[str, tuple[float, ...]]:
        dark = self.faults.dark or not self.lit
        chance = DARK if dark else DIRTY if self.faults.dirty else CLEAN
        right = self._rng.random(len(number)) < chance
        sure = np.where(right, self._rng.uniform(0.93, 0.99, len(number)),
                        self._rng.uniform(0.3, 0.75, len(number)))  # fmt: skip
        for name, confidence in (("misread", 0.5), ("sure_misread", 0.98)):
            if self.faults.take(name):
                place = self._a_place_with_a_double(number)
                right[place], sure[place] = False, confidence
        text = "".join(
            c if well else self._double(c) for c, well in zip(number, right, strict=True)
        )
        return text, tuple(round(float(c), 2) for c in sure)

    def _a_place_with_a_double(self, number: str) -> int:
        return int(self._rng.choice([i for i, c in enumerate(number) if c in _LIKE] or [0]))

    def _double(self, character: str) -> str:
        return str(self._rng.choice(list(_LIKE.get(character, character))))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _say(self, message: Message) -> None:
        raw = encode(message)
        if self.faults.take("wrong_crc"):
            raw = raw[:-3] + (b"0" if raw[-3:-2] != b"0" else b"1") + raw[-2:]
        self._outbox += self.faults.spoil(raw)
