"""The radiation portal as the rest of the software sees it: what it says, in order.

1. The portal speaks by itself and takes no commands; `poll` waits for its next line.
2. A line that is none is Garbled, raised once in its place; the next poll goes on behind it.
3. A portal says its background every few seconds: `silent_for` tells how long it has not.
"""

from __future__ import annotations

import time

from drivers.link import Link
from drivers.listener import Listener
from drivers.patience import Clock, Patience
from drivers.radiation.codec import Event, decoder

BAUDRATE = 9600


class RadiationPortal:
    """A portal on a serial link. Blocking: one thread owns one portal."""

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=1.0),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link = link
        self._listener: Listener[Event] = Listener(
            link, decoder(), patience, clock, "radiation portal"
        )

    def poll(self, timeout: float) -> Event | None:
        """Return the next event within ``timeout`` seconds, or None; Garbled or LinkLost."""
        return self._listener.poll(timeout)

    @property
    def silent_for(self) -> float:
        """Seconds since the portal last said anything."""
        return self._listener.silent_for

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()
