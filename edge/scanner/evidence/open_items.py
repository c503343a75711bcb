"""What is kept of items that have not ended, or whose bundle is not written yet.

1. A picture is a second name for the spool's own file, so that it stays when central has it and
   the spool lets go of it. Where that cannot be, it is a copy.
2. A trail is the item's events as they were recorded, in order, each once. Beside an operator's
   decision is the command that it came by, as central sealed it.
3. All of it is on disk: an item that a restart ends has its evidence too. What no trail names, and
   was not taken by this process, is of no item and goes at start.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pydantic import Field, ValidationError

from contract.blob import Picture
from contract.envelope import Event
from contract.names import Message
from edge.scanner.evidence.whole_files import on_disk, write_whole

SCANNED, RESOLVED, ENDED = "inspection.scanned", "inspection.resolved", "inspection.ended"
_TRAIL, _PORTAL, _PICTURE, _COMMAND = ".jsonl", ".n42", ".jxl", ".bc1"


class _Named(Message):
    pictures: list[Picture] = Field(default_factory=list)


class OpenItems:
    """A folder. ``take`` and ``drop`` may be called from any thread, the rest from one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._taken: Counter[str] = Counter()  # parts of nothing but lost lines are all the same

    def open(self) -> None:
        """Make the folder. Raises DiskError."""
        with on_disk(self._folder / _TRAIL):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    # Pictures

    def take(self, sha256: str, content: bytes, spooled: Path | None) -> None:
        """Keep a picture, which the spool has as the file ``spooled``. Raises DiskError."""
        path = self._picture(sha256)
        with self._turn:
            self._taken[sha256] += 1
            if path.exists():
                return
            with suppress(OSError):
                if spooled is not None:
                    os.link(spooled, path)
                    return
            write_whole(path, lambda file: file.write(content))

    def drop(self, pictures: Iterable[str]) -> None:
        """Let go of pictures by their SHA-256. Raises DiskError."""
        with self._turn:
            for sha256 in pictures:
                self._taken[sha256] -= 1
                if self._taken[sha256] <= 0:
                    del self._taken[sha256]
                    with on_disk(self._picture(sha256)):
                        self._picture(sha256).unlink(missing_ok=True)

    def picture(self, sha256: str) -> bytes | None:
        """Return a picture, None if it is not there. Raises DiskError."""
        path = self._picture(sha256)
        with on_disk(path):
            return path.read_bytes() if path.exists() else None

    # Items

    def add(self, inspection: str, body: bytes, command: bytes | None = None) -> None:
        """Add an event to the item's trail, with the command it came by. Raises DiskError."""
        if command is not None:
            name = f"{inspection}.{Event.model_validate_json(body).id}{_COMMAND}"
            self._write(name, lambda file: file.write(command))
        lines = [*self._lines(inspection), body]
        self._write(inspection + _TRAIL, lambda file: file.write(b"\n".join(lines) + b"\n"))

    def trail(self, inspection: str) -> dict[bytes, Event]:
        """Return the item's events in order, as they were recorded and read. Raises DiskError."""
        found: dict[str, tuple[bytes, Event]] = {}
        for line in self._lines(inspection):
            with suppress(ValidationError):  # a disk that lost a line
                event = Event.model_validate_json(line)
                found[event.id] = (line, event)
        return dict(found.values())

    def passed(self, inspection: str, number: int, n42: bytes) -> None:
        """Keep the item's passage ``number``, from 1, through the portal. Raises DiskError."""
        self._write(f"{inspection}.{number:02d}{_PORTAL}", lambda file: file.write(n42))

    def passages(self, inspection: str) -> list[bytes]:
        """Return the item's passages through the portal in order. Raises DiskError."""
        with on_disk(self._folder / _PORTAL):
            return [path.read_bytes() for path in self._passages(inspection)]

    def commands(self, inspection: str) -> list[bytes]:
        """Return the sealed commands on the item in the order of its trail. Raises DiskError."""
        events = self.trail(inspection).values()
        paths = [self._folder / f"{inspection}.{event.id}{_COMMAND}" for event in events]
        with on_disk(self._folder / _COMMAND):
            return [path.read_bytes() for path in paths if path.exists()]

    def close(self, inspection: str) -> None:
        """Let go of everything of an item. Raises DiskError."""
        events = self.trail(inspection).values()
        self.drop(picture for event in events for picture in pictures_of(event))
        with on_disk(self._folder / _TRAIL):
            beside = [path for path in self._beside() if _item_of(path) == inspection]
            for path in (*beside, self._folder / (inspection + _TRAIL)):
                path.unlink(missing_ok=True)

    def inspections(self) -> list[str]:
        """Return which items have a trail. Raises DiskError."""
        with on_disk(self._folder / _TRAIL):
            return sorted(path.name.removesuffix(_TRAIL) for path in self._all(_TRAIL))

    def sweep(self) -> None:
        """Remove pictures, passages and commands that belong to no item. Raises DiskError."""
        items = self.inspections()
        trails = [self.trail(inspection) for inspection in items]
        named = {p for trail in trails for event in trail.values() for p in pictures_of(event)}
        with on_disk(self._folder / _PICTURE), self._turn:
            for path in self._all(_PICTURE):
                if path.name.removesuffix(_PICTURE) not in named | self._taken.keys():
                    path.unlink()
            for path in self._beside():
                if _item_of(path) not in items:
                    path.unlink()

    def forget_before(self, now: datetime, age: timedelta) -> None:
        """Let go of items that had their last event more than ``age`` ago. Raises DiskError."""
        for inspection in self.inspections():
            times = [event.time for event in self.trail(inspection).values()]
            if all(now - time > age for time in times):
                self.close(inspection)

    def _lines(self, inspection: str) -> list[bytes]:
        path = self._folder / (inspection + _TRAIL)
        with on_disk(path):
            return path.read_bytes().splitlines() if path.exists() else []

    def _write(self, name: str, write: Callable[[BinaryIO], object]) -> None:
        write_whole(self._folder / name, write)

    def _passages(self, inspection: str) -> list[Path]:
        return sorted(p for p in self._all(_PORTAL) if _item_of(p) == inspection)

    def _beside(self) -> list[Path]:
        """Return what is named after an item, but for its trail."""
        return [*self._all(_PORTAL), *self._all(_COMMAND)]

    def _all(self, suffix: str) -> Iterator[Path]:
        return iter([path for path in self._folder.iterdir() if path.name.endswith(suffix)])

    def _picture(self, sha256: str) -> Path:
        return self._folder / (sha256 + _PICTURE)


def _item_of(beside: Path) -> str:
    return beside.name.rsplit(".", 2)[0]


def pictures_of(event: Event) -> list[str]:
    """Return the SHA-256 of every picture that ``event`` names."""
    return [picture.blob.sha256 for picture in _Named.model_validate(event.data).pictures]
