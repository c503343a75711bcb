"""How a lane's events are sent until central has them. No clock, no network, no disk in here.

1. Each stream has a window of its own; together they are 500 events, so a broker's queue (1000
   messages by default in mosquitto) is never overrun and a busy stream cannot starve another.
2. Events go in batches of at most 50, sealed, in order. The credit in central's acknowledgement
   narrows the window.
3. Only central's sealed acknowledgement moves a stream on. It is cumulative: an old, repeated or
   reordered one does no harm; one for another unit, stream or epoch is refused.
4. Without progress, everything not acknowledged is sent again after 1 → 8 s with jitter. With no
   credit at all one event is sent then, so that a lost credit cannot stall the stream.
5. ``expect`` tells of a hole before the timer does; it is followed at most twice a second.
6. An acknowledgement of more than was ever written tells of a restored disk: begin anew.
7. A new connection starts from what is acknowledged.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.envelope import BATCH_LIMIT, Ack, batch_bytes
from contract.names import Address
from contract.signing import Purpose, SealError, only, seal, unseal
from contract.topics import Events, Stream
from edge.runtime.backoff import Backoff
from edge.uplink.outbox import Position, Row

WINDOW: Final = {
    Stream.DECISION: 300,
    Stream.AUDIT: 100,
    Stream.HEALTH: 50,
    Stream.TELEMETRY: 50,
}
RETRY_FIRST: Final = 1.0  # s
RETRY_MOST: Final = 8.0  # s
_HOLDOFF: Final = 0.5  # s between two answers to ``expect``
_BATCH_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to publish, QoS 1, not retained."""

    topic: str
    payload: bytes


class Source(Protocol):
    """What the sender needs of an outbox."""

    @property
    def epoch(self) -> str:
        """The name of the numbering."""

    def position(self, stream: Stream) -> Position:
        """Return how far ``stream`` is written and acknowledged."""

    def pending(self, stream: Stream, after: int, limit: int) -> Sequence[Row]:
        """Return events of ``stream`` after ``after``, in order."""

    def acknowledged(self, stream: Stream, epoch: str, upto: int) -> None:
        """Forget what central has."""

    def begin_anew(self) -> None:
        """Start a new epoch with what is pending."""


class AckRefused(Exception):
    """An acknowledgement that must not be believed; the text says why."""


class _Flow:
    """Where one stream stands: acknowledged, sent, allowed, and when to send again."""

    def __init__(self, stream: Stream, acked: int, jitter: Callable[[], float]) -> None:
        self.stream = stream
        self.acked = acked
        self.sent = acked
        self.allowed = acked + WINDOW[stream]  # the highest seq that may be sent
        self.deadline: float | None = None
        self.holdoff = 0.0
        self.backoff = Backoff(RETRY_FIRST, RETRY_MOST, jitter)

    @property
    def room(self) -> int:
        return min(self.allowed, self.acked + WINDOW[self.stream]) - self.sent

    def wait(self, now: float) -> None:
        if self.deadline is None:
            self.deadline = now + self.backoff.wait()

    def expire(self, now: float) -> None:
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
            self.sent = self.acked
            self.allowed = max(self.allowed, self.acked + 1)

    def progress(self, upto: int, now: float) -> None:
        self.acked = upto
        self.sent = max(self.sent, upto)
        self.backoff.reset()
        self.deadline = None
        if self.sent > upto:
            self.wait(now)

    def go_back(self, now: float) -> None:
        if now >= self.holdoff:
            self.holdoff = now + _HOLDOFF
            self.sent = self.acked


class Sender:
    """The edge's half of the delivery protocol."""

    def __init__(
        self,
        address: Address,
        source: Source,
        key: Ed25519PrivateKey,
        central_key: Ed25519PublicKey,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._address = address
        self._source = source
        self._key = key
        self._central = only(central_key)
        self._jitter = jitter
        self._connected = False
        self._flows = self._fresh()

    def connected(self) -> None:
        """Start from what is acknowledged: whatever was on its way may be lost."""
        self._connected = True
        self._flows = self._fresh()

    def disconnected(self) -> None:
        """Send nothing until ``connected``."""
        self._connected = False

    def poll(self, now: float) -> list[Publication]:
        """Return what must be published at ``now``."""
        if not self._connected:
            return []
        out: list[Publication] = []
        for flow in self._flows.values():
            flow.expire(now)
            out += self._fill(flow, now)
        return out

    def due(self) -> float | None:
        """Return when ``poll`` has something to do at the latest, if nothing else happens."""
        deadlines = [f.deadline for f in self._flows.values() if f.deadline is not None]
        return min(deadlines, default=None) if self._connected else None

    def on_ack(self, stream: Stream, message: bytes, now: float) -> None:
        """Take central's acknowledgement; raise AckRefused, changing nothing, or OutboxError."""
        ack = self._believed(stream, message)
        flow = self._flows[stream]
        if ack.upto > self._source.position(stream).last:
            self._source.begin_anew()
            self._flows = self._fresh()
            return
        if ack.upto > flow.acked:
            self._source.acknowledged(stream, ack.epoch, ack.upto)
            flow.progress(ack.upto, now)
        if ack.upto == flow.acked:
            flow.allowed = ack.upto + ack.credit
            if ack.expect == flow.acked + 1:
                flow.go_back(now)

    def _believed(self, stream: Stream, message: bytes) -> Ack:
        try:
            ack = Ack.model_validate_json(unseal(Purpose.ACK, message, self._central))
        except (SealError, ValueError) as error:
            raise AckRefused(f"acknowledgement on {stream}: {error}") from error
        mine = (self._address.unit, stream, self._source.epoch)
        if (ack.unit, ack.stream, ack.epoch) != mine:
            raise AckRefused(
                f"acknowledgement for {ack.unit}/{ack.stream}/{ack.epoch}, not for {'/'.join(mine)}"
            )
        return ack

    def _fill(self, flow: _Flow, now: float) -> list[Publication]:
        out: list[Publication] = []
        while flow.room > 0:
            rows = self._source.pending(flow.stream, flow.sent, min(flow.room, BATCH_LIMIT))
            if not rows:
                break
            rows = _within(rows, _BATCH_BYTES)
            out.append(self._batch(flow.stream, rows))
            flow.sent = rows[-1].seq
        if flow.sent > flow.acked or (flow.room <= 0 and self._waiting(flow)):
            flow.wait(now)
        return out

    def _waiting(self, flow: _Flow) -> bool:
        return self._source.position(flow.stream).last > flow.sent

    def _batch(self, stream: Stream, rows: Sequence[Row]) -> Publication:
        site, unit = self._address.site, self._address.unit
        body = batch_bytes(site, unit, self._source.epoch, stream, [row.body for row in rows])
        topic = str(Events(site=site, unit=unit, stream=stream))
        return Publication(topic, seal(Purpose.EVENTS, body, self._key))

    def _fresh(self) -> dict[Stream, _Flow]:
        return {
            stream: _Flow(stream, self._source.position(stream).acked, self._jitter)
            for stream in WINDOW
        }


def _within(rows: Sequence[Row], limit: int) -> Sequence[Row]:
    total = 0
    for count, row in enumerate(rows):
        total += len(row.body)
        if total > limit and count:
            return rows[:count]
    return rows
