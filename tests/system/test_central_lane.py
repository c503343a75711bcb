"""A lane's real uplink, a broker, and central on a real port: one referral from end to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.accounts import users
from central.accounts.roles import Role
from central.config import Config
from central.fleet.enrol import enrol
from central.service import Service
from contract import passage, signing
from contract.blob import Picture
from contract.command import Command, Execution
from contract.passage import OfficerDecision, Outcome, Verdict
from contract.presence import Kind
from contract.topics import Stream
from edge.runtime.clock import SystemClock
from edge.uplink.blobs import BlobSpool
from edge.uplink.outbox import Outbox
from edge.uplink.settings import UplinkSettings
from edge.uplink.uplink import Uplink
from tests.system.central_world import GATE, asked_until, memory_folder
from tests.system.delivery import Amqtt

FACE = bytes(range(256)) * 10_000  # 2.5 MB: three pieces


@dataclass
class Lane:
    """The lane's end of everything."""

    outbox: Outbox
    spool: BlobSpool
    uplink: Uplink
    obeyed: list[Command] = field(default_factory=list)


@asynccontextmanager
async def lane(folder: Path, broker: Amqtt, service: Service, key: Any) -> AsyncIterator[Lane]:
    async def execute(command: Command) -> tuple[Execution, str]:
        here.obeyed.append(command)
        resolved = passage.Resolved(
            passage=str(command.args["passage"]),
            decision=OfficerDecision(str(command.args["decision"])),
            operator=command.operator,
            reason=str(command.args["reason"]),
        )
        outbox.record(Stream.DECISION, "passage.resolved", resolved)
        return Execution.DONE, ""

    clock = SystemClock()
    outbox = Outbox(folder / "outbox.db", GATE, clock)
    spool = BlobSpool(folder / "spool")
    settings = UplinkSettings(
        broker=f"mqtt://127.0.0.1:{broker.port}", protocol=broker.protocol, blobs=service.url
    )
    assert service.core is not None
    trusted = service.core.signing_key.public_key()
    uplink = Uplink(settings, outbox, spool, key, trusted, Kind.EGATE, execute, clock)
    here = Lane(outbox, spool, uplink)
    running = asyncio.create_task(uplink.run())
    try:
        yield here
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        outbox.close()


async def populate(service: Service, key: Ed25519PrivateKey) -> str:
    """Enrol the lane and an officer; return the officer's sign-in token."""
    core = service.core
    assert core is not None
    async with core.database.writing() as session:
        public = signing.public_text(key.public_key())
        await enrol(session, GATE, Kind.EGATE, public, "test", core.now())
        await users.add(session, "olu", [Role.OFFICER, Role.SUPERVISOR], core.now())
        token = await users.make_link(session, "olu", core.now())
    await core.keys.refresh()
    return token


def test_a_referral_from_the_lane_to_the_officer_and_back() -> None:
    async def run(folder: Path) -> None:
        broker, key = Amqtt(folder), Ed25519PrivateKey.generate()
        await broker.start()
        config = Config.model_validate(
            {
                "listen": "127.0.0.1:0",
                "data": folder / "central",
                "signing_key": folder / "central/key.pem",
                "mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "protocol": broker.protocol},
            }
        )
        try:
            async with Service(config) as service:
                token = await populate(service, key)
                async with (
                    lane(folder, broker, service, key) as here,
                    httpx.AsyncClient(base_url=service.url) as officer,
                ):
                    await refer_decide_end(here, officer, token)
            blobs = folder / "central/blobs"
            assert [path for path in blobs.rglob("*") if path.is_file()] == []
        finally:
            await broker.kill()

    with memory_folder() as folder:
        asyncio.run(run(folder))


async def refer_decide_end(here: Lane, officer: httpx.AsyncClient, token: str) -> None:
    signed_in = (await officer.post("/api/session/link", json={"token": token})).json()
    officer.headers["X-CSRF"] = signed_in["csrf"]
    blob = await asyncio.to_thread(here.spool.put, FACE, "image/jpeg", personal=True)
    picture = Picture(kind="face", blob=blob, width=600, height=800, bits=8, personal=True)
    decided = passage.Decided(
        passage="p-1",
        verdict=Verdict.REFER,
        reasons=["face-mismatch"],
        checks=[],
        stages_ms={},
        pictures=[picture],
    )
    here.outbox.record(Stream.DECISION, "passage.started", passage.Started(passage="p-1"))
    here.outbox.record(Stream.DECISION, "passage.decided", decided)

    async def referrals(state: str = "open") -> Any:
        return (await officer.get(f"/api/referrals?state={state}")).json()["referrals"]

    [item] = await asked_until(
        referrals, lambda found: found and found[0]["pictures"][0]["available"]
    )
    assert (await officer.get(f"/api/images/{blob.sha256}")).content == FACE
    body = {"decision": "approve", "reason": "looked"}
    answer = await officer.post(f"/api/referrals/{item['id']}/decision", json=body)
    assert answer.status_code == 200, answer.text

    async def over() -> Any:
        return await referrals("decided")

    await asked_until(over, lambda found: found[0]["command_state"] == "done")
    assert [command.operator for command in here.obeyed] == ["olu"]
    ended = passage.Ended(passage="p-1", outcome=Outcome.CROSSED, seconds=30.0, stages_ms={})
    here.outbox.record(Stream.DECISION, "passage.ended", ended)
    [item] = await asked_until(over, lambda found: found[0]["state"] == "ended")
    assert item["pictures"][0]["available"] is False

    async def image() -> int:
        return (await officer.get(f"/api/images/{blob.sha256}")).status_code

    assert await asked_until(image, lambda code: code == 404)
    trail = (await officer.get("/api/audit")).json()
    assert trail["chain_valid"]
    assert "command.result" in [entry["action"] for entry in trail["entries"]]
