"""The chip reader as the rest of the software sees it: power on, transmit, close.

The address decides what it is: ``vpcd://HOST:PORT`` (also ``socket://``, ``tcp://``) a virtual card
at the end of a socket; ``pcsc:`` the first PC/SC reader, ``pcsc://NAME`` the one so named;
``pn532:PORT`` a PN532 on a serial port (``pn532:/dev/ttyUSB0``, ``pn532:socket://HOST:PORT``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drivers.chip_reader.meeting import address_of, meet
from drivers.chip_reader.pn532.port import open_pn532
from drivers.chip_reader.pn532.reader import Timing
from drivers.chip_reader.virtual import VirtualReader


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for one answer of the chip, and for a card to be there."""

    answer_within: float = 5.0  # s; chips think up to 2 over an authentication
    card_within: float = 30.0


class ChipReader(Protocol):
    """One reader with one card. Blocking: one thread owns it."""

    def power_on(self) -> bytes:
        """Switch the card on and return its answer to reset."""

    def transmit(self, apdu: bytes) -> bytes:
        """Return the card's response to ``apdu``.

        Raises LinkLost (the card or the reader went away) or NoAnswer (power on again, and ask).
        """

    def close(self) -> None:
        """Switch the card off and let go of the reader. Safe to call twice."""


def open_reader(
    url: str,
    patience: Patience = Patience(),
    *,
    anywhere: bool = False,
) -> ChipReader:
    """Open the reader at ``url``; LinkLost or NoAnswer if it or its card is not there.

    ``anywhere`` lets a virtual reader listen on other than the loopback.
    """
    if url.startswith("pcsc:"):
        from drivers.chip_reader.pcsc import open_pcsc  # only where pyscard is wanted

        return open_pcsc(url, patience.card_within)
    if url.startswith("pn532:"):
        return open_pn532(url, Timing(patience.answer_within, patience.card_within))
    host, port = address_of(url)
    line = meet(host, port, patience.card_within, anywhere=anywhere)
    return VirtualReader(line, f"{host}:{port}", patience.answer_within)
