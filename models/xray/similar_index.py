"""Descriptors of earlier pictures on disk, by HS chapter: append, search, forget.

1. A folder holds one file of rows per chapter (similar_rows.py) and one SQLite database that names
   them. A row is there when the database says so: its numbers are written and synced first, then
   the record is committed. What a crash leaves behind is overwritten by the next append.
2. A search compares with one chapter's rows; 100 000 take about ten milliseconds. The best are
   checked against their CRC: a damaged or missing row is never a hit.
3. ``forget`` takes the name from a row for good: the picture is gone, nothing may point to it.
4. Many processes may search while one appends; two that append wait for each other. One index may
   be used by several threads.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from models.xray.similar import LENGTH, VERSION, Floats, Rows, SimilarError, quantised
from models.xray.similar_rows import RowFile, sound

CHAPTER = re.compile(r"[0-9]{2}\Z")
PATIENCE = 5.0  # s that a writer waits for another
SPARE = 16  # rows looked at beyond those wanted, in case some are forgotten or damaged

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kind (version INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
    chapter TEXT NOT NULL,
    row INTEGER NOT NULL,
    picture TEXT UNIQUE,
    at REAL NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (chapter, row)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture to remember: HS chapter (two digits), name, when it was taken, its descriptor."""

    chapter: str
    picture: str
    at: float
    descriptor: Floats


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier picture and how alike it is: 1 the same, near 0 nothing in common."""

    picture: str
    likeness: float
    at: float


class SimilarIndex:
    """One folder of descriptors; close it, or use it in a ``with``. Raises SimilarError."""

    def __init__(self, folder: Path, writable: bool = True) -> None:
        self._folder, self._writable, self._lock = folder, writable, threading.Lock()
        if not writable and not (folder / "index.sqlite").is_file():
            raise SimilarError(f"{folder}: there is no index")
        with self._telling("opened"):
            self._database = self._opened()
        try:
            with self._telling("read"):
                self._check_kind()
        except SimilarError:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the index cannot be used any more."""
        with self._lock:
            self._database.close()

    def add(self, entries: Iterable[Entry]) -> int:
        """Append ``entries``; return how many were new. A name that is known stays as it is.

        All of them are on disk on return, or none.
        """
        self._check_writable()
        wanted = [(entry, quantised(entry.descriptor)) for entry in entries]
        for entry, _ in wanted:
            _check(entry)
        with self._lock, self._telling("written"), self._transaction():
            new = self._records(wanted)
            self._database.executemany("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", new)
        return len(new)

    def search(
        self, chapter: str, descriptor: Floats, top: int = 5, without: str | None = None
    ) -> tuple[Similar, ...]:
        """Return the ``top`` most alike pictures of ``chapter``, best first; never ``without``."""
        _check_chapter(chapter)
        wanted = quantised(descriptor).astype(np.float32)
        wanted /= max(float(np.linalg.norm(wanted)), 1e-9)
        file = RowFile(self._folder, chapter)
        with self._lock, self._telling("read"):
            count = self._next(chapter)
            likeness = file.likeness(count, wanted)
            rows = file.rows(count)
            hits = (self._hit(chapter, r, rows, float(likeness[r])) for r in _best(likeness, top))
            kept = (hit for hit in hits if hit is not None and hit.picture != without)
            return tuple(hit for hit, _ in zip(kept, range(top), strict=False))

    def forget(self, picture: str) -> bool:
        """Take ``picture`` out of every later answer; return whether it was known."""
        self._check_writable()
        with self._lock, self._telling("written"), self._transaction():
            done = self._database.execute(
                "UPDATE pictures SET picture = NULL WHERE picture = ?", (picture,)
            )
        return done.rowcount > 0

    def pictures(self) -> list[str]:
        """Return the names of all pictures that can be found."""
        with self._lock, self._telling("read"):
            rows = self._database.execute(
                "SELECT picture FROM pictures WHERE picture IS NOT NULL"
            ).fetchall()
        return [str(name) for (name,) in rows]

    def counts(self) -> dict[str, int]:
        """Return how many pictures can be found, by chapter."""
        with self._lock, self._telling("read"):
            rows = self._database.execute(
                "SELECT chapter, COUNT(picture) FROM pictures GROUP BY chapter"
            ).fetchall()
        return {str(chapter): int(count) for chapter, count in rows}

    def damaged(self) -> list[str]:
        """Return the names whose numbers are missing or do not match their CRC; reads it all."""
        with self._lock, self._telling("read"):
            records = self._database.execute(
                "SELECT chapter, row, picture, crc FROM pictures WHERE picture IS NOT NULL"
            ).fetchall()
            held = {
                chapter: RowFile(self._folder, chapter).rows(self._next(chapter))
                for chapter in {record[0] for record in records}
            }
        return [name for chapter, row, name, crc in records if not sound(held[chapter], row, crc)]

    def _opened(self) -> sqlite3.Connection:
        if self._writable:
            self._folder.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(
            self._folder / "index.sqlite",
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        return database

    def _check_kind(self) -> None:
        if self._writable:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
        kind = self._database.execute("SELECT version, length FROM kind").fetchone()
        if kind is None and self._writable:
            self._database.execute("INSERT INTO kind VALUES (?, ?)", (VERSION, LENGTH))
        elif kind != (VERSION, LENGTH):
            raise SimilarError(
                f"{self._folder}: made of other descriptors ({kind}); describe its pictures again"
            )

    def _check_writable(self) -> None:
        if not self._writable:
            raise SimilarError(f"{self._folder}: opened for reading only")

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise SimilarError(f"{self._folder}: the index cannot be {what}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def _records(self, wanted: Sequence[tuple[Entry, Rows]]) -> list[tuple[object, ...]]:
        """Write and sync the numbers of what is new; return its records."""
        fresh: dict[str, dict[str, tuple[Entry, Rows]]] = {}
        named: set[str] = set()
        for entry, row in wanted:
            if entry.picture not in named and not self._known(entry.picture):
                fresh.setdefault(entry.chapter, {})[entry.picture] = entry, row
            named.add(entry.picture)
        records: list[tuple[object, ...]] = []
        for chapter, entries in fresh.items():
            first = self._next(chapter)
            RowFile(self._folder, chapter).write(first, np.stack([r for _, r in entries.values()]))
            records += [
                (chapter, number, entry.picture, entry.at, zlib.crc32(row.tobytes()))
                for number, (entry, row) in enumerate(entries.values(), first)
            ]
        return records

    def _next(self, chapter: str) -> int:
        (last,) = self._database.execute(
            "SELECT MAX(row) FROM pictures WHERE chapter = ?", (chapter,)
        ).fetchone()
        return 0 if last is None else int(last) + 1

    def _known(self, picture: str) -> bool:
        found = self._database.execute("SELECT 1 FROM pictures WHERE picture = ?", (picture,))
        return found.fetchone() is not None

    def _hit(self, chapter: str, row: int, rows: Rows, likeness: float) -> Similar | None:
        """Return the picture of ``row``; None where it is forgotten or damaged."""
        record = self._database.execute(
            "SELECT picture, at, crc FROM pictures WHERE chapter = ? AND row = ?", (chapter, row)
        ).fetchone()
        if record is None or record[0] is None or not sound(rows, row, record[2]):
            return None
        return Similar(str(record[0]), min(1.0, max(0.0, likeness)), float(record[1]))


def _best(likeness: Floats, top: int) -> Iterator[int]:
    """Yield the rows from the largest likeness down; the first few without sorting all."""
    few = min(top + SPARE, likeness.size)
    if few < likeness.size:
        some = np.argpartition(-likeness, few)[:few]
        yield from some[np.argsort(-likeness[some])].tolist()
    order = np.argsort(-likeness)
    yield from order[few if few < likeness.size else 0 :].tolist()


def _check(entry: Entry) -> None:
    _check_chapter(entry.chapter)
    if not 0 < len(entry.picture) <= 200:
        raise SimilarError("a picture wants a name of at most 200 characters")
    if not np.isfinite(entry.at):
        raise SimilarError(f"{entry.picture}: no time")


def _check_chapter(chapter: str) -> None:
    if not CHAPTER.match(chapter):
        raise SimilarError(f"{chapter[:20]!r} is no HS chapter; two digits are wanted")
