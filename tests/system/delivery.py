"""A lane's uplink, a broker and central's ingestor in one loop, for the tests of delivery."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from amqtt.broker import Broker as EmbeddedBroker
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.config import Mqtt
from central.ingest.ingestor import Ingestor
from central.ingest.projection import Alarm
from central.store.base import Base
from central.store.database import Database
from central.store.events import EventRow
from contract.command import Challenge, Command, Execution
from contract.envelope import Event
from contract.names import Address
from contract.presence import Kind, Presence
from edge.runtime.clock import SystemClock
from edge.uplink.blobs import BlobSpool
from edge.uplink.outbox import Outbox
from edge.uplink.settings import UplinkSettings
from edge.uplink.uplink import Uplink

HERE = Address(site="doh", unit="egate-07")
PATIENCE = 60.0  # s before a test gives up waiting for an event; a deadline, not a wait


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(condition: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 nobody rings a bell for a condition
            await asyncio.sleep(0.01)
    assert condition(), what


def at_broker(port: int, protocol: Literal["5", "3.1.1"]) -> Mqtt:
    """Return how central reaches a broker of this machine."""
    return Mqtt(url=f"mqtt://127.0.0.1:{port}", protocol=protocol)


class Amqtt:
    """The embedded broker, in this loop."""

    protocol: Literal["5", "3.1.1"] = "3.1.1"

    def __init__(self, _folder: Path) -> None:
        self.port = free_port()
        self._broker: EmbeddedBroker | None = None

    async def start(self) -> None:
        listener = {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        config = {"listeners": {"default": listener}, "plugins": plugins}
        self._broker = EmbeddedBroker(config)
        await self._broker.start()

    async def kill(self) -> None:
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None


class Mosquitto:
    """The real broker, in a process that can be killed."""

    protocol: Literal["5", "3.1.1"] = "5"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = [mosquitto_or_skip(), "-c", str(self._config)]
        self._process = await asyncio.to_thread(
            subprocess.Popen, command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await eventually(lambda: _answers(self.port), "mosquitto answers")

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None


class Mosquitto311(Mosquitto):
    """The real broker, spoken to as the embedded one is."""

    protocol: Literal["5", "3.1.1"] = "3.1.1"


def mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def mosquitto_or_skip() -> str:
    program = mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed on this machine")
    return program


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


Applied = Table(
    "test_applied",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("type", String),
    Column("data", JSON),
)


@dataclass
class Ears:
    """A Listener and a Projection that remember."""

    presences: list[Presence] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)

    async def on_presence(self, address: Address, presence: Presence) -> None:
        self.presences.append(presence)

    async def on_challenge(self, unit: str, challenge: Challenge) -> None:
        self.challenges.append(challenge)

    async def on_alarm(self, session: AsyncSession, alarm: Alarm) -> None:
        self.alarms.append(alarm)

    async def changed(self, events: Sequence[tuple[Address, Event]]) -> None:
        self.told += [event for _, event in events]

    async def apply(self, session: AsyncSession, address: Address, event: Event) -> None:
        await session.execute(insert(Applied), {"type": event.type, "data": event.data})


@dataclass
class World:
    """Both ends, started."""

    folder: Path
    broker: Amqtt | Mosquitto
    database: Database
    ears: Ears
    ingestor: Ingestor
    outbox: Outbox
    uplink: Uplink
    lane_key: Ed25519PrivateKey
    central_key: Ed25519PrivateKey
    executed: list[Command]
    tasks: list[asyncio.Task[None]]

    async def applied(self, event_type: str) -> list[dict[str, Any]]:
        query = select(Applied.c.data).where(Applied.c.type == event_type)
        async with self.database.reading() as session:
            return list(await session.scalars(query.order_by(Applied.c.number)))

    async def stored(self) -> list[Any]:
        columns = EventRow.stream, EventRow.seq, EventRow.epoch, EventRow.fault
        async with self.database.reading() as session:
            rows = await session.execute(select(*columns).order_by(*columns[:2]))
            return list(rows.all())


@contextlib.asynccontextmanager
async def world(
    folder: Path, kind: type[Amqtt | Mosquitto], *, ears: bool = True
) -> AsyncIterator[World]:
    """Start everything; stop everything, whatever happens. ``ears``: with a projection."""
    broker = kind(folder)
    await broker.start()
    database = Database(f"sqlite+aiosqlite:///{folder / 'central.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(Applied.metadata.create_all)
    lane_key, central_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    heard, executed = Ears(), list[Command]()

    async def execute(command: Command) -> tuple[Execution, str]:
        executed.append(command)
        return Execution.DONE, ""

    ingestor = Ingestor(
        at_broker(broker.port, broker.protocol),
        database.writing,
        [heard] if ears else [],
        heard,
        lambda unit: [lane_key.public_key()] if unit == HERE.unit else [],
        central_key,
    )
    clock = SystemClock()
    outbox = Outbox(folder / "outbox.db", HERE, clock)
    settings = UplinkSettings(broker=f"mqtt://127.0.0.1:{broker.port}", protocol=broker.protocol)
    uplink = Uplink(
        settings,
        outbox,
        BlobSpool(folder / "spool"),
        lane_key,
        central_key.public_key(),
        Kind.EGATE,
        execute,
        clock,
    )
    tasks = [asyncio.create_task(ingestor.run()), asyncio.create_task(uplink.run())]
    whole = World(
        folder, broker, database, heard, ingestor, outbox, uplink, lane_key, central_key,
        executed, tasks,
    )  # fmt: skip
    try:
        yield whole
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        outbox.close()
        await database.close()
        await broker.kill()
