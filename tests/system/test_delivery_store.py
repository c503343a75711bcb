"""What becomes of batches in the tables, on both databases: once in effect, whatever repeats."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from central.ingest import rules
from central.ingest.intake import Intake
from central.ingest.rules import Delivery
from central.store.database import Database
from central.store.events import EventRow, MarkRow, QuarantineRow
from contract.envelope import Event
from contract.names import Address
from contract.topics import Stream
from tests.simulation.bad_luck import HERE, LANE_KEY, memory_folder
from tests.simulation.batches import Chain
from tests.system.delivery import Applied, Ears
from tests.system.delivery_databases import fresh, postgres

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Story = Callable[[Database], Awaitable[None]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        with memory_folder() as folder:
            yield f"sqlite+aiosqlite:///{folder / 'central.db'}"
    else:
        with postgres() as address:
            yield address


def told(url: str, story: Story) -> None:
    async def run() -> None:
        async with fresh(url) as database:
            await story(database)

    asyncio.run(run())


def delivery(chain: Chain, events: list[dict[str, Any]]) -> Delivery:
    batch = chain.batch(events, LANE_KEY)
    return rules.open_batch(chain.topic, batch, lambda _: [LANE_KEY.public_key()])


def intake(database: Database, ears: Ears, *more: Any) -> Intake:
    return Intake(database.writing, [ears, *more], ears, lambda: NOW)


async def applied(database: Database) -> list[str]:
    async with database.reading() as session:
        rows = await session.scalars(select(Applied.c.data).order_by(Applied.c.number))
        return [row["passage"] for row in rows]


async def table(database: Database, *columns: Any) -> list[tuple[Any, ...]]:
    async with database.reading() as session:
        return [tuple(row) for row in await session.execute(select(*columns).order_by(*columns))]


def test_a_batch_is_stored_applied_and_told_once(url: str) -> None:
    async def story(database: Database) -> None:
        chain, ears = Chain(HERE), Ears()
        part = delivery(chain, chain.events(3))
        first = await intake(database, ears).store([part])
        again = await intake(database, ears).store([part, part])
        assert first.marks == again.marks
        assert first.marks[part.key].upto == 3
        assert [event.seq for _, event in first.changed] == [1, 2, 3]
        assert again.changed == []
        assert await applied(database) == ["p1", "p2", "p3"]
        ((body, digest),) = (await table(database, EventRow.body, EventRow.hash))[:1]
        assert rules.event_hash(body) == digest

    told(url, story)


def test_a_gap_waits_and_then_everything_is_applied_in_order(url: str) -> None:
    async def story(database: Database) -> None:
        chain, store = Chain(HERE), intake(database, Ears())
        one, two, three = (delivery(chain, chain.events(2)) for _ in range(3))
        await store.store([one])
        mark = (await store.store([three])).marks[one.key]
        assert (mark.upto, mark.highest) == (2, 6)
        assert await applied(database) == ["p1", "p2"]
        assert (await store.store([two])).marks[one.key].upto == 6
        assert await applied(database) == [f"p{n}" for n in range(1, 7)]

    told(url, story)


def test_a_clash_is_quarantined_once_and_the_first_one_stays(url: str) -> None:
    async def story(database: Database) -> None:
        chain, other, ears = Chain(HERE), Chain(HERE), Ears()
        await intake(database, ears).store([delivery(chain, chain.events(2))])
        restored = delivery(other, [other.event(data={"passage": "other"})])
        for _ in range(3):
            assert (await intake(database, ears).store([restored])).marks[restored.key].upto == 2
        assert [alarm.name for alarm in ears.alarms] == ["Clash"]
        rows = await table(database, QuarantineRow.seq, QuarantineRow.body)
        assert [(seq, b"other" in body) for seq, body in rows] == [(1, True)]
        assert await applied(database) == ["p1", "p2"]

    told(url, story)


def test_a_new_epoch_begins_at_one_and_the_old_one_stays(url: str) -> None:
    async def story(database: Database) -> None:
        store = intake(database, Ears())
        for epoch in ("e1", "e2"):
            chain = Chain(HERE, epoch)
            await store.store([delivery(chain, chain.events(2))])
        assert await table(database, MarkRow.epoch, MarkRow.upto) == [("e1", 2), ("e2", 2)]
        assert await applied(database) == ["p1", "p2", "p1", "p2"]

    told(url, story)


def test_what_cannot_be_read_is_kept_with_its_fault_and_the_stream_goes_on(url: str) -> None:
    async def story(database: Database) -> None:
        chain, ears = Chain(HERE), Ears()
        events = [
            chain.event(),
            chain.event(data={"passage": None}),
            chain.event("drone.landed", {"height": "\x00"}),
            chain.event(mono_ns=10**30),
            chain.event(time="9999-12-31T23:59:59Z"),
        ]
        committed = await intake(database, ears).store([delivery(chain, events)])
        assert committed.marks[delivery(chain, events).key].upto == 5
        assert [event.seq for _, event in committed.changed] == [1, 4, 5]
        faults = dict(await table(database, EventRow.seq, EventRow.fault))
        assert [seq for seq, fault in faults.items() if fault] == [2]
        assert [alarm.name for alarm in ears.alarms] == ["Unreadable"]

    told(url, story)


class Picky:
    """A projection that fails on one passage, after it has written something."""

    async def apply(self, session: AsyncSession, address: Address, event: Event) -> None:
        if event.data["passage"] == "p2":
            await session.execute(Applied.insert(), {"type": "half", "data": {"passage": "half"}})
            await session.execute(select(func.no_such_function()))


def test_a_projection_that_fails_loses_its_own_event_only(url: str) -> None:
    async def story(database: Database) -> None:
        chain, ears = Chain(HERE), Ears()
        part = delivery(chain, chain.events(3))
        committed = await intake(database, ears, Picky(), Raises()).store([part])
        assert committed.marks[part.key].upto == 3
        assert await applied(database) == ["p1"]
        faults = dict(await table(database, EventRow.seq, EventRow.fault))
        assert faults[1] is None
        assert faults[2].startswith("projection: ")
        assert faults[3] == "projection: KeyError"

    told(url, story)


class Raises:
    """A projection with a mistake in it."""

    async def apply(self, session: AsyncSession, address: Address, event: Event) -> None:
        if event.data["passage"] == "p3":
            raise KeyError("p3")


def failing(database: Database, *, after: bool) -> Any:
    """A transaction that breaks at its end, once: before the commit, or with it done."""
    broken = iter([True])

    @asynccontextmanager
    async def writing() -> Any:
        error = OperationalError("COMMIT", {}, Exception("the database went away"))
        async with database.writing() as session:
            yield session
            if not after and next(broken, False):
                raise error
        if after and next(broken, False):
            raise error

    return writing


@pytest.mark.parametrize("after", [False, True])
def test_an_unknown_outcome_is_decided_by_the_database(url: str, after: bool) -> None:
    async def story(database: Database) -> None:
        chain, ears = Chain(HERE), Ears()
        part = delivery(chain, chain.events(3))
        store = Intake(failing(database, after=after), [ears], ears, lambda: NOW)
        with pytest.raises(OperationalError):
            await store.store([part])
        assert len(await applied(database)) == (3 if after else 0)
        assert (await store.store([part])).marks[part.key].upto == 3
        assert await applied(database) == ["p1", "p2", "p3"]

    told(url, story)


def test_three_ingestors_on_shuffled_deliveries_make_the_same_tables(url: str) -> None:
    async def story(database: Database) -> None:
        chains = [Chain(HERE, stream=stream) for stream in (Stream.DECISION, Stream.AUDIT)]
        parts = [delivery(chain, chain.events(4)) for chain in chains for _ in range(10)]

        async def ingest(seed: int) -> None:
            rng, store = random.Random(seed), intake(database, Ears())
            mine = parts * 2
            rng.shuffle(mine)
            while mine:
                taken, mine = mine[:3], mine[3:]
                await store.store(taken)

        await asyncio.gather(*(ingest(seed) for seed in range(3)))
        assert await table(database, MarkRow.stream, MarkRow.upto, MarkRow.highest) == [
            ("audit", 40, 40),
            ("decision", 40, 40),
        ]
        rows = await applied(database)
        assert sorted(rows) == sorted(2 * [f"p{n}" for n in range(1, 41)])
        assert not [row for row in await table(database, EventRow.fault) if row[0]]

    told(url, story)
