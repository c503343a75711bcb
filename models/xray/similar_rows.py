"""One chapter's descriptors in one file: int8 rows of equal length, nothing else.

1. Rows are written at their place and synced before anyone is told of them.
2. Comparing goes through a memory map in blocks: bounded memory, and too little at a time for the
   linear algebra to wake threads over, which on a busy machine costs more than it gives.
3. What the file lacks is not there: a file cut short gives fewer rows, never other ones.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np

from models.xray.similar import LENGTH, SCALE, Floats, Rows, SimilarError

BLOCK = 1024  # rows at a time


class RowFile:
    """The file of one chapter in the index's folder; it may not exist yet."""

    def __init__(self, folder: Path, chapter: str) -> None:
        self._folder, self._path = folder, folder / f"{chapter}.i8"

    def write(self, first: int, rows: Rows) -> None:
        """Put ``rows`` (n, 192) from row ``first`` on and sync them. Raises OSError."""
        fresh = not self._path.exists()
        with self._path.open("wb" if fresh else "r+b") as file:
            file.seek(first * LENGTH)
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            _sync_folder(self._folder)

    def rows(self, count: int) -> Rows:
        """Return the first ``count`` rows as a memory map; fewer where the file holds fewer."""
        try:
            held = self._path.stat().st_size // LENGTH if self._path.exists() else 0
            if not min(count, held):
                return np.empty((0, LENGTH), np.int8)
            return np.memmap(self._path, np.int8, "r", shape=(min(count, held), LENGTH))
        except (OSError, ValueError) as error:
            raise SimilarError(f"{self._path}: cannot be read: {error}") from error

    def likeness(self, count: int, wanted: Floats) -> Floats:
        """Return the product of ``wanted`` (192,) with each of the first ``count`` rows."""
        rows = self.rows(count)
        found = np.empty(len(rows), np.float32)
        block = np.empty((min(BLOCK, len(rows)), LENGTH), np.float32)
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            part = block[: len(some)]
            np.copyto(part, some)
            np.dot(part, wanted, out=found[start : start + len(some)])
        found /= np.float32(SCALE)
        return found


def sound(rows: Rows, row: int, crc: int) -> bool:
    """Return whether ``row`` is in ``rows`` and is what its CRC says."""
    return row < len(rows) and zlib.crc32(rows[row].tobytes()) == crc


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
