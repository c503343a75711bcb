"""A document reader made of arithmetic: put a document on it, and it says what it reads.

It says Detected at once, and Placed or Unreadable when it has read; Removed when the glass is
empty. Asked, it says the present state.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.document_reader.codec import (
    Detected,
    Dialect,
    Event,
    Placed,
    Removed,
    Unreadable,
    encode,
    inquiry,
)
from simulators.cable import exclusive
from simulators.faults import LineFaults

READS_IN = 0.3  # s from lying still to a machine readable zone


@dataclass
class ReaderFaults(LineFaults):
    """The menu: the line's faults and the reader's own."""

    wrong_character: int = 0  # documents with a byte that no machine readable zone has
    half_document: int = 0  # documents of which the last line never comes
    over_long: int = 0  # messages that never end
    blind: bool = False  # lies dark: detects nothing


@dataclass
class FakeDocumentReader:
    """The physics and the manners of a document reader."""

    dialect: Dialect = Dialect.FRAMED_LRC
    faults: ReaderFaults = field(default_factory=ReaderFaults)
    reads_in: float = READS_IN
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._state: Event = Removed()
        self._becomes: Event = Removed()
        self._left: float | None = None  # s until it has read
        self._outbox = bytearray()
        self._inbox = bytearray()

    @exclusive
    def place(self, lines: Sequence[str]) -> None:
        """Lay a document down; no ``lines``: one without a machine readable zone, or askew."""
        if not self.faults.blind:
            self._becomes = Placed(tuple(lines)) if lines else Unreadable()
            self._left = self.reads_in
            self._say(Detected())

    @exclusive
    def remove(self) -> None:
        """Take the document away."""
        if self._state != Removed():
            self._left = None
            self._say(Removed())

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        if self._left is None:
            return
        self._left -= seconds
        if self._left <= 0:
            self._left = None
            self._say(self._becomes)

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return what the reader says to ``data``."""
        question = inquiry(self.dialect)
        self._inbox += data
        if question not in self._inbox:
            del self._inbox[: -len(question)]
            return b""
        self._inbox.clear()
        return self.faults.spoil(encode(self._state, self.dialect))

    @exclusive
    def transmit(self) -> bytes:
        """Return what the reader said unasked."""
        said, self._outbox = bytes(self._outbox), bytearray()
        return said

    def _say(self, event: Event) -> None:
        self._state = event
        self._outbox += self.faults.spoil(self._worn(event, encode(event, self.dialect)))

    def _worn(self, event: Event, raw: bytes) -> bytes:
        if isinstance(event, Placed) and self.faults.take("wrong_character"):
            return raw.replace(event.lines[0].encode(), event.lines[0].lower().encode())
        if isinstance(event, Placed) and self.faults.take("half_document"):
            return raw[: raw.rindex(event.lines[-1].encode())]
        if self.faults.take("over_long"):
            return raw[:2] + b"<" * 500
        return raw
