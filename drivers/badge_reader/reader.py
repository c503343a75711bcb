"""The officer's badge reader as the rest of the software sees it.

1. Nothing it says is believed outside the secure channel: `poll` opens it, and again after any
   error; a reader that cannot, or does not know the key, is NotSecure.
2. It speaks only when asked: `poll` asks every 50 ms until something happened or the time is over.
   A reader that is not asked for 8 s ends the channel (SIA OSDP v2.2 §5.7); the next poll opens it.
3. The key is handed in as bytes, from `key_file`; it is in no error, no log and no repr.
"""

from __future__ import annotations

import secrets
import time

from drivers.badge_reader.frames import Frame
from drivers.badge_reader.key_file import load_key, new_key
from drivers.badge_reader.messages import (
    CardRead,
    Colour,
    Command,
    Event,
    Format,
    Identity,
    Tamper,
    beep,
    event,
    keyset,
    led,
)
from drivers.badge_reader.panel import DEFAULT_KEY_SLOT, NotSecure, Panel, Random
from drivers.badge_reader.secure_channel import DEFAULT_KEY, KEY
from drivers.link import Link
from drivers.patience import Clock, Patience

BAUDRATE = 9600  # what every reader starts with (§5.2); 115 200 where it was set so
EVERY = 0.05  # s between two polls (§5.7)
# A reply begins within 0.2 s (§5.7); at 9600 baud two frames of 50 bytes are 0.1 s on the wire.
PATIENCE = Patience(answer_within=0.35, tries=3)


class BadgeReader:
    """A reader on a serial line. Blocking: one thread owns it."""

    def __init__(
        self,
        link: Link,
        key: bytes,
        address: int = 0,
        patience: Patience = PATIENCE,
        clock: Clock = time.monotonic,
        random: Random = secrets.token_bytes,
    ) -> None:
        """Take the reader ``address`` (0 to 126) on ``link``, whose base key is ``key``."""
        if len(key) != KEY or key == DEFAULT_KEY:
            raise ValueError(f"a key has {KEY} bytes and is not the default one")
        if not 0 <= address < 127:
            raise ValueError(f"{address} is no address of a reader: 0 to 126 are")
        self._link, self._key, self._clock = link, key, clock
        self._panel = Panel(link, address, patience, clock, random)
        self._identity: Identity | None = None
        self._last = -EVERY

    @property
    def online(self) -> bool:
        """Whether the secure channel is open."""
        return self._panel.session is not None

    @property
    def identity(self) -> Identity | None:
        """Who the reader says it is; None before it was first reached."""
        return self._identity

    def connect(self) -> Identity:
        """Open the secure channel, if it is not, and return who the reader says it is.

        Raises NotSecure, NoAnswer, Garbled, LinkLost.
        """
        if self._identity is None or not self.online:
            self._identity = self._panel.begin(self._key)
        return self._identity

    def poll(self, timeout: float) -> Event | None:
        """Return the next event within ``timeout`` seconds, or None.

        Raises as `connect` does; the next call opens the channel anew.
        """
        deadline = self._clock() + timeout
        while True:
            self._wait(deadline)
            reply = self._ask(Command.POLL)
            happened = event(reply.code, reply.data)
            if happened or self._clock() >= deadline:
                return happened

    def led(self, colour: Colour) -> None:
        """Show ``colour`` from now on; Refused where the reader has no such light."""
        self._ask(Command.LED, led(colour))

    def beep(self, times: int = 1) -> None:
        """Sound ``times`` (1 to 255) short tones; Refused where the reader has none."""
        if not 1 <= times <= 255:
            raise ValueError(f"{times} tones; 1 to 255 can be asked for")
        self._ask(Command.BUZZER, beep(times))

    def close(self) -> None:
        """Let go of the link."""
        self._panel.session = None
        self._link.close()

    def _ask(self, command: Command, data: bytes = b"") -> Frame:
        self.connect()
        frame = self._panel.ask(command, data)
        self._last = self._clock()
        return frame

    def _wait(self, deadline: float) -> None:
        """Let the time to the next poll pass, not beyond ``deadline``; nothing comes unasked."""
        left = min(self._last + EVERY, deadline) - self._clock()
        if self.online and left > 0:
            self._link.read(left)


def commission(
    link: Link,
    key: bytes,
    address: int = 0,
    patience: Patience = PATIENCE,
    clock: Clock = time.monotonic,
    random: Random = secrets.token_bytes,
) -> Identity:
    """Give a reader fresh from its box (default key) the ``key``, and return who it is.

    Whoever listens to this conversation learns the key: do it at the bench, not in the lane.
    Raises NotSecure where the reader has a key already.
    """
    if len(key) != KEY or key == DEFAULT_KEY:
        raise ValueError(f"a key has {KEY} bytes and is not the default one")
    panel = Panel(link, address, patience, clock, random)
    who = panel.begin(DEFAULT_KEY, DEFAULT_KEY_SLOT)
    panel.ask(Command.KEYSET, keyset(key))
    panel.begin(key)  # and prove that it took it
    return who


__all__ = [
    "BAUDRATE",
    "BadgeReader",
    "CardRead",
    "Colour",
    "Event",
    "Format",
    "Identity",
    "NotSecure",
    "Tamper",
    "commission",
    "load_key",
    "new_key",
]
