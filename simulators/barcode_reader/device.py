"""A bar code reader made of arithmetic: hold a code before it, and it says what it reads.

It reads while it is lit, once per code, some time after the code came into view. Put out, it says
nothing; lit again before the same code, it reads it again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from drivers.barcode_reader.codec import TRIGGER_OFF, TRIGGER_ON, Dialect, Scan, encode
from simulators.cable import exclusive
from simulators.faults import LineFaults

READS_IN = 0.2  # s from lying still to a code


@dataclass
class BarcodeFaults(LineFaults):
    """The menu: the line's faults and the reader's own."""

    wrong_crc: int = 0  # codes whose last byte is wrong
    half_code: int = 0  # codes that end in the middle
    twice: int = 0  # codes that are said twice
    no_identifier: int = 0  # lines without AIM identifier
    blind: bool = False  # a dirty window: reads nothing


@dataclass
class FakeBarcodeReader:
    """The physics and the manners of a bar code reader."""

    dialect: Dialect = Dialect.FRAMED
    faults: BarcodeFaults = field(default_factory=BarcodeFaults)
    reads_in: float = READS_IN
    lit: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._shown: Scan | None = None
        self._left: float | None = None  # s until it has read
        self._outbox = bytearray()
        self._inbox = bytearray()

    @exclusive
    def show(self, content: bytes, aim: str = "]Q3") -> None:
        """Hold a code before it."""
        self._shown = Scan(content, aim)
        self._left = self.reads_in

    @property
    def has_read(self) -> bool:
        """Whether what is held before it has been read: it beeps then."""
        return self._left is None

    @exclusive
    def take_away(self) -> None:
        """Take the code away."""
        self._shown = self._left = None

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        if self._left is None or not self.lit or self.faults.blind:
            return
        self._left -= seconds
        if self._left <= 0 and self._shown is not None:
            self._left = None
            self._say(self._shown)

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Take the host's trigger; the reader gives no answer to it."""
        self._inbox += data
        while (end := self._inbox.find(b"\r")) >= 0:
            command = bytes(self._inbox[: end + 1])
            del self._inbox[: end + 1]
            if command.endswith(TRIGGER_ON) and not self.lit:
                self.lit, self._left = True, self.reads_in if self._shown else None
            elif command.endswith(TRIGGER_OFF):
                self.lit = False
        return b""

    @exclusive
    def transmit(self) -> bytes:
        """Return what the reader said unasked."""
        said, self._outbox = bytes(self._outbox), bytearray()
        return said

    def _say(self, scan: Scan) -> None:
        bare = self.dialect is Dialect.LINES and self.faults.take("no_identifier")
        raw = self._worn(encode(Scan(scan.content) if bare else scan, self.dialect))
        self._outbox += self.faults.spoil(raw)
        if self.faults.take("twice"):
            self._outbox += raw

    def _worn(self, raw: bytes) -> bytes:
        if self.faults.take("wrong_crc"):
            return raw[:-1] + bytes([raw[-1] ^ 1])
        if self.faults.take("half_code"):
            return raw[: len(raw) // 2]
        return raw
