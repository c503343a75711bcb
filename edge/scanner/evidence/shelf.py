"""The folder of sealed bundles, with a quota and an age.

1. Before a bundle is written, those older than ``days`` go, then the oldest until it fits into
   ``quota_mb``. One that would never fit is refused.
2. ``SPARE`` of the disk stays free: the lane's own record comes first.
3. A bundle is there whole or not at all; what a crash left half written is removed at start.
4. Names are <inspection>-<its end, UTC>.zip: no personal data, and the age can be read from them.
   Other files are left alone.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from edge.scanner.config import Evidence
from edge.scanner.evidence.errors import DiskFull, NotKept
from edge.scanner.evidence.whole_files import HALF, on_disk, write_whole
from edge.scanner.formats.evidence import Part

SPARE = 256 << 20  # bytes; some 100 000 events of the record
_HEAD = 1024  # bytes of headers and manifest for a part, at most: paths have 128 characters
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r".+-(\d{8}T\d{6}Z)\.zip")


def free_bytes(folder: Path) -> int:
    """Return how many bytes the disk of ``folder`` has left."""
    return shutil.disk_usage(folder).free


def name_of(inspection: str, ended: datetime) -> str:
    """Return what the bundle of an item is called."""
    return f"{inspection}-{ended.astimezone(UTC).strftime(_STAMP)}.zip"


def size_of(parts: Sequence[Part]) -> int:
    """Return how many bytes a bundle of ``parts`` has at most."""
    return sum(len(part.content) + _HEAD for part in parts) + 2 * _HEAD


class Shelf:
    """The bundles of one lane. Blocks for the disk; one thread has it."""

    def __init__(
        self, folder: Path, how: Evidence, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._folder = folder
        self._quota = how.quota_mb * 1_000_000
        self._age = timedelta(days=how.days)
        self._free = free

    def open(self) -> None:
        """Make the folder, and remove what a crash left half written. Raises DiskError."""
        with on_disk(self._folder / HALF):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for half in self._folder.glob(f"*{HALF}"):
                half.unlink()

    def put(self, name: str, size: int, write: Callable[[BinaryIO], object], now: datetime) -> Path:
        """Have ``write`` fill a bundle of at most ``size`` bytes; return where it is.

        Raises DiskError, and NotKept for one that is larger than the quota.
        """
        if size > self._quota:
            raise NotKept(f"{size} bytes; evidence.quota_mb allows {self._quota} in all")
        self.tidy(now, room=size)
        path = self._folder / name
        with on_disk(path):
            left = self._free(self._folder) - size
        if left < SPARE:
            raise DiskFull(f"{self._folder}: the last {SPARE >> 20} MiB are for the lane's record")
        write_whole(path, write)
        return path

    def tidy(self, now: datetime, room: int = 0) -> None:
        """Remove what is too old, and the oldest until ``room`` bytes more fit into the quota."""
        with on_disk(self._folder / HALF):
            held = [(path, path.stat().st_size) for path in self._bundles()]
            total = sum(size for _, size in held) + room
            for path, size in held:
                if total > self._quota or now - _ended(path) > self._age:
                    path.unlink()
                    total -= size

    def _bundles(self) -> list[Path]:
        """Return the bundles, the oldest first."""
        named = [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(named, key=lambda path: (_ended(path), path.name))


def _ended(path: Path) -> datetime:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
