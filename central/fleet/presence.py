"""Who is there, and which challenge each unit's next command must carry.

A unit that goes away takes its challenge with it. An offline presence counts only for the session
that it names: the late will of an old session must not take a unit down that has come back.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from central.store.fleet import Unit
from contract.command import Challenge
from contract.names import Address
from contract.presence import Presence


async def note_presence(session: AsyncSession, address: Address, presence: Presence) -> bool:
    """Take over ``presence``; return whether it counted."""
    unit = await session.get(Unit, address.unit)
    if unit is None or unit.site != address.site:
        return False
    if not presence.online and unit.session not in (None, presence.session):
        return False
    if presence.session != unit.session or not presence.online:
        unit.challenge = unit.challenged_at = None
    unit.online = presence.online
    unit.session = presence.session
    unit.since = presence.since
    unit.software = presence.software
    return True


async def forget(session: AsyncSession) -> None:
    """Take every unit for gone: the service starts, and the retained presences tell anew."""
    await session.execute(update(Unit).values(online=False))


async def note_challenge(
    session: AsyncSession, name: str, challenge: Challenge, now: datetime
) -> bool:
    """Take over ``challenge``; return whether the unit is known. Its age is told by our clock."""
    unit = await session.get(Unit, name)
    if unit is None or challenge.unit != name:
        return False
    unit.challenge = challenge.nonce
    unit.state_version = challenge.state_version
    unit.challenged_at = now
    return True
