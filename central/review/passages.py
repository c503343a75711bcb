"""passage.* → the passages table. A passage that was referred waits for an officer.

Who was referred at the entry and approved is looked at again inside. If that is clear, the passage
stays the approved referral that it is; if not, it waits again, and of the first time only the audit
entries are left.
"""

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
    again = row.decided_at is not None
    if again and row.resolved_at is None:
        raise Misplaced(f"{happening.address} decides {row.id} twice")
    row.checks = [check.model_dump(mode="json") for check in message.checks]
    earlier, later = (row.stages_ms, message.stages_ms)[:: 1 if again else -1]
    row.stages_ms = {**earlier, **later}  # the end, with more of them, may have come first
    if again and message.verdict is passage.Verdict.CLEAR:
        return
    if again:
        _wait_anew(row)
    await _take(session, row, happening, message, again)


async def _take(
    session: AsyncSession,
    row: Passage,
    happening: Happening,
    message: passage.Decided,
    again: bool,
) -> None:
    row.decided_at = happening.at
    row.verdict = message.verdict.value
    row.reasons = list(message.reasons)
    row.document_format = message.document_format
    row.issuing_state = message.issuing_state
    row.waits = message.verdict is passage.Verdict.REFER
    named = await pictures.record(session, "passage", row.id, message.pictures)
    row.personal = named or row.personal
    if row.waits:
        row.waiting_since = happening.heard
    if row.waits and not again:
        await counts.referred_or_held(session, row.unit)
    if row.ended_at and row.personal:
        await pictures.erase_personal(session, "passage", row.id, happening.heard)


async def asked(session: AsyncSession, happening: Happening, message: passage.Asked) -> None:
    """Add what a traveller who waits asks for to the reasons that the officer reads."""
    row = await find_or_begin(session, Passage, message.passage, happening)
    row.reasons = list(dict.fromkeys((*row.reasons, message.wish)))


def _wait_anew(row: Passage) -> None:
    row.decision = row.decided_by = row.decision_reason = row.command = None
    row.resolved_at = None
    row.assisted_by = row.assist_command = None
    row.handed_over_by = row.handed_over_to = row.handover_reason = None


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
