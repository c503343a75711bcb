"""The tables: what a migration makes is what the models say, on SQLite and on PostgreSQL."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from central.accounts.roles import Role
from central.audit import trail
from central.errors import StoreError
from central.store import migrate
from central.store.database import Database
from central.store.models import METADATA
from tests.system.central_world import GATE, World, in_world, memory_folder, world
from tests.system.test_central_referrals import APPROVE, decided, ended
from tests.system.test_central_review import DECISION, held


def sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'central.db'}"


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


async def compare(url: str) -> list[Any]:
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(differences)
    finally:
        await database.close()


def test_the_head_equals_the_models() -> None:
    with memory_folder() as folder:
        asyncio.run(migrate.upgrade(sqlite(folder)))
        assert asyncio.run(compare(sqlite(folder))) == []


def test_a_missing_table_would_be_noticed() -> None:
    with memory_folder() as folder:
        asyncio.run(migrate.upgrade(sqlite(folder)))
        asyncio.run(execute(sqlite(folder), "DROP TABLE faults"))
        [(what, table)] = asyncio.run(compare(sqlite(folder)))
        assert (what, table.name) == ("add_table", "faults")


async def execute(url: str, statement: str) -> None:
    database = Database(url)
    async with database.writing() as session:
        await session.execute(text(statement))
    await database.close()


def test_a_database_of_another_version_is_not_served() -> None:
    async def run(folder: Path) -> None:
        with pytest.raises(StoreError, match="at nothing and this software needs"):
            await migrate.require_head(sqlite(folder))
        await migrate.upgrade(sqlite(folder))
        await migrate.require_head(sqlite(folder))
        await migrate.upgrade(sqlite(folder))  # a second time changes nothing
        await execute(sqlite(folder), "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match=r"at 9999 .* border-central migrate"):
            await migrate.require_head(sqlite(folder))

    with memory_folder() as folder:
        asyncio.run(run(folder))


def test_a_database_that_cannot_be_reached_is_named() -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    with pytest.raises(StoreError, match="cannot be opened"):
        asyncio.run(migrate.require_head(url))


@in_world
async def test_sqlite_is_durable_and_enforces_its_keys(world: World) -> None:
    async with world.core.database.reading() as session:
        found = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


@in_world
async def test_what_is_read_is_one_moment_and_what_fails_is_undone(world: World) -> None:
    database = world.core.database
    async with database.reading() as reader:
        before = await trail.newest(reader)
        async with database.writing() as writer:
            await trail.append(writer, world.time(), "test", "test", "x")
        assert await trail.newest(reader) is before
    async with database.reading() as reader:
        last = await trail.newest(reader)
    assert before is not None
    assert last is not None
    assert last.seq == before.seq + 1


@in_world
async def test_writers_wait_for_each_other_instead_of_failing(world: World) -> None:
    database = world.core.database

    async def count() -> None:
        async with database.writing() as session:
            seen = await session.scalar(text("SELECT outbox_events FROM health"))
            await session.execute(text(f"UPDATE health SET outbox_events = {int(seen or 0) + 1}"))

    async with database.writing() as session:
        await session.execute(
            text(
                "INSERT INTO health (unit, service, phase, devices, models, outbox_events, "
                "clock_synced, ended, referred_or_held) "
                "VALUES ('egate-07', '', '', '[]', '{}', 0, 0, 0, 0)"
            )
        )
    await asyncio.gather(*(count() for _ in range(20)))
    async with database.reading() as session:
        assert await session.scalar(text("SELECT outbox_events FROM health")) == 20


# PostgreSQL, where there is one


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A server of its own in a folder of its own; skipped where there is none to start."""
    initdb = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if initdb is None:
        pytest.skip("no PostgreSQL on this machine: initdb is not in the path")
    with memory_folder() as folder:
        folder.chmod(0o755)
        with running_server(Path(initdb).parent, folder) as url:
            yield url


def running_server(programs: Path, folder: Path) -> Any:
    from contextlib import contextmanager

    as_other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    prefix = as_other if os.getuid() == 0 else []  # it refuses to run as root

    @contextmanager
    def run() -> Iterator[str]:
        home = folder / "pg"
        home.mkdir()
        if prefix:
            os.chown(home, 65534, 65534)
        data = home / "data"
        subprocess.run(
            [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "border", "-A", "trust"],
            check=True,
            capture_output=True,
        )
        server = subprocess.Popen(
            [
                *prefix,
                str(programs / "postgres"),
                *("-D", str(data), "-k", str(home), "-c", "listen_addresses=", "-F"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"postgresql+asyncpg://border@/postgres?host={home}"
            asyncio.run(await_server(url))
            yield url
        finally:
            server.terminate()
            server.wait(60)

    return run()


async def await_server(url: str) -> None:
    for _ in range(1200):  # a minute
        try:
            return await migrate.require_head(url)
        except StoreError as error:
            if "cannot be opened" not in str(error):
                return None
            await asyncio.sleep(0.05)
    raise TimeoutError("the server did not start")


def test_the_head_equals_the_models_on_postgresql(postgres: str) -> None:
    asyncio.run(migrate.upgrade(postgres))
    assert asyncio.run(compare(postgres)) == []


def test_the_two_queues_and_the_trail_on_postgresql(postgres: str) -> None:
    asyncio.run(migrate.upgrade(postgres))
    plain = postgres.replace("postgresql+asyncpg", "postgresql")

    async def run() -> None:
        async with asyncio.timeout(60), world(plain) as here:
            both = await here.signed_in("bo", Role.SUPERVISOR)
            await held(here)
            await here.come_online(GATE)
            await here.tell(GATE, "passage.decided", decided())
            answers = await asyncio.gather(
                *(both.post("/api/review/i-1/decision", DECISION) for _ in range(3)),
                *(both.post("/api/referrals/p-1/decision", APPROVE) for _ in range(3)),
            )
            assert sorted(answer.status_code for answer in answers) == [200] * 2 + [409] * 4
            assert len(here.link.sent) == 2
            await here.tell(GATE, "passage.ended", ended())
            assert (await both.get("/api/audit")).json()["chain_valid"] is True
            assert (await both.get("/metrics")).status_code == 200

    asyncio.run(run())
