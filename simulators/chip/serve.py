"""Puts a simulated chip within a reader's reach: over vpcd's TCP frames, or in one process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from drivers.chip_reader.meeting import call
from drivers.chip_reader.vpcd import Control, Decoder, control, encode
from drivers.errors import LinkLost, NoAnswer
from simulators.chip.device import Chip, GoneAway

_TURN = 0.05  # s between looks at whether to stop, and between calls to a reader not yet there
_CHUNK = 1 << 16


def serve_card(chip: Chip, host: str, port: int, stop: threading.Event) -> None:
    """Lay ``chip`` on the reader at ``host:port``, again whenever it hangs up, until ``stop``."""
    while not stop.is_set():
        line = None
        with suppress(LinkLost):
            line = call(host, port)
        if line is None:
            stop.wait(_TURN)
            continue
        with line, suppress(OSError, GoneAway):
            converse(chip, line, stop)
        chip.reset()


def converse(chip: Chip, line: socket.socket, stop: threading.Event) -> None:
    """Answer the reader at the other end of ``line`` until it hangs up or ``stop``."""
    decoder = Decoder()
    line.settimeout(_TURN)
    while not stop.is_set():
        try:
            heard = line.recv(_CHUNK)
        except TimeoutError:
            continue
        if not heard:
            return
        for payload in decoder.feed(heard):
            answer = answer_to(chip, payload)
            stop.wait(chip.faults.slow)
            if answer is not None:
                line.sendall(encode(answer))


def answer_to(chip: Chip, payload: bytes) -> bytes | None:
    """Return what the card answers to one frame of the reader's, None for nothing."""
    match control(payload):
        case None:
            return chip.process(payload)
        case Control.GET_ATR:
            return chip.atr
        case _:
            chip.reset()
            return None


@contextmanager
def on_reader(chip: Chip, host: str, port: int) -> Iterator[None]:
    """Serve ``chip`` to the reader at ``host:port`` for the length of the ``with`` block."""
    stop = threading.Event()
    worker = threading.Thread(
        target=serve_card, args=(chip, host, port, stop), name="chip", daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(timeout=5)


class InProcess:
    """A reader with ``chip`` on it and no cable between."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def power_on(self) -> bytes:
        """Switch the chip on and return its answer to reset."""
        self._chip.reset()
        return self._chip.atr

    def transmit(self, apdu: bytes) -> bytes:
        """Return the chip's response to ``apdu``."""
        try:
            answer = self._chip.process(apdu)
        except GoneAway as error:
            raise LinkLost(str(error)) from error
        if answer is None:
            raise NoAnswer("the chip said nothing")
        return answer

    def close(self) -> None:
        """Switch the chip off."""
        self._chip.reset()
