"""The two queues: held items for analysts, referred travellers for officers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from central.api import show_review
from central.api.discretion import shown_to
from central.api.guard import Shared, Who
from central.api.problems import Problem
from central.api.show_review import Which
from central.api.views_passages import (
    HandoverRequest,
    OfficerRequest,
    OfficersView,
    PassagesView,
    ReferralsView,
    ReferralView,
)
from central.api.views_review import DispositionRequest, InspectionView, ReviewView
from central.core import Core
from central.fleet import commands, dispatch
from central.review import attend, decide, projections_steps
from central.store.stories import Inspection, Passage
from contract.names import Identifier

router = APIRouter(tags=["review"])

Limit = Annotated[int, Query(ge=1, le=500, description="rows at most")]


@router.get("/api/review", summary="Held items")
async def review(core: Shared, state: Which = "open", limit: Limit = 100) -> ReviewView:
    """Return held items: ``open`` ones (claimed or not) or ``decided`` ones (ended or not)."""
    async with core.database.reading() as session:
        items = await show_review.inspections(session, state, limit, core.now())
    return ReviewView(items=items)


@router.post("/api/review/{id}/claim", summary="Take an item in hand")
async def claim(core: Shared, who: Who, id: Identifier) -> InspectionView:
    """Claim an item for five minutes; 409 when someone else has it."""
    with _problems():
        async with core.database.writing() as session:
            if not await projections_steps.claim(session, id, who.name, core.now()):
                await decide.claim(session, id, who.name, core.now())
    core.notices.note([("review", id)])
    return await _inspection(core, id)


@router.delete("/api/review/{id}/claim", summary="Put an item back")
async def put_back(core: Shared, who: Who, id: Identifier) -> InspectionView:
    """End your claim of an item, so that others need not wait for it; 409 if it is another's."""
    with _problems():
        async with core.database.writing() as session:
            if not await projections_steps.put_back(session, id, who.name, core.now()):
                await decide.put_back(session, id, who.name, core.now())
    core.notices.note([("review", id)])
    return await _inspection(core, id)


@router.post("/api/review/{id}/decision", summary="Decide an item")
async def decide_inspection(
    core: Shared, who: Who, id: Identifier, body: DispositionRequest
) -> InspectionView:
    """Send an analyst's disposition to the lane; 409 when someone was first or it is offline.

    To a second look it is an answer, and nothing is sent: the item has left.
    """
    choice = decide.Choice(body.disposition, body.reason, who.name, tuple(body.tools))
    if await _answered(core, id, choice):
        return await _inspection(core, id)
    with _problems():
        async with core.database.writing() as session:
            command = await decide.decide_inspection(session, id, choice, core.now())
        core.notices.note([("review", id)])
        await dispatch.send(core, command)
    await _measure(core, "review", Inspection, id)
    return await _inspection(core, id)


async def _answered(core: Core, name: str, choice: decide.Choice) -> bool:
    """Take the answer to a second look; return whether ``name`` is one."""
    with _problems():
        async with core.database.writing() as session:
            is_look = await projections_steps.answer(session, name, choice, core.now())
    if is_look:
        core.notices.note([("review", name)])
    return is_look


@router.get("/api/referrals", summary="Referred travellers")
async def referrals(
    core: Shared, who: Who, state: Which = "open", limit: Limit = 100
) -> ReferralsView:
    """Return referrals: ``open`` ones or ``decided`` ones (ended or not)."""
    async with core.database.reading() as session:
        rows = await show_review.referrals(session, state, limit, core.now())
    return ReferralsView(referrals=[shown_to(who.roles, row) for row in rows])


@router.post("/api/referrals/{id}/decision", summary="Decide a referral")
async def decide_referral(
    core: Shared, who: Who, id: Identifier, body: OfficerRequest
) -> ReferralView:
    """Send an officer's decision to the lane; 409 when someone was first or it is offline."""
    choice = decide.Choice(body.decision, body.reason, who.name)
    with _problems():
        async with core.database.writing() as session:
            command = await decide.decide_passage(session, id, choice, core.now())
        core.notices.note([("referral", id)])
        await dispatch.send(core, command)
    await _measure(core, "referral", Passage, id)
    return await _referral(core, id)


@router.post("/api/referrals/{id}/assist", summary="Tell a traveller that somebody comes")
async def assist(core: Shared, who: Who, id: Identifier) -> ReferralView:
    """Let the lane's screen say that somebody comes; 409 if it was said, or it is offline."""
    with _problems():
        async with core.database.writing() as session:
            command = await attend.assist(session, id, who.name, core.now())
        core.notices.note([("referral", id)])
        await dispatch.send(core, command)
    return await _referral(core, id)


@router.post("/api/referrals/{id}/handover", summary="Hand a referral over to a colleague")
async def hand_over(core: Shared, who: Who, id: Identifier, body: HandoverRequest) -> ReferralView:
    """Note for whom the referral is, and why; it stays open. 409 where ``to`` cannot take it."""
    with _problems():
        async with core.database.writing() as session:
            await attend.hand_over(session, id, who.name, body.to, body.reason, core.now())
    core.notices.note([("referral", id)])
    return await _referral(core, id)


@router.get("/api/officers", summary="Who may take a referral over")
async def officers(core: Shared) -> OfficersView:
    """Return everybody who may decide referrals, by name."""
    async with core.database.reading() as session:
        return OfficersView(officers=await attend.officers(session))


@router.get("/api/passages", summary="Passages")
async def passages(core: Shared, who: Who, limit: Limit = 100) -> PassagesView:
    """Return the newest passages. Nothing in them says who passed."""
    async with core.database.reading() as session:
        rows = await show_review.passages(session, limit)
    return PassagesView(passages=[shown_to(who.roles, row) for row in rows])


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except decide.Unknown as error:
        raise Problem(404, "not-waiting", str(error)) from error
    except decide.Taken as error:
        raise Problem(409, "taken", str(error)) from error
    except attend.NoOfficer as error:
        raise Problem(409, "no-officer", str(error)) from error
    except commands.Unreachable as error:
        raise Problem(409, "unreachable", str(error)) from error
    except dispatch.NotSent as error:
        raise Problem(503, "not-sent", str(error)) from error


async def _inspection(core: Core, name: str) -> InspectionView:
    async with core.database.reading() as session:
        view = await show_review.inspection(session, name, core.now())
    assert view is not None
    return view


async def _referral(core: Core, name: str) -> ReferralView:
    async with core.database.reading() as session:
        view = await show_review.referral(session, name, core.now())
    assert view is not None
    return view


async def _measure(
    core: Core, queue: str, table: type[Inspection] | type[Passage], name: str
) -> None:
    async with core.database.reading() as session:
        heard_at = await session.scalar(select(table.heard_at).where(table.id == name))
    if heard_at is not None:
        core.metrics.decision.labels(queue).observe((core.now() - heard_at).total_seconds())
