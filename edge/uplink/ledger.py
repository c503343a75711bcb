"""The outbox's tables inside one open transaction: number, chain, count, renumber.

1. An event takes the next number of its stream and the hash of the one before it.
2. The depth is what is numbered and not acknowledged, over all streams.
3. Renumbering keeps the events and their order, and makes their numbers and links new.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

from contract.envelope import FIRST_PREVIOUS, Event, canonical, event_hash
from contract.topics import Stream

EVENT_LIMIT: Final = 256 * 1024  # bytes of one event; a batch stays below central's message limit
_PAGE: Final = 500  # events rewritten at a time


def claim(db: sqlite3.Connection, address: str) -> str:
    """Return the file's epoch, minting one for a new file; raise ValueError for another unit's."""
    meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if not meta:
        meta = {"epoch": uuid.uuid4().hex, "address": address}
        db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        rows = [(stream, FIRST_PREVIOUS) for stream in Stream]
        db.executemany("INSERT INTO stream VALUES (?, 0, ?, 0, 0)", rows)
    if meta["address"] != address:
        raise ValueError(
            f"this outbox belongs to {meta['address']}, not to {address}; give each unit its own"
        )
    return meta["epoch"]


def tail(db: sqlite3.Connection, stream: Stream) -> tuple[int, str]:
    """Return the last number of ``stream`` and the hash that the next event carries."""
    query = "SELECT last, last_hash FROM stream WHERE name = ?"
    last, last_hash = db.execute(query, (stream,)).fetchone()
    return last, last_hash


def write(db: sqlite3.Connection, stream: Stream, event: Event) -> None:
    """Add ``event``, made with ``tail``, to ``stream``; raise ValueError when it is too big."""
    body = canonical(event.model_dump(mode="json"))
    if len(body) > EVENT_LIMIT:
        raise ValueError(f"{event.type} has {len(body)} bytes; {EVENT_LIMIT} are allowed")
    db.execute("INSERT INTO event VALUES (?, ?, ?)", (stream, event.seq, body))
    values = (event.seq, event_hash(body), stream)
    db.execute("UPDATE stream SET last = ?, last_hash = ? WHERE name = ?", values)


def forget(db: sqlite3.Connection, stream: Stream, upto: int) -> None:
    """Delete what central has of ``stream``."""
    db.execute("DELETE FROM event WHERE stream = ? AND seq <= ?", (stream, upto))
    db.execute("UPDATE stream SET acked = MIN(?, last) WHERE name = ?", (upto, stream))


def depth(db: sqlite3.Connection) -> int:
    """Return how many events wait."""
    return int(db.execute("SELECT SUM(last - acked) FROM stream").fetchone()[0])


def drop(db: sqlite3.Connection, stream: Stream) -> None:
    """Count one event that is not recorded."""
    db.execute("UPDATE stream SET dropped = dropped + 1 WHERE name = ?", (stream,))


def take_dropped(db: sqlite3.Connection, stream: Stream) -> int:
    """Return how many events of ``stream`` were dropped, and count from 0 again."""
    query = "SELECT dropped FROM stream WHERE name = ?"
    count = int(db.execute(query, (stream,)).fetchone()[0])
    if count:
        db.execute("UPDATE stream SET dropped = 0 WHERE name = ?", (stream,))
    return count


def dropping(db: sqlite3.Connection) -> list[Stream]:
    """Return the streams that have dropped events nobody was told of yet."""
    return [Stream(name) for (name,) in db.execute("SELECT name FROM stream WHERE dropped > 0")]


def keep_state(db: sqlite3.Connection, state: Mapping[str, str], forget: Iterable[str]) -> None:
    """Write and delete the lane's own keys."""
    db.executemany("DELETE FROM state WHERE key = ?", [(key,) for key in forget])
    db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", state.items())


def renumber(db: sqlite3.Connection, epoch: str) -> None:
    """Move everything that waits into ``epoch``."""
    for stream in Stream:
        last, last_hash = _renumber(db, stream, epoch)
        values = (last, last_hash, stream)
        db.execute("UPDATE stream SET last = ?, last_hash = ?, acked = 0 WHERE name = ?", values)
    db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))


def _renumber(db: sqlite3.Connection, stream: Stream, epoch: str) -> tuple[int, str]:
    seq, previous, after = 0, FIRST_PREVIOUS, 0
    page = "SELECT seq, body FROM event WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?"
    move = "UPDATE event SET seq = ?, body = ? WHERE stream = ? AND seq = ?"
    while rows := db.execute(page, (stream, after, _PAGE)).fetchall():
        for old, body in rows:
            seq += 1  # never beyond ``old``, so the number is free
            link = {"epoch": epoch, "seq": seq, "prev_hash": previous}
            moved = canonical({**json.loads(body), **link})
            db.execute(move, (seq, moved, stream, old))
            previous, after = event_hash(moved), old
    return seq, previous
