"""How much passed through each unit: counted as it happens, as counting later grows with time."""

from sqlalchemy.ext.asyncio import AsyncSession

from central.store import known
from central.store.fleet import Health


async def health_of(session: AsyncSession, unit: str) -> Health:
    """Return the health row of ``unit``, a new one if it has none yet."""
    row = await known.find(session, Health, unit)
    if row is None:
        row = known.begin(session, Health(unit=unit, ended=0, referred_or_held=0), unit)
    return row


async def ended(session: AsyncSession, unit: str) -> None:
    """Count one story that ended."""
    (await health_of(session, unit)).ended += 1


async def referred_or_held(session: AsyncSession, unit: str) -> None:
    """Count one story that a person had to look at."""
    (await health_of(session, unit)).referred_or_held += 1
