"""Records go when their time is over; the files of their pictures go with them.

What stays: a tombstone per file, and in the audit trail who decided what, under the story's id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from central.config import Retention
from central.review import projections_figures
from central.review.pictures import BlobState
from central.review.projections import LOOK
from central.store.looks import SecondLook
from central.store.stories import BlobRow, Decidable, Inspection, Passage, Picture

_AT_ONCE: Final = 500  # stories per table and round: a transaction must stay short


async def delete_old(
    session: AsyncSession, keep: Retention, now: datetime
) -> dict[str, Sequence[str]]:
    """Delete stories that closed before their time limit; return the names of each kind."""
    passages = now - timedelta(days=keep.passages_days)
    inspections = now - timedelta(days=keep.inspections_days)
    await projections_figures.forget(session, inspections)
    return {
        "passages": await _delete(session, Passage, "passage", passages, now),
        "inspections": await _delete(session, Inspection, "inspection", inspections, now),
        "second_looks": await _delete(session, SecondLook, LOOK, inspections, now),
    }


async def _delete(
    session: AsyncSession,
    table: type[Decidable] | type[SecondLook],
    story: str,
    before: datetime,
    now: datetime,
) -> Sequence[str]:
    old = select(table.id).where(table.closed_at < before).order_by(table.closed_at).limit(_AT_ONCE)
    names = (await session.scalars(old)).all()
    if not names:
        return ()
    mine = (Picture.story == story, Picture.story_id.in_(names))
    files = (await session.scalars(select(Picture.sha256).where(*mine))).all()
    await session.execute(delete(Picture).where(*mine))
    await session.execute(delete(table).where(table.id.in_(names)))
    await _erase_unshown(session, files, now)
    return names


async def _erase_unshown(session: AsyncSession, files: Sequence[str], now: datetime) -> None:
    shown = exists().where(Picture.sha256 == BlobRow.sha256)
    mark = (
        update(BlobRow)
        .where(BlobRow.sha256.in_(files), ~shown, BlobRow.state != BlobState.ERASED)
        .values(state=BlobState.ERASING, changed_at=now)
    )
    await session.execute(mark)
