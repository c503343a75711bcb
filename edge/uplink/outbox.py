"""What happened on a lane, on its disk before anything acts on it, until central has it.

1. ``record`` writes the event, its number, its link in the chain and the lane's own state in one
   transaction. When it raises, nothing was recorded and nothing may act.
2. A new file mints a new epoch; numbers then start at 1, after 64 zeros, in every stream.
3. The quota is one for all streams. Telemetry is dropped first, then health; the number dropped is
   recorded when there is room again. Decision and audit are never dropped: at 95 % ``accepting``
   turns False, so the lane stops clearing by itself; at 100 % ``record`` raises OutboxFull.
4. Only an acknowledgement from central deletes a row.
5. When central has more of this epoch than this disk ever wrote, the disk was restored from an old
   copy: ``begin_anew`` moves what is pending into a new epoch, and says so.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from contract import envelope
from contract.envelope import Event
from contract.health import Fault
from contract.names import Address, Message
from contract.schema import DATA, dataschema
from contract.topics import Stream
from edge.runtime.clock import Clock
from edge.uplink import ledger
from edge.uplink.clock_quality import system_clock
from edge.uplink.database import Connect, Database, connect
from edge.uplink.errors import OutboxFull

ACCEPTING_BELOW: Final = 0.95  # of the quota
_ROOM: Final = {Stream.TELEMETRY: 0.8, Stream.HEALTH: 0.9}  # of the quota; beyond it, dropped
_PHASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


class Row(NamedTuple):
    """One event as it is sent: its number and its canonical JSON."""

    seq: int
    body: bytes


class Position(NamedTuple):
    """How far a stream is written, and how far central has it."""

    last: int
    acked: int


_HEARD: Final = "central.heard"  # key in the lane's state


class Outbox:
    """The lane's durable memory. Safe to call from any thread; blocks for one disk write.

    Raises OutboxError when ``path`` cannot be used, ValueError when it is another unit's.
    """

    def __init__(
        self,
        path: Path,
        address: Address,
        clock: Clock,
        quota: int = 200_000,
        boot_id: str | None = None,
        *,
        clock_quality: Callable[[], envelope.Clock] = system_clock,
        connect: Connect = connect,
    ) -> None:
        self.address = address
        self.quota = quota
        self.boot_id = boot_id or _boot_id()
        self._clock = clock
        self._clock_quality = clock_quality
        self._listeners: list[Callable[[], None]] = []
        self._database = Database(path, connect)
        try:
            with self._database.transaction() as db:
                self._epoch = ledger.claim(db, str(address))
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> str:
        """The name of this numbering."""
        return self._epoch

    def close(self) -> None:
        """Let the file go. Safe to call twice."""
        self._database.close()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every commit that may have added events, on that thread."""
        self._listeners.append(listener)

    def record(
        self,
        stream: Stream,
        event_type: str,
        data: Message,
        *,
        state: Mapping[str, str] | None = None,
        delete_state: Iterable[str] = (),
    ) -> int:
        """Return the event's seq once it is on disk together with ``state``; 0 if it was dropped.

        Raises OutboxFull, DiskFull, DiskFailed, all OutboxError; ValueError for data that is not
        what ``event_type`` says. Nothing was changed then.
        """
        with self.transaction() as db:
            ledger.keep_state(db, state or {}, delete_state)
            return self.append(db, stream, event_type, data)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction on the file, for ``append`` and for this room's own tables."""
        with self._database.transaction() as db:
            yield db
        for listener in self._listeners:
            listener()

    def append(
        self,
        db: sqlite3.Connection,
        stream: Stream,
        event_type: str,
        data: Message,
        *,
        over_quota: bool = False,
    ) -> int:
        """Add one event to an open transaction; see ``record``. ``over_quota``: never refuse."""
        _check(event_type, data)
        fill = ledger.depth(db) / self.quota
        if fill >= _ROOM.get(stream, 2):
            ledger.drop(db, stream)
            return 0
        if fill >= 1 and not over_quota:
            raise OutboxFull(f"all {self.quota} events are used; connect the lane to central")
        self._confess(db, stream)
        return self._write(db, stream, event_type, data)

    def state(self) -> dict[str, str]:
        """Return what the lane kept with its events."""
        return dict(self.read("SELECT key, value FROM state"))

    def read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Return rows of this room's own tables."""
        return self._database.read(query, values)

    @property
    def depth(self) -> int:
        """How many events wait for central."""
        return int(self.read("SELECT SUM(last - acked) FROM stream")[0][0])

    @property
    def fill(self) -> float:
        """The part of the quota that is used, 0 to 1."""
        return min(self.depth / self.quota, 1.0)

    @property
    def accepting(self) -> bool:
        """Whether the lane may go on clearing by itself: no record, no crossing."""
        return self.depth < self.quota * ACCEPTING_BELOW

    def position(self, stream: Stream) -> Position:
        """Return how far ``stream`` is written and acknowledged."""
        return Position(*self.read("SELECT last, acked FROM stream WHERE name = ?", (stream,))[0])

    def pending(self, stream: Stream, after: int, limit: int) -> list[Row]:
        """Return at most ``limit`` events of ``stream`` that follow ``after``, in order."""
        query = "SELECT seq, body FROM event WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [Row(*row) for row in self.read(query, (stream, after, limit))]

    def acknowledged(self, stream: Stream, epoch: str, upto: int) -> None:
        """Delete what central has. Another epoch's, or an old, ``upto`` changes nothing."""
        if epoch != self._epoch or upto <= self.position(stream).acked:
            return
        with self._database.transaction() as db:
            ledger.forget(db, stream, upto)
            ledger.keep_state(db, {_HEARD: self._clock.now().isoformat()}, ())
            for name in ledger.dropping(db):
                if ledger.depth(db) / self.quota < _ROOM[name]:
                    self._confess(db, name)

    @property
    def heard_central(self) -> datetime | None:
        """When central last acknowledged something, by this machine's clock; None if never."""
        text = self.state().get(_HEARD)
        return None if text is None else datetime.fromisoformat(text)

    def begin_anew(self) -> None:
        """Mint a new epoch and renumber what is pending into it."""
        old, new = self._epoch, uuid.uuid4().hex
        detail = f"central has more of epoch {old} than this disk: it was restored from a copy"
        with self.transaction() as db:
            ledger.renumber(db, new)
            fault = self.fault(db, "DiskRestored", detail)
            self._write(db, Stream.AUDIT, "health.fault", fault, epoch=new)
        self._epoch = new

    def fault(self, db: sqlite3.Connection, name: str, detail: str) -> Fault:
        """Return a passing fault of the uplink, in the phase that the lane last kept."""
        row = db.execute("SELECT value FROM state WHERE key = 'phase'").fetchone()
        phase = row[0] if row and _PHASE.fullmatch(row[0]) else "unknown"
        return Fault(name=name, device="uplink", detail=detail[:500], phase=phase, raised=False)

    def _confess(self, db: sqlite3.Connection, stream: Stream) -> None:
        if count := ledger.take_dropped(db, stream):
            detail = f"{count} {stream} events were dropped: the outbox was over its quota"
            self._write(db, stream, "health.fault", self.fault(db, "EventsDropped", detail))

    def _write(
        self,
        db: sqlite3.Connection,
        stream: Stream,
        event_type: str,
        data: Message,
        epoch: str | None = None,
    ) -> int:
        last, last_hash = ledger.tail(db, stream)
        event = Event(
            id=uuid.uuid4().hex,
            source=f"/{self.address}",
            type=event_type,
            time=self._clock.now(),
            dataschema=dataschema(event_type),
            epoch=epoch or self._epoch,
            seq=last + 1,
            boot_id=self.boot_id,
            mono_ns=int(self._clock.monotonic() * 1e9),
            clock=self._clock_quality(),
            prev_hash=last_hash,
            data=data.model_dump(mode="json"),
        )
        ledger.write(db, stream, event)
        return event.seq


def _check(event_type: str, data: Message) -> None:
    expected = DATA.get(event_type)
    if expected is not None and not isinstance(data, expected):
        raise ValueError(f"{event_type} carries {expected.__name__}, not {type(data).__name__}")


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return uuid.uuid4().hex
