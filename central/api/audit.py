"""The audit trail, from either end, and whether it still holds."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from central.api.guard import Shared
from central.api.views import AuditEntryView, AuditView
from central.audit import trail
from central.audit.anchor import AnchorError
from central.core import Core
from central.store.people import AuditEntry

router = APIRouter(tags=["audit"])


@router.get("/api/audit", summary="The audit trail")
async def audit(
    core: Shared,
    after: Annotated[int, Query(ge=0, le=trail.LAST)] = 0,
    before: Annotated[int, Query(ge=1, le=trail.LAST + 1)] = trail.LAST + 1,
    order: Literal["oldest", "newest"] = "oldest",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> AuditView:
    """Return entries between ``after`` and ``before``, and whether the whole chain holds."""
    anchors = await _anchors(core)  # first: an anchor newer than what is read would look cut off
    async with core.database.reading() as session:
        newest_first = order == "newest"
        rows = await trail.page(session, after, limit, before, newest_first=newest_first)
        entries = [_view(row) for row in rows]
        check = None if anchors is None else await trail.check(session, anchors)
    return AuditView(entries=entries, chain_valid=check is not None and check.first_bad is None)


async def _anchors(core: Core) -> dict[int, str] | None:
    try:
        return await asyncio.to_thread(core.anchors.read)
    except AnchorError:
        return None


def _view(row: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        object=row.object,
        detail=trail.detail(row),
        hash=row.hash,
    )
