"""The radiation portal as the rest of the software sees it: what it says, in order.

1. The portal speaks by itself and takes no commands; `poll` waits for its next line.
2. A line that is none is Garbled, raised once in its place; the next poll goes on behind it.
3. A portal says its background every few seconds: `silent_for` tells how long it has not.
"""

from __future__ import annotations

import time
from collections import deque

from drivers.errors import Garbled
from drivers.link import Link
from drivers.patience import Clock, Patience
from drivers.radiation.codec import Decoder, Event, Item, Rubbish

BAUDRATE = 9600


class RadiationPortal:
    """A portal on a serial link. Blocking: one thread owns one portal."""

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=1.0),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link, self._patience, self._clock = link, patience, clock
        self._decoder = Decoder()
        self._items: deque[Item] = deque()
        self._heard = clock()

    def poll(self, timeout: float) -> Event | None:
        """Return the next event within ``timeout`` seconds, or None; Garbled or LinkLost."""
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
            raise Garbled(f"radiation portal: {item.detail}; check its line settings")
        return item

    @property
    def silent_for(self) -> float:
        """Seconds since the portal last said anything."""
        return self._clock() - self._heard

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _listen(self, timeout: float) -> None:
        if data := self._link.read(timeout):
            self._heard = self._clock()
            self._items.extend(self._decoder.feed(data))
        elif self._decoder.half and self.silent_for >= self._patience.answer_within:
            self._items.append(self._decoder.give_up())
