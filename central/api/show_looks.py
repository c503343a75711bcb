"""Second looks in the shape of held items: both kinds of case alike until one is revealed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.api.show_pictures import pictures_of
from central.api.views_review import InspectionView
from central.review.projections import LOOK
from central.review.story import State
from central.store.looks import SecondLook
from contract.inspection import Disposition, Finding
from models.xray.tip.rules import Phase

_NAME = 12  # digits of an item's name, as lanes shorten theirs
_STATES = {Phase.WAITING: State.OPEN, Phase.SHOWN: State.CLAIMED, Phase.CLOSED: State.ENDED}


async def waiting(session: AsyncSession, limit: int) -> list[InspectionView]:
    """Return cases that wait or are shown, the oldest first."""
    query = select(SecondLook).where(SecondLook.offered, SecondLook.phase != Phase.CLOSED.value)
    order = query.order_by(SecondLook.offered_at, SecondLook.id).limit(limit)
    return await _views(session, (await session.scalars(order)).all())


async def over(session: AsyncSession, limit: int) -> list[InspectionView]:
    """Return cases that somebody opened and that are over, the newest first."""
    opened = SecondLook.operator.is_not(None)
    query = select(SecondLook).where(SecondLook.closed_at.is_not(None), opened)
    order = query.order_by(SecondLook.offered_at.desc(), SecondLook.id).limit(limit)
    return await _views(session, (await session.scalars(order)).all())


async def look(session: AsyncSession, name: str) -> InspectionView | None:
    """Return one case that has been offered."""
    row = await session.get(SecondLook, name)
    return (await _views(session, [row]))[0] if row and row.offered else None


async def _views(session: AsyncSession, rows: Sequence[SecondLook]) -> list[InspectionView]:
    pictures = await pictures_of(session, LOOK, [row.id for row in rows], ())
    return [
        InspectionView.model_validate(
            {
                "id": row.id,
                "site": row.site,
                "unit": row.unit,
                "item": row.id[:_NAME],
                "scanned_at": row.offered_at,
                "finding": Finding.CLEAR,
                "score": None,
                "threshold": None,
                "disposition": Disposition.RELEASE,
                "state": _STATES[Phase(row.phase)],
                "claimed_by": row.operator if row.phase == Phase.SHOWN else None,
                "decided_by": row.operator if row.decision else None,
                "decision": row.decision,
                "decision_reason": row.decision_reason,
                "notes": [],
                "lost_lines": 0,
                "checks": [],
                "identity": None,
                "radiation": None,
                "regions": [],
                "pictures": pictures.get(row.id, []),
                "command_state": None,
                "second_look": True,
                "revealed": row.revealed,
            }
        )
        for row in rows
    ]
