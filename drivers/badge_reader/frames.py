"""Frames of OSDP (SIA OSDP v2.2 §5.9, IEC 60839-11-5): bytes in, frames out. No clock, no port.

53 | ADDR | LEN LEN | CTRL | SCB… | code data… | MAC (4) | CRC CRC, or checksum

1. ADDR has bit 7 set in a reply; LEN, low byte first, counts everything from 53 to the check.
2. CTRL: bits 0-1 sequence, bit 2 CRC instead of checksum, bit 3 a security control block follows,
   the others zero: a bit that is not kept would escape the MAC.
3. The block is its own length, its type (11 to 18), and its data; from 15 on there is a MAC.
4. CRC: polynomial 1021, initial value 1D0F, low byte first, over everything before it. Checksum:
   what makes the sum zero. A mark (FF) before the frame is no part of it.
5. What is no frame is `Rubbish`; the decoder goes on one byte further, so that nothing is lost.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.rubbish import Rubbish

SOM, MARK = 0x53, 0xFF
REPLY = 0x80
LONGEST = 1440  # bytes (§5.9)
MAC = 4
_HEADER = 5
_CRC, _SECURED, _RESERVED = 0x04, 0x08, 0xF0
_FIRST_WITH_MAC, _LAST_TYPE = 0x15, 0x18


@dataclass(frozen=True, slots=True)
class Frame:
    """A command or, with ``reply``, its answer. ``block`` is the type and data of the SCB."""

    address: int
    sequence: int
    code: int
    data: bytes = field(default=b"", repr=False)
    reply: bool = False
    block: bytes = b""
    mac: bytes = b""
    crc: bool = True

    @property
    def has_mac(self) -> bool:
        """Whether a frame with such a block ends with a MAC."""
        return bool(self.block) and self.block[0] >= _FIRST_WITH_MAC

    def covered(self) -> bytes:
        """Return the bytes that a MAC covers: everything before it."""
        scb = bytes([len(self.block) + 1]) + self.block if self.block else b""
        body = scb + bytes([self.code]) + self.data
        check = 2 if self.crc else 1
        size = _HEADER + len(body) + (MAC if self.has_mac else 0) + check
        control = self.sequence | (_CRC if self.crc else 0) | (_SECURED if self.block else 0)
        address = self.address | (REPLY if self.reply else 0)
        return bytes([SOM, address]) + size.to_bytes(2, "little") + bytes([control]) + body


Item = Frame | Rubbish


def encode(frame: Frame) -> bytes:
    """Return ``frame`` as it travels, with a mark before it; its MAC must be there already."""
    raw = frame.covered() + frame.mac
    return bytes([MARK]) + raw + _check(raw, crc=frame.crc)


def crc16(data: bytes) -> int:
    """Return the CRC of ``data``."""
    return binascii.crc_hqx(data, 0x1D0F)


def _check(raw: bytes, *, crc: bool) -> bytes:
    return crc16(raw).to_bytes(2, "little") if crc else bytes([-sum(raw) & 0xFF])


class Decoder:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def half(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield everything completed by ``data``."""
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def give_up(self) -> Iterator[Item]:
        """Drop a frame that has begun, as no more of it came; yield what is whole behind it."""
        if self._buffer:
            del self._buffer[0]
            yield Rubbish("half a frame, then silence")
            yield from self.feed(b"")

    def _next(self) -> Item | None:
        if skipped := self._skip_to_start():
            return Rubbish(f"{skipped} bytes that begin no frame")
        if len(self._buffer) < _HEADER:
            return None
        size = int.from_bytes(self._buffer[2:4], "little")
        control = self._buffer[4]
        if control & _RESERVED or not _shortest(control) <= size <= LONGEST:
            return self._reject(f"control {control:#04x} with length {size}, which no frame has")
        if len(self._buffer) < size:
            return None
        raw = bytes(self._buffer[:size])
        check = 2 if control & _CRC else 1
        if _check(raw[:-check], crc=bool(control & _CRC)) != raw[-check:]:
            return self._reject(f"a wrong check behind {size - check} bytes")
        frame = _parse(raw[:-check])
        if frame is None:
            return self._reject("a security block that does not fit its frame")
        del self._buffer[:size]
        return frame

    def _skip_to_start(self) -> int:
        """Drop what begins no frame and return how much of it was more than marks."""
        start = self._buffer.find(SOM)
        skip = start if start >= 0 else len(self._buffer)
        skipped = bytes(self._buffer[:skip])
        del self._buffer[:skip]
        return len(skipped.strip(bytes([MARK])))

    def _reject(self, why: str) -> Rubbish:
        del self._buffer[0]
        return Rubbish(why)


def _shortest(control: int) -> int:
    return _HEADER + 1 + (2 if control & _CRC else 1) + (2 if control & _SECURED else 0)


def _parse(raw: bytes) -> Frame | None:
    """Return the frame whose bytes before the check are ``raw``, None if its block is wrong."""
    control, block, end = raw[4], b"", len(raw)
    at = _HEADER
    if control & _SECURED:
        at += raw[_HEADER]
        block = raw[_HEADER + 1 : at]
        if not block or not 0x11 <= block[0] <= _LAST_TYPE:
            return None
        end -= MAC if block[0] >= _FIRST_WITH_MAC else 0
    if at >= end:
        return None
    return Frame(
        address=raw[1] & ~REPLY,
        sequence=control & 0b11,
        code=raw[at],
        data=raw[at + 1 : end],
        reply=bool(raw[1] & REPLY),
        block=block,
        mac=raw[end:],
        crc=bool(control & _CRC),
    )
