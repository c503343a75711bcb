"""What a bar code reader says: bytes in, codes out. No clock, no port.

Two manners (docs/devices/barcode_reader.md):

1. LINES   AIM identifier, content, CR or LF or both. For text: what holds CR or LF itself comes in
           pieces, so a seal cannot come this way.
2. FRAMED  STX, size (2 bytes, big-endian, of identifier and content), AIM identifier, content,
           CRC-16/CCITT-FALSE of identifier and content. Any byte may be content.

The AIM identifier (ISO/IEC 15424) is ``]``, a letter for the symbology and a digit about its use;
with LINES it may be missing. What is no code is an item too (`Rubbish`), in its place in the
stream, with what was wrong and where, never with what was read: a pass is personal data. The
decoder then goes on at the next possible start, so that nothing good behind it is lost.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from drivers.lines import LineDecoder
from drivers.listener import Decoder
from drivers.rubbish import Rubbish

STX = 0x02
LONGEST = 4096  # bytes; the largest QR code holds 2953, DataMatrix 1555, Aztec 1914
TRIGGER_ON, TRIGGER_OFF = b"\x16T\r", b"\x16U\r"  # SYN T CR, SYN U CR
_HEAD, _TAIL, _AIM = 3, 2, 3  # STX and size; CRC; ] letter digit
_AIM_FORM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")


class Dialect(Enum):
    """How codes are marked off."""

    LINES = auto()
    FRAMED = auto()


class Symbology(StrEnum):
    """The bar codes that travel documents and passes use, by their AIM letter (ISO/IEC 15424)."""

    QR = "Q"
    DATA_MATRIX = "d"
    AZTEC = "z"
    PDF417 = "L"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """One code: its content byte for byte, and its AIM identifier, empty where none was sent."""

    content: bytes = field(repr=False)  # personal data: not for a log
    aim: str = ""

    @property
    def symbology(self) -> Symbology:
        """Which kind of bar code it was."""
        letter = self.aim[1:2]
        return Symbology(letter) if letter in {s.value for s in Symbology} else Symbology.OTHER


Item = Scan | Rubbish


def decoder(dialect: Dialect) -> Decoder[Scan]:
    """Return a decoder for ``dialect``."""
    return LineDecoder(_scan, LONGEST) if dialect is Dialect.LINES else FrameDecoder()


def encode(scan: Scan, dialect: Dialect) -> bytes:
    """Return ``scan`` as the reader sends it; with FRAMED an identifier is needed."""
    body = scan.aim.encode("ascii") + scan.content
    if dialect is Dialect.LINES:
        return body + b"\r\n"
    if not _AIM_FORM.fullmatch(body[:_AIM]):
        raise ValueError(f"{scan.aim!r} is no AIM identifier")
    return bytes([STX]) + len(body).to_bytes(2, "big") + body + _crc(body)


class FrameDecoder:
    """STX, size, identifier, content, CRC. Noise between frames is skipped and counted."""

    def __init__(self) -> None:
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
        """Drop the start that led nowhere; what is whole behind it is kept for the next feed."""
        size = len(self._buffer)
        del self._buffer[:1]
        self._skip_to_start()
        return Rubbish(f"half a frame of {size} bytes, then silence")

    def _next(self) -> Item | None:
        self._skip_to_start()
        if len(self._buffer) < _HEAD:
            return None
        size = int.from_bytes(self._buffer[1:_HEAD], "big")
        if not _AIM <= size <= LONGEST:
            return self._reject(f"a frame of {size} bytes")
        aim = self._buffer[_HEAD : _HEAD + _AIM]
        if len(aim) == _AIM and not _AIM_FORM.fullmatch(aim):
            return self._reject("a frame without AIM identifier")
        end = _HEAD + size
        if len(self._buffer) < end + _TAIL:
            return None
        body = bytes(self._buffer[_HEAD:end])
        if _crc(body) != self._buffer[end : end + _TAIL]:
            return self._reject(f"wrong CRC behind a frame of {size} bytes")
        del self._buffer[: end + _TAIL]
        return Scan(body[_AIM:], body[:_AIM].decode("ascii"))

    def _skip_to_start(self) -> None:
        start = self._buffer.find(STX)
        skip = start if start >= 0 else len(self._buffer)
        self.discarded += skip
        del self._buffer[:skip]

    def _reject(self, why: str) -> Rubbish:
        del self._buffer[:1]
        return Rubbish(why)


def _scan(line: bytes) -> Scan:
    if _AIM_FORM.match(line[:_AIM]):
        return Scan(line[_AIM:], line[:_AIM].decode("ascii"))
    return Scan(line)


def _crc(body: bytes) -> bytes:
    """Return CRC-16/CCITT-FALSE: polynomial 1021, start FFFF; of "123456789" it is 29B1."""
    return binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
