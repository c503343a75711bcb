"""Frames of the line detector: bytes in, replies and lines out. No clock, no port.

All numbers little-endian but the pixels, which come in the order the header names.

line     "XLN1" version flags energies order  pixels  line     time µs  length   pixels…  CRC-32
         4      u8      u8    u8       u8     u16     u32      u64      u32      u16 × n  u32
control  "XCM1" (host) or "XRP1" (detector), code u8, status u8, length u16, data…, CRC-32

1. The CRC (IEEE 802.3, as in zlib) covers everything before it. A frame that is cut short, of
   another shape, or wrong is torn: counted, and the search goes on one byte behind its start.
2. Lines that stand one behind the other are judged and moved together: their heads as one array,
   their pixels from the received bytes straight into the ring (drivers/detector/ring.py).
3. The answer to START begins the count at 0: lines of an earlier run before it go to the ring of
   that run, or, where there was none, nowhere.

Own format: docs/devices/detector.md.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

from drivers.detector.ring import Arrivals, LineRing

LINE, COMMAND, REPLY = b"XLN1", b"XCM1", b"XRP1"
VERSION = 1
_HEAD = struct.Struct("<4sBBBBHIQI")
_ORDER_AT = 7  # where a head says in which order its pixels come
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
    """Cuts the detector's stream: replies come out of `feed`, lines land in the ``ring``."""

    def __init__(self, energies: int, pixels: int) -> None:
        self.ring = LineRing(energies, pixels, 1)
        self._next: LineRing | None = None
        self._heads = {order: _layout(order, energies, pixels) for order in Order}
        self._shape = (energies, pixels)
        self._size = self._heads[Order.LITTLE].itemsize
        self._rest = b""
        self._in_step = True  # false while searching for the next frame

    def expect(self, ring: LineRing) -> None:
        """Let lines land in ``ring`` from the next answer to START on."""
        self._next = ring

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies completed by ``data``; put its lines into the ring."""
        replies: list[Reply] = []
        if self._rest:
            # The one frame that was cut is made whole; the others stay where they are.
            cut = max(self._size - len(self._rest), 0)
            self._rest = self._cut(self._rest + data[:cut], replies)
            data = data[cut:]
        if data:
            self._rest = self._cut(self._rest + data if self._rest else data, replies)
        return replies

    def _cut(self, stream: bytes, replies: list[Reply]) -> bytes:
        """Take every whole frame of ``stream``; return what is left of it."""
        at = 0
        while (start := self._find(stream, at)) is not None:
            at = start
            whole = self._run(stream, at) or self._frame(stream, at, replies)
            if whole is None:
                break
            self._judge(whole > 0)
            at += whole or 1
        else:
            at = max(at, len(stream) - len(LINE) + 1)
        return stream[at:]

    def _find(self, stream: bytes, at: int) -> int | None:
        """Return where the next frame may start; what is skipped on the way is torn."""
        if stream.startswith((LINE, REPLY), at):
            return at
        found = [i for i in (stream.find(LINE, at), stream.find(REPLY, at)) if i >= 0]
        skipped = min(found, default=len(stream) - len(LINE) + 1) - at
        if skipped > 0:
            self._judge(good=False)
        return min(found, default=None)

    def _run(self, stream: bytes, at: int) -> int:
        """Place the good lines that stand one behind the other from ``at``; return their bytes."""
        count = (len(stream) - at) // self._size
        if not count:
            return 0
        order = Order.BIG if stream[at + _ORDER_AT] == Order.BIG else Order.LITTLE
        frames = np.frombuffer(stream, self._heads[order], count, at)
        fits = self._fits(frames, order)
        count = count if fits.all() else int(fits.argmin())
        count = _intact(memoryview(stream)[at:], frames["crc"][:count].tolist(), self._size)
        if count:
            some = frames[:count]
            lit = (some["flags"] & Flag.BEAM_ON) > 0
            self.ring.place(Arrivals(some["number"], some["time"], lit, some["counts"]))
        return count * self._size

    def _fits(self, frames: NDArray[np.void], order: Order) -> NDArray[np.bool_]:
        """Return which heads say what every line of this detector must say."""
        energies, pixels = self._shape
        wanted = {
            "magic": LINE,
            "version": VERSION,
            "energies": energies,
            "order": order,
            "pixels": pixels,
            "length": 2 * energies * pixels,
        }
        fits = [frames[name] == value for name, value in wanted.items()]
        return np.asarray(np.logical_and.reduce(fits))

    def _frame(self, stream: bytes, at: int, replies: list[Reply]) -> int | None:
        """Return the size of the frame at ``at``; 0: it is none; None: not all there yet."""
        if stream.startswith(REPLY, at):
            return self._reply(memoryview(stream), at, replies)
        left = len(stream) - at
        if left >= self._size:
            return 0
        if left < _HEAD.size:
            return None
        order = Order.BIG if stream[at + _ORDER_AT] == Order.BIG else Order.LITTLE
        padded = stream[at : at + _HEAD.size].ljust(self._size, b"\0")
        return None if self._fits(np.frombuffer(padded, self._heads[order]), order)[0] else 0

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
            self._begin()
        return int(end + _CRC.size - at)

    def _begin(self) -> None:
        self.ring, self._next = self._next or self.ring, None
        self.ring.begin()

    def _judge(self, good: bool) -> None:
        """Count a loss of step once, however many bytes the search takes."""
        if self._in_step and not good:
            self.ring.tear()
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


def _layout(order: Order, energies: int, pixels: int) -> np.dtype[np.void]:
    """Return a whole line frame as one record; the head as in ``_HEAD``."""
    value = "<u2" if order is Order.LITTLE else ">u2"
    return np.dtype(
        [
            ("magic", "S4"), ("version", "u1"), ("flags", "u1"), ("energies", "u1"),
            ("order", "u1"), ("pixels", "<u2"), ("number", "<u4"), ("time", "<u8"),
            ("length", "<u4"), ("counts", value, (energies, pixels)), ("crc", "<u4"),
        ]
    )  # fmt: skip


def _intact(view: memoryview, sums: list[int], size: int) -> int:
    """Return how many frames of ``size`` bytes there are before the first with a wrong CRC."""
    for index, wanted in enumerate(sums):
        start = index * size
        if zlib.crc32(view[start : start + size - _CRC.size]) != wanted:
            return index
    return len(sums)


def _closed(body: bytes) -> bytes:
    return body + _CRC.pack(zlib.crc32(body))
