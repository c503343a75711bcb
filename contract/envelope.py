"""How an event travels: CloudEvents 1.0 structured JSON, numbered, chained, in signed batches.

1. ``seq`` counts from 1 without gaps within (unit, epoch, stream). Order is by seq, never by clock.
2. ``prev_hash`` is the hash of the event before it in the same (unit, epoch, stream); the first
   carries 64 zeros. An event's hash is the SHA-256 of its canonical JSON.
3. A new ``epoch`` is minted with a new disk; numbering then starts again.
4. Central answers a batch with an ``Ack`` once the events are committed: ``upto`` is the highest
   seq below which nothing is missing. Only an Ack lets the edge forget.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue

from contract.names import Identifier, Level, Message, Sha256
from contract.topics import Stream

FIRST_PREVIOUS: Final = "0" * 64
BATCH_LIMIT: Final = 50

Sequence1 = Annotated[int, Field(ge=1, lt=2**63)]


class Clock(Message):
    """How far the sender's wall clock can be believed."""

    source: str = Field(max_length=32)
    error_ms: float | None = Field(default=None, ge=0)
    synced: bool


class Event(Message):
    """One thing that happened on a lane."""

    specversion: Literal["1.0"] = "1.0"
    id: Identifier
    source: str = Field(pattern=r"^/[a-z0-9-]{1,32}/[a-z0-9-]{1,32}$", description="/site/unit")
    type: str = Field(
        pattern=r"^[a-z]+\.[a-z]+$", description="story.happening, e.g. passage.ended"
    )
    time: datetime
    dataschema: str = Field(max_length=64)
    epoch: Identifier
    seq: Sequence1
    boot_id: Identifier
    mono_ns: int = Field(ge=0)
    clock: Clock
    prev_hash: Sha256
    data: dict[str, JsonValue]


class Batch(Message):
    """What one publication carries: events of one stream, consecutive, at most fifty."""

    site: Level
    unit: Level
    epoch: Identifier
    stream: Stream
    events: Annotated[list[Event], Field(min_length=1, max_length=BATCH_LIMIT)]


class Ack(Message):
    """Central has everything of (unit, epoch, stream) up to ``upto`` on disk.

    ``credit``: how many further events central is ready to take. ``expect``: the seq it waits for
    when it has seen later ones.
    """

    unit: Level
    stream: Stream
    epoch: Identifier
    upto: int = Field(ge=0)
    credit: int = Field(ge=0)
    expect: Sequence1 | None = None


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return JSON with sorted keys and no spaces: the bytes that hashes are taken over."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def event_hash(event: bytes) -> str:
    """Return the hash of one event, given its canonical bytes."""
    return hashlib.sha256(event).hexdigest()


def batch_bytes(site: str, unit: str, epoch: str, stream: Stream, events: Sequence[bytes]) -> bytes:
    """Return a Batch body around events that are canonical JSON already."""
    head = canonical({"epoch": epoch, "site": site, "stream": stream.value, "unit": unit})
    return head[:-1] + b',"events":[' + b",".join(events) + b"]}"
