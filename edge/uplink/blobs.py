"""Pictures on their way to central: in a folder, by their hash, until central has them on disk.

1. ``put`` returns when the bytes and their name are on disk. The name tells everything:
   ``<sha256>.<media type>.<personal|plain>``, so nothing else must survive a crash.
2. ``erase`` removes a picture that nobody may keep: a personal one when its passage ends.
3. The folder is bounded in bytes; beyond it ``put`` raises SpoolFull and keeps nothing.
4. What a crash left half written has another name and is removed at start.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from contract.blob import Blob
from edge.runtime.disk import sync_folder
from edge.uplink.errors import DiskFailed, DiskFull, SpoolFull

_MEDIA: Final = {
    media_type.partition("/")[2]: media_type
    for media_type in get_args(Blob.model_fields["media_type"].annotation)
}
_PRIVACY: Final = {"personal": True, "plain": False}
_HALF: Final = ".part"


@dataclass(frozen=True, slots=True)
class Held:
    """One picture that waits."""

    blob: Blob
    personal: bool
    path: Path


class BlobSpool:
    """A folder of pictures. Safe to call from any thread; ``put`` blocks for the disk."""

    def __init__(self, folder: Path, limit: int = 2 * 1024**3) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in folder.glob(f"*{_HALF}"):
            stale.unlink()
        held = (_parse(path) for path in sorted(folder.iterdir(), key=_age))
        self._held = {item.blob.sha256: item for item in held if item is not None}

    @property
    def bytes_held(self) -> int:
        """How many bytes wait."""
        with self._lock:
            return sum(item.blob.size for item in self._held.values())

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every new picture, on the thread that put it."""
        self._listeners.append(listener)

    def put(self, content: bytes, media_type: str, *, personal: bool) -> Blob:
        """Return the address of ``content`` once it is on disk.

        Raises SpoolFull, DiskFull, DiskFailed; ValueError for a media type that is none of ours.
        """
        digest = hashlib.sha256(content).hexdigest()
        blob = Blob.model_validate(
            {"sha256": digest, "size": len(content), "media_type": media_type}
        )
        with self._lock:
            if digest not in self._held:
                self._held[digest] = self._write(content, blob, personal)
        for listener in self._listeners:
            listener()
        return blob

    def erase(self, sha256: str) -> None:
        """Remove a picture, sent or not. Unknown ones are gone already."""
        with self._lock:
            if (item := self._held.pop(sha256, None)) is not None:
                item.path.unlink(missing_ok=True)
                sync_folder(self._folder)

    def pending(self) -> list[Held]:
        """Return what waits, the oldest first."""
        with self._lock:
            return list(self._held.values())

    def holds(self, sha256: str) -> bool:
        """Return whether that picture still waits."""
        return sha256 in self._held

    def _write(self, content: bytes, blob: Blob, personal: bool) -> Held:
        if self.bytes_held + blob.size > self._limit:
            raise SpoolFull(
                f"{self._folder}: {blob.size} bytes more than its {self._limit}; "
                f"connect the lane to central"
            )
        privacy = "personal" if personal else "plain"
        path = self._folder / f"{blob.sha256}.{blob.media_type.partition('/')[2]}.{privacy}"
        half = path.with_name(path.name + _HALF)
        try:
            _write_through(half, content)
            half.rename(path)
            sync_folder(self._folder)
        except OSError as error:
            half.unlink(missing_ok=True)
            kind = DiskFull if error.errno == 28 else DiskFailed  # 28: ENOSPC
            raise kind(f"{self._folder}: {error.strerror}; the picture was not kept") from error
        return Held(blob, personal, path)


def _parse(path: Path) -> Held | None:
    digest, _, rest = path.name.partition(".")
    media, _, privacy = rest.partition(".")
    if len(digest) != 64 or media not in _MEDIA or privacy not in _PRIVACY:
        return None
    fields = {"sha256": digest, "size": path.stat().st_size, "media_type": _MEDIA[media]}
    with suppress(ValueError):
        return Held(Blob.model_validate(fields), _PRIVACY[privacy], path)
    return None


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
