"""The container number camera as the rest of the software sees it: what it read, in order.

1. The camera speaks by itself when a container passes, and lives as long as its heartbeats come;
   `poll` waits for the next message. Heartbeats are kept in `status` and not returned.
2. A line that is none is Garbled, raised once in its place; the next poll goes on behind it.
3. A command is asked again if it is not answered in time. What the camera says meanwhile is not
   lost: the next polls return it.
4. What a text is worth is not judged here: edge/scanner/container_number.py does that.
"""

from __future__ import annotations

import time
from collections import deque

from drivers.container_camera.codec import (
    Answer,
    Heartbeat,
    Message,
    Missed,
    Place,
    Seen,
    Status,
    command,
    decoder,
)
from drivers.errors import Garbled, NoAnswer, Refused
from drivers.link import Link
from drivers.listener import Listener
from drivers.patience import Clock, Patience

__all__ = ["BAUDRATE", "ContainerCamera", "Missed", "Place", "Seen", "Status"]

BAUDRATE = 115_200
HEARTBEAT = 5.0  # s between two signs of life


class ContainerCamera:
    """A camera on a serial link or TCP. Blocking: one thread owns one camera."""

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=0.5, tries=3),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link, self._patience, self._clock = link, patience, clock
        self._listener: Listener[Message] = Listener(
            link, decoder(), patience, clock, "container camera"
        )
        self._waiting: deque[Seen | Missed | Garbled] = deque()
        self.status: Status | None = None  # as of the last heartbeat

    def poll(self, timeout: float) -> Seen | Missed | None:
        """Return the next reading within ``timeout`` seconds, or None; Garbled or LinkLost."""
        deadline = self._clock() + timeout
        while not self._waiting:
            left = deadline - self._clock()
            self._hear(max(0.0, left))
            if left <= 0:
                break
        if not self._waiting:
            return None
        item = self._waiting.popleft()
        if isinstance(item, Garbled):
            raise item
        return item

    def trigger(self) -> None:
        """Ask for a look now; NoAnswer, Refused or LinkLost."""
        self._ask("TRG")

    def light(self, on: bool) -> None:
        """Switch the light; NoAnswer, Refused or LinkLost."""
        self._ask("LIT", str(int(on)))

    @property
    def silent_for(self) -> float:
        """Seconds since the camera last said anything."""
        return self._listener.silent_for

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _ask(self, name: str, *fields: str) -> None:
        for _ in range(self._patience.tries):
            self._link.write(command(name, *fields))
            deadline = self._clock() + self._patience.answer_within
            while (left := deadline - self._clock()) > 0:
                answer = self._hear(left)
                if answer is None or answer.command != name:
                    continue
                if answer.reason:
                    raise Refused(f"container camera refused {name}: {answer.reason}")
                return
        raise NoAnswer(f"container camera silent after {self._patience.tries} × {name}")

    def _hear(self, timeout: float) -> Answer | None:
        """Take in the next message; return it if it answers a command, else keep it."""
        try:
            message = self._listener.poll(timeout)
        except Garbled as rubbish:
            self._waiting.append(rubbish)
            return None
        match message:
            case Answer():
                return message
            case Heartbeat():
                self.status = message.status
            case Seen() | Missed():
                self._waiting.append(message)
        return None
