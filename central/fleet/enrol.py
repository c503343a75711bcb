"""Enrolment: which key speaks for which unit.

A unit's name is unique in the whole system. Enrolling it again with another key replaces the key:
from then on nothing that the old one signs is believed.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit import trail
from central.store.fleet import Unit
from contract import signing
from contract.names import Address
from contract.presence import Kind


class EnrolError(Exception):
    """The unit cannot be enrolled so; the text says why."""


async def enrol(
    session: AsyncSession, address: Address, kind: Kind, key: str, actor: str, now: datetime
) -> Unit:
    """Trust ``key`` (base64, as the edge prints it) to speak for ``address``; or EnrolError."""
    key_id = _key_id(key)
    await _refuse_a_shared_key(session, address, key_id)
    unit = await session.get(Unit, address.unit)
    if unit is None:
        unit = Unit(unit=address.unit)
        session.add(unit)
    unit.site, unit.kind, unit.enrolled_at = address.site, kind.value, now
    unit.key_id, unit.public_key = key_id, key
    unit.online, unit.challenge = False, None
    await session.flush()
    await trail.append(session, now, actor, "unit.enrol", str(address), kind=kind, key=key_id)
    return unit


def _key_id(key: str) -> str:
    try:
        return signing.key_id(signing.public_key(key))
    except ValueError as error:
        raise EnrolError(f"{error}; give the public key that the edge prints") from error


async def _refuse_a_shared_key(session: AsyncSession, address: Address, key_id: str) -> None:
    holder = await session.scalar(select(Unit.unit).where(Unit.key_id == key_id))
    if holder not in (None, address.unit):
        raise EnrolError(f"this key speaks for {holder} already; every unit has its own")
