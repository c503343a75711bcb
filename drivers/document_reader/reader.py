"""The document reader as the rest of the software sees it: what happened, and what lies there now.

1. The reader speaks by itself; `poll` waits for the next thing it says.
2. A message that begins and does not go on within the answer time is Garbled, as is any other
   rubbish: raised once, in its place; the next poll goes on behind it.
3. After a lost link `inquire` asks for the present state.
"""

from __future__ import annotations

import time

from drivers.document_reader.codec import (
    Detected,
    Dialect,
    Event,
    Placed,
    Removed,
    Unreadable,
    decoder,
    inquiry,
)
from drivers.errors import NoAnswer
from drivers.link import Link
from drivers.listener import Listener
from drivers.patience import Clock, Patience

BAUDRATE = 115_200


class DocumentReader:
    """A reader on a serial link. Blocking: one thread owns one reader."""

    def __init__(
        self,
        link: Link,
        dialect: Dialect = Dialect.FRAMED_LRC,
        patience: Patience = Patience(answer_within=0.5),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link, self._dialect, self._patience = link, dialect, patience
        self._listener = Listener(link, decoder(dialect), patience, clock, "document reader")

    def poll(self, timeout: float) -> Event | None:
        """Return the next event within ``timeout`` seconds, or None.

        Raises Garbled with what was wrong (never what was read), and LinkLost.
        """
        return self._listener.poll(timeout)

    def inquire(self) -> Event:
        """Ask what lies on the reader now; NoAnswer if it does not say."""
        for _ in range(self._patience.tries):
            self._link.write(inquiry(self._dialect))
            if event := self.poll(self._patience.answer_within):
                return event
        raise NoAnswer(f"document reader silent after {self._patience.tries} × inquire")

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()


__all__ = [
    "BAUDRATE",
    "Detected",
    "Dialect",
    "DocumentReader",
    "Event",
    "Placed",
    "Removed",
    "Unreadable",
]
