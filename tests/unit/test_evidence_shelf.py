"""The folder of bundles: quota, age, a disk that is full, and no half files."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

import pytest

from edge.scanner.config import Evidence
from edge.scanner.evidence.errors import DiskFailed, DiskFull, NotKept
from edge.scanner.evidence.shelf import SPARE, Shelf, name_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HALF_MB = 500_000


def shelf(folder: Path, free: int = 1 << 40, **how: Any) -> Shelf:
    made = Shelf(folder, Evidence(**how), lambda _: free)
    made.open()
    return made


def put(on: Shelf, name: str, at: datetime, size: int = HALF_MB, now: datetime = NOW) -> Path:
    return on.put(name_of(name, at), size, lambda file: file.write(b"x" * size), now)


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in folder.iterdir())


def test_the_oldest_go_first_when_the_quota_is_full(tmp_path: Path) -> None:
    on = shelf(tmp_path, quota_mb=1)
    put(on, "b", NOW - timedelta(hours=1))
    put(on, "a", NOW - timedelta(hours=2))
    (tmp_path / "unit.pem").write_bytes(b"k" * HALF_MB)  # another's file neither counts nor goes
    put(on, "c", NOW)
    assert names(tmp_path) == ["b", "c", "unit.pem"]
    put(on, "d", NOW + timedelta(seconds=1), 2 * HALF_MB)
    assert names(tmp_path) == ["d", "unit.pem"]


def test_what_would_never_fit_is_refused_and_costs_nothing(tmp_path: Path) -> None:
    on = shelf(tmp_path, quota_mb=1)
    put(on, "a", NOW)
    with pytest.raises(NotKept, match="quota_mb"):
        put(on, "b", NOW, 1_000_001)
    assert names(tmp_path) == ["a"]


def test_what_is_too_old_goes_at_its_time(tmp_path: Path) -> None:
    on = shelf(tmp_path, days=2)
    put(on, "a", NOW - timedelta(days=2, seconds=1), now=NOW - timedelta(days=2))
    put(on, "b", NOW - timedelta(days=2), now=NOW - timedelta(days=2))
    on.tidy(NOW)
    assert names(tmp_path) == ["b"]


def test_the_last_of_the_disk_is_for_the_lanes_record(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="record"):
        put(shelf(tmp_path, free=SPARE + HALF_MB - 1), "a", NOW)
    assert names(tmp_path) == []
    put(shelf(tmp_path, free=SPARE + HALF_MB), "a", NOW)


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, DiskFailed)]
)
def test_a_disk_that_refuses_leaves_no_half_file(
    tmp_path: Path, code: int, kind: type[Exception]
) -> None:
    on = shelf(tmp_path)
    with (
        patch.object(os, "fsync", side_effect=OSError(code, "no")),
        pytest.raises(kind),
    ):
        put(on, "a", NOW)
    assert names(tmp_path) == []


def test_a_crash_in_the_middle_of_writing_leaves_nothing_under_a_name(tmp_path: Path) -> None:
    class Crash(BaseException):
        """The power goes."""

    def write(file: BinaryIO) -> None:
        file.write(b"half")
        file.flush()
        raise Crash

    on = shelf(tmp_path)
    with patch.object(Path, "unlink"), pytest.raises(Crash):
        on.put(name_of("a", NOW), 4, write, NOW)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    shelf(tmp_path)
    assert names(tmp_path) == []
