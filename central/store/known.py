"""Rows that this transaction has seen already, by key: read once, written once at its end.

A lane's events come fifty at a time and most of them are about a few rows. The session's own
identity map does not hold what is not yet written, and forgets what nobody holds.
"""

from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from central.store.base import Base

_ROWS: Final = "central_known_rows"

T = TypeVar("T", bound=Base)


async def find(session: AsyncSession, table: type[T], key: object) -> T | None:
    """Return the row of ``table`` under primary ``key``, written or still to be written."""
    rows: dict[Any, Any] = session.info.setdefault(_ROWS, {})
    row: T | None = rows.get((table, key))
    if row is not None and row in session:  # not undone by a savepoint
        return row
    with session.no_autoflush:
        row = await session.get(table, key)
    if row is not None:
        rows[table, key] = row
    return row


def begin(session: AsyncSession, row: T, key: object) -> T:
    """Add a new row under primary ``key``; it is written when the session flushes."""
    session.add(row)
    session.info.setdefault(_ROWS, {})[type(row), key] = row
    return row
