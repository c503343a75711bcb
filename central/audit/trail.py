"""The audit trail in the database: append, page through, check.

An entry is appended inside the transaction of the thing it tells of, so neither exists without the
other. Appending is one at a time: SQLite's write lock sees to it, PostgreSQL needs an advisory one.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit.chain import FIRST, Check, Line, line_hash
from central.store.people import AuditEntry
from contract.envelope import canonical

_LOCK: Final = 0x6263_6175  # any number that no other advisory lock of this database uses
_PAGE: Final = 2000
LAST: Final = 2**31 - 2  # the highest seq that can be asked for; the column takes one more


async def append(
    session: AsyncSession,
    now: datetime,
    actor: str,
    action: str,
    about: str,
    **detail: JsonValue,
) -> AuditEntry:
    """Add one entry. ``detail`` must be JSON and hold no personal data of a traveller."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = await newest(session)
    line = Line(
        seq=last.seq + 1 if last else 1,
        at=now.astimezone(UTC).isoformat(timespec="milliseconds"),
        actor=actor[:64],
        action=action,
        object=about[:128],
        detail=canonical(detail).decode(),
    )
    entry = _row(line, line_hash(line, last.hash if last else FIRST))
    session.add(entry)
    await session.flush()
    return entry


async def newest(session: AsyncSession) -> AuditEntry | None:
    """Return the last entry, or None while there is none."""
    return await session.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1))


async def page(
    session: AsyncSession,
    after: int,
    limit: int,
    before: int = LAST + 1,
    *,
    newest_first: bool = False,
) -> Sequence[AuditEntry]:
    """Return at most ``limit`` entries between ``after`` and ``before``, oldest first or not."""
    within = select(AuditEntry).where(AuditEntry.seq > after, AuditEntry.seq < before)
    order = AuditEntry.seq.desc() if newest_first else AuditEntry.seq
    return (await session.scalars(within.order_by(order).limit(limit))).all()


async def check(session: AsyncSession, anchors: Mapping[int, str] | None = None) -> Check:
    """Return the check of the whole chain, as this transaction sees it."""
    walk = Check(anchors)
    position = 0
    while rows := await page(session, position, _PAGE):
        walk.feed((_line(row), row.hash) for row in rows)
        position = rows[-1].seq
        for row in rows:
            session.expunge(row)  # a long chain must not pile up in the session
    walk.end()
    return walk


def detail(entry: AuditEntry) -> JsonValue:
    """Return the detail of ``entry`` as it was given, or its text where that was tampered with."""
    try:
        value: JsonValue = json.loads(entry.detail)
    except ValueError:
        return {"unreadable": entry.detail}
    return value


def _row(line: Line, hash_: str) -> AuditEntry:
    return AuditEntry(
        seq=line.seq,
        at=line.at,
        actor=line.actor,
        action=line.action,
        object=line.object,
        detail=line.detail,
        hash=hash_,
    )


def _line(row: AuditEntry) -> Line:
    return Line(row.seq, row.at, row.actor, row.action, row.object, row.detail)
