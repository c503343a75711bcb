"""Messages of an X-ray generator: bytes in, messages out. No clock, no port.

STX  command  ,  argument  ,  …  checksum  ETX
02   2 digits    0 or more       1 byte    03

checksum = ((−Σ bytes after STX) & 0x7F) | 0x40. The sum ends with the last comma on some models and
before it on others: a setting. It is always 40–7F, so STX and ETX occur nowhere else. A frame
that is cut short, too long, badly summed or not of this shape is skipped and counted.

Source: the serial protocol chapters of Spellman's generators; reference frames in
docs/devices/xray_source.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

STX, ETX = 0x02, 0x03
LONGEST = 80  # bytes; seven numbers of four digits need 42
_BODY = re.compile(rb"(\d\d),((?:[ -+\--~]*,)*)([@-\x7f])")


class Sum(Enum):
    """Where the checksum's sum ends."""

    WITH_LAST_COMMA = auto()
    WITHOUT_LAST_COMMA = auto()


class Command(IntEnum):
    """What can be asked of the generator."""

    PROGRAM_KV = 10
    PROGRAM_MA = 11
    PROGRAM_FILAMENT_12 = 12  # limit or standby, by model
    PROGRAM_FILAMENT_13 = 13  # the other of the two
    KV_SET_POINT = 14
    MA_SET_POINT = 15
    FILAMENT_16 = 16  # as programmed with 12
    FILAMENT_17 = 17  # as programmed with 13
    READ_BACK = 20
    HOURS = 21
    STATUS = 22
    SOFTWARE_VERSION = 23
    HARDWARE_VERSION = 24
    MODEL = 26
    INTERLOCK = 55
    FAULTS = 68
    RESET_FAULTS = 74
    XRAY = 99


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way: ``command`` 0–99, printable ASCII ``arguments`` without commas."""

    command: int
    arguments: tuple[str, ...] = ()

    def encode(self, habit: Sum = Sum.WITH_LAST_COMMA) -> bytes:
        """Return the message as it travels."""
        body = "".join(f"{part}," for part in (f"{self.command:02d}", *self.arguments))
        raw = body.encode("ascii")
        return bytes([STX]) + raw + bytes([checksum(raw, habit), ETX])


class Decoder:
    """Cuts a byte stream into messages."""

    def __init__(self, habit: Sum = Sum.WITH_LAST_COMMA) -> None:
        self._habit = habit
        self._buffer = bytearray()
        self.discarded = 0  # bytes that were no message
        self.bad_sums = 0  # frames that were whole but for their checksum

    def reset(self) -> None:
        """Forget what is half read: a new question makes an old answer worthless."""
        self._buffer.clear()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield every message completed by ``data``."""
        self._buffer += data
        while (end := self._buffer.find(ETX)) >= 0:
            start = self._buffer.rfind(STX, 0, end)
            body = bytes(self._buffer[start + 1 : end]) if start >= 0 else b""
            del self._buffer[: end + 1]
            message = self._parse(body)
            self.discarded += start if message else end + 1
            if message:
                yield message
        excess = len(self._buffer) - LONGEST
        if excess > 0:
            self.discarded += excess
            del self._buffer[:excess]

    def _parse(self, body: bytes) -> Message | None:
        if len(body) > LONGEST or not (parts := _BODY.fullmatch(body)):
            return None
        if checksum(body[:-1], self._habit) != body[-1]:
            self.bad_sums += 1
            return None
        arguments = parts[2].decode("ascii").split(",")[:-1]
        return Message(int(parts[1]), tuple(arguments))


def checksum(body: bytes, habit: Sum) -> int:
    """Return the checksum byte over ``body``, which ends with its last comma."""
    summed = body if habit is Sum.WITH_LAST_COMMA else body[:-1]
    return (-sum(summed) & 0x7F) | 0x40
