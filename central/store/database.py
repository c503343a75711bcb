"""The one door to the database.

1. A session from ``reading`` sees one moment and changes nothing.
2. A session from ``writing`` commits as a whole at its end, or not at all. On SQLite it takes the
   write lock at once: a transaction that first reads and then writes would be refused when somebody
   else wrote in between (SQLITE_BUSY_SNAPSHOT, which no busy timeout mends).
3. SQLite is durable at commit: WAL and synchronous=FULL.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

_WRITING = "central_writing"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",  # ms
)


class Database:
    """An engine, and the two kinds of session."""

    def __init__(self, url: str) -> None:
        self.engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare)
            event.listen(self.engine.sync_engine, "begin", _begin)
        writing = self.engine.execution_options(**{_WRITING: True})
        self._read = async_sessionmaker(self.engine, expire_on_commit=False)
        self.writer = async_sessionmaker(writing, expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading; what it changes is not kept."""
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; it is committed when the block ends without an exception."""
        async with self.writer() as session, session.begin():
            yield session

    async def close(self) -> None:
        """Let every connection go."""
        await self.engine.dispose()


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
