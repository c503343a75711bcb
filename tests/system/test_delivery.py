"""A lane, a broker and central as they are deployed, in one process."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract import passage
from contract.command import Command, Verb
from contract.envelope import canonical
from contract.signing import Purpose, seal
from contract.topics import Stream
from tests.simulation.bad_luck import memory_folder
from tests.system.delivery import (
    HERE,
    Amqtt,
    Mosquitto,
    Mosquitto311,
    World,
    eventually,
    world,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path


@pytest.fixture(params=[Amqtt, Mosquitto, Mosquitto311])
def broker(request: pytest.FixtureRequest) -> type[Amqtt | Mosquitto]:
    return request.param  # type: ignore[no-any-return]


def record(here: World, number: int) -> None:
    data = passage.Started(passage=f"p{number}")
    here.outbox.record(Stream.DECISION, "passage.started", data)


def command(here: World) -> Command:
    return Command(
        id=uuid.uuid4().hex,
        unit=HERE.unit,
        verb=Verb.CLOSE_LANE,
        args={"reason": "test"},
        challenge=here.ears.challenges[-1].nonce,
        not_after=datetime.now(UTC) + timedelta(minutes=1),
        operator="alice",
    )


async def all_whole(here: World, count: int) -> None:
    await eventually(lambda: here.outbox.depth == 0, "the outbox drains")
    rows = [row for row in await here.stored() if row.stream == Stream.DECISION]
    assert [row.seq for row in rows] == list(range(1, count + 1))
    assert not any(row.fault for row in rows)
    applied = await here.applied("passage.started")
    assert [data["passage"] for data in applied] == [f"p{n}" for n in range(count)]


def test_a_thousand_events_arrive_once_and_in_order(
    folder: Path, broker: type[Amqtt | Mosquitto]
) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            for number in range(1000):
                record(here, number)
            await all_whole(here, 1000)
            assert len(here.ears.told) == 1000

    asyncio.run(run())


def test_a_broker_killed_midway_costs_nothing(
    folder: Path, broker: type[Amqtt | Mosquitto]
) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            for number in range(300):
                record(here, number)
            await eventually(lambda: here.outbox.depth < 300, "it has begun")
            await here.broker.kill()
            for number in range(300, 600):
                record(here, number)
            await here.broker.start()
            await all_whole(here, 600)

    asyncio.run(run())


def test_a_command_is_done_once_and_answered(folder: Path, broker: type[Amqtt | Mosquitto]) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            await eventually(lambda: bool(here.ears.challenges), "a challenge")
            asked = command(here)
            await here.ingestor.send_command(asked)
            await here.ingestor.send_command(asked)
            await eventually(lambda: len(here.ears.told) >= 2, "a result and an alarm")
            assert here.executed == [asked]
            assert [r["execution"] for r in await here.applied("command.result")] == ["done"]
            (fault,) = await here.applied("health.fault")
            assert "seen before" in fault["detail"]

    asyncio.run(run())


def test_presence_comes_and_goes(folder: Path, broker: type[Amqtt | Mosquitto]) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            await eventually(lambda: any(p.online for p in here.ears.presences), "present")
            session = here.ears.presences[-1].session
            here.tasks[1].cancel()
            await eventually(lambda: not here.ears.presences[-1].online, "gone")
            assert here.ears.presences[-1].session == session

    asyncio.run(run())


def test_a_late_will_of_an_older_session_is_put_right(
    folder: Path, broker: type[Amqtt | Mosquitto]
) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            await eventually(lambda: any(p.online for p in here.ears.presences), "present")
            old = here.ears.presences[-1].model_copy(update={"session": "old", "online": False})
            body = canonical(old.model_dump(mode="json"))
            topic, late = f"bc/v1/presence/{HERE.unit}", seal(Purpose.PRESENCE, body, here.lane_key)
            here.uplink._conversation._connection.publish(topic, late, retain=True)  # type: ignore[union-attr]
            await eventually(lambda: old in here.ears.presences, "the late will")
            await eventually(lambda: here.ears.presences[-1].online, "put right")

    asyncio.run(run())


def test_a_new_state_version_is_told_at_once(folder: Path, broker: type[Amqtt | Mosquitto]) -> None:
    async def run() -> None:
        async with world(folder, broker) as here:
            await eventually(lambda: bool(here.ears.challenges), "a challenge")
            here.uplink.state_changed(7)
            await eventually(lambda: here.ears.challenges[-1].state_version == 7, "told")
            assert here.ears.challenges[-1].nonce == here.ears.challenges[0].nonce

    asyncio.run(run())
