"""Sessions: begun by a sign-in, ended by a sign-out, by idleness, or by age."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from central.accounts.tokens import new_token, token_hash
from central.accounts.users import present
from central.store.people import SignIn, User

LIFETIME: Final = timedelta(hours=12)  # a shift and its handover
IDLE: Final = timedelta(minutes=60)
TOUCH: Final = timedelta(minutes=1)  # how exactly idleness is known: spares a write per request


async def begin(session: AsyncSession, user: User, now: datetime) -> str:
    """Open a session for ``user``; return its token. Sessions that are over are cleared away."""
    token = new_token()
    await session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    session.add(
        SignIn(
            token_hash=token_hash(token),
            user=user.name,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


async def holder(session: AsyncSession, token: str, now: datetime) -> tuple[User, SignIn] | None:
    """Return whose session ``token`` is, or None where it is unknown or over."""
    row = await session.get(SignIn, token_hash(token))
    if row is None or now >= row.expires_at or now >= row.seen_at + IDLE:
        return None
    user = await present(session, row.user)
    return (user, row) if user else None


async def touch(session: AsyncSession, row: SignIn, now: datetime) -> None:
    """Note that the session is in use."""
    use = update(SignIn).where(SignIn.token_hash == row.token_hash).values(seen_at=now)
    await session.execute(use)


async def end(session: AsyncSession, token: str) -> None:
    """End the session of ``token``."""
    await session.execute(delete(SignIn).where(SignIn.token_hash == token_hash(token)))
