"""The reader's side of the vpcd protocol, over a connected socket.

An answer that did not come in time may still come later and would be taken for the next one: after
NoAnswer nothing is transmitted until the card was powered on again, which discards what is left.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from drivers.chip_reader.vpcd import Control, Decoder, encode
from drivers.errors import Garbled, LinkLost, NoAnswer

_CHUNK = 1 << 16


class VirtualReader:
    """A reader whose card is at the other end of ``line``."""

    def __init__(
        self,
        line: socket.socket,
        name: str,
        answer_within: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line, self._name, self._answer_within = line, name, answer_within
        self._clock = clock
        self._decoder = Decoder()
        self._in_step = False

    def power_on(self) -> bytes:
        """Switch the card off and on and return its answer to reset."""
        self._discard()
        self._send(bytes([Control.POWER_OFF]), bytes([Control.POWER_ON]), bytes([Control.GET_ATR]))
        atr = self._answer()
        if not atr:
            raise Garbled(f"the card at {self._name} has an empty answer to reset")
        return atr

    def transmit(self, apdu: bytes) -> bytes:
        """Return the card's response to ``apdu``."""
        if not self._in_step:
            raise NoAnswer(f"the card at {self._name} is not powered on; an answer may be late")
        self._send(apdu)
        return self._answer()

    def close(self) -> None:
        """Switch the card off and hang up."""
        if self._line.fileno() >= 0:
            with suppress(LinkLost):  # it may be gone already
                self._send(bytes([Control.POWER_OFF]))
            self._line.close()

    def _send(self, *payloads: bytes) -> None:
        try:
            self._line.settimeout(self._answer_within)
            self._line.sendall(b"".join(encode(payload) for payload in payloads))
        except (OSError, ValueError) as error:
            raise LinkLost(f"the card at {self._name} takes no bytes: {error}") from error

    def _answer(self) -> bytes:
        self._in_step = False
        deadline = self._clock() + self._answer_within
        while (left := deadline - self._clock()) > 0:
            for payload in self._decoder.feed(self._receive(left)):
                self._in_step = True
                return payload
        raise NoAnswer(f"the card at {self._name} gave no answer in {self._answer_within} s")

    def _receive(self, within: float) -> bytes:
        try:
            self._line.settimeout(within)
            data = self._line.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LinkLost(f"the card at {self._name} went away: {error}") from error
        if not data:
            raise LinkLost(f"the card at {self._name} went away")
        return data

    def _discard(self) -> None:
        """Throw away what a late card has sent."""
        self._decoder.reset()
        self._line.setblocking(False)
        try:
            while self._line.recv(_CHUNK):
                pass
        except BlockingIOError:
            return
        except OSError as error:
            raise LinkLost(f"the card at {self._name} went away: {error}") from error
        raise LinkLost(f"the card at {self._name} went away")
