"""passage.* → the passages table. A passage that was referred waits for an officer."""

from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet import counts
from central.happening import Happening, Misplaced
from central.review import pictures
from central.review.story import confirm, find_or_begin
from central.store.stories import Passage
from contract import passage


async def started(session: AsyncSession, happening: Happening, message: passage.Started) -> None:
    """Note that a traveller is inside."""
    row = await find_or_begin(session, Passage, message.passage, happening)
    row.started_at = happening.at


async def decided(session: AsyncSession, happening: Happening, message: passage.Decided) -> None:
    """Take over what the lane decided by itself; a referral waits from now on."""
    row = await find_or_begin(session, Passage, message.passage, happening)
    if row.decided_at is not None:
        raise Misplaced(f"{happening.address} decides {row.id} twice")
    row.decided_at = happening.at
    row.verdict = message.verdict.value
    row.reasons = list(message.reasons)
    row.checks = [check.model_dump(mode="json") for check in message.checks]
    row.document_format = message.document_format
    row.issuing_state = message.issuing_state
    row.stages_ms = {**message.stages_ms, **row.stages_ms}
    row.waits = message.verdict is passage.Verdict.REFER
    row.personal = await pictures.record(session, "passage", row.id, message.pictures)
    if row.waits:
        await counts.referred_or_held(session, row.unit)
    if row.ended_at and row.personal:
        await pictures.erase_personal(session, "passage", row.id, happening.heard)


async def resolved(session: AsyncSession, happening: Happening, message: passage.Resolved) -> None:
    """Note that the lane has taken over an officer's decision."""
    row = await find_or_begin(session, Passage, message.passage, happening)
    confirm(row, message.decision.value, message.operator, message.reason, happening.at)


async def ended(session: AsyncSession, happening: Happening, message: passage.Ended) -> None:
    """Note that the traveller is out; what showed them goes."""
    row = await find_or_begin(session, Passage, message.passage, happening)
    row.ended_at, row.closed_at = happening.at, happening.heard
    row.outcome = message.outcome.value
    row.seconds = message.seconds
    row.stages_ms = {**row.stages_ms, **message.stages_ms}
    await counts.ended(session, row.unit)
    if row.personal:
        await pictures.erase_personal(session, "passage", row.id, happening.heard)
