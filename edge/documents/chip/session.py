"""One conversation with one chip: commands are counted, and protected once there is a channel.

1. A transport that fails is ChipLost; an answer that is none is MessageForged.
2. A chip may give a byte at a time for ever: after MOST commands it is Endless.
"""

from __future__ import annotations

from typing import Protocol

from drivers.errors import DriverError
from edge.documents.chip.apdu import ApduError, Command, Response
from edge.documents.chip.errors import ChipLost, Endless, MessageForged
from edge.documents.chip.secure_messaging import Channel

MOST = 8_192  # commands; a chip that gives 32 bytes at once and holds 100 kB needs half of them


class Transport(Protocol):
    """What the reader needs of a card reader: one command out, one response back."""

    def transmit(self, apdu: bytes) -> bytes:
        """Return the chip's response to ``apdu``, or raise a DriverError."""


class Conversation:
    """Sends commands to one chip. ``apdus`` counts them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.channel: Channel | None = None
        self.apdus = 0

    def ask(self, command: Command, doing: str, offset: int = 0) -> Response:
        """Return the chip's answer to ``command``, opened; ``doing`` and ``offset`` name it."""
        sent = self.channel.protect(command) if self.channel else command
        self.apdus += 1
        if self.apdus > MOST:
            raise Endless(f"{doing}, offset {offset}: not done after {MOST} commands")
        try:
            answer = Response.decode(self._transport.transmit(sent.encode()))
        except DriverError as error:
            raise ChipLost(doing, offset, error) from error
        except ApduError as error:
            raise MessageForged(f"{doing}, offset {offset}: {error}") from error
        return self.channel.open(answer) if self.channel else answer
