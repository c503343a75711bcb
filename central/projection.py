"""Every event type, and the function that takes it into the tables."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet import commands, health, self_tests
from central.fleet.counts import health_of
from central.happening import Happening
from central.review import inspections, passages, projections
from contract.envelope import Event
from contract.names import Address
from contract.schema import DATA

Handler = Callable[[AsyncSession, Happening, Any], Awaitable[None]]

HANDLERS: Final[dict[str, Handler]] = {
    "passage.started": passages.started,
    "passage.decided": passages.decided,
    "passage.asked": passages.asked,
    "passage.resolved": passages.resolved,
    "passage.ended": passages.ended,
    "inspection.scanned": inspections.scanned,
    "inspection.resolved": inspections.resolved,
    "inspection.ended": inspections.ended,
    "inspection.tested": self_tests.tested,
    "projection.sealed": projections.sealed,
    "projection.made": projections.made,
    "health.report": health.report,
    "health.fault": health.fault,
    "command.result": commands.result,
}


class Tables:
    """All of central's tables, kept up to date from the events."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def apply(self, session: AsyncSession, address: Address, event: Event) -> None:
        """Take over ``event``; raise Misplaced or ValidationError where it must not be."""
        message = DATA[event.type].model_validate(event.data)
        happening = Happening.of(address, event, self._now())
        row = await health_of(session, address.unit)
        row.last_event_at = happening.at
        row.clock_synced = happening.clock_synced
        await HANDLERS[event.type](session, happening, message)
