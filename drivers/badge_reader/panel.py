"""The control panel's end of one OSDP line: a frame out, its reply in.

1. Sequence 0 begins anew; then 1, 2, 3, 1 … A frame that was not answered is sent again as it was,
   byte for byte: the reader repeats its reply and does nothing twice (§5.7).
2. BUSY asks for patience: the same frame again. Our own echo on two wires is no reply.
3. In the secure channel only replies that are in it count; one that is not ends the channel.
4. RND.A is new for every channel (`secure_channel`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from drivers.badge_reader.frames import Decoder, Frame, encode
from drivers.badge_reader.messages import Command, Identity, Nak, Reply, identity
from drivers.badge_reader.messages import knows_secure_channel as offers
from drivers.badge_reader.secure_channel import (
    CHALLENGE,
    FIRST_MAC,
    ITS_CRYPTOGRAM,
    OUR_CRYPTOGRAM,
    RANDOM,
    Handshake,
    Session,
)
from drivers.errors import Garbled, NoAnswer, Refused
from drivers.link import Link, drain
from drivers.patience import Clock, Patience
from drivers.rubbish import Rubbish

Random = Callable[[int], bytes]
OWN_KEY, DEFAULT_KEY_SLOT = b"\x01", b"\x00"
QUIET = 0.05  # s of silence inside a frame: 20 ms allowed (§5.7), and a USB adapter's own 16


class NotSecure(Refused):
    """The reader does not prove its key, or has no secure channel: its badges are not believed."""


@dataclass
class Panel:
    """Speaks to the reader ``address`` on ``link``. Blocking: one thread owns it."""

    link: Link
    address: int
    patience: Patience
    clock: Clock
    random: Random

    def __post_init__(self) -> None:
        self.session: Session | None = None
        self._sequence = 0
        self._decoder = Decoder()

    def begin(self, key: bytes, slot: bytes = OWN_KEY) -> Identity:
        """Open the secure channel with ``key`` and return who the reader says it is.

        Raises NotSecure, NoAnswer, Garbled, LinkLost.
        """
        self.session, self._sequence = None, 0
        who = identity(self._expect(Command.ID, b"\x00", Reply.ID))
        if not offers(self._expect(Command.CAPABILITIES, b"\x00", Reply.CAPABILITIES)):
            raise NotSecure(f"badge reader {self.address} has no secure channel; put another one")
        rnd_a = self.random(RANDOM)
        answer = self._handshake(Command.CHALLENGE, rnd_a, CHALLENGE + slot, ITS_CRYPTOGRAM + slot)
        handshake = Handshake(key, rnd_a, answer[8:16])
        if not hmac.compare_digest(handshake.reader_cryptogram, answer[16:]):
            raise NotSecure(f"badge reader {self.address} does not know the key")
        proof = handshake.panel_cryptogram
        first = self._handshake(Command.CRYPTOGRAM, proof, OUR_CRYPTOGRAM + slot, FIRST_MAC)
        if not hmac.compare_digest(handshake.first_mac, first):
            raise NotSecure(f"badge reader {self.address} did not accept our proof of the key")
        self.session = handshake.session()
        return who

    def ask(self, command: Command, data: bytes = b"") -> Frame:
        """Return the reply to ``command`` within the channel, opened; any error ends the channel.

        Raises Refused where the reader does not do that.
        """
        session, self.session = self.session, None
        if session is None:
            raise NotSecure(f"badge reader {self.address}: no secure channel is open")
        reply = self._exchange(session.seal(self._next(command, data)))
        if not reply.block:
            reason = _reason(reply) if reply.code == Reply.NAK else f"reply {reply.code:#04x}"
            raise Garbled(f"badge reader {self.address} left the secure channel: {reason}")
        opened = session.open(reply)
        self.session = session
        if opened.code == Reply.NAK:
            raise Refused(f"badge reader {self.address}: {command.name}: {_reason(opened)}")
        return opened

    def _handshake(self, command: Command, data: bytes, block: bytes, answer: bytes) -> bytes:
        reply = self._exchange(self._next(command, data, block))
        sizes = {ITS_CRYPTOGRAM[0]: 32, FIRST_MAC[0]: 16}
        if reply.code == Reply.NAK or not reply.block.startswith(answer):
            what = _reason(reply) if reply.code == Reply.NAK else f"block {reply.block.hex()}"
            raise NotSecure(f"badge reader {self.address} refuses the secure channel: {what}")
        if len(reply.data) != sizes[answer[0]]:
            raise Garbled(f"badge reader {self.address}: {len(reply.data)} bytes of a proof")
        return reply.data

    def _expect(self, command: Command, data: bytes, code: Reply) -> bytes:
        reply = self._exchange(self._next(command, data))
        if reply.code == Reply.NAK:
            raise Refused(f"badge reader {self.address}: {command.name}: {_reason(reply)}")
        if reply.code != code or reply.block:
            raise Garbled(f"badge reader {self.address}: {reply.code:#04x} to {command.name}")
        return reply.data

    def _next(self, command: Command, data: bytes, block: bytes = b"") -> Frame:
        frame = Frame(self.address, self._sequence, command, data, block=block)
        self._sequence = self._sequence % 3 + 1
        return frame

    def _exchange(self, frame: Frame) -> Frame:
        """Send ``frame`` until its reply comes, and return that."""
        raw, wrong, busy = encode(frame), "", False
        for _ in range(self.patience.tries):
            self._forget()
            self.link.write(raw)
            reply = self._reply(frame)
            if isinstance(reply, Frame) and reply.code != Reply.BUSY:
                return reply
            busy = isinstance(reply, Frame)
            if busy:
                self.link.read(self.patience.answer_within)  # nothing comes unasked: time passes
            wrong = reply.detail if isinstance(reply, Rubbish) else wrong
        name = Command(frame.code).name
        if wrong:
            raise Garbled(f"badge reader {self.address}: {wrong} in place of a reply to {name}")
        state = "busy" if busy else "silent"
        raise NoAnswer(f"badge reader {self.address} {state} after {self.patience.tries} × {name}")

    def _reply(self, frame: Frame) -> Frame | Rubbish | None:
        """Return the reply to ``frame``, else the rubbish that came instead, else None."""
        deadline = self.clock() + self.patience.answer_within
        wrong = None
        while (left := deadline - self.clock()) > 0:
            data = self.link.read(min(left, QUIET) if self._decoder.half else left)
            items = self._decoder.feed(data) if data else self._decoder.give_up()
            for item in items:
                if isinstance(item, Rubbish):
                    wrong = item
                elif self._is_reply(item, frame):
                    return item
        return wrong

    def _is_reply(self, item: Frame, to: Frame) -> bool:
        same = item.sequence == to.sequence or item.code == Reply.BUSY
        return item.reply and item.address == to.address and same

    def _forget(self) -> None:
        """Throw away what came unasked: it answers an older frame."""
        drain(self.link)
        self._decoder = Decoder()


def _reason(reply: Frame) -> str:
    code = reply.data[0] if reply.data else 0
    return Nak(code).name if code in Nak._value2member_map_ else f"NAK {code:#04x}"
