"""Frames of the vpcd protocol, by which a reader and a virtual card speak: bytes in, frames out.

length    payload
2 bytes   0 to 65 535 bytes; big-endian length

1. From the reader, one byte of payload is a control: 00 power off, 01 power on, 02 reset, 04 get
   ATR. Only the last has an answer. Anything longer is a command for the card.
2. From the card, every frame is an answer: the ATR, or the response to a command.
(The vsmartcard project's "Creating a virtual smart card".)
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

LENGTH = 2
LONGEST = 0xFFFF
PORT = 35963  # 0x8C7B, where vpcd listens unless told otherwise


class Control(IntEnum):
    """What a reader says that is no command for the card."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    GET_ATR = 0x04


def encode(payload: bytes) -> bytes:
    """Return ``payload`` (at most 65 535 bytes) as it travels."""
    if len(payload) > LONGEST:
        raise ValueError(f"a frame holds {LONGEST} bytes, not {len(payload)}")
    return len(payload).to_bytes(LENGTH, "big") + payload


def control(payload: bytes) -> Control | None:
    """Return the control that a reader's frame is, or None for a command."""
    known = len(payload) == 1 and payload[0] in Control._value2member_map_
    return Control(payload[0]) if known else None


class Decoder:
    """Cuts a byte stream into payloads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def reset(self) -> None:
        """Forget what is half read."""
        self._buffer.clear()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every payload completed by ``data``."""
        self._buffer += data
        while len(self._buffer) >= LENGTH:
            end = LENGTH + int.from_bytes(self._buffer[:LENGTH], "big")
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[LENGTH:end])
            del self._buffer[:end]
            yield payload
