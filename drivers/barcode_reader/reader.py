"""The bar code reader as the rest of the software sees it: which codes were held before it.

1. The reader speaks by itself; `poll` waits for the next code.
2. A code that begins and does not go on within the answer time is Garbled, as is any other rubbish:
   raised once, in its place; the next poll goes on behind it.
3. The trigger lights the reader and puts it out; the reader gives no answer to that.
"""

from __future__ import annotations

import time

from drivers.barcode_reader.codec import (
    TRIGGER_OFF,
    TRIGGER_ON,
    Dialect,
    Scan,
    Symbology,
    decoder,
)
from drivers.link import Link
from drivers.listener import Listener
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
        self._link = link
        self._listener = Listener(link, decoder(dialect), patience, clock, "bar code reader")

    def poll(self, timeout: float) -> Scan | None:
        """Return the next code within ``timeout`` seconds, or None.

        Raises Garbled with what was wrong (never what was read), and LinkLost.
        """
        return self._listener.poll(timeout)

    def trigger(self, *, on: bool) -> None:
        """Light the reader, or put it out; LinkLost if the port is gone."""
        self._link.write(TRIGGER_ON if on else TRIGGER_OFF)

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()
