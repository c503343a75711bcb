"""Who looks on, and what they are told.

1. Each client has a queue of its own, bounded. One that is full belongs to a client that cannot
   follow: it is dropped, never waited for. It reconnects and fetches everything afresh.
2. Publishing never blocks and never fails.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

BACKLOG: Final = 256  # messages; some seconds of a busy border


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that changed: its topic, and the object as JSON text.

    ``discreet``: the same for those who are no officers, where they get to see less.
    """

    topic: str
    data: str
    discreet: str | None = None


@dataclass(eq=False, slots=True)
class Client:
    """One open stream."""

    queue: asyncio.Queue[Told] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    dropped: bool = False

    def offer(self, told: Told) -> None:
        """Queue ``told``, or drop the client."""
        try:
            self.queue.put_nowait(told)
        except asyncio.QueueFull:
            self.dropped = True


class Hub:
    """All open streams."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()

    def __len__(self) -> int:
        return len(self._clients)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Register a client for as long as the block lasts."""
        client = Client()
        self._clients.add(client)
        try:
            yield client
        finally:
            self._clients.discard(client)

    def publish(self, told: Told) -> None:
        """Tell everybody."""
        for client in self._clients:
            client.offer(told)

    def close(self) -> None:
        """End every stream: the service stops."""
        for client in self._clients:
            client.dropped = True
            client.offer(Told("bye", "{}"))
