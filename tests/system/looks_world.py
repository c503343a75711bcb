"""Second looks for tests: items that were cleared and have left, and projections of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from central.duties import look_again
from central.review.projections import LONGEST_WAIT
from central.store.looks import LookAnswer
from contract import inspection, projection
from contract.blob import Blob, Picture
from contract.inspection import Disposition, Finding
from models.xray.tip.record import Record, dump, seal
from models.xray.tip.rules import DEADLINES
from tests.system.central_world import SCANNER, Browser, World

NONCE = bytes(range(24))
THREAT = {"disposition": "divert", "reason": "a knife, it seems", "tools": ["zoom"]}
ALWAYS: Any = {"review": {"sample_share": 1.0}}
NEVER: Any = {"review": {"sample_share": 0.0}}
CLEAR = {"disposition": "release", "reason": "nothing of concern", "tools": []}


@dataclass(frozen=True)
class Made:
    """One projection as its lane told of it."""

    name: str
    record: Record


async def picture(world: World, content: bytes, kind: str = "high") -> Picture:
    """Upload ``content`` as the scanner does; return the picture that it is said to be."""
    digest = await world.upload(SCANNER, content, media_type="image/jxl")
    return Picture(
        kind=kind,
        blob=Blob(sha256=digest, size=len(content), media_type="image/jxl"),
        width=512,
        height=320,
        bits=16,
        personal=False,
    )


async def cleared(
    world: World,
    name: str = "i-1",
    *,
    finding: Finding = Finding.CLEAR,
    leaves: bool = True,
    lines: int = 320,
) -> None:
    """Let the scanner clear an item and let it go."""
    shown = await picture(world, f"picture of {name}".encode())
    scanned = inspection.Scanned(
        inspection=name,
        item=f"bag-{name}",
        finding=finding,
        disposition=Disposition.RELEASE,
        score=0.1,
        threshold=0.5,
        pictures=[shown.model_copy(update={"height": lines})],
        stages_ms={},
    )
    await world.tell(SCANNER, "inspection.scanned", scanned)
    if leaves:
        ended = inspection.Ended(
            inspection=name,
            disposition=Disposition.RELEASE,
            seconds=40.0,
            beam_on_s=1.0,
            stages_ms={},
        )
        await world.tell(SCANNER, "inspection.ended", ended)


async def projected(world: World, name: str = "p-1", item: str = "i-1", **forged: Any) -> Made:
    """Let the scanner project into that item; ``forged`` is what it seals instead of the truth."""
    shown = await picture(world, f"projected {name}".encode())
    now = world.time()
    reveal_by = now + timedelta(seconds=sum(DEADLINES.values()))
    record = Record(
        projection=name,
        item=item,
        threat="knife-3",
        kind="knife",
        library="c" * 64,
        row=40,
        column=60,
        height=50,
        width=30,
        turns=1,
        mirror=False,
        seed=7,
        made_at=now.timestamp(),
        reveal_by=reveal_by.timestamp(),
        pictures=(hashlib.sha256(b"values").hexdigest(),),
    )
    told = dump(record).decode()
    sealed = projection.Sealed(projection=name, record=told, nonce=forged.get("nonce", NONCE).hex())
    await world.tell(SCANNER, "projection.sealed", sealed)
    made = projection.Made(
        projection=name, pictures=[shown], seal=seal(record, NONCE), reveal_by=reveal_by
    )
    await world.tell(SCANNER, "projection.made", made)
    return Made(name, record)


async def offered(world: World) -> None:
    """Let the random wait go by, and the service do what it does now and then."""
    world.time.pass_(seconds=LONGEST_WAIT)
    await look_again(world.core)


async def waiting(browser: Browser, state: str = "open") -> list[dict[str, Any]]:
    """Return the queue as it is shown."""
    answer = await browser.get(f"/api/review?state={state}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def looked_at(world: World, browser: Browser, said: dict[str, Any] = THREAT) -> Any:
    """Open the only case, look for seven seconds, answer; return what central says."""
    [look] = await waiting(browser)
    assert (await browser.post(f"/api/review/{look['id']}/claim")).status_code == 200
    world.time.pass_(seconds=7)
    answer = await browser.post(f"/api/review/{look['id']}/decision", said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def audit(browser: Browser) -> list[dict[str, Any]]:
    """Return the audit trail as a supervisor sees it."""
    entries: list[dict[str, Any]] = (await browser.get("/api/audit")).json()["entries"]
    return entries


async def rows(world: World, table: Any) -> list[Any]:
    """Return every row of ``table``."""
    async with world.core.database.reading() as session:
        return list(await session.scalars(select(table)))


async def count(world: World, table: Any) -> int:
    """Return how many rows ``table`` has."""
    async with world.core.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def answers(world: World, operator: str, projection: bool, found: int, of: int) -> None:
    """Let ``operator`` have found ``found`` threats in ``of`` second looks of one kind."""
    async with world.core.database.writing() as session:
        for number in range(of):
            name = f"{operator}-{projection}-{number}"
            row = LookAnswer(
                look=name,
                operator=operator,
                projection=name if projection else None,
                answer="threat" if number < found else "clear",
                seconds=5.0,
                at=world.time(),
            )
            session.add(row)
