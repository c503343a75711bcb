"""For those who watch the service: is it well, and how busy is it."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from central.api.guard import Shared
from central.core import Core
from central.store.fleet import Unit
from central.store.stories import Decidable, Inspection, Passage

router = APIRouter(tags=["watch"])


@router.get("/healthz", summary="Is the service well")
async def health(core: Shared) -> dict[str, str]:
    """Return ok once the database answers."""
    async with core.database.reading() as session:
        await session.execute(text("SELECT 1"))
    return {"status": "ok"}


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(core: Shared) -> Response:
    """Return every series as Prometheus reads it."""
    await _measure_now(core)
    return Response(generate_latest(core.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> dict[str, Any]:
    """Return this interface's description."""
    return request.app.openapi()  # type: ignore[no-any-return]


async def _measure_now(core: Core) -> None:
    async with core.database.reading() as session:
        online = await session.scalar(select(func.count()).where(Unit.online))
        reviews = await _queue(session, Inspection)
        referrals = await _queue(session, Passage)
    core.metrics.units_online.set(online or 0)
    core.metrics.onlookers.set(len(core.hub))
    for name, (depth, oldest) in {"review": reviews, "referral": referrals}.items():
        core.metrics.queue_depth.labels(name).set(depth)
        age = (core.now() - oldest).total_seconds() if oldest else 0.0
        core.metrics.queue_age.labels(name).set(max(0.0, age))


async def _queue(session: AsyncSession, table: type[Decidable]) -> tuple[int, datetime | None]:
    waiting = select(func.count(), func.min(table.heard_at)).where(
        table.waits, table.ended_at.is_(None), table.decision.is_(None)
    )
    depth, oldest = (await session.execute(waiting)).one()
    return depth, oldest
