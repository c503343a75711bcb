"""From the broker into the tables, and back out: acknowledgements and commands.

1. Messages are taken in the order they came, up to 16 at once; what they carry is believed or
   refused by ``rules``.
2. The believed batches are stored in one transaction, tried again until the database has taken it;
   then, and only then, lanes are acknowledged, the hooks are called, and the broker is told that
   the messages are settled. A refused message is settled as well, with an alarm.
3. When the connection is lost, whatever was not settled is forgotten: the lanes send it again.
4. A command is sealed by central's key, QoS 1, never retained.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.connection import BrokerLost, Connection, Inbound, NotSent
from broker.settings import BrokerSettings
from central.ingest import rules
from central.ingest.alarms import Bounded
from central.ingest.intake import Committed, Intake, Writing
from central.ingest.projection import Alarm, Listener, Projection
from central.ingest.rules import Delivery, KeysOf, Refused
from contract.command import Command
from contract.envelope import canonical
from contract.signing import Purpose, seal
from contract.topics import Challenges, Commands, Events, Presences, parse

_AT_ONCE: Final = 16  # messages in one transaction: 800 events
_FILTERS: Final = (Events.ALL, Presences.ALL, Challenges.ALL)
_FIRST_WAIT: Final = 0.2  # s before the database or the broker is tried again
_MOST_WAIT: Final = 8.0  # s
T = TypeVar("T")
_LOG = structlog.get_logger()


def _utc() -> datetime:
    return datetime.now(UTC)


class Ingestor:
    """Everything between central and the broker. ``run`` it in the service's loop.

    ``group``: the name of an MQTT 5 shared subscription, where several ingestors share the work.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        writing: Writing,
        projections: Sequence[Projection],
        listener: Listener,
        keys_of: KeysOf,
        key: Ed25519PrivateKey,
        *,
        now: Callable[[], datetime] = _utc,
        group: str | None = None,
    ) -> None:
        self._broker = broker
        self._writing = writing
        self._listener = listener
        self._keys_of = keys_of
        self._key = key
        self._intake = Intake(writing, projections, listener, now)
        self._alarms = Bounded()
        share = "" if group is None else f"$share/{group}/"
        self._filters = [f"{share}{_FILTERS[0]}", *_FILTERS[1:]]
        self._connection: Connection | None = None
        self._closing = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connection is not None and self._connection.alive

    async def run(self) -> None:
        """Serve until cancelled."""
        wait = _FIRST_WAIT
        while True:
            try:
                await self._serve()
            except BrokerLost as error:
                wait = min(wait * 2, _MOST_WAIT) if self._connection is None else _FIRST_WAIT
                _LOG.warning("broker lost", reason=str(error))
            finally:
                self._connection = None
            await asyncio.sleep(_jittered(wait))

    async def send_command(self, command: Command) -> None:
        """Publish ``command``; return once the broker has it, or raise NotSent."""
        if self._connection is None:
            raise NotSent("central is not connected to the broker; try again when it is")
        body = canonical(command.model_dump(mode="json"))
        topic = str(Commands(unit=command.unit))
        await self._connection.deliver(topic, seal(Purpose.COMMAND, body, self._key))

    async def _serve(self) -> None:
        queue: asyncio.Queue[Inbound] = asyncio.Queue()
        name = f"central-{uuid.uuid4().hex[:12]}"
        connection = Connection(self._broker, name, queue.put_nowait, held=True)
        try:
            await connection.open(self._filters)
            self._connection = connection
            await _until_one_ends(self._work(queue, connection), connection.ended())
        finally:
            await connection.close()

    async def _work(self, queue: asyncio.Queue[Inbound], connection: Connection) -> None:
        while True:
            messages = [await queue.get()]
            while len(messages) < _AT_ONCE and not queue.empty():
                messages.append(queue.get_nowait())
            await self._whole(self._handle(messages, connection, queue.qsize()))

    async def _whole(self, call: Coroutine[None, None, None]) -> None:
        """Finish ``call`` even when cancelled: a transaction cut short may keep its lock."""
        handling = asyncio.create_task(call)
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            self._closing.set()
            await asyncio.gather(handling, return_exceptions=True)
            self._closing.clear()
            raise

    async def _handle(
        self, messages: Sequence[Inbound], connection: Connection, waiting: int
    ) -> None:
        committed = await self._take(messages)
        for key, mark in committed.marks.items():
            ack = rules.answer(key, mark, rules.credit(waiting))
            topic, sealed = rules.sealed_answer(ack, self._key)
            connection.publish(topic, sealed, qos=0)  # what is lost is asked for again
        for message in messages:
            message.settle()
        if committed.changed:
            await _hook(self._listener.changed(committed.changed))

    async def _take(self, messages: Sequence[Inbound]) -> Committed:
        deliveries: list[Delivery] = []
        for message in messages:
            try:
                await self._read(message, deliveries)
            except (Refused, ValueError) as refusal:
                await self._refuse(message.topic, str(refusal))
        if not deliveries:
            return Committed()
        return await self._insist(lambda: self._intake.store(deliveries))

    async def _read(self, message: Inbound, deliveries: list[Delivery]) -> None:
        match parse(message.topic):
            case Events() as topic:
                deliveries.append(rules.open_batch(topic, message.payload, self._keys_of))
                await asyncio.sleep(0)  # the service breathes between two batches
            case Presences(unit=unit):
                presence = rules.open_presence(unit, message.payload, self._keys_of)
                await _hook(self._listener.on_presence(presence.address, presence))
            case Challenges(unit=unit):
                challenge = rules.open_challenge(unit, message.payload, self._keys_of)
                await _hook(self._listener.on_challenge(unit, challenge))

    async def _refuse(self, topic: str, reason: str) -> None:
        if (detail := self._alarms.admit(topic, reason)) is not None:
            alarm = Alarm(_unit_of(topic), "Refused", detail)
            await self._insist(lambda: self._record(alarm))

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        wait = _FIRST_WAIT
        while True:
            try:
                return await attempt()
            except Exception as error:
                if self._closing.is_set():
                    raise
                _LOG.error("database did not take it", error=repr(error), again_in_s=wait)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_jittered(wait)):
                    await self._closing.wait()
            wait = min(wait * 2, _MOST_WAIT)

    async def _record(self, alarm: Alarm) -> None:
        async with self._writing() as session:
            await self._listener.on_alarm(session, alarm)


async def _until_one_ends(*calls: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hook(call: Awaitable[None]) -> None:
    try:
        await call
    except Exception as error:  # noqa: BLE001 a listener's failure must not stop the ingest
        _LOG.error("a listener failed", error=repr(error))


def _jittered(wait: float) -> float:
    return wait * (1 - random.random() / 2)  # noqa: S311 no secret


def _unit_of(topic: str) -> str:
    try:
        return getattr(parse(topic), "unit", "")
    except ValueError:
        return ""
