"""One question to a PN532 at a time, over a link that may spoil bytes either way.

1. A command is acknowledged within 15 ms (UM0701-02 §6.2.2); its response comes when it is done.
2. No ACK and no response: the command was not heard. It is sent again, unless it is one that must
   not be carried out twice (``once``): a chip under secure messaging would take it for a forgery.
3. A NACK means it was not understood: it is sent again in any case.
4. A response that came spoilt is asked for again with NACK, which carries nothing out twice; not
   before the line is quiet, or the good one behind some noise would come twice.
5. A response without its ACK is a response; one to another command is late and thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.chip_reader.pn532.codec import (
    FROM_PN532,
    TO_PN532,
    WAKE_UP,
    Ack,
    Decoder,
    Item,
    Message,
    Nack,
    SyntaxFault,
    encode,
)
from drivers.chip_reader.pn532.commands import Code
from drivers.errors import Garbled, NoAnswer, Refused
from drivers.link import Link, drain
from drivers.patience import Clock
from drivers.rubbish import Rubbish

ACK_WITHIN = 0.25  # s; 15 ms promised, and a USB serial adapter's own 16 ms twice
QUIET = 0.05  # s of silence inside a frame: at 9600 baud two bytes are 2 ms apart
TRIES = 3


class Conversation:
    """Asks a PN532 at the other end of ``link``. Blocking: one thread owns it."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link, self._clock = link, clock
        self._decoder = Decoder()

    def wake(self) -> None:
        """Wake it and end what it may still be doing."""
        self._link.write(WAKE_UP + encode(Ack()))

    def acknowledge(self) -> None:
        """Tell it that its response arrived, which is what a change of baud rate waits for."""
        self._link.write(encode(Ack()))

    def ask(self, code: Code, data: bytes, within: float, *, once: bool = False) -> bytes:
        """Return the data of the response to command ``code``, waiting ``within`` seconds for it.

        Raises NoAnswer (silent), Garbled (only rubbish), Refused (it knows no such command) and
        LinkLost. A command that must not be carried out twice is ``once``.
        """
        self._forget()
        exchange = _Exchange(code, self._clock() + within)
        for _ in range(TRIES):
            self._link.write(encode(Message(TO_PN532, code, data)))
            answer = self._answer(exchange, once=once)
            if answer is not None:
                return answer
            if once and not exchange.nacked:
                break
        raise NoAnswer(f"PN532: did not acknowledge {code.name}; is it on, at this baud rate?")

    def _forget(self) -> None:
        """Throw away what came unasked: it answers an older question."""
        drain(self._link)
        self._decoder = Decoder()

    def _answer(self, exchange: _Exchange, *, once: bool) -> bytes | None:
        """Return the response, or None where the command should be sent again."""
        exchange.acknowledged = exchange.nacked = False
        ack_by = exchange.deadline if once else self._clock() + ACK_WITHIN
        while (left := exchange.until(ack_by) - self._clock()) > 0:
            for item in self._heard(left, exchange):
                answer = _weigh(item, exchange)
                if answer is not None:
                    return answer
            if exchange.nacked:
                return None
        if exchange.acknowledged:
            raise NoAnswer(f"PN532: acknowledged {exchange.code.name} and did not answer in time")
        return None

    def _heard(self, left: float, exchange: _Exchange) -> Iterator[Item]:
        unfinished = self._decoder.half or exchange.rubbish
        data = self._link.read(min(left, QUIET) if unfinished else left)
        if data:
            yield from self._decoder.feed(data)
        elif self._decoder.half:
            yield from self._decoder.give_up()
        elif exchange.rubbish and exchange.acknowledged:
            exchange.ask_again()
            self._link.write(encode(Nack()))


def _weigh(item: Item, exchange: _Exchange) -> bytes | None:
    match item:
        case Message(tfi, code, data) if (tfi, code) == (FROM_PN532, exchange.code + 1):
            return data
        case Ack():
            exchange.acknowledged = True
        case Nack():
            exchange.nacked = True
        case SyntaxFault():
            raise Refused(f"PN532: finds no sense in {exchange.code.name}")
        case Rubbish(detail):
            exchange.rubbish = detail
    return None


class _Exchange:
    """How far one question has come."""

    def __init__(self, code: Code, deadline: float) -> None:
        self.code, self.deadline = code, deadline
        self.acknowledged = self.nacked = False
        self.rubbish = ""
        self._spoilt = 0

    def until(self, ack_by: float) -> float:
        """Return when to stop waiting."""
        return self.deadline if self.acknowledged else min(ack_by, self.deadline)

    def ask_again(self) -> None:
        """Count a response that came spoilt; Garbled where it was one too many."""
        self._spoilt += 1
        if self._spoilt > TRIES:
            raise Garbled(f"PN532: the response to {self.code.name} came as {self.rubbish}")
        self.rubbish = ""
