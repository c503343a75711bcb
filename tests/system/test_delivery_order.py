"""The ingestor's promises about order: commit, then acknowledge, then settle; whatever comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from broker.connection import BrokerLost, Inbound, NotSent
from central.ingest import ingestor as room
from central.ingest.ingestor import Ingestor
from central.store.base import Base
from central.store.database import Database
from central.store.events import EventRow
from contract.command import Challenge, Command, Verb
from contract.envelope import Ack, canonical
from contract.names import Address
from contract.presence import Kind, Presence
from contract.signing import Purpose, only, seal, unseal
from tests.simulation.bad_luck import CENTRAL_KEY, HERE, LANE_KEY, THIEF_KEY, Clock, memory_folder
from tests.simulation.batches import Chain
from tests.system.delivery import Applied, Ears, at_broker

DONE = 60.0  # s for a test; a deadline, not a wait


class Desk:
    """A broker and a database in one notebook: everything that happens is written down."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.diary: list[str] = []
        self.acks: list[Ack] = []
        self.ears = Ears()
        self.failures: list[Exception] = []
        self.inbox: Callable[[Inbound], None] | None = None
        self.lost = asyncio.Event()
        self.ingestor = Ingestor(
            at_broker(1, "5"), self.writing, [self.ears], self.ears, keys_of, CENTRAL_KEY
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with self.database.writing() as session:
            yield session
            if self.failures:
                self.diary.append("fail")
                raise self.failures.pop(0)
        self.diary.append("commit")

    # What a Connection does

    alive = True

    async def open(self, filters: list[str]) -> None:
        self.diary.append(f"subscribe {len(filters)}")

    async def ended(self) -> None:
        await self.lost.wait()
        raise BrokerLost("gone")

    async def close(self) -> None:
        self.diary.append("close")

    def publish(self, topic: str, payload: bytes, *, qos: int) -> None:
        body = unseal(Purpose.ACK, payload, only(CENTRAL_KEY.public_key()))
        self.acks.append(Ack.model_validate_json(body))
        self.diary.append("ack")

    async def deliver(self, topic: str, payload: bytes) -> None:
        self.diary.append(f"command on {topic}")

    def receive(self, topic: object, payload: bytes) -> None:
        assert self.inbox is not None
        self.inbox(Inbound(str(topic), payload, False, lambda: self.diary.append("settle")))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DONE):
            while not condition():  # noqa: ASYNC110 nobody rings a bell for a condition
                await asyncio.sleep(0.005)

    async def settled(self, count: int) -> None:
        await self.until(lambda: self.diary.count("settle") == count)


def keys_of(unit: str) -> list[Any]:
    return {HERE.unit: [LANE_KEY.public_key()], "egate-08": [THIEF_KEY.public_key()]}.get(unit, [])


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path


def at_the_desk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, story: Callable[[Desk], Awaitable[None]]
) -> None:
    async def run() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder / 'central.db'}")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(Applied.metadata.create_all)
        desk = Desk(database)

        def connect(
            _broker: object, _name: str, on_message: Callable[[Inbound], None], *, held: bool
        ) -> Desk:
            assert held
            desk.inbox = on_message
            return desk

        monkeypatch.setattr(room, "Connection", connect)
        monkeypatch.setattr(room, "_FIRST_WAIT", 0.01)
        running = asyncio.create_task(desk.ingestor.run())
        await desk.until(lambda: desk.ingestor.connected)
        try:
            await story(desk)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await database.close()

    asyncio.run(run())


def absent() -> Exception:
    return OperationalError("COMMIT", {}, Exception("the database went away"))


def test_commit_then_acknowledge_then_settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        chain = Chain(HERE)
        desk.receive(chain.topic, chain.batch(chain.events(3), LANE_KEY))
        await desk.settled(1)
        assert desk.diary == ["subscribe 3", "commit", "ack", "settle"]
        assert (desk.acks[0].upto, desk.acks[0].unit) == (3, HERE.unit)
        await desk.until(lambda: len(desk.ears.told) == 3)

    at_the_desk(folder, monkeypatch, story)


def test_no_acknowledgement_while_the_database_is_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        chain = Chain(HERE)
        desk.failures = [absent(), OSError("no route"), absent()]
        desk.receive(chain.topic, chain.batch(chain.events(3), LANE_KEY))
        await desk.settled(1)
        assert desk.diary[1:] == ["fail"] * 3 + ["commit", "ack", "settle"]

    at_the_desk(folder, monkeypatch, story)


