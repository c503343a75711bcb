"""A PN532 with one travel document on it, as a `ChipReader`.

1. Power on: field off and on, then a card is looked for, type A and type B in turn, until one that
   speaks ISO/IEC 14443-4 is there or ``card_within`` has passed.
2. Transmit: a command goes out in pieces of 262 bytes, all but the last marked MI; a response that
   is marked MI goes on in the next exchange. Waiting time extensions stay inside the PN532.
3. A chip that does not answer is asked whether it is still there: gone is LinkLost, there is
   NoAnswer. After either, and after any error on the line, nothing is transmitted until power on:
   a late answer would be taken for the next one, and a chip must not carry a command out twice.
4. Close: the card is released, the field goes off, and the baud rate back to what it was.
(NXP UM0701-02 §7; a card in a field that is never off cannot be told from a new one.)
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from drivers.chip_reader.pn532.commands import (
    AUTOMATIC_RATS,
    BAUD_RATES,
    BAUDRATE,
    CARD_PRESENCE,
    DISAPPEARED,
    ERROR,
    ERRORS,
    EVERY_TARGET,
    FIELD_MISSING,
    FIELD_OFF,
    FIELD_ON,
    MORE,
    MOST_DATA,
    NO_SAM,
    RELEASED,
    RETRIES_OF_EXCHANGE,
    RETRIES_OF_SEARCH,
    TIMEOUT,
    TYPE_A,
    TYPE_B,
    Code,
    Target,
    first_target,
)
from drivers.chip_reader.pn532.conversation import Conversation
from drivers.errors import DriverError, Garbled, LinkLost, NoAnswer, Refused
from drivers.link import Link
from drivers.patience import Clock

COMMAND_WITHIN = 1.0  # s; what concerns the PN532 alone is done in a few ms
SEARCH_WITHIN = 2.0  # s; three tries of an activation with its RATS
FIELD_CHANGE = 0.006  # s; a chip needs 5.1 ms without field to forget, and 5 in it to wake
LONGEST_RESPONSE = 65_538  # bytes: an extended response and its status word


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, in seconds: for one answer of the chip, and for a card to be there."""

    answer_within: float = 5.0
    card_within: float = 30.0


class Pn532Reader:
    """One PN532 at the other end of ``link``. Blocking: one thread owns it."""

    def __init__(
        self,
        link: Link,
        name: str = "PN532",
        timing: Timing = Timing(),
        clock: Clock = time.monotonic,
        *,
        restore_baud_rate: bool = False,
    ) -> None:
        self._link, self._name, self._timing, self._clock = link, name, timing, clock
        self._restore_baud_rate = restore_baud_rate
        self._talk = Conversation(link, clock)
        self._target: Target | None = None
        self._closed = False

    def start(self) -> str:
        """Wake the PN532 and set it up; return its firmware as "1.6".

        Raises NoAnswer where nothing speaks at this baud rate, Refused where it is no PN532.
        """
        self._talk.wake()
        self._ask(Code.SAM_CONFIGURATION, NO_SAM)
        version = self._ask(Code.GET_FIRMWARE_VERSION)
        if len(version) != 4 or version[0] != 0x32:
            raise Refused(f"{self._name}: IC {version[:1].hex()} is not a PN532 (32)")
        self._ask(Code.SET_PARAMETERS, AUTOMATIC_RATS)
        self._ask(Code.RF_CONFIGURATION, RETRIES_OF_EXCHANGE)
        self._ask(Code.RF_CONFIGURATION, RETRIES_OF_SEARCH)
        return f"{version[1]}.{version[2]}"

    def set_baud_rate(self, baudrate: int) -> None:
        """Make the PN532 change to ``baudrate``; nothing passes until the port does so too."""
        if baudrate not in BAUD_RATES:
            raise Refused(f"{self._name}: {baudrate} baud; there are {BAUD_RATES}")
        self._ask(Code.SET_SERIAL_BAUD_RATE, bytes([BAUD_RATES.index(baudrate)]))
        self._talk.acknowledge()  # it changes when this arrives (§7.2.7)

    def power_on(self) -> bytes:
        """Switch the card off and on and return its answer to reset.

        Raises NoAnswer where no card came within ``card_within`` seconds.
        """
        self._target = None
        self.start()  # it may have lost its supply, or still be in an exchange
        for state in (FIELD_OFF, FIELD_ON):
            self._ask(Code.RF_CONFIGURATION, state)
            self._link.read(FIELD_CHANGE)  # nothing comes unasked: time passes
        deadline = self._clock() + self._timing.card_within
        while True:
            for kind in (TYPE_A, TYPE_B):
                found = self._ask(Code.IN_LIST_PASSIVE_TARGET, kind, SEARCH_WITHIN)
                target = first_target(found, kind)
                if target:
                    self._target = target
                    return target.atr
            if self._clock() >= deadline:
                raise NoAnswer(
                    f"{self._name}: no chip on the glass in {self._timing.card_within} s"
                )

    def transmit(self, apdu: bytes) -> bytes:
        """Return the card's response to ``apdu``."""
        target, self._target = self._target, None
        if target is None:
            raise NoAnswer(f"{self._name}: no card is powered on; an answer may be late")
        pieces = [apdu[i : i + MOST_DATA] for i in range(0, len(apdu), MOST_DATA)] or [b""]
        for piece in pieces[:-1]:
            self._exchange(target.number | MORE, piece)
        more, response = self._exchange(target.number, pieces[-1])
        while more:
            more, piece = self._exchange(target.number, b"")
            response += piece
            if len(response) > LONGEST_RESPONSE or (more and not piece):
                raise Garbled(f"{self._name}: a response of {len(response)} bytes has no end")
        self._target = target
        return response

    def close(self) -> None:
        """Switch the card off and let go of the line. Safe to call twice."""
        if self._closed:
            return
        with suppress(DriverError):  # it may be gone already
            self._ask(Code.IN_RELEASE, EVERY_TARGET)
            self._ask(Code.RF_CONFIGURATION, FIELD_OFF)
            if self._restore_baud_rate:
                self.set_baud_rate(BAUDRATE)
        self.hang_up()

    def hang_up(self) -> None:
        """Let go of the line and leave the PN532 as it is."""
        self._closed, self._target = True, None
        self._link.close()

    def _exchange(self, number: int, piece: bytes) -> tuple[bool, bytes]:
        """Return whether there is more, and the data of one InDataExchange."""
        data = bytes([number]) + piece
        answer = self._talk.ask(Code.IN_DATA_EXCHANGE, data, self._timing.answer_within, once=True)
        if not answer:
            raise Garbled(f"{self._name}: a response without its status")
        if answer[0] & ERROR:
            self._fail(answer[0] & ERROR)
        return bool(answer[0] & MORE), answer[1:]

    def _fail(self, error: int) -> None:
        what = ERRORS.get(error, f"error {error:#04x} of UM0701-02 §7.1")
        if error in (FIELD_MISSING, DISAPPEARED, RELEASED) or not self._is_there():
            raise LinkLost(f"{self._name}: the card went away: {what}")
        if error == TIMEOUT:
            raise NoAnswer(f"{self._name}: {what}; it is still there")
        raise Garbled(f"{self._name}: {what}")

    def _is_there(self) -> bool:
        return self._ask(Code.DIAGNOSE, CARD_PRESENCE) == b"\x00"

    def _ask(self, code: Code, data: bytes = b"", within: float = COMMAND_WITHIN) -> bytes:
        return self._talk.ask(code, data, within)
