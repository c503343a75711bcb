"""The files behind the addresses.

    blobs/whole/ab/ab12…      hash checked, on disk for good
    blobs/partial/ab12…       what has arrived so far

1. A path is made of nothing but the 64 hex digits of the hash.
2. A file becomes whole by a rename, after its hash was checked and it was fsynced; then the folder
   is fsynced too, so that the name survives a crash as well.
3. Everything here blocks; it runs in threads.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO, Final

_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")


class Folder:
    """A folder of blobs."""

    def __init__(self, root: Path) -> None:
        self._whole = root / "whole"
        self._partial = root / "partial"
        for folder in (self._whole, self._partial):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def held(self, sha256: str) -> int:
        """Return how many bytes of an unfinished file are here."""
        try:
            return self.partial_path(sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, sha256: str) -> BinaryIO:
        """Open the unfinished file for appending."""
        return self.partial_path(sha256).open("ab")

    def finish(self, sha256: str) -> bool:
        """Make a finished file whole; return False, and drop it, where its hash is another."""
        path = self.partial_path(sha256)
        with path.open("rb") as file:
            os.fsync(file.fileno())
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            path.unlink()
            return False
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        path.rename(target)
        _sync_folder(target.parent)
        _sync_folder(self._whole)
        return True

    def drop(self, sha256: str) -> None:
        """Remove the unfinished file, if there is one."""
        self.partial_path(sha256).unlink(missing_ok=True)

    def erase(self, sha256: str) -> None:
        """Remove every file of this address, for good."""
        self.drop(sha256)
        path = self.path(sha256)
        if path.exists():
            path.unlink()
            _sync_folder(path.parent)

    def path(self, sha256: str) -> Path:
        """Return where the whole file is or will be."""
        return self._whole / _checked(sha256)[:2] / sha256

    def partial_path(self, sha256: str) -> Path:
        """Return where the unfinished file is or will be."""
        return self._partial / _checked(sha256)


def _checked(sha256: str) -> str:
    if not _ADDRESS.fullmatch(sha256):
        raise ValueError(f"not a SHA-256 in hex: {sha256[:80]!r}")
    return sha256


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
