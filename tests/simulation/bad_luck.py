"""What the tests of delivery share: whose keys, a clock that stands still, a disk that fails."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import envelope
from contract.names import Address

HERE = Address(site="doh", unit="egate-07")
LANE_KEY, CENTRAL_KEY, THIEF_KEY = (Ed25519PrivateKey.generate() for _ in range(3))
UNSYNCED = envelope.Clock(source="system", synced=False)


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder whose fsync costs nothing: the tests are about protocols, not about disks."""
    root = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class PowerCut(BaseException):
    """The edge's process is gone. Not an Exception: no handler of the production code sees it."""


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@dataclass
class Luck:
    """When the next statement of the edge's database goes wrong, and how."""

    armed: bool = False
    fuse: int | None = None  # statements until the power is cut
    bad_disk: int | None = None  # statements until the disk refuses one

    def before(self) -> None:
        if self.armed and self.bad_disk is not None:
            self.bad_disk -= 1
            if self.bad_disk < 0:
                self.bad_disk = None
                raise sqlite3.OperationalError("disk I/O error")
        self.after()

    def after(self) -> None:
        if self.armed and self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise PowerCut


class FragileDisk(sqlite3.Connection):
    """A connection that may die before any statement, and after a COMMIT."""

    luck: Luck

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self.luck.before()
        result = super().execute(sql, *values)
        if sql == "COMMIT":
            self.luck.after()
        return result

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        self.luck.before()
        return super().executemany(sql, values)
