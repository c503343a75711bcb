"""Frames of a PN532 on its high speed UART: bytes in, frames out. No clock, no port.

information   00 | 00 FF | LEN LCS | TFI data… | DCS | 00      LEN + LCS = 0, TFI + data + DCS = 0
extended      00 | 00 FF | FF FF LENM LENL LCS | TFI data… | DCS | 00     LENM + LENL + LCS = 0
ACK           00 | 00 FF | 00 FF | 00
NACK          00 | 00 FF | FF 00 | 00
error         00 | 00 FF | 01 FF | 7F | 81 | 00

1. LEN counts the TFI: D4 from the host, D5 from the PN532. Sums are modulo 256.
2. Beyond 255 bytes a frame is extended; none is longer than 265.
3. A sleeping PN532 wakes on the edges of 55; preamble and postamble may be of any length.
4. What is no frame is `Rubbish`; the decoder goes on at the next possible start, one byte further,
   so that nothing good behind it is lost.
(NXP UM0701-02, PN532 User Manual, §6.2.1.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.rubbish import Rubbish

TO_PN532, FROM_PN532 = 0xD4, 0xD5
SYNTAX_ERROR = 0x7F
LONGEST = 265  # bytes of TFI and data (UM0701-02 §6.2.1.2)
WAKE_UP = b"\x55\x55" + bytes(14)  # at 115 200 baud 1.4 ms, for an oscillator that needs up to 2
_START = b"\x00\xff"
_EXTENDED = b"\xff\xff"
_ACK, _NACK = b"\x00\xff", b"\xff\x00"
_SHORT = 255


@dataclass(frozen=True, slots=True)
class Ack:
    """The other end has the frame; from the host it also ends what the PN532 is doing."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The other end wants the last frame again."""


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """The PN532 found no sense in the command."""


@dataclass(frozen=True, slots=True)
class Message:
    """A command or a response: its code and its data."""

    tfi: int
    code: int
    data: bytes = field(default=b"", repr=False)  # a chip's files: not for a log


Frame = Ack | Nack | SyntaxFault | Message
Item = Frame | Rubbish


def encode(frame: Frame) -> bytes:
    """Return ``frame`` as it travels; ValueError beyond 265 bytes."""
    match frame:
        case Ack():
            return b"\x00" + _START + _ACK + b"\x00"
        case Nack():
            return b"\x00" + _START + _NACK + b"\x00"
        case SyntaxFault():
            return _framed(bytes([SYNTAX_ERROR]))
        case Message(tfi, code, data):
            return _framed(bytes([tfi, code]) + data)


def _framed(body: bytes) -> bytes:
    if len(body) > LONGEST:
        raise ValueError(f"a frame holds {LONGEST} bytes, not {len(body)}")
    length = bytes([len(body)]) if len(body) <= _SHORT else len(body).to_bytes(2, "big")
    mark = b"" if len(body) <= _SHORT else _EXTENDED
    header = b"\x00" + _START + mark + length + _complement(length)
    return header + body + _complement(body) + b"\x00"


def _complement(data: bytes) -> bytes:
    return bytes([-sum(data) & 0xFF])


class Decoder:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def half(self) -> bool:
        """Whether a frame has begun and not ended."""
        return _START in self._buffer

    def feed(self, data: bytes) -> Iterator[Item]:
        """Yield everything completed by ``data``."""
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def give_up(self) -> Iterator[Item]:
        """Drop a frame that has begun, as no more of it came; yield what is whole behind it."""
        if self.half:
            del self._buffer[: self._buffer.index(_START) + len(_START)]
            yield Rubbish("half a frame, then silence")
            yield from self.feed(b"")

    def _next(self) -> Item | None:
        if self._skip_to_start():
            return Rubbish("bytes that begin no frame")
        if not self.half:
            return None
        head = bytes(self._buffer[2:4])
        if len(head) < 2:
            return None
        if head in (_ACK, _NACK):
            del self._buffer[:4]
            return Ack() if head == _ACK else Nack()
        return self._information(7 if head == _EXTENDED else 4)

    def _skip_to_start(self) -> bool:
        """Drop what begins no frame; say whether it was more than a preamble or postamble."""
        start = self._buffer.find(_START)
        skip = start if start >= 0 else len(self._buffer) - self._buffer.endswith(b"\x00")
        skipped = bytes(self._buffer[:skip])
        del self._buffer[:skip]
        return bool(skipped.strip(b"\x00\x55"))

    def _information(self, header: int) -> Item | None:
        lengths = bytes(self._buffer[header - (3 if header == 7 else 2) : header])
        if len(self._buffer) < header:
            return None
        size = int.from_bytes(lengths[:-1], "big")
        if sum(lengths) & 0xFF or not 1 <= size <= LONGEST:
            return self._reject("a length that does not match its check byte, or none a frame has")
        if len(self._buffer) < header + size + 1:
            return None
        body = bytes(self._buffer[header : header + size + 1])
        if sum(body) & 0xFF:
            return self._reject(f"a wrong check byte behind {size} bytes")
        del self._buffer[: header + size + 1]
        return _meaning(body[:-1])

    def _reject(self, why: str) -> Rubbish:
        del self._buffer[: len(_START)]
        return Rubbish(why)


def _meaning(body: bytes) -> Item:
    if body == bytes([SYNTAX_ERROR]):
        return SyntaxFault()
    if len(body) < 2 or body[0] not in (TO_PN532, FROM_PN532):
        return Rubbish(f"a frame of {len(body)} bytes from nobody: it begins with {body[0]:#04x}")
    return Message(body[0], body[1], body[2:])
