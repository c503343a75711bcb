"""Which pictures a story shows, and when personal ones go.

1. A personal picture lives while a story that shows it is open; then its file is erased and its
   row stays as a tombstone.
2. A file may come before the event that names it. A personal one that no story has named is erased
   after a day; one whose stories have all ended, after five minutes.
3. The row is marked in the transaction that ends the story; the file goes after the commit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from central.store.stories import BlobRow, Inspection, Passage, Picture
from contract import blob

UNNAMED: Final = timedelta(days=1)
LATE: Final = timedelta(minutes=5)


class BlobState:
    """What is behind an address. ``ERASING``: to nobody's eyes, and about to go from the disk."""

    PARTIAL: Final = "partial"
    WHOLE: Final = "whole"
    ERASING: Final = "erasing"
    ERASED: Final = "erased"


async def record(
    session: AsyncSession, story: str, name: str, pictures: Sequence[blob.Picture]
) -> bool:
    """Note which pictures the story called ``name`` shows; return whether any is personal.

    Those that it showed before stay.
    """
    query = select(Picture.sha256).where(Picture.story == story, Picture.story_id == name)
    known = set(await session.scalars(query))
    new = [picture for picture in pictures if picture.blob.sha256 not in known]
    for position, picture in enumerate(new, len(known)):
        row = Picture(
            story=story,
            story_id=name,
            position=position,
            kind=picture.kind,
            sha256=picture.blob.sha256,
            width=picture.width,
            height=picture.height,
            bits=picture.bits,
            personal=picture.personal,
        )
        session.add(row)
    await _mark_personal(session, [one.blob.sha256 for one in new if one.personal])
    return any(picture.personal for picture in pictures)


async def erase_personal(session: AsyncSession, story: str, name: str, now: datetime) -> None:
    """Erase the personal pictures of a story that is over, unless another open one shows them."""
    await session.flush()
    mine = select(Picture.sha256).where(
        Picture.story == story, Picture.story_id == name, Picture.personal
    )
    doomed = select(BlobRow).where(
        BlobRow.sha256.in_(mine),
        BlobRow.state != BlobState.ERASED,
        ~_shown_by_an_open_story(),
    )
    for row in await session.scalars(doomed):
        _erase(row, now)


async def erase_stale(session: AsyncSession, now: datetime) -> int:
    """Erase personal files that no open story shows and that are old enough; return how many."""
    named = exists().where(Picture.sha256 == BlobRow.sha256)
    stale = select(BlobRow).where(
        BlobRow.personal,
        BlobRow.state.in_((BlobState.PARTIAL, BlobState.WHOLE)),
        ~_shown_by_an_open_story(),
        or_(
            and_(named, BlobRow.changed_at < now - LATE),
            BlobRow.changed_at < now - UNNAMED,
        ),
    )
    rows = (await session.scalars(stale)).all()
    for row in rows:
        _erase(row, now)
    return len(rows)


async def shown_by(session: AsyncSession, sha256: str) -> list[tuple[str, str]]:
    """Return the stories that show ``sha256``: "passage", "inspection" or "look", and the name."""
    query = select(Picture.story, Picture.story_id).where(Picture.sha256 == sha256)
    return [(story, name) for story, name in await session.execute(query)]


async def shown_openly(session: AsyncSession, sha256: str) -> bool:
    """Return whether an open story shows ``sha256``."""
    query = select(BlobRow.sha256).where(BlobRow.sha256 == sha256, _shown_by_an_open_story())
    return await session.scalar(query) is not None


def _shown_by_an_open_story() -> ColumnElement[bool]:
    of_passage = and_(
        Picture.story == "passage",
        exists().where(Passage.id == Picture.story_id, Passage.ended_at.is_(None)),
    )
    of_inspection = and_(
        Picture.story == "inspection",
        exists().where(Inspection.id == Picture.story_id, Inspection.ended_at.is_(None)),
    )
    return exists().where(Picture.sha256 == BlobRow.sha256, or_(of_passage, of_inspection))


async def _mark_personal(session: AsyncSession, files: Sequence[str]) -> None:
    if files:
        here = BlobRow.sha256.in_(files)
        await session.execute(update(BlobRow).where(here).values(personal=True))


def _erase(row: BlobRow, now: datetime) -> None:
    row.state = BlobState.ERASING
    row.changed_at = now
