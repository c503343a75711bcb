"""What central does with a batch. No clock, no network, no database in here.

1. A batch is believed when its seal is by a key of the unit whose topic it came on, and its body
   names that unit, site and stream. Anything else is refused whole, with a reason.
2. An event is known by (unit, epoch, stream, seq). The same key with the same hash is a copy; with
   another hash it is a clash: quarantined, alarmed, and the first one stays.
3. What is beyond a gap is stored, not applied; too far beyond it (10 000) it is not even stored.
4. The mark moves over what is contiguous. On the way each event is judged: a link that does not
   hold, an envelope or data that cannot be read is a fault; it is kept, not projected, and the
   stream goes on. Types nobody knows are stored.
5. The acknowledgement says how far the mark is, once the mark is committed; never before. Whoever
   stores calls ``answer`` after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Annotated, Any, Final, NamedTuple, TypeGuard, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from contract.command import Challenge
from contract.envelope import BATCH_LIMIT, FIRST_PREVIOUS, Ack, Event, canonical, event_hash
from contract.names import Address, Identifier, Level, Message
from contract.presence import Presence
from contract.schema import DATA
from contract.signing import Purpose, SealError, key_id, seal, unseal
from contract.topics import Acknowledgements, Events, Stream

MESSAGE_LIMIT: Final = 2 * 1024 * 1024  # bytes; 50 events, or one of the largest, fit
GAP_LIMIT: Final = 10_000  # events
CREDIT: Final = 400

M = TypeVar("M", bound=Message)
KeysOf = Callable[[str], Sequence[Ed25519PublicKey]]


class Refused(Exception):
    """A message that must not be believed; the text says why."""


class Key(NamedTuple):
    """One numbering: what a mark is kept for. Sorted, so that locks are taken in one order."""

    unit: str
    epoch: str
    stream: Stream


@dataclass(frozen=True, slots=True)
class Arrived:
    """One event as it came: ``event`` is None when ``fault`` says why it cannot be read."""

    seq: int
    hash: str
    prev_hash: str
    body: bytes
    type: str
    event: Event | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch that is believed."""

    key: Key
    site: str
    events: tuple[Arrived, ...]

    @property
    def address(self) -> Address:
        """Whose batch it is."""
        return Address(site=self.site, unit=self.key.unit)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one numbering is whole, its last hash, and the highest seq that is stored."""

    upto: int = 0
    last_hash: str = FIRST_PREVIOUS
    highest: int = 0


@dataclass(frozen=True, slots=True)
class Weighed:
    """What of a delivery is new, what contradicts, what came before."""

    fresh: tuple[Arrived, ...]
    clashes: tuple[Arrived, ...]


class Step(NamedTuple):
    """One event the mark has moved over; project it when ``fault`` is None and it is known."""

    arrived: Arrived
    fault: str | None


class _Head(Message):
    site: Level
    unit: Level
    epoch: Identifier
    stream: Stream
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH_LIMIT)]


# 1. Believing


def open_batch(topic: Events, message: bytes, keys_of: KeysOf) -> Delivery:
    """Return what came on ``topic``, or raise Refused."""
    body = _unsealed(Purpose.EVENTS, topic.unit, message, keys_of)
    head = _parsed(body)
    if (head.site, head.unit, head.stream) != (topic.site, topic.unit, topic.stream):
        raise Refused(f"a batch of {head.site}/{head.unit}/{head.stream} came on {topic}")
    events = tuple(read_event(raw, head.epoch, f"/{topic.address}") for raw in head.events)
    seqs = [event.seq for event in events]
    if seqs != list(range(seqs[0], seqs[0] + len(seqs))):
        raise Refused(f"the events of a batch of {topic} are not consecutive")
    return Delivery(Key(head.unit, head.epoch, head.stream), head.site, events)


def open_presence(unit: str, message: bytes, keys_of: KeysOf) -> Presence:
    """Return the presence that came on the topic of ``unit``, or raise Refused."""
    body = _unsealed(Purpose.PRESENCE, unit, message, keys_of)
    presence = _message(Presence, body)
    if presence.address.unit != unit:
        raise Refused(f"the presence of {presence.address.unit} came on the topic of {unit}")
    return presence


def open_challenge(unit: str, message: bytes, keys_of: KeysOf) -> Challenge:
    """Return the challenge that came on the topic of ``unit``, or raise Refused."""
    body = _unsealed(Purpose.CHALLENGE, unit, message, keys_of)
    challenge = _message(Challenge, body)
    if challenge.unit != unit:
        raise Refused(f"the challenge of {challenge.unit} came on the topic of {unit}")
    return challenge


def presence_counts(known: Presence | None, new: Presence) -> bool:
    """Return whether ``new`` replaces ``known``: gone counts only for the session that is here."""
    return new.online or known is None or known.session == new.session


def read_event(raw: dict[str, Any], epoch: str, source: str) -> Arrived:
    """Return one event of a believed batch; raise Refused when it cannot even be numbered."""
    seq, prev_hash = raw.get("seq"), raw.get("prev_hash")
    if not _is_number(seq) or not isinstance(prev_hash, str) or len(prev_hash) != 64:
        raise Refused("an event without a seq or a prev_hash")
    try:
        body = canonical(raw)
    except (ValueError, RecursionError) as error:  # NaN, or half a surrogate pair
        raise Refused(f"event {seq} is not JSON that can be hashed: {_brief(error)}") from error
    event, fault = _envelope(raw, epoch, source)
    kind = event.type if event else "unreadable"
    return Arrived(seq, event_hash(body), prev_hash, body, kind, event, fault)


def _is_number(seq: object) -> TypeGuard[int]:
    return isinstance(seq, int) and not isinstance(seq, bool) and 1 <= seq < 2**63


def _envelope(raw: dict[str, Any], epoch: str, source: str) -> tuple[Event | None, str | None]:
    try:
        event = Event.model_validate(raw)
        event.time.astimezone(UTC)
    except (ValidationError, OverflowError) as error:
        return None, f"envelope: {_brief(error)}"
    if event.epoch != epoch or event.source != source:
        return None, f"envelope: of {event.source} epoch {event.epoch}, in another's batch"
    if event.time.tzinfo is None:
        return None, "envelope: time without a zone"
    return event, None


def _unsealed(purpose: Purpose, unit: str, message: bytes, keys_of: KeysOf) -> bytes:
    if len(message) > MESSAGE_LIMIT:
        raise Refused(f"{len(message)} bytes; {MESSAGE_LIMIT} are allowed")
    keys = {key_id(key): key for key in keys_of(unit)}
    if not keys:
        raise Refused(f"unit {unit} is not enrolled")
    try:
        return unseal(purpose, message, keys.get)
    except SealError as error:
        raise Refused(str(error)[:200]) from error


def _parsed(body: bytes) -> _Head:
    try:
        return _Head.model_validate(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise Refused(f"not a batch: {_brief(error)}") from error


def _message(kind: type[M], body: bytes) -> M:
    try:
        return kind.model_validate_json(body)
    except ValueError as error:
        raise Refused(f"not a {kind.__name__}: {_brief(error)}") from error


# 2. and 3. Weighing


def weigh(mark: Mark, known: Mapping[int, str], arrived: Sequence[Arrived]) -> Weighed:
    """Return what to insert and what to quarantine. ``known``: the stored hashes, by seq."""
    hashes = dict(known)
    fresh: list[Arrived] = []
    clashes: list[Arrived] = []
    for event in arrived:
        stored = hashes.get(event.seq)
        if stored is not None and stored != event.hash:
            clashes.append(event)
        elif stored is None and mark.upto < event.seq <= mark.upto + GAP_LIMIT:
            hashes[event.seq] = event.hash
            fresh.append(event)
    return Weighed(tuple(fresh), tuple(clashes))


# 4. Advancing


def advance(mark: Mark, stored: Sequence[Arrived]) -> tuple[Mark, list[Step]]:
    """Return the mark moved over what follows it without a gap, and each step on the way.

    ``stored``: events above the mark, in order of seq.
    """
    steps: list[Step] = []
    highest = max([mark.highest, *(event.seq for event in stored)])
    for event in stored:
        if event.seq != mark.upto + 1:
            break
        steps.append(Step(event, _fault(mark, event)))
        mark = replace(mark, upto=event.seq, last_hash=event.hash)
    return replace(mark, highest=max(highest, mark.upto)), steps


def _fault(mark: Mark, arrived: Arrived) -> str | None:
    if arrived.prev_hash != mark.last_hash:
        return f"the chain is broken before seq {arrived.seq}"
    if arrived.event is None:
        return arrived.fault
    if (kind := DATA.get(arrived.event.type)) is None:
        return None
    try:
        kind.model_validate(arrived.event.data)
    except ValidationError as error:
        return f"data: {_brief(error)}"
    return None


def is_known(event: Event) -> bool:
    """Return whether ``event`` is of a type that projections are asked about."""
    return event.type in DATA


# 5. Answering


def answer(key: Key, mark: Mark, credit: int = CREDIT) -> Ack:
    """Return the acknowledgement of a committed ``mark``."""
    return Ack(
        unit=key.unit,
        stream=key.stream,
        epoch=key.epoch,
        upto=mark.upto,
        credit=credit,
        expect=mark.upto + 1 if mark.highest > mark.upto else None,
    )


def credit(waiting: int) -> int:
    """Return how many further events to ask for while ``waiting`` messages are in the queue."""
    return max(BATCH_LIMIT, CREDIT - waiting * 10)


def sealed_answer(ack: Ack, key: Ed25519PrivateKey) -> tuple[str, bytes]:
    """Return the topic and the payload of ``ack``."""
    body = canonical(ack.model_dump(mode="json"))
    topic = str(Acknowledgements(unit=ack.unit, stream=ack.stream))
    return topic, seal(Purpose.ACK, body, key)


def _brief(error: Exception) -> str:
    """Where and why, without the value: an event's data does not belong in a log."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    return type(error).__name__
