"""inspection.tested → the unit's health: its latest self-test. The earlier ones are events."""

from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet.counts import health_of
from central.happening import Happening
from contract import inspection


async def tested(session: AsyncSession, happening: Happening, message: inspection.Tested) -> None:
    """Take over what a scanner measured of its phantom."""
    row = await health_of(session, happening.address.unit)
    row.self_test = {
        "at": happening.at.isoformat(),
        "passed": message.passed,
        "detail": message.detail,
        "measures": [measure.model_dump() for measure in message.measures],
    }
