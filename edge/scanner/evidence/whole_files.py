"""Files that are there whole or not at all: written under another name, synced, renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from edge.runtime.disk import sync_folder
from edge.scanner.evidence.errors import DiskFailed, DiskFull

HALF = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Raise what goes wrong with ``path`` in the block as DiskFull or DiskFailed."""
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno in _FULL else DiskFailed
        raise kind(f"{path.parent}: {error.strerror or error}") from error


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Have ``write`` fill the file ``path``, its owner's only. Raises DiskFull, DiskFailed."""
    half = path.with_name(path.name + HALF)
    try:
        with on_disk(path):
            descriptor = os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            half.rename(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise
