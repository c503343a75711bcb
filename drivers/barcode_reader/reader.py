"""The bar code reader as the rest of the software sees it: which codes were held before it.

1. The reader speaks by itself; `poll` waits for the next code.
2. A code that begins and does not go on within the answer time is Garbled, as is any other rubbish:
   raised once, in its place; the next poll goes on behind it.
3. The trigger lights the reader and puts it out; the reader gives no answer to that.
"""

from __future__ import annotations

import time
from collections import deque

from drivers.barcode_reader.codec import (
    TRIGGER_OFF,
    TRIGGER_ON,
    Dialect,
    Item,
    Rubbish,
    Scan,
    Symbology,
    decoder,
)
from drivers.errors import Garbled
from drivers.link import Link
from drivers.patience import Clock, Patience

__all__ = ["BAUDRATE", "BarcodeReader", "Dialect", "Scan", "Symbology"]

BAUDRATE = 115_200


class BarcodeReader:
    """A reader on a serial link. Blocking: one thread owns one reader."""

    def __init__(
        self,
        link: Link,
        dialect: Dialect = Dialect.FRAMED,
        patience: Patience = Patience(answer_within=0.3),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link, self._patience, self._clock = link, patience, clock
        self._decoder = decoder(dialect)
        self._items: deque[Item] = deque()
        self._heard = clock()

    def poll(self, timeout: float) -> Scan | None:
        """Return the next code within ``timeout`` seconds, or None.

        Raises Garbled with what was wrong (never what was read), and LinkLost.
        """
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
            raise Garbled(f"bar code reader: {item.detail}")
        return item

    def trigger(self, *, on: bool) -> None:
        """Light the reader, or put it out; LinkLost if the port is gone."""
        self._link.write(TRIGGER_ON if on else TRIGGER_OFF)

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _listen(self, timeout: float) -> None:
        data = self._link.read(timeout)
        now = self._clock()
        if data:
            self._heard = now
            self._items.extend(self._decoder.feed(data))
        elif self._decoder.half and now - self._heard >= self._patience.answer_within:
            self._items.append(self._decoder.give_up())
            self._items.extend(self._decoder.feed(b""))
