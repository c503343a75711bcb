"""Messages of a document reader: bytes in, events out. No clock, no port.

Two dialects, the same messages (docs/devices/document_reader.md):

1. FRAMED  STX message ETX [LRC]; LRC = XOR of the message bytes and ETX.
           Messages: D detected, M line CR line CR …, U unreadable, R removed; host: I inquire.
2. LINES   every line ends CR LF. Machine readable lines come bare; #DETECTED, #UNREADABLE,
           #REMOVED; host: #INQUIRE.

What is no message is an event too (`Rubbish`), in its place in the stream, with what was wrong and
where, never with what was read: a machine readable zone is personal data. The decoder then goes
on at the next possible start, so that nothing good behind it is lost.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from drivers.listener import Decoder
from drivers.rubbish import Rubbish

STX, ETX = 0x02, 0x03
CRLF = b"\r\n"
LONGEST = 160  # bytes; the longest message has 3 × 31 + 1
SHAPES = {44: 2, 36: 2, 30: 3}  # characters per line → lines (Doc 9303-4, -5, -6, -7)
_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")


class Dialect(Enum):
    """How messages are marked off."""

    FRAMED = auto()
    FRAMED_LRC = auto()
    LINES = auto()


@dataclass(frozen=True, slots=True)
class Detected:
    """A document came to lie on the reader; it is being read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A document was read: its machine readable lines, 2 × 44, 2 × 36 or 3 × 30 characters."""

    lines: tuple[str, ...] = field(repr=False)  # personal data: not for a log


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something lies on the reader in which it finds no machine readable zone."""


@dataclass(frozen=True, slots=True)
class Removed:
    """The reader is empty."""


Event = Detected | Placed | Unreadable | Removed
Item = Event | Rubbish


def decoder(dialect: Dialect) -> Decoder[Event]:
    """Return a decoder for ``dialect``."""
    if dialect is Dialect.LINES:
        return LineDecoder()
    return FrameDecoder(checked=dialect is Dialect.FRAMED_LRC)


def encode(event: Event, dialect: Dialect) -> bytes:
    """Return ``event`` as the reader sends it."""
    if dialect is not Dialect.LINES:
        return framed(_body(event), dialect)
    if isinstance(event, Placed):
        return b"".join(line.encode("ascii") + CRLF for line in event.lines)
    return f"#{type(event).__name__.upper()}".encode("ascii") + CRLF


def inquiry(dialect: Dialect) -> bytes:
    """Return the host's question for what lies on the reader now."""
    return b"#INQUIRE" + CRLF if dialect is Dialect.LINES else framed(b"I", dialect)


def framed(message: bytes, dialect: Dialect) -> bytes:
    """Return ``message`` in a frame."""
    tail = message + bytes([ETX])
    return bytes([STX]) + tail + (_lrc(tail) if dialect is Dialect.FRAMED_LRC else b"")


