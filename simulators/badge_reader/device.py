"""A badge reader made of arithmetic: show it a badge, and it tells the panel when it is asked.

1. Physics: badges, a cover that can be opened, a light, a buzzer, a supply.
2. Manners (SIA OSDP v2.2): it speaks only when asked and only to its address; sequence 0 begins
   anew; a repeated sequence gets the same reply again; once it has a key it serves nothing but ID,
   CAP and the handshake outside the secure channel; 8 s without a frame end the channel.
3. A fault breaks exactly what its name says and nothing else.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from drivers.badge_reader.frames import Decoder, Frame, encode
from drivers.badge_reader.messages import Colour, Command, Format, Nak, Reply
from drivers.badge_reader.secure_channel import (
    CHALLENGE,
    DEFAULT_KEY,
    FIRST_MAC,
    ITS_CRYPTOGRAM,
    KEY,
    OUR_CRYPTOGRAM,
    RANDOM,
    Handshake,
    Session,
)
from drivers.errors import Garbled
from simulators.cable import exclusive
from simulators.faults import LineFaults

OFFLINE_AFTER = 8.0  # s (§5.7)
_ID = bytes.fromhex("001703 01 02 2a000000 010500")  # vendor, model, version, serial, firmware
_CARDS, _LED, _BUZZER, _SECURITY = (
    b"\x03\x01\x00",
    b"\x04\x01\x01",
    b"\x05\x01\x01",
    b"\x09\x01\x01",
)
_CLIENT_UID = bytes.fromhex("00170300cafedeed")


@dataclass
class BadgeReaderFaults(LineFaults):
    """The menu: the line's faults and the reader's own."""

    busy: int = 0  # commands answered with BUSY
    reboot: int = 0  # commands before which it lost its supply, and its channel
    plain: bool = False  # has no secure channel and says so
    talks_plain: bool = False  # answers outside the channel, as one in the middle would
    wrong_key: bool = False  # was given another key
    wrong_mac: int = 0  # sealed replies whose MAC does not verify
    echo: bool = False  # two wires: the panel hears itself


@dataclass
class FakeBadgeReader:
    """The physics and the manners of a badge reader."""

    key: bytes | None = field(default=None, repr=False)  # None: fresh from its box
    address: int = 0
    faults: BadgeReaderFaults = field(default_factory=BadgeReaderFaults)
    random: Callable[[int], bytes] = secrets.token_bytes
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    light: Colour = field(default=Colour.OFF, init=False)
    beeps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._decoder = Decoder()
        self._events: deque[tuple[Reply, bytes]] = deque()
        self._restart()

    @property
    def secure(self) -> bool:
        """Whether its secure channel is open."""
        return self._session is not None

    @exclusive
    def show(self, data: bytes, bits: int = 0, form: Format = Format.WIEGAND) -> None:
        """Hold a badge to it: ``bits`` (all of ``data`` if 0), left-aligned in ``data``."""
        if form is Format.ASCII:
            self._events.append((Reply.FORMATTED_CARD, bytes([0, 0, len(data)]) + data))
            return
        head = bytes([0, form]) + (bits or 8 * len(data)).to_bytes(2, "little")
        self._events.append((Reply.RAW_CARD, head + data))

    @exclusive
    def press(self, digits: str) -> None:
        """Type on its keypad."""
        raw = digits.encode("ascii")
        self._events.append((Reply.KEYPAD, bytes([0, len(raw)]) + raw))

    @exclusive
    def open_cover(self, opened: bool = True) -> None:
        """Open its cover, or close it."""
        self._events.append((Reply.LOCAL_STATUS, bytes([opened, 0])))

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._silent_for += seconds
        if self._silent_for > OFFLINE_AFTER:
            self._restart()

    @exclusive
    def transmit(self) -> bytes:
        """Return nothing: it speaks only when asked."""
        return b""

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return its replies to ``data``."""
        said = data if self.faults.echo else b""
        for item in self._decoder.feed(data):
            if isinstance(item, Frame) and not item.reply and item.address == self.address:
                self._silent_for = 0.0
                said += self.faults.spoil(encode(self._reply(item)))
        return said

    def _restart(self) -> None:
        self._session: Session | None = None
        self._handshake: Handshake | None = None
        self._last: tuple[int, Frame] | None = None
        self._silent_for = 0.0

    def _reply(self, frame: Frame) -> Frame:
        if self.faults.take("busy"):
            return Frame(self.address, 0, Reply.BUSY, reply=True)
        if self.faults.take("reboot"):
            self._restart()
        if self._last and frame.sequence and self._last[0] == frame.sequence:
            return self._last[1]  # its reply did not arrive
        if frame.sequence == 0:
            self._restart()
        reply = self._obey(frame)
        self._last = (frame.sequence, reply)
        return reply

    def _obey(self, frame: Frame) -> Frame:
        if frame.code in (Command.CHALLENGE, Command.CRYPTOGRAM):
            return self._shake_hands(frame)
        if frame.has_mac:
            return self._sealed(frame)
        self._session = None
        if frame.code not in (Command.ID, Command.CAPABILITIES):
            return self._nak(frame, Nak.NEEDS_SECURITY)
        return self._say(frame, *self._done(frame))

    def _sealed(self, frame: Frame) -> Frame:
        session = self._session
        if session is None:
            return self._nak(frame, Nak.NEEDS_SECURITY)
        try:
            command = session.open(frame)
        except Garbled:
            self._session = None
            return self._nak(frame, Nak.SECURITY_BLOCK)
        plain = self._say(frame, *self._done(command))
        if self.faults.talks_plain:
            return plain
        sealed = session.seal(plain)
        if self.faults.take("wrong_mac"):
            return replace(sealed, mac=bytes(byte ^ 1 for byte in sealed.mac))
        return sealed

    def _shake_hands(self, frame: Frame) -> Frame:
        slot = frame.block[1:2]
        if self.faults.plain or frame.block[:1] not in (CHALLENGE, OUR_CRYPTOGRAM):
            return self._nak(frame, Nak.SECURITY_BLOCK)
        if slot != (b"\x00" if self.key is None else b"\x01"):
            return self._nak(frame, Nak.SECURITY_BLOCK)
        if frame.code == Command.CHALLENGE and len(frame.data) == RANDOM:
            return self._challenged(frame, slot)
        return self._proven(frame)

    def _challenged(self, frame: Frame, slot: bytes) -> Frame:
        key = bytes(KEY) if self.faults.wrong_key else self.key or DEFAULT_KEY
        self._handshake = shake = Handshake(key, frame.data, self.random(RANDOM))
        data = _CLIENT_UID + shake.rnd_b + shake.reader_cryptogram
        return replace(self._say(frame, Reply.CRYPTOGRAM, data), block=ITS_CRYPTOGRAM + slot)

    def _proven(self, frame: Frame) -> Frame:
        shake, self._handshake = self._handshake, None
        if shake is None or not hmac.compare_digest(shake.panel_cryptogram, frame.data):
            refused = self._say(frame, Reply.FIRST_MAC, bytes(16))
            return replace(refused, block=FIRST_MAC + b"\xff")
        self._session = shake.session()
        return replace(
            self._say(frame, Reply.FIRST_MAC, shake.first_mac), block=FIRST_MAC + b"\x01"
        )

    def _done(self, command: Frame) -> tuple[Reply, bytes]:
        """Return what ``command`` is answered with, having done it."""
        data = command.data
        match command.code:
            case Command.POLL:
                return self._events.popleft() if self._events else (Reply.ACK, b"")
            case Command.ID:
                return Reply.ID, _ID
            case Command.CAPABILITIES:
                security = b"" if self.faults.plain else _SECURITY
                return Reply.CAPABILITIES, _CARDS + _LED + _BUZZER + security
            case Command.LED if len(data) == 14 and data[9]:
                self.light = Colour(data[12])
            case Command.BUZZER if len(data) == 5:
                self.beeps += data[4]
            case Command.KEYSET if len(data) == 2 + KEY and data[:2] == bytes([1, KEY]):
                self.key = data[2:]
            case _:
                return Reply.NAK, bytes([Nak.UNKNOWN_COMMAND])
        return Reply.ACK, b""

    def _say(self, to: Frame, code: Reply, data: bytes) -> Frame:
        return Frame(self.address, to.sequence, code, data, reply=True, crc=to.crc)

    def _nak(self, to: Frame, why: Nak) -> Frame:
        return self._say(to, Reply.NAK, bytes([why]))
