"""One transaction: what arrived becomes rows, marks move, projections follow.

1. The marks are locked in the order of their keys, so two ingestors never wait for each other in a
   circle and never move one mark at once.
2. New events are inserted ``ON CONFLICT DO NOTHING``: a copy, or a transaction whose outcome was
   unknown, changes nothing the second time.
3. Clashes go into quarantine, once each, with an alarm in the same transaction.
4. Each event the mark moves over is projected. When one projection raises, the transaction is done
   again with a savepoint around each, and what raises is kept with its fault and an alarm.
5. The result is returned only after the commit. Only then may anything be acknowledged.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

import structlog
from sqlalchemy import CursorResult, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from central.ingest import rules
from central.ingest.projection import Alarm, Listener, Projection
from central.ingest.rules import Arrived, Delivery, Key, Mark, Step
from central.store.events import EventRow, MarkRow, QuarantineRow
from contract.envelope import Event
from contract.names import Address

_ABSENT: Final = ("08", "40", "53", "57", "58")
"""PostgreSQL's classes: connection, rolled back, resources, intervention, system (Appendix A)."""

_LOG = structlog.get_logger()

Writing = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Opens a transaction that is committed when its block ends; ``Database.writing`` is one."""


@dataclass(slots=True)
class Committed:
    """What a transaction has made true."""

    marks: dict[Key, Mark] = field(default_factory=dict)
    changed: list[tuple[Address, Event]] = field(default_factory=list)


class Intake:
    """Stores deliveries. Raises what the database raises when it is not there: try again."""

    def __init__(
        self,
        writing: Writing,
        projections: Sequence[Projection],
        listener: Listener,
        now: Callable[[], datetime],
    ) -> None:
        self._writing = writing
        self._projections = projections
        self._listener = listener
        self._now = now

    async def store(self, deliveries: Sequence[Delivery]) -> Committed:
        """Store ``deliveries`` in one transaction; return once it is committed."""
        try:
            return await self._transaction(deliveries, careful=False)
        except Exception as error:
            if is_absent(error):
                raise
        return await self._transaction(deliveries, careful=True)

    async def _transaction(self, deliveries: Sequence[Delivery], *, careful: bool) -> Committed:
        committed = Committed()
        async with self._writing() as session:
            work = _Work(session, self._projections, self._listener, self._now(), careful)
            for key, parts in sorted(_by_key(deliveries).items()):
                committed.marks[key] = await work.take(key, parts, committed.changed)
        return committed


@dataclass(frozen=True, slots=True)
class _Work:
    session: AsyncSession
    projections: Sequence[Projection]
    listener: Listener
    now: datetime
    careful: bool

    async def take(
        self, key: Key, parts: Sequence[Delivery], changed: list[tuple[Address, Event]]
    ) -> Mark:
        address, arrived = parts[0].address, [event for part in parts for event in part.events]
        mark = await self._lock(key, address.site)
        weighed = rules.weigh(mark, await self._hashes(key, arrived), arrived)
        await self._insert(EventRow, [self._row(key, address, event) for event in weighed.fresh])
        for clash in weighed.clashes:
            await self._quarantine(key, clash)
        fresh = sorted(weighed.fresh, key=lambda event: event.seq)
        moved, steps = rules.advance(mark, fresh)
        if moved.highest > moved.upto and moved.upto > mark.upto:
            moved, more = rules.advance(moved, await self._beyond(key, address, moved.upto))
            steps += more
        for step in steps:
            await self._apply(key, address, step, changed)
        await self._keep(key, mark, moved)
        return moved

    async def _lock(self, key: Key, site: str) -> Mark:
        query = select(MarkRow.upto, MarkRow.last_hash, MarkRow.highest).where(*_is(MarkRow, key))
        if (found := (await self.session.execute(query.with_for_update())).first()) is None:
            fresh = Mark()
            values = {**_key(key), "site": site, "opened_at": self.now, **_of(fresh)}
            await self._insert(MarkRow, [values])
            found = (await self.session.execute(query.with_for_update())).one()
        return Mark(*found)

    async def _hashes(self, key: Key, arrived: Sequence[Arrived]) -> dict[int, str]:
        seqs = [event.seq for event in arrived]
        query = select(EventRow.seq, EventRow.hash).where(
            *_is(EventRow, key), EventRow.seq.in_(seqs)
        )
        return {row.seq: row.hash for row in await self.session.execute(query)}

    async def _beyond(self, key: Key, address: Address, upto: int) -> list[Arrived]:
        query = select(EventRow.body).where(*_is(EventRow, key), EventRow.seq > upto)
        bodies = await self.session.scalars(query.order_by(EventRow.seq).limit(rules.GAP_LIMIT))
        source = f"/{address}"
        return [rules.read_event(json.loads(body), key.epoch, source) for body in bodies]

    def _row(self, key: Key, address: Address, event: Arrived) -> dict[str, Any]:
        return {
            **_key(key),
            "seq": event.seq,
            "site": address.site,
            "type": event.type,
            "hash": event.hash,
            "prev_hash": event.prev_hash,
            "body": event.body,
            "received_at": self.now,
            "fault": None,
        }

    async def _quarantine(self, key: Key, clash: Arrived) -> None:
        reason = f"seq {clash.seq} of {key.stream} is stored with another hash"
        values = {"seq": clash.seq, "hash": clash.hash, "reason": reason, "body": clash.body}
        row = {**_key(key), **values, "received_at": self.now}
        if await self._insert(QuarantineRow, [row]):
            await self._alarm(Alarm(key.unit, "Clash", reason))

    async def _apply(
        self, key: Key, address: Address, step: Step, changed: list[tuple[Address, Event]]
    ) -> None:
        event, fault = step.arrived.event, step.fault
        if fault is None and event is not None and rules.is_known(event):
            fault = await self._project(address, event)
            if fault is None:
                changed.append((address, event))
        if fault is not None:
            await self._mark_faulty(key, step.arrived.seq, fault)

    async def _project(self, address: Address, event: Event) -> str | None:
        async def project() -> None:
            for projection in self.projections:
                await projection.apply(self.session, address, event)

        error = await self._guarded(project)
        return f"projection: {type(error).__name__}" if error else None

    async def _alarm(self, alarm: Alarm) -> None:
        if error := await self._guarded(lambda: self.listener.on_alarm(self.session, alarm)):
            _LOG.error("alarm not taken", alarm=alarm.name, unit=alarm.unit, error=repr(error))

    async def _guarded(self, call: Callable[[], Awaitable[None]]) -> Exception | None:
        if not self.careful:
            await call()
            return None
        try:
            async with self.session.begin_nested():
                await call()
        except Exception as error:
            if is_absent(error):
                raise
            return error
        return None

    async def _mark_faulty(self, key: Key, seq: int, fault: str) -> None:
        where = (*_is(EventRow, key), EventRow.seq == seq)
        await self.session.execute(update(EventRow).where(*where).values(fault=fault))
        detail = f"event {seq} of {key.stream} was kept, not applied: {fault}"
        await self._alarm(Alarm(key.unit, "Unreadable", detail))

    async def _keep(self, key: Key, old: Mark, new: Mark) -> None:
        if new != old:
            change = update(MarkRow).where(*_is(MarkRow, key)).values(**_of(new))
            await self.session.execute(change)

    async def _insert(self, kind: type[Any], rows: Sequence[dict[str, Any]]) -> bool:
        """Insert what is not there yet; return whether anything was."""
        if not rows:
            return False
        postgres = self.session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert if postgres else sqlite.insert
        table: Table = kind.__table__
        values = rows[0] if len(rows) == 1 else list(rows)  # one row: the count is reliable
        result = await self.session.execute(insert(table).on_conflict_do_nothing(), values)
        return cast("CursorResult[Any]", result).rowcount != 0


def is_absent(error: Exception) -> bool:
    """Return whether ``error`` says that the database is not there, or was too busy: try again."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError | TimeoutError)
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # SQLite's driver calls a mistake in the SQL operational, too
    state = str(getattr(error.orig, "sqlstate", None) or "")
    operational = isinstance(error, OperationalError | InterfaceError)
    return operational or error.connection_invalidated or state[:2] in _ABSENT


def _by_key(deliveries: Iterable[Delivery]) -> dict[Key, list[Delivery]]:
    parts: dict[Key, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        parts[delivery.key].append(delivery)
    return parts


def _key(key: Key) -> dict[str, str]:
    return {"unit": key.unit, "epoch": key.epoch, "stream": key.stream.value}


def _is(kind: type[Any], key: Key) -> tuple[Any, Any, Any]:
    return kind.unit == key.unit, kind.epoch == key.epoch, kind.stream == key.stream.value


def _of(mark: Mark) -> dict[str, int | str]:
    return {"upto": mark.upto, "last_hash": mark.last_hash, "highest": mark.highest}
