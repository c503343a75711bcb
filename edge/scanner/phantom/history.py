"""The results that were kept: one small SQLite file in the lane's folder.

1. A result is on disk when ``add`` returns, whole or not at all.
2. The agent and the command line may both use the file; each waits for the other.
3. The oldest results are dropped above ``MOST``: the file stays small for ever.
4. A disk that refuses is HistoryError. The self-test's verdict does not depend on this file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from edge.scanner.phantom.result import Measurement, Parameter, Result

FILE = "selftest.db"
MOST = 3000  # results: eight years of a daily test
_WAIT = 5.0  # s for the other process
_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (id INTEGER PRIMARY KEY, at REAL NOT NULL, layout TEXT NOT NULL,
                                   passed INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS measurement (result INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
                                        name TEXT NOT NULL, value REAL,
                                        PRIMARY KEY (result, name)) STRICT, WITHOUT ROWID;
"""


class HistoryError(Exception):
    """The file of results cannot be used; the message says which and why."""


class History:
    """The results of one lane. Safe from any thread: every call opens the file anew."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def add(self, result: Result) -> None:
        """Keep ``result``; raise HistoryError."""
        with self._open() as db:
            row = db.execute(
                "INSERT INTO result (at, layout, passed, body) VALUES (?, ?, ?, ?)",
                (result.at, result.layout, result.passed, json.dumps(result.as_json())),
            )
            db.executemany(
                "INSERT INTO measurement VALUES (?, ?, ?)",
                [(row.lastrowid, m.name, m.value) for m in result.measurements],
            )
            db.execute("DELETE FROM result WHERE id <= (SELECT max(id) FROM result) - ?", (MOST,))

    def last(self) -> Result | None:
        """Return the result that was added last, whatever its clock said; raise HistoryError."""
        with self._open() as db:
            row = db.execute("SELECT body FROM result ORDER BY id DESC LIMIT 1").fetchone()
        try:
            return None if row is None else _result(json.loads(row[0]))
        except (KeyError, TypeError, ValueError) as error:
            raise HistoryError(f"{self.path}: a result cannot be read: {error!r}") from error

    def last_passed_at(self) -> float | None:
        """Return when the latest result was taken, None unless it passed; raise HistoryError."""
        last = self.last()
        return last.at if last is not None and last.passed else None

    def values(self, name: str, layout: str, most: int = 60) -> tuple[list[float], list[float]]:
        """Return times and values of one measurement of one layout, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT at, value FROM measurement JOIN result ON result = id "
                "WHERE name = ? AND layout = ? AND value IS NOT NULL "
                "ORDER BY at DESC, id DESC LIMIT ?",
                (name, layout, most),
            ).fetchall()
        return [row[0] for row in reversed(rows)], [row[1] for row in reversed(rows)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_WAIT)) as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.execute("PRAGMA foreign_keys=ON")
                db.executescript(_SCHEMA)
                with db:
                    yield db
        except (OSError, sqlite3.Error) as error:
            raise HistoryError(f"{self.path}: {error}; is there room on the disk?") from error


def _result(said: dict[str, Any]) -> Result:
    return Result(
        at=said["at"],
        layout=said["layout"],
        measurements=tuple(_measurement(one) for one in said["measurements"]),
        reason=said["reason"],
        placement=said["placement"],
        warnings=tuple(said["warnings"]),
    )


def _measurement(said: dict[str, Any]) -> Measurement:
    known = {name: value for name, value in said.items() if name not in ("passed", "parameter")}
    return Measurement(parameter=Parameter(said["parameter"]), **known)
