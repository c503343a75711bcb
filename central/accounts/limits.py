"""Guessing is slow: sign-ins are counted by account and by address.

1. Five in five minutes for an account, thirty for an address (a control room may share one); then
   no password is looked at until the oldest has aged.
2. An attempt is counted before the password is looked at, so a hundred at once gain nothing.
3. A success clears the account's count and takes its own attempt off the address's.
4. The count is in the database: a restart does not forget it, and several workers share it.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.store.people import Attempt

WINDOW: Final = timedelta(minutes=5)
PER_ACCOUNT: Final = 5
PER_ADDRESS: Final = 30


async def take(session: AsyncSession, account: str, address: str, now: datetime) -> timedelta:
    """Count an attempt and return zero, or return how long to wait and count nothing."""
    await session.execute(delete(Attempt).where(Attempt.at <= now - WINDOW))
    wait = max(
        await _wait(session, _account(account), PER_ACCOUNT, now),
        await _wait(session, _address(address), PER_ADDRESS, now),
    )
    if not wait:
        session.add_all(Attempt(who=who, at=now) for who in (_account(account), _address(address)))
    return wait


async def succeeded(session: AsyncSession, account: str, address: str) -> None:
    """Take back what a sign-in that succeeded has counted."""
    await session.execute(delete(Attempt).where(Attempt.who == _account(account)))
    mine = select(func.max(Attempt.id)).where(Attempt.who == _address(address))
    await session.execute(delete(Attempt).where(Attempt.id == mine.scalar_subquery()))


async def _wait(session: AsyncSession, who: str, most: int, now: datetime) -> timedelta:
    recent = select(func.count(), func.min(Attempt.at)).where(Attempt.who == who)
    count, oldest = (await session.execute(recent)).one()
    return WINDOW - (now - oldest) if count >= most and oldest else timedelta()


def _account(name: str) -> str:
    return f"account:{name}"[:128]


def _address(host: str) -> str:
    return f"address:{host}"[:128]
