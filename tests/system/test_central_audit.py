"""The trail in the database, and somebody with a hand in it."""

import asyncio

import pytest
from sqlalchemy import text

from central.accounts.roles import Role
from central.audit import trail
from central.duties import anchor
from central.ingest.projection import Alarm
from tests.system.central_world import Browser, World, in_world


async def busy(world: World) -> Browser:
    """Fill the trail; return a supervisor."""
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    for _ in range(3):
        await supervisor.sign_in("sue")
    return supervisor


async def valid(supervisor: Browser) -> bool:
    return bool((await supervisor.get("/api/audit")).json()["chain_valid"])


async def tamper(world: World, statement: str) -> None:
    async with world.core.database.writing() as session:
        await session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'eve' WHERE seq = 2",
        "UPDATE audit SET detail = '{}' WHERE seq = 3",
        "UPDATE audit SET at = '2026-03-01T09:00:00.000+00:00' WHERE seq = 4",
        "UPDATE audit SET hash = '" + "0" * 64 + "' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE audit SET seq = 99 WHERE seq = 2",
    ],
)
def test_a_hand_in_the_database_is_noticed(statement: str) -> None:
    @in_world
    async def run(world: World) -> None:
        supervisor = await busy(world)
        assert await valid(supervisor)
        await tamper(world, statement)
        assert not await valid(supervisor)

    run()


@in_world
async def test_the_newest_entries_cannot_be_cut_off_once_anchored(world: World) -> None:
    supervisor = await busy(world)
    await anchor(world.core)
    assert await valid(supervisor)
    await tamper(world, "DELETE FROM audit WHERE seq > 4")
    assert not await valid(supervisor)


@in_world
async def test_a_forged_anchor_is_noticed(world: World) -> None:
    supervisor = await busy(world)
    (world.core.config.data / "audit.anchors").write_text("1 " + "a" * 64 + " AAAA\n")
    assert not await valid(supervisor)


@in_world
async def test_it_is_read_page_by_page(world: World) -> None:
    supervisor = await busy(world)
    first = (await supervisor.get("/api/audit?limit=2")).json()["entries"]
    then = (await supervisor.get("/api/audit?after=2&limit=3")).json()["entries"]
    assert [entry["seq"] for entry in first + then] == [1, 2, 3, 4, 5]
    assert (await supervisor.get("/api/audit?limit=0")).status_code == 422


@in_world
async def test_it_is_read_from_its_end(world: World) -> None:
    supervisor = await busy(world)

    async def page(query: str) -> list[int]:
        entries = (await supervisor.get(f"/api/audit?order=newest{query}")).json()["entries"]
        return [entry["seq"] for entry in entries]

    last, *_ = await page("&limit=1")
    assert await page("&limit=2") == [last, last - 1]
    assert await page(f"&limit=2&before={last - 1}") == [last - 2, last - 3]
    assert await page(f"&after={last - 1}") == [last]
    assert (await supervisor.get("/api/audit?order=best")).status_code == 422


@in_world
async def test_many_who_write_at_once_make_one_chain(world: World) -> None:
    async def write(number: int) -> None:
        async with world.core.database.writing() as session:
            await trail.append(session, world.time(), "test", "test", str(number))

    await asyncio.gather(*(write(number) for number in range(30)))
    async with world.core.database.reading() as session:
        check = await trail.check(session)
    assert (check.first_bad, check.seq) == (None, 32)  # two units were enrolled before


@in_world
async def test_an_entry_of_a_transaction_that_fails_does_not_exist(world: World) -> None:
    async def fail() -> None:
        async with world.core.database.writing() as session:
            await trail.append(session, world.time(), "test", "test", "x")
            raise RuntimeError("the thing that it tells of did not happen")

    with pytest.raises(RuntimeError):
        await fail()
    async with world.core.database.reading() as session:
        last = await trail.newest(session)
    assert last is not None
    assert last.action == "unit.enrol"


@in_world
async def test_an_alarm_of_the_ingestor_is_an_entry_and_a_number(world: World) -> None:
    supervisor = await busy(world)
    async with world.core.database.writing() as session:
        await world.ears.on_alarm(session, Alarm("egate-07", "Clash", "seq 4 has two hashes"))
    entry = (await supervisor.get("/api/audit")).json()["entries"][-1]
    assert (entry["actor"], entry["action"], entry["object"]) == ("egate-07", "alarm", "Clash")
    assert entry["detail"] == {"detail": "seq 4 has two hashes"}
    metrics = (await supervisor.get("/metrics")).text
    assert 'central_alarms_total{name="Clash"} 1.0' in metrics
