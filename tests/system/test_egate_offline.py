"""A gate whose link is cut for hours: it works by what was sealed, and central learns of it all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.ingest.ingestor import Ingestor
from central.store.base import Base
from central.store.database import Database
from contract.command import Verb
from contract.lists import WithoutCentral
from contract.signing import load_private_key
from edge.runtime.clock import SystemClock
from simulators.lanes.egate import EGateLane, Left
from simulators.ports import kept_port
from simulators.world.issuer import Issuer
from simulators.world.travellers import Story, traveller
from tests.system.delivery import Amqtt, Applied, Ears, at_broker
from tests.system.gate_world import PACE, REST
from tests.system.lanes import POLICY, RunningLane, running, until, written

pytestmark = pytest.mark.realtime

WATCHED_FOR, ALONE_FOR = 6.0, 8.0  # h


class Calendar(SystemClock):
    """The machine's clocks, the wall's some hours ahead."""

    hours = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


class Offline:
    """A gate without a link."""

    def __init__(self, folder: Path, then: str, stack: ExitStack) -> None:
        self.folder, self.clock, self.central = folder, Calendar(), Ed25519PrivateKey.generate()
        self.broker = Amqtt(folder)
        self.broker.port = stack.enter_context(kept_port())  # it begins to listen hours later
        self.issuer = Issuer("UT", datetime.now(UTC))
        (folder / "trust").mkdir()
        (folder / "trust/csca.cer").write_bytes(self.issuer.csca)
        (folder / "trust/csca.crl").write_bytes(self.issuer.crl)
        self.sim = EGateLane(pace=PACE)
        stack.enter_context(self.sim.served())
        alone = WithoutCentral(hours=ALONE_FOR, then=then)  # type: ignore[arg-type]
        change = {"without_central": alone, "watchlist_hours": WATCHED_FOR}
        path = written(
            folder,
            "egate",
            self.sim.urls,
            REST,
            central=self.central,
            broker=f"mqtt://127.0.0.1:{self.broker.port}",
            policy=POLICY.model_copy(update=change),
        )
        self.lane: RunningLane = stack.enter_context(running(path, self.clock))
        self.lane.open("idle")

    def passes(self, hours: float) -> tuple[Left, dict[str, str]]:
        """Let a traveller in order come so many hours after the cut; return how it went."""
        self.clock.hours = hours
        since = self.lane.last
        left = self.sim.passes(traveller(5, self.issuer, Story.IN_ORDER))
        [decided, *_] = self.lane.told(since, "passage.decided")
        return left, {check["name"]: check["status"] for check in decided["checks"]}

    def refused_by_an_officer(self) -> None:
        self.lane.reaches("referred_at_entry")
        refuse(self.lane)


def refuse(lane: RunningLane) -> None:
    passage = lane.unit._story.passage
    lane.order(Verb.DECIDE_PASSAGE, passage=passage, decision="refuse", reason="looked")


@contextmanager
def offline(folder: Path, then: str = "refer-everybody") -> Iterator[Offline]:
    with ExitStack() as stack:
        yield Offline(folder, then, stack)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Offline]:
    with offline(tmp_path) as world:
        yield world


def test_hours_without_a_link_and_everything_arrives_later(gate: Offline) -> None:
    assert gate.passes(0.0)[0] is Left.CROSSED
    left, checks = gate.passes(WATCHED_FOR - 0.5)
    assert left is Left.CROSSED
    assert (checks["watchlist"], checks["central"]) == ("successful", "successful")

    officer = threading.Thread(target=gate.refused_by_an_officer)
    officer.start()
    left, checks = gate.passes(WATCHED_FOR + 0.5)
    officer.join()
    assert left is Left.SENT_AWAY
    assert (checks["watchlist"], checks["central"]) == ("undetermined", "successful")

    officer = threading.Thread(target=gate.refused_by_an_officer)
    officer.start()
    left, checks = gate.passes(ALONE_FOR + 0.5)
    officer.join()
    assert left is Left.SENT_AWAY
    assert checks["central"] == "undetermined"

    written_down = [event["id"] for event in gate.lane.events()]
    assert len(written_down) > 8
    told = asyncio.run(reconnected(gate))
    assert [event for event in told if event in written_down] == written_down


def test_a_policy_that_closes_the_lane_closes_it(tmp_path: Path) -> None:
    with offline(tmp_path, "close") as gate:
        gate.clock.hours = ALONE_FOR + 0.5
        gate.lane.reaches("closed")


async def reconnected(gate: Offline) -> list[Any]:
    """Bring broker and central up; return the ids of what arrived, in the order it was applied."""
    heard = Ears()
    database = Database(f"sqlite+aiosqlite:///{gate.folder / 'central.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.run_sync(Applied.metadata.create_all)
    lane_key = load_private_key(gate.folder / "data" / "unit.pem").public_key()
    ingestor = Ingestor(
        at_broker(gate.broker.port, gate.broker.protocol),
        database.writing,
        [heard],
        heard,
        lambda _: [lane_key],
        gate.central,
    )
    await gate.broker.start()
    serving = asyncio.create_task(ingestor.run())
    try:
        outbox = gate.lane.unit.lane.outbox
        await asyncio.to_thread(until, lambda: outbox.depth == 0, 60.0, "the outbox drains")
        return [event.id for event in heard.told]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await gate.broker.kill()
        await database.engine.dispose()
