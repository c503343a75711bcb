"""What happens to a second look: opened, answered, put back, late. It commands no lane.

1. The phases and effects are those of models.xray.tip.rules, for both kinds of case, so that they
   behave alike. Of an item that was not projected into, nothing is revealed.
2. A case is offered once its pictures are here: how late they come would tell the kinds apart.
3. A case is shown to one operator, once: put back or late, it is over for everybody.
4. Any answer but release says threat. It is an answer, and a row of ``look_answers``; no command.
5. A seal that does not hold is told in the audit trail, and the answer is not counted.
6. Opening, answers, what came too late and what was revealed are in the audit trail.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit import trail
from central.review.decide import Choice, Taken, Unknown
from central.review.pictures import BlobState
from central.review.projections import LOOK
from central.store.looks import LookAnswer, SealedProjection, SecondLook
from central.store.stories import BlobRow, Picture
from contract.inspection import Disposition
from models.xray.tip.record import Record, SealBroken, opened
from models.xray.tip.rules import DEADLINES, Effect, Event, Phase, after

THREAT: Final = "threat"
CLEAR: Final = "clear"
_ANSWERS: Final = {Effect.COUNT_HIT: THREAT, Effect.COUNT_MISS: CLEAR}


async def claim(session: AsyncSession, name: str, operator: str, now: datetime) -> bool:
    """Show the case ``name`` to ``operator``; False if it is none. Raises Unknown or Taken."""
    if (look := await _find(session, name)) is None:
        return False
    _check_free(look, operator)
    if look.phase == Phase.WAITING:
        look.operator, look.opened_at = operator, now
    await _step(session, look, Event.OPENED, now)
    await trail.append(session, now, operator, "review.claim", name)
    return True


async def put_back(session: AsyncSession, name: str, operator: str, now: datetime) -> bool:
    """End the case ``name`` unanswered; False if it is none. Raises Unknown or Taken."""
    if (look := await _find(session, name)) is None:
        return False
    if look.phase != Phase.SHOWN:
        return True
    _check_free(look, operator)
    await trail.append(session, now, operator, "review.put-back", name)
    await _step(session, look, Event.LATE, now)
    return True


async def answer(session: AsyncSession, name: str, choice: Choice, now: datetime) -> bool:
    """Take an answer to the case ``name``; False if it is none. Raises Unknown or Taken."""
    if (look := await _find(session, name)) is None:
        return False
    _check_free(look, choice.operator)
    if look.phase != Phase.SHOWN or _deadline(look) <= now:
        raise Taken(f"{name} is not open on your screen; open it, or another, and look first")
    look.decision, look.decision_reason = choice.decision, choice.reason
    look.tools = list(choice.tools)
    said = {"answer": choice.decision, "reason": choice.reason}
    await trail.append(session, now, choice.operator, "second-look.answer", name, **said)
    is_clear = choice.decision == Disposition.RELEASE
    await _step(session, look, Event.SAID_CLEAR if is_clear else Event.SAID_THREAT, now)
    return True


async def offer(session: AsyncSession, now: datetime) -> list[str]:
    """Put the cases that are due into the queue; return their names."""
    looks = (await session.scalars(select(SecondLook).where(_due(now)).with_for_update())).all()
    for look in looks:
        look.offered = True
    return [look.id for look in looks]


async def end_late(session: AsyncSession, now: datetime) -> list[str]:
    """End the cases whose time is over; return their names."""
    looks = (await session.scalars(select(SecondLook).where(_late(now)).with_for_update())).all()
    for look in looks:
        await trail.append(session, now, "central", "second-look.late", look.id, phase=look.phase)
        await _step(session, look, Event.LATE, now)
    return [look.id for look in looks]


async def is_anything_due(session: AsyncSession, now: datetime) -> bool:
    """Return whether ``offer`` or ``end_late`` has something to do."""
    query = select(SecondLook.id).where(or_(_due(now), _late(now))).limit(1)
    return await session.scalar(query) is not None


def _due(now: datetime) -> ColumnElement[bool]:
    waits = SecondLook.phase == Phase.WAITING.value
    here = exists().where(BlobRow.sha256 == Picture.sha256, BlobRow.state == BlobState.WHOLE)
    missing = exists().where(Picture.story == LOOK, Picture.story_id == SecondLook.id, ~here)
    return and_(waits, SecondLook.offered.is_(False), SecondLook.offered_at <= now, ~missing)


def _late(now: datetime) -> ColumnElement[bool]:
    since = {Phase.WAITING: SecondLook.heard_at, Phase.SHOWN: SecondLook.opened_at}
    over = [
        and_(SecondLook.phase == phase.value, since[phase] <= now - timedelta(seconds=limit))
        for phase, limit in DEADLINES.items()
    ]
    unanswered = and_(SecondLook.phase != Phase.CLOSED.value, SecondLook.reveal_by <= now)
    return or_(*over, unanswered)


def _deadline(look: SecondLook) -> datetime:
    assert look.opened_at is not None
    return min(look.reveal_by, look.opened_at + timedelta(seconds=DEADLINES[Phase.SHOWN]))


async def _find(session: AsyncSession, name: str) -> SecondLook | None:
    look = await session.get(SecondLook, name, with_for_update=True)
    if look is not None and not look.offered:
        raise Unknown(f"nothing called {name} waits for a decision; refresh the list")
    return look


def _check_free(look: SecondLook, operator: str) -> None:
    if look.phase == Phase.CLOSED:
        raise Taken(f"{look.id} is over; nothing is left to decide")
    if look.operator not in (None, operator):
        raise Taken(f"{look.operator} has {look.id} in hand; take another")


async def _step(session: AsyncSession, look: SecondLook, event: Event, now: datetime) -> None:
    phase, effects = after(Phase(look.phase), event)
    look.phase = phase.value
    if phase is Phase.CLOSED:
        look.closed_at = now
    await _perform(session, look, effects, now)


async def _perform(
    session: AsyncSession, look: SecondLook, effects: Sequence[Effect], now: datetime
) -> None:
    """Count and reveal. WITHDRAW and TELL_OPERATOR are in what the queue shows of a closed case."""
    counts = True
    if Effect.REVEAL in effects and look.projection is not None:
        counts = await _reveal(session, look, now)
    for effect in effects:
        if counts and effect in _ANSWERS:
            _count(session, look, _ANSWERS[effect], now)


def _count(session: AsyncSession, look: SecondLook, said: str, now: datetime) -> None:
    assert look.operator is not None
    assert look.opened_at is not None
    row = LookAnswer(
        look=look.id,
        operator=look.operator,
        projection=look.projection,
        answer=said,
        seconds=(now - look.opened_at).total_seconds(),
        at=now,
    )
    session.add(row)


async def _reveal(session: AsyncSession, look: SecondLook, now: datetime) -> bool:
    """Open the sealed record; return whether its seal holds."""
    try:
        record = await _opened(session, look)
    except SealBroken as error:
        detail = {"projection": look.projection, "detail": str(error)[:300]}
        await trail.append(session, now, look.unit, "projection.seal-broken", look.id, **detail)
        return False
    look.revealed = {
        "kind": record.kind,
        "x": record.column,
        "y": record.row,
        "w": record.width,
        "h": record.height,
    }
    told = {"projection": record.projection, "item": record.item, "threat": record.threat}
    await trail.append(session, now, "central", "projection.revealed", look.id, **told)
    return True


async def _opened(session: AsyncSession, look: SecondLook) -> Record:
    assert look.projection is not None
    kept = await session.get(SealedProjection, look.projection)
    if kept is None:
        raise SealBroken("the sealed record is not here")
    record = opened(kept.record.encode(), bytes.fromhex(kept.nonce), look.seal or "")
    if record.projection != look.projection or record.item != kept.item:
        raise SealBroken("the record is of another projection")
    return record
