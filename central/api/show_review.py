"""The queues as they are shown: rows, their pictures, and how their commands stand."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from central.api import show_looks
from central.api.show_pictures import pictures_of
from central.api.views_passages import PassageView, ReferralView
from central.api.views_review import InspectionView, PictureView
from central.review.story import State, state_of
from central.store.fleet import CommandRow
from central.store.stories import Decidable, Inspection, Passage

Which = Literal["open", "decided"]
Row = TypeVar("Row", Inspection, Passage)


async def inspections(
    session: AsyncSession, which: Which, limit: int, now: datetime
) -> list[InspectionView]:
    """Return held items: undecided ones, oldest first; or the others, newest first.

    Second looks come behind them: for those no lane stands still.
    """
    query = _queue(select(Inspection), Inspection, Inspection.heard_at, which)
    held = await _inspections(session, (await session.scalars(query.limit(limit))).all(), now)
    looks = show_looks.waiting if which == "open" else show_looks.over
    return [*held, *await looks(session, limit - len(held))]


async def inspection(session: AsyncSession, name: str, now: datetime) -> InspectionView | None:
    """Return one held item, or second look."""
    row = await session.get(Inspection, name)
    if row is None:
        return await show_looks.look(session, name)
    return (await _inspections(session, [row], now))[0] if row.waits else None


async def referrals(
    session: AsyncSession, which: Which, limit: int, now: datetime
) -> list[ReferralView]:
    """Return referrals: undecided ones, oldest first; or the others, newest first."""
    query = _queue(select(Passage), Passage, Passage.waiting_since, which)
    return await _referrals(session, (await session.scalars(query.limit(limit))).all(), now)


async def referral(session: AsyncSession, name: str, now: datetime) -> ReferralView | None:
    """Return one referral."""
    row = await session.get(Passage, name)
    return (await _referrals(session, [row], now))[0] if row and row.waits else None


async def passages(session: AsyncSession, limit: int) -> list[PassageView]:
    """Return the newest passages."""
    query = select(Passage).order_by(Passage.heard_at.desc(), Passage.id).limit(limit)
    return [PassageView.model_validate(row) for row in await session.scalars(query)]


async def passage(session: AsyncSession, name: str) -> PassageView | None:
    """Return one passage."""
    row = await session.get(Passage, name)
    return PassageView.model_validate(row) if row else None


def _queue(
    query: Select[Row],
    table: type[Decidable],
    since: InstrumentedAttribute[Any],
    which: Which,
) -> Select[Row]:
    undecided = table.ended_at.is_(None) & table.decision.is_(None)
    if which == "open":
        return query.where(table.waits, undecided).order_by(since, table.id)
    return query.where(table.waits, ~undecided).order_by(table.heard_at.desc(), table.id)


async def _inspections(
    session: AsyncSession, rows: Sequence[Inspection], now: datetime
) -> list[InspectionView]:
    pictures = await _pictures(session, "inspection", rows)
    commands = await _command_states(session, [row.command for row in rows])
    return [
        InspectionView.model_validate(
            {
                **_columns(row),
                "state": state_of(row, now),
                "claimed_by": row.claimed_by if _claimed(row, now) else None,
                "pictures": pictures.get(row.id, []),
                "command_state": commands.get(row.command or ""),
            }
        )
        for row in rows
    ]


async def _referrals(
    session: AsyncSession, rows: Sequence[Passage], now: datetime
) -> list[ReferralView]:
    pictures = await _pictures(session, "passage", rows)
    sent = [name for row in rows for name in (row.command, row.assist_command)]
    commands = await _command_states(session, sent)
    return [
        ReferralView.model_validate(
            {
                **_columns(row),
                "state": state_of(row, now),
                "pictures": pictures.get(row.id, []),
                "command_state": commands.get(row.command or ""),
                "assist_state": commands.get(row.assist_command or ""),
            }
        )
        for row in rows
    ]


def _claimed(row: Inspection, now: datetime) -> bool:
    return state_of(row, now) is State.CLAIMED


def _columns(row: Inspection | Passage) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


async def _pictures(
    session: AsyncSession, story: str, rows: Sequence[Inspection | Passage]
) -> dict[str, list[PictureView]]:
    open_rows = {row.id for row in rows if row.ended_at is None}
    return await pictures_of(session, story, [row.id for row in rows], open_rows)


async def _command_states(session: AsyncSession, commands: Iterable[str | None]) -> dict[str, str]:
    names = [name for name in commands if name]
    query = select(CommandRow.id, CommandRow.state).where(CommandRow.id.in_(names))
    return {row.id: row.state for row in await session.execute(query)} if names else {}
