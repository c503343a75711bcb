"""Where second looks come from: projected threats of the lanes, and a sample of cleared items.

1. Both become cases that differ in nothing that an operator can see: a random name, pictures of the
   same kinds and sizes, no finding, no papers. Both wait for a random moment before they are
   offered, so that nobody tells them by how soon they come after the item.
2. A projection is taken only of an item that this lane scanned, found clear and released, and that
   has left; one whose time is over when it is heard of is nobody's any more.
3. Of one item there is one case at most: two pictures side by side would tell which is projected.
4. The item itself is not touched, and nothing here is part of its record.
"""

import json
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.happening import Happening, Misplaced
from central.review import pictures
from central.store.database import Database
from central.store.looks import SealedProjection, SecondLook
from central.store.stories import Inspection, Picture
from contract import projection
from contract.envelope import Event
from contract.inspection import Disposition
from models.xray.tip import rules

LOOK: Final = "look"  # as a story of pictures
LONGEST_WAIT: Final = 90  # s until a case is offered; a projection takes a few to be made and sent
LIFE: Final = timedelta(seconds=sum(rules.DEADLINES.values()))


async def sealed(session: AsyncSession, happening: Happening, message: projection.Sealed) -> None:
    """Keep what was projected where nobody looks until it is revealed."""
    if await session.get(SealedProjection, message.projection) is not None:
        raise Misplaced(f"{happening.address} seals {message.projection} twice")
    row = SealedProjection(
        projection=message.projection,
        unit=happening.address.unit,
        heard_at=happening.heard,
        item=_item_of(message.record),
        record=message.record,
        nonce=message.nonce,
    )
    session.add(row)
    await session.flush()


async def made(session: AsyncSession, happening: Happening, message: projection.Made) -> None:
    """Make a case of a projection, unless its time is over or its item is looked at already."""
    unit = happening.address.unit
    kept = await session.get(SealedProjection, message.projection)
    if kept is None or kept.unit != unit or await _is_known(session, message.projection):
        raise Misplaced(f"{happening.address} has sealed no new projection {message.projection}")
    item = await session.get(Inspection, kept.item)
    if item is None or item.unit != unit or not _is_admissible(item):
        raise Misplaced(f"{message.projection} is of no item that was cleared and has left")
    if any(picture.personal for picture in message.pictures):
        raise Misplaced(f"{message.projection} shows personal pictures")
    if message.reveal_by <= happening.heard or await _is_looked_at(session, item.id):
        return
    look = _case(unit, happening.address.site, happening.heard)
    look.projection, look.seal = message.projection, message.seal
    look.reveal_by = min(look.reveal_by, message.reveal_by)
    session.add(look)
    await pictures.record(session, LOOK, look.id, message.pictures)
    await session.flush()


async def sample(
    database: Database, share: float, events: Iterable[Event], now: datetime
) -> list[str]:
    """Draw ``share`` of the items that ``events`` released; return the names of their cases."""
    draw = secrets.SystemRandom().random
    drawn = [str(event.data["inspection"]) for event in events if _is_release(event)]
    drawn = [name for name in drawn if draw() < share]
    if not drawn:
        return []
    async with database.writing() as session:
        looks = [await _sampled(session, name, now) for name in drawn]
    return [look.id for look in looks if look is not None]


async def _sampled(session: AsyncSession, name: str, now: datetime) -> SecondLook | None:
    item = await session.get(Inspection, name)
    if item is None or item.personal or not _is_admissible(item) or item.lost_lines:
        return None
    of_item = (Picture.story == "inspection", Picture.story_id == name)
    shown = (await session.scalars(select(Picture).where(*of_item))).all()
    projected = select(exists().where(SealedProjection.item == name))
    if not _may_be_projected(shown) or await session.scalar(projected):
        return None
    if await _is_looked_at(session, name):
        return None
    look = _case(item.unit, item.site, now)
    look.inspection = name
    session.add(look)
    session.add_all(_copy(picture, look.id) for picture in shown)
    await session.flush()
    return look


def _case(unit: str, site: str, now: datetime) -> SecondLook:
    wait = timedelta(seconds=secrets.randbelow(LONGEST_WAIT))
    return SecondLook(
        id=uuid.uuid4().hex,
        unit=unit,
        site=site,
        heard_at=now,
        offered_at=now + wait,
        offered=False,
        reveal_by=now + LIFE,
        phase=rules.START.value,
        tools=[],
    )


def _is_admissible(item: Inspection) -> bool:
    """Return whether the lane found ``item`` clear by itself, let it go, and it has left."""
    in_lane = item.ended_at is None or item.decision is not None
    return rules.admissible(item.finding or "", item.disposition or "", in_lane)


def _may_be_projected(shown: Sequence[Picture]) -> bool:
    """Return whether ``shown`` are pictures of a size that lanes project into."""
    lines = sum(picture.height for picture in shown if picture.kind.startswith("high"))
    widest = max((picture.width for picture in shown), default=projection.MOST_PIXELS + 1)
    return 0 < lines <= projection.MOST_LINES and widest <= projection.MOST_PIXELS


def _is_release(event: Event) -> bool:
    return (
        event.type == "inspection.ended" and event.data["disposition"] == Disposition.RELEASE.value
    )


async def _is_known(session: AsyncSession, name: str) -> bool:
    return bool(await session.scalar(select(exists().where(SecondLook.projection == name))))


async def _is_looked_at(session: AsyncSession, item: str) -> bool:
    sampled = exists().where(SecondLook.inspection == item)
    projected = exists().where(
        SealedProjection.item == item, SecondLook.projection == SealedProjection.projection
    )
    return bool(await session.scalar(select(sampled | projected)))


def _item_of(record: str) -> str:
    """Return the item that ``record`` names; nothing is believed of it before it is revealed."""
    try:
        return str(json.loads(record)["item"])[:64]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _copy(picture: Picture, look: str) -> Picture:
    return Picture(
        story=LOOK,
        story_id=look,
        position=picture.position,
        kind=picture.kind,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        bits=picture.bits,
        personal=picture.personal,
    )