class FrameDecoder:
    """STX … ETX, with or without an LRC behind it. Noise between frames is skipped and counted."""

    def __init__(self, *, checked: bool) -> None:
        self._checked = checked
        self._buffer = bytearray()
        self.discarded = 0

    @property
    def half(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield everything completed by ``data``."""
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def give_up(self) -> Item:
        """Drop the half frame: nothing more came. What is whole behind a false start is kept."""
        size = len(self._buffer)
        start = self._buffer.find(STX, 1)
        del self._buffer[: start if start > 0 else size]
        return Rubbish(f"half a frame of {size} bytes, then silence")

    def _next(self) -> Item | None:
        self._skip_to_start()
        end = self._buffer.find(ETX)
        restart = self._buffer.find(STX, 1)
        if 0 < restart < (end if end > 0 else restart + 1):
            return self._reject(restart, f"frame cut short after {restart} bytes")
        if max(end, len(self._buffer)) > LONGEST and not 0 < end <= LONGEST:
            return self._reject(1, f"no end of frame within {LONGEST} bytes")
        size = end + 1 + self._checked
        if end < 0 or len(self._buffer) < size:
            return None
        if self._checked and _lrc(self._buffer[1 : end + 1])[0] != self._buffer[end + 1]:
            return self._reject(1, f"wrong check byte behind a frame of {end + 1} bytes")
        message = bytes(self._buffer[1:end])
        del self._buffer[:size]
        return parse(message)

    def _skip_to_start(self) -> None:
        start = self._buffer.find(STX)
        skip = start if start >= 0 else len(self._buffer)
        self.discarded += skip
        del self._buffer[:skip]

    def _reject(self, size: int, why: str) -> Rubbish:
        del self._buffer[:size]
        return Rubbish(why)


class LineDecoder:
    """Lines ending CR LF; machine readable lines are gathered until their document is whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[str] = []

    @property
    def half(self) -> bool:
        """Whether a line or a document has begun and not ended."""
        return bool(self._buffer or self._lines)

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield everything completed by ``data``."""
        self._buffer += data
        while (end := self._buffer.find(CRLF)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            yield from self._take(line)
        if len(self._buffer) > LONGEST:
            del self._buffer[:-1]  # the last may be the CR of the end
            self._lines.clear()
            yield Rubbish(f"no end of line within {LONGEST} bytes")

    def give_up(self) -> Item:
        """Drop what is half said: nothing more came."""
        said = Rubbish(
            f"{len(self._lines)} lines and {len(self._buffer)} bytes of a document, then silence"
        )
        self._lines.clear()
        self._buffer.clear()
        return said

    def _take(self, line: bytes) -> Iterator[Item]:
        if line in _MARKS:
            if self._lines:
                yield Rubbish(f"document ended after {len(self._lines)} lines")
            self._lines.clear()
            yield _MARKS[line]
        elif wrong := _wrong(line):
            self._lines.clear()
            yield Rubbish(wrong)
        else:
            yield from self._gather(line.decode("ascii"))

    def _gather(self, line: str) -> Iterator[Item]:
        if wrong := self._misplaced(line):
            yield Rubbish(wrong)
            was_first = not self._lines
            self._lines.clear()
            if was_first or self._misplaced(line):  # it may be the first of the next document
                return
        self._lines.append(line)
        if len(self._lines) == SHAPES[len(line)]:
            whole, self._lines = tuple(self._lines), []
            yield Placed(whole)

    def _misplaced(self, line: str) -> str:
        """Say why ``line`` cannot come next; a lost first line must not pair with a stranger's."""
        if self._lines and len(line) != len(self._lines[0]):
            return f"line of {len(line)} characters after one of {len(self._lines[0])}"
        number = len(self._lines) + 1
        dates = sum(c.isdigit() for c in line) >= 6
        if len(line) == 30 and number == 1:
            return "" if line[0] in "ACI" else "a document of 3 lines begins with A, C or I"
        if dates != (number == 2):
            return f"line {number} of {SHAPES[len(line)]} is not where it belongs"
        return ""


def parse(message: bytes) -> Item:
    """Return what a framed ``message`` says."""
    if message in _LETTERS:
        return _LETTERS[message]
    if not message.startswith(b"M"):
        return Rubbish(f"unknown message of {len(message)} bytes")
    lines = message[1:].removesuffix(b"\r").split(b"\r")
    for number, line in enumerate(lines, 1):
        if wrong := _wrong(line):
            return Rubbish(f"line {number}: {wrong}")
    if {len(line) for line in lines} != {len(lines[0])} or len(lines) != SHAPES[len(lines[0])]:
        return Rubbish(f"lines of {[len(line) for line in lines]} characters make no document")
    return Placed(tuple(line.decode("ascii") for line in lines))


def _wrong(line: bytes) -> str:
    for column, byte in enumerate(line, 1):
        if chr(byte) not in _CHARACTERS:
            return f"byte {byte:#04x} in column {column} is not of a machine readable zone"
    return "" if len(line) in SHAPES else f"{len(line)} characters make no machine readable line"


def _body(event: Event) -> bytes:
    if isinstance(event, Placed):
        return b"M" + b"".join(line.encode("ascii") + b"\r" for line in event.lines)
    return next(letter for letter, known in _LETTERS.items() if known == event)


def _lrc(data: bytes | bytearray) -> bytes:
    return bytes([functools.reduce(operator.xor, data, 0)])


_LETTERS: dict[bytes, Event] = {b"D": Detected(), b"U": Unreadable(), b"R": Removed()}
_MARKS: dict[bytes, Event] = {
    b"#DETECTED": Detected(),
    b"#UNREADABLE": Unreadable(),
    b"#REMOVED": Removed(),
}
