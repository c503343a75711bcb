"""Frames of the line detector: bytes in, replies and lines out. No clock, no port.

All numbers little-endian but the pixels, which come in the order the header names.

line     "XLN1" version flags energies order  pixels  line     time µs  length   pixels…  CRC-32
         4      u8      u8    u8       u8     u16     u32      u64      u32      u16 × n  u32
control  "XCM1" (host) or "XRP1" (detector), code u8, status u8, length u16, data…, CRC-32

1. The CRC (IEEE 802.3, as in zlib) covers everything before it. A frame that is cut short, of
   another shape, or wrong is torn: counted, and the search goes on one byte behind its start.
2. Lines are numbered. A number that comes again is repeated and dropped; lines out of order are
   put in order and counted as swapped; numbers that never came are lost, reported as ranges.
3. The answer to START begins the count at 0: lines of an earlier run before it are dropped.
4. A hole among the newest `REORDER` lines may still be filled: what is behind it is held back
   until the next block.

Own format: docs/devices/detector.md.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

from drivers.detector.lines import LineBlock, LineSorter

LINE, COMMAND, REPLY = b"XLN1", b"XCM1", b"XRP1"
VERSION = 1
_HEAD = struct.Struct("<4sBBBBHIQI")
_CONTROL = struct.Struct("<4sBBH")
_CRC = struct.Struct("<I")
_LONGEST_DATA = 256  # bytes in a control frame


class Flag(IntFlag):
    """What the detector knows about a line."""

    BEAM_ON = 1


class Order(IntEnum):
    """Which byte of a pixel comes first."""

    LITTLE = 0
    BIG = 1


class Code(IntEnum):
    """Commands."""

    INFO = 1
    CONFIGURE = 2
    START = 3
    STOP = 4


class Status(IntEnum):
    """What the detector says to a command."""

    DONE = 0
    BAD_ARGUMENT = 1
    NOT_NOW = 2
    FAULT = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """The detector's answer to a command; ``code`` and ``status`` as sent."""

    code: int
    status: int
    data: bytes = b""


def command(code: int, data: bytes = b"") -> bytes:
    """Return a command as it travels."""
    return _closed(_CONTROL.pack(COMMAND, code, 0, len(data)) + data)


def reply(answer: Reply) -> bytes:
    """Return an answer as it travels."""
    head = _CONTROL.pack(REPLY, answer.code, answer.status, len(answer.data))
    return _closed(head + answer.data)


def line(number: int, pixels: NDArray[np.uint16], time_us: int, flags: Flag, order: Order) -> bytes:
    """Return one line, ``pixels`` (energies, pixels) uint16, as it travels."""
    raw = pixels.astype("<u2" if order is Order.LITTLE else ">u2", copy=False).tobytes()
    energies, width = pixels.shape
    head = _HEAD.pack(
        LINE, VERSION, flags, energies, order, width, number & 0xFFFFFFFF, time_us, len(raw)
    )
    return _closed(head + raw)


class Decoder:
    """Cuts the detector's stream; replies come out of `feed`, lines out of `take`."""

    def __init__(self, energies: int, pixels: int) -> None:
        self._shape = (energies, pixels)
        self._size = _HEAD.size + 2 * energies * pixels + _CRC.size
        self._rest = b""
        self._in_step = True  # false while searching for the next frame
        self._sorter = LineSorter(energies, pixels)
        self._torn = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies completed by ``data``; keep its lines for `take`."""
        stream = self._rest + data if self._rest else data
        replies: list[Reply] = []
        view, at = memoryview(stream), 0
        while (start := self._find(stream, at)) is not None:
            at = start
            whole = self._frame(stream, view, at, replies)
            if whole is None:
                break
            self._judge(whole > 0)
            at += whole or 1
        else:
            at = max(at, len(stream) - len(LINE) + 1)
        self._rest = stream[at:]
        return replies

    def take(self, *, all_of_it: bool = False) -> LineBlock | None:
        """Return the lines since the last call, or None; ``all_of_it``: hold nothing back."""
        block = self._sorter.take(self._torn, all_of_it=all_of_it)
        if block:
            self._torn = 0
        return block

    @property
    def waiting(self) -> int:
        """How many lines have come since the last `take`."""
        return len(self._sorter)

    @property
    def torn(self) -> int:
        """How often the stream lost step since the last block."""
        return self._torn

    def _find(self, stream: bytes, at: int) -> int | None:
        """Return where the next frame may start; what is skipped on the way is torn."""
        if stream.startswith((LINE, REPLY), at):
            return at
        found = [i for i in (stream.find(LINE, at), stream.find(REPLY, at)) if i >= 0]
        skipped = min(found, default=len(stream) - len(LINE) + 1) - at
        if skipped > 0:
            self._judge(good=False)
        return min(found, default=None)

    def _frame(self, stream: bytes, view: memoryview, at: int, replies: list[Reply]) -> int | None:
        """Return the size of the frame at ``at``; 0: it is none; None: not all there yet."""
        if stream.startswith(REPLY, at):
            return self._reply(view, at, replies)
        left = len(stream) - at
        if left < _HEAD.size:
            return None
        _, version, flags, energies, order, width, number, when, _ = _HEAD.unpack_from(stream, at)
        if version != VERSION or (energies, width) != self._shape or order > Order.BIG:
            return 0
        if left < self._size:
            return None
        end = at + self._size - _CRC.size
        if zlib.crc32(view[at:end]) != _CRC.unpack_from(stream, end)[0]:
            return 0
        raw = np.frombuffer(stream, ">u2" if order else "<u2", energies * width, at + _HEAD.size)
        self._sorter.add(number, raw.reshape(self._shape), when, bool(flags & Flag.BEAM_ON))
        return self._size

    def _reply(self, view: memoryview, at: int, replies: list[Reply]) -> int | None:
        if len(view) - at < _CONTROL.size:
            return None
        _, code, status, length = _CONTROL.unpack_from(view, at)
        end = at + _CONTROL.size + length
        if length > _LONGEST_DATA:
            return 0
        if len(view) < end + _CRC.size:
            return None
        if zlib.crc32(view[at:end]) != _CRC.unpack_from(view, end)[0]:
            return 0
        replies.append(Reply(code, status, bytes(view[at + _CONTROL.size : end])))
        if (code, status) == (Code.START, Status.DONE):
            self._sorter, self._torn = LineSorter(*self._shape), 0
        return int(end + _CRC.size - at)

    def _judge(self, good: bool) -> None:
        """Count a loss of step once, however many bytes the search takes."""
        if self._in_step and not good:
            self._torn += 1
        self._in_step = good


class CommandDecoder:
    """The detector's side: cuts the host's stream into commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the commands (code, data) completed by ``data``."""
        self._buffer += data
        commands = []
        while (start := self._buffer.find(COMMAND)) >= 0:
            del self._buffer[:start]
            if len(self._buffer) < _CONTROL.size:
                break
            _, code, _, length = _CONTROL.unpack_from(self._buffer)
            end = _CONTROL.size + length
            if length <= _LONGEST_DATA and len(self._buffer) < end + _CRC.size:
                break
            good = length <= _LONGEST_DATA and self._crc_fits(end)
            if good:
                commands.append((code, bytes(self._buffer[_CONTROL.size : end])))
            del self._buffer[: end + _CRC.size if good else 1]
        return commands

    def _crc_fits(self, end: int) -> bool:
        expected: int = _CRC.unpack_from(self._buffer, end)[0]
        return zlib.crc32(bytes(self._buffer[:end])) == expected


def _closed(body: bytes) -> bytes:
    return body + _CRC.pack(zlib.crc32(body))
