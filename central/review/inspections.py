"""inspection.* → the inspections table. An item that was held waits for an analyst."""

from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet import counts
from central.happening import Happening, Misplaced
from central.review import pictures
from central.review.story import confirm, find_or_begin
from central.store.stories import Inspection
from contract import inspection


async def scanned(session: AsyncSession, happening: Happening, message: inspection.Scanned) -> None:
    """Take over what was found in an item, and what was done at once."""
    row = await find_or_begin(session, Inspection, message.inspection, happening)
    if row.scanned_at is not None:
        raise Misplaced(f"{happening.address} scans {row.id} twice")
    row.scanned_at = happening.at
    row.disposition = row.disposition or message.disposition.value
    row.waits = message.disposition is inspection.Disposition.HOLD
    _copy(row, message)
    row.personal = await pictures.record(session, "inspection", row.id, message.pictures)
    if row.waits:
        await counts.referred_or_held(session, row.unit)
    if row.ended_at and row.personal:
        await pictures.erase_personal(session, "inspection", row.id, happening.heard)


async def resolved(
    session: AsyncSession, happening: Happening, message: inspection.Resolved
) -> None:
    """Note that the lane has taken over an operator's disposition."""
    row = await find_or_begin(session, Inspection, message.inspection, happening)
    row.disposition = message.disposition.value
    confirm(row, message.disposition.value, message.operator, message.reason, happening.at)


async def ended(session: AsyncSession, happening: Happening, message: inspection.Ended) -> None:
    """Note that the item has left the lane."""
    row = await find_or_begin(session, Inspection, message.inspection, happening)
    row.ended_at, row.closed_at = happening.at, happening.heard
    row.disposition = message.disposition.value
    row.seconds = message.seconds
    row.beam_on_s = message.beam_on_s
    row.dose_estimate_ugy = message.dose_estimate_ugy
    row.stages_ms = {**row.stages_ms, **message.stages_ms}
    await counts.ended(session, row.unit)
    if row.personal:
        await pictures.erase_personal(session, "inspection", row.id, happening.heard)


def _copy(row: Inspection, message: inspection.Scanned) -> None:
    row.item = message.item
    row.finding = message.finding.value
    row.score = message.score
    row.threshold = message.threshold
    row.regions = [region.model_dump() for region in message.regions]
    row.recogniser = message.recogniser.model_dump() if message.recogniser else None
    row.checks = [check.model_dump(mode="json") for check in message.checks]
    row.identity = message.identity.model_dump()
    row.radiation = message.radiation.model_dump() if message.radiation else None
    row.descriptor = message.descriptor
    row.lost_lines = message.lost_lines
    row.notes = list(message.notes)
    row.stages_ms = {**message.stages_ms, **row.stages_ms}