def test_one_acknowledgement_for_many_batches_of_a_stream(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        chain = Chain(HERE)
        for _ in range(10):
            desk.receive(chain.topic, chain.batch(chain.events(5), LANE_KEY))
        await desk.settled(10)
        assert desk.diary[1:] == ["commit", "ack"] + ["settle"] * 10
        assert desk.acks[0].upto == 50

    at_the_desk(folder, monkeypatch, story)


def forgeries() -> list[tuple[object, bytes]]:
    chain = Chain(HERE)
    batch = chain.batch(chain.events(1), THIEF_KEY)
    return [
        (chain.topic, batch),
        (f"bc/v1/ev/0/doh/{HERE.unit}/decision", batch),  # another partition
        ("bc/v1/presence/egate-08", b"noise"),
        ("bc/v1/challenge/egate-99", b"noise"),
        ("bc/v2/ev", b""),
    ]


def test_what_is_refused_is_an_alarm_and_settled_and_never_acknowledged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        for topic, payload in forgeries():
            desk.receive(topic, payload)
        await desk.settled(5)
        assert desk.acks == []
        assert {alarm.name for alarm in desk.ears.alarms} == {"Refused"}
        assert len(desk.ears.alarms) == 5
        async with desk.database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(EventRow)) == 0

    at_the_desk(folder, monkeypatch, story)


def test_a_bad_one_between_good_ones_costs_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        chain = Chain(HERE)
        desk.receive(chain.topic, chain.batch(chain.events(2), LANE_KEY))
        desk.receive(chain.topic, b"noise")
        desk.receive(chain.topic, chain.batch(chain.events(2), LANE_KEY))
        await desk.settled(3)
        assert desk.acks[-1].upto == 4

    at_the_desk(folder, monkeypatch, story)


def test_presences_and_challenges_are_heard(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    presence = Presence(
        address=HERE, kind=Kind.EGATE, session="s1", online=True, since=Clock().now(), software=""
    )
    challenge = Challenge(unit=HERE.unit, nonce="n1", boot_id="b1", state_version=0)

    def sealed(purpose: Purpose, message: Presence | Challenge, key: Ed25519PrivateKey) -> bytes:
        return seal(purpose, canonical(message.model_dump(mode="json")), key)

    async def story(desk: Desk) -> None:
        desk.receive("bc/v1/presence/egate-07", sealed(Purpose.PRESENCE, presence, LANE_KEY))
        desk.receive("bc/v1/challenge/egate-07", sealed(Purpose.CHALLENGE, challenge, LANE_KEY))
        await desk.settled(2)
        assert desk.ears.presences == [presence]
        assert desk.ears.challenges == [challenge]

    at_the_desk(folder, monkeypatch, story)


def test_a_listener_that_fails_does_not_stop_the_ingest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("no")

    async def story(desk: Desk) -> None:
        chain = Chain(HERE)
        monkeypatch.setattr(desk.ears, "changed", broken)
        for _ in range(2):
            desk.receive(chain.topic, chain.batch(chain.events(1), LANE_KEY))
            await asyncio.sleep(0)
        await desk.settled(2)
        assert desk.acks[-1].upto == 2

    at_the_desk(folder, monkeypatch, story)


def test_a_lost_connection_is_made_again_and_a_transaction_is_never_cut(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        chain, begun, go_on = Chain(HERE), asyncio.Event(), asyncio.Event()

        async def slow(session: AsyncSession, address: Address, event: object) -> None:
            begun.set()
            await go_on.wait()

        monkeypatch.setattr(desk.ears, "apply", slow)
        desk.receive(chain.topic, chain.batch(chain.events(1), LANE_KEY))
        await begun.wait()
        desk.lost.set()
        await asyncio.sleep(0.02)
        desk.lost.clear()
        assert "commit" not in desk.diary
        assert "close" not in desk.diary
        go_on.set()
        await desk.until(lambda: desk.diary.count("subscribe 3") == 2)
        assert desk.diary[1:5] == ["commit", "ack", "settle", "close"]

    at_the_desk(folder, monkeypatch, story)


def test_a_command_needs_a_connection() -> None:
    async def run() -> None:
        ingestor = Ingestor(at_broker(1, "5"), None, [], Ears(), keys_of, CENTRAL_KEY)  # type: ignore[arg-type]
        command = Command(
            id="c1", unit=HERE.unit, verb=Verb.OPEN_LANE, args={}, challenge="n",
            not_after=Clock().now(), operator="alice",
        )  # fmt: skip
        with pytest.raises(NotSent, match="not connected"):
            await ingestor.send_command(command)

    asyncio.run(run())
