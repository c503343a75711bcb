"""A PN532 made of arithmetic: lay a simulated chip on it, and it speaks for it.

1. Physics: a chip has power while it lies there and the field is on; without, it forgets all.
2. Manners: asleep until it hears 55; every command is acknowledged, then answered; a new command or
   an ACK ends the one under way; NACK brings the last response again; a new baud rate holds from
   the host's ACK on. Over 262 bytes of data come in pieces marked MI, commands and responses.
3. A fault breaks exactly what its name says and nothing else.
(NXP UM0701-02 §6.2, §7.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.chip_reader.pn532.codec import (
    FROM_PN532,
    TO_PN532,
    Ack,
    Decoder,
    Frame,
    Item,
    Message,
    Nack,
    SyntaxFault,
    encode,
)
from drivers.chip_reader.pn532.commands import (
    BAUD_RATES,
    BAUDRATE,
    MORE,
    MOST_DATA,
    TIMEOUT,
    Code,
)
from simulators.cable import exclusive
from simulators.faults import LineFaults
from simulators.pn532.card import Card

NO_TARGET = 0x27
SEARCH = 0.03  # s for a look at an empty antenna, with its retries
_WAKES = 0x55


@dataclass
class Pn532Faults(LineFaults):
    """The menu: the line's faults (of responses) and the reader's own."""

    no_ack: int = 0  # acknowledgements lost on the way
    nack: int = 0  # commands answered with NACK
    refuse: int = 0  # commands answered with the error frame
    slow: float = 0.0  # s before every response
    lift_after: int = 0  # the card is lifted in that many exchanges from now
    air: int = 0  # exchanges that fail in the air with a CRC error
    dead: bool = False  # no supply


@dataclass
class FakePn532:
    """The physics and the manners of a PN532."""

    faults: Pn532Faults = field(default_factory=Pn532Faults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    baudrate: int = field(default=BAUDRATE, init=False)
    exchanges: int = field(default=0, init=False)  # InDataExchange commands carried out

    def __post_init__(self) -> None:
        self._decoder = Decoder()
        self._card: Card | None = None
        self._powered: Card | None = None  # the one that was activated and is still powered
        self._awake = self._field = False
        self._command = bytearray()  # of the chip, of which more is to come
        self._rest = b""  # of the chip's response, not yet fetched
        self._last: Frame = Ack()
        self._next_baudrate = 0
        self._took = 0.0  # s that the last command took
        self._due: tuple[float, Frame] | None = None  # a response and the s until it is said

    @exclusive
    def place(self, card: Card) -> None:
        """Lay ``card`` on the antenna."""
        self._card = card

    @exclusive
    def remove(self) -> None:
        """Take the card away."""
        self._power_off()
        self._card = None

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        if self._due:
            self._due = (self._due[0] - seconds, self._due[1])

    @exclusive
    def transmit(self) -> bytes:
        """Return the response that has become due."""
        if self._due is None or self._due[0] > 0:
            return b""
        frame, self._due = self._due[1], None
        return self.faults.spoil(encode(frame))

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return what it says at once to ``data``."""
        if self.faults.dead:
            self._awake = False
            return b""
        self._awake = self._awake or _WAKES in data
        if not self._awake:
            return b""
        return b"".join(self._take(item) for item in self._decoder.feed(data))

    def _take(self, item: Item) -> bytes:
        match item:
            case Message(tfi, code, data) if tfi == TO_PN532:
                return self._obey(code, data)
            case Ack():
                self._due = None
                self.baudrate, self._next_baudrate = self._next_baudrate or self.baudrate, 0
            case Nack():
                self._due = (0.0, self._last)
                return self.transmit()
        return b""

    def _obey(self, code: int, data: bytes) -> bytes:
        self._due = None
        if self.faults.take("nack"):
            return encode(Nack())
        ack = b"" if self.faults.take("no_ack") else encode(Ack())
        self._took = 0.0
        self._last = self._response(code, data)
        self._due = (self.faults.slow + self._took, self._last)
        return ack + self.transmit()

    def _response(self, code: int, data: bytes) -> Frame:
        act = self._actions().get(code)
        if act is None or self.faults.take("refuse"):
            return SyntaxFault()
        answer = act(data)
        return SyntaxFault() if answer is None else Message(FROM_PN532, code + 1, answer)

    def _actions(self) -> dict[int, Callable[[bytes], bytes | None]]:
        """Return what each command does; None is a parameter that makes no sense."""
        return {
            Code.DIAGNOSE: self._diagnose,
            Code.GET_FIRMWARE_VERSION: lambda _: bytes.fromhex("32010607"),
            Code.SET_SERIAL_BAUD_RATE: self._set_baud_rate,
            Code.SET_PARAMETERS: lambda flags: b"" if len(flags) == 1 else None,
            Code.SAM_CONFIGURATION: lambda mode: b"" if mode[:1] == b"\x01" else None,
            Code.RF_CONFIGURATION: self._configure_field,
            Code.IN_LIST_PASSIVE_TARGET: self._list,
            Code.IN_DATA_EXCHANGE: self._exchange,
            Code.IN_RELEASE: self._release,
        }

    def _diagnose(self, test: bytes) -> bytes | None:
        if test != b"\x06":
            return None
        if self._powered is None:
            return bytes([NO_TARGET])
        return bytes([TIMEOUT if self._powered.gone else 0])

    def _set_baud_rate(self, number: bytes) -> bytes | None:
        if len(number) != 1 or number[0] >= len(BAUD_RATES):
            return None
        self._next_baudrate = BAUD_RATES[number[0]]
        return b""

    def _configure_field(self, item: bytes) -> bytes | None:
        match item[:1]:
            case b"\x01" if len(item) == 2:
                self._field = bool(item[1] & 1)
                if not self._field:
                    self._power_off()
                return b""
            case b"\x02" | b"\x04" | b"\x05":
                return b""
        return None

    def _list(self, wanted: bytes) -> bytes | None:
        kinds = {b"\x01\x00": "A", b"\x01\x03": "B"}
        kind = kinds.get(wanted[:2])
        if kind is None:
            return None
        self._power_off()
        self._field = True
        card = self._card
        if card is None or card.gone or card.kind != kind:
            self._took = SEARCH
            return b"\x00"
        self._powered = card
        card.chip.reset()
        return b"\x01\x01" + card.description()

    def _exchange(self, data: bytes) -> bytes | None:
        if not data:
            return None
        if self._powered is None or not self._field:
            return bytes([NO_TARGET])
        self.exchanges += 1
        self._maybe_lift()
        if self._powered.gone:
            return bytes([TIMEOUT])
        if self.faults.take("air"):
            return b"\x02"
        self._command += data[1:]
        if data[0] & MORE:
            return b"\x00"
        return self._answer(self._powered)

    def _answer(self, card: Card) -> bytes:
        """Return the status and the next piece of the chip's response."""
        command, self._command = bytes(self._command), bytearray()
        if command or not self._rest:
            answer = card.exchange(command)
            if answer is None:
                return bytes([TIMEOUT])
            self._rest = answer
        piece, self._rest = self._rest[:MOST_DATA], self._rest[MOST_DATA:]
        return bytes([MORE if self._rest else 0]) + piece

    def _maybe_lift(self) -> None:
        if self.faults.lift_after and self._powered:
            self.faults.lift_after -= 1
            if not self.faults.lift_after:
                self._powered.gone = True

    def _release(self, number: bytes) -> bytes | None:
        if len(number) != 1:
            return None
        self._power_off()
        return b"\x00"

    def _power_off(self) -> None:
        if self._powered:
            self._powered.chip.reset()
        self._powered, self._rest = None, b""
        self._command.clear()
