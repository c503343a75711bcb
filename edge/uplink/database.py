"""The one SQLite file of a lane: one owner, one lock, and on disk before a transaction returns.

1. WAL with synchronous=FULL: a commit has been through fdatasync when it returns.
2. One process owns the file (locking_mode=EXCLUSIVE); a second agent on it is refused by name.
3. A transaction is whole or never was: whatever is raised inside it, it is rolled back.
4. The disk's errors come out as DiskFull and DiskFailed.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from edge.uplink.errors import DiskFailed, DiskFull, OutboxError

Connect = Callable[[Path], sqlite3.Connection]

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stream (name TEXT PRIMARY KEY, last INTEGER NOT NULL, last_hash TEXT NOT NULL,
                     acked INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (stream TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL,
                    PRIMARY KEY (stream, seq)) STRICT;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE command (id TEXT PRIMARY KEY, verb TEXT NOT NULL, phase TEXT NOT NULL)
                     STRICT, WITHOUT ROWID;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open ``path`` for any thread; made readable for its owner only when it is new."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)


class Database:
    """One file, its lock, and its transactions. Safe to call from any thread."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = connect(path)
        except (OSError, sqlite3.Error) as error:
            raise _named(path, error) from error
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: on disk when the block ends, undone when it raises."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except (OSError, sqlite3.Error) as error:
                self._undo()
                raise _named(self.path, error) from error
            except BaseException:
                self._undo()
                raise

    def read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of ``query``."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except (OSError, sqlite3.Error) as error:
                raise _named(self.path, error) from error

    def close(self) -> None:
        """Let the file go. Safe to call twice."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    def _prepare(self) -> None:
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            raise _named(self.path, error) from error
        if version not in (0, _VERSION):
            raise OutboxError(f"{self.path} has version {version}; this software knows {_VERSION}")
        with self.transaction() as db:
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version={_VERSION}")

    def _undo(self) -> None:
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _named(path: Path, error: Exception) -> OutboxError:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == 28:  # ENOSPC
        return DiskFull(f"{path}: no room on the disk ({error}); make room, nothing was recorded")
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return OutboxError(f"{path} is held by another process; stop the other agent first")
    return DiskFailed(
        f"{path}: {error}; check the disk. Where it is lost, move the file away: an epoch begins"
    )
