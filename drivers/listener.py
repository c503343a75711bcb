"""Hears a device that speaks by itself: what it says, in order, and its rubbish in its place.

1. A message that begins and does not go on within the answer time is given up.
2. Rubbish is Garbled, raised once, where it stood; the next poll goes on behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from drivers.errors import Garbled
from drivers.link import Link
from drivers.patience import Clock, Patience
from drivers.rubbish import Rubbish

MessageT = TypeVar("MessageT")
MessageT_co = TypeVar("MessageT_co", covariant=True)


class Decoder(Protocol[MessageT_co]):
    """What a codec offers."""

    @property
    def half(self) -> bool:
        """Whether a message has begun and not ended."""

    def feed(self, data: bytes) -> Iterable[MessageT_co | Rubbish]:
        """Yield everything completed by ``data``."""

    def give_up(self) -> MessageT_co | Rubbish:
        """Drop the half message: nothing more came."""


class Listener(Generic[MessageT]):
    """One device on ``link``. Blocking: one thread owns one listener."""

    def __init__(
        self, link: Link, decoder: Decoder[MessageT], patience: Patience, clock: Clock, name: str
    ) -> None:
        self._link, self._decoder, self._patience = link, decoder, patience
        self._clock, self._name = clock, name
        self._items: deque[MessageT | Rubbish] = deque()
        self._heard = clock()

    @property
    def silent_for(self) -> float:
        """Seconds since the device last said anything."""
        return self._clock() - self._heard

    def poll(self, timeout: float) -> MessageT | None:
        """Return the next message within ``timeout`` seconds, or None; Garbled or LinkLost."""
        deadline = self._clock() + timeout
        while not self._items:
            left = deadline - self._clock()
            self._listen(max(0.0, min(left, self._patience.answer_within)))
            if left <= 0:
                break
        if not self._items:
            return None
        item = self._items.popleft()
        if isinstance(item, Rubbish):
            raise Garbled(f"{self._name}: {item.detail}")
        return item

    def _listen(self, timeout: float) -> None:
        if data := self._link.read(timeout):
            self._heard = self._clock()
            self._items.extend(self._decoder.feed(data))
        elif self._decoder.half and self.silent_for >= self._patience.answer_within:
            self._items.append(self._decoder.give_up())
            self._items.extend(self._decoder.feed(b""))
