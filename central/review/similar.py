"""Cargo declared alike: what released items looked like, to be found again by their HS chapter.

1. An item that left released, with a chapter declared and a descriptor, is remembered by what it
   looked like. One that shows personal pictures is not: they go when it ends.
2. The tables say what belongs into the index. A round adds what closed since the one before, the
   first round everything, and that one forgets what has no record: neither a crash nor a lost
   index costs more than time.
3. The index forgets an item when its record, and so its pictures, are deleted.
4. Everything that touches the index runs in a thread. One that cannot be used stops nothing else:
   what was not forgotten is logged, and goes at the next start; until then no record shows it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Select, and_, or_, select

from central.store.database import Database
from central.store.stories import Inspection
from contract.inspection import Disposition
from models.xray.similar import Floats, SimilarError, unpacked
from models.xray.similar_index import Entry, Similar, SimilarIndex

_AT_ONCE: Final = 500  # rows of the tables at a time
_OVERLAP: Final = timedelta(minutes=5)  # transactions that end in another order than they began
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class SimilarCargo:
    """The index in ``folder``, kept up to date from the tables. Only one process may do so."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder, self._database = folder, database
        self._index: SimilarIndex | None = None
        self._opening = threading.Lock()
        self._changing = asyncio.Lock()  # what a round has read is added before it is forgotten
        self._seen: datetime | None = None  # until when; None before the first round

    async def search(
        self, chapter: str, descriptor: Floats, top: int, without: str
    ) -> tuple[Similar, ...]:
        """Return the items of ``chapter`` most like ``descriptor``, best first; SimilarError."""
        return await self._with(lambda index: index.search(chapter, descriptor, top, without))

    async def catch_up(self) -> None:
        """Do a round. Raises SimilarError; then the next round does it again."""
        async with self._changing:
            until = self._seen or _BEGINNING
            async for rows in self._released(until - _OVERLAP):
                await self._add(rows)
                until = max(until, rows[-1].closed_at or until)
            if self._seen is None and self._folder.exists():
                await self._forget(await self._orphans())
            self._seen = until

    async def forget(self, inspections: Sequence[str]) -> None:
        """Take deleted items out of every later answer."""
        if not inspections or not self._folder.exists():
            return
        async with self._changing:
            try:
                await self._forget(inspections)
            except SimilarError as error:
                _log.error("deleted cargo was not forgotten", error=str(error))

    async def close(self) -> None:
        """Close the index; a search that has begun is finished."""
        if self._index is not None:
            await asyncio.to_thread(self._index.close)

    async def _released(self, after: datetime) -> AsyncIterator[Sequence[Inspection]]:
        """Yield the released items that closed later than ``after``, the earliest first."""
        name = ""
        while True:
            async with self._database.reading() as session:
                rows = (await session.scalars(_query(after, name))).all()
            if not rows:
                return
            yield rows
            after, name = rows[-1].closed_at or after, rows[-1].id

    async def _add(self, rows: Sequence[Inspection]) -> None:
        entries = [entry for row in rows if (entry := entry_of(row)) is not None]
        await self._with(lambda index: index.add(entries))

    async def _orphans(self) -> list[str]:
        names = await self._with(lambda index: index.pictures())
        kept: set[str] = set()
        async with self._database.reading() as session:
            for start in range(0, len(names), _AT_ONCE):
                some = Inspection.id.in_(names[start : start + _AT_ONCE])
                kept.update(await session.scalars(select(Inspection.id).where(some)))
        return [name for name in names if name not in kept]

    async def _forget(self, names: Sequence[str]) -> None:
        await self._with(lambda index: [index.forget(name) for name in names])

    async def _with(self, work: Callable[[SimilarIndex], T]) -> T:
        return await asyncio.to_thread(lambda: work(self._opened()))

    def _opened(self) -> SimilarIndex:
        with self._opening:
            if self._index is None:
                self._index = SimilarIndex(self._folder)
            return self._index


def entry_of(row: Inspection) -> Entry | None:
    """Return what is to be remembered of a released item; None where nothing can be."""
    chapter = (row.identity or {}).get("chapter")
    at = row.scanned_at or row.closed_at
    if chapter is None or row.descriptor is None or at is None:
        return None
    try:
        return Entry(chapter, row.id, at.timestamp(), unpacked(row.descriptor))
    except SimilarError as error:
        _log.warning("a lane's descriptor is none", inspection=row.id, error=str(error))
        return None


def _query(after: datetime, name: str) -> Select[Inspection]:
    later = and_(Inspection.closed_at == after, Inspection.id > name)
    return (
        select(Inspection)
        .where(
            Inspection.disposition == Disposition.RELEASE.value,
            Inspection.descriptor.is_not(None),
            Inspection.personal.is_(False),
            or_(Inspection.closed_at > after, later),
        )
        .order_by(Inspection.closed_at, Inspection.id)
        .limit(_AT_ONCE)
    )
