"""Users and their sign-in links.

1. A user is added with roles, and with a password or a link; a removed one may be added again.
2. Removing a user ends every session and every link at once.
3. A link works once, for a day, and making one voids those before it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from central.accounts.roles import Role
from central.accounts.tokens import new_token, token_hash
from central.store.people import Link, SignIn, User

LINK_LIFETIME: Final = timedelta(days=1)


class AccountError(Exception):
    """The account cannot be changed so; the text says why."""


async def present(session: AsyncSession, name: str) -> User | None:
    """Return the user called ``name`` who has not been removed."""
    user = await session.get(User, name)
    return None if user is None or user.removed_at else user


async def everyone(session: AsyncSession) -> Sequence[User]:
    """Return all users who have not been removed, by name."""
    query = select(User).where(User.removed_at.is_(None)).order_by(User.name)
    return (await session.scalars(query)).all()


async def add(
    session: AsyncSession,
    name: str,
    roles: Collection[Role],
    now: datetime,
    password_hash: str | None = None,
) -> User:
    """Add a user or raise AccountError where the name is taken or no role is given."""
    if not roles:
        raise AccountError(f"{name}: give at least one role of {', '.join(Role)}")
    user = await session.get(User, name)
    if user and user.removed_at is None:
        raise AccountError(f"{name} exists already; remove the user first, or choose another name")
    if user is None:
        user = User(name=name, created_at=now)
        session.add(user)
    user.roles = sorted({role.value for role in roles})
    user.password_hash = password_hash
    user.removed_at = None
    await session.flush()
    return user


async def remove(session: AsyncSession, name: str, now: datetime) -> None:
    """Remove the user called ``name`` or raise AccountError where there is none."""
    if (user := await present(session, name)) is None:
        raise AccountError(f"there is no user {name}")
    user.removed_at = now
    user.password_hash = None
    await session.execute(delete(SignIn).where(SignIn.user == name))
    await session.execute(delete(Link).where(Link.user == name))


async def make_link(session: AsyncSession, name: str, now: datetime) -> str:
    """Return the token of a new sign-in link for ``name``."""
    await session.execute(delete(Link).where(Link.user == name))
    token = new_token()
    session.add(Link(token_hash=token_hash(token), user=name, expires_at=now + LINK_LIFETIME))
    return token


async def use_link(session: AsyncSession, token: str, now: datetime) -> User | None:
    """Spend ``token``; return whose it was, or None where it is unknown, spent or too old."""
    spend = (
        update(Link)
        .where(Link.token_hash == token_hash(token))
        .where(Link.used_at.is_(None), Link.expires_at > now)
        .values(used_at=now)
        .returning(Link.user)
    )
    name = await session.scalar(spend)
    return await present(session, name) if name else None
