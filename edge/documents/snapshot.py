"""Snapshots of the lists that a lane believes: sealed, numbered, kept for when the line is down.

A snapshot is a folder, or a ZIP file of one: the lists themselves, and ``manifest``, a sealed
message (``contract.signing``) whose body is JSON: format, sequence, made, and per file its size and
SHA-256.

1. The seal must be of a key that is trusted here, and every file exactly as the manifest has it;
   nothing that it does not name is looked at.
2. Every list in it must hold (``trust``): one problem, and the whole snapshot is refused.
3. A cache takes only a higher sequence, made no earlier: never back. It holds each snapshot in a
   folder of its own that appears whole or not at all; the one before is kept until the next.
4. ``newest`` in the cache says which sequence was reached, so that taking that folder away does not
   bring an older one back.
5. Age is not judged here: the store says of when it is, and the policy how old is too old.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, Field, ValidationError

from contract import signing
from contract.signing import PublicKeys, Purpose, SealError
from edge.documents import trust
from edge.documents.trust import KNOWN, TrustStore
from edge.runtime.disk import sync_folder
from settings.files import Section

MANIFEST, NEWEST = "manifest", "newest"
FORMAT = 1
LARGEST = 64 << 20  # bytes of one file; the German master list has 0.9 MB
_LARGEST_MANIFEST = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class SnapshotError(Exception):
    """A snapshot that may not be used; the message says why, and what is used instead."""


class _File(Section):
    size: int = Field(ge=0, le=LARGEST)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Manifest(Section):
    format: int = Field(ge=FORMAT, le=FORMAT)
    sequence: int = Field(ge=1, le=2**53)
    made: AwareDatetime
    files: dict[str, _File] = Field(min_length=1, max_length=1000)


@dataclass(frozen=True)
class Snapshot:
    """One verified snapshot: its number, when it was made, its files by name."""

    sequence: int
    made: datetime
    files: Mapping[str, bytes] = field(repr=False)
    manifest: bytes = field(repr=False)

    def store(self) -> TrustStore:
        """Return what the lists say, as of the day the snapshot was made."""
        store = trust.load_files(self.files.items())
        store.as_of = self.made
        return store


def make(folder: Path, sequence: int, made: datetime, key: Ed25519PrivateKey) -> Path:
    """Write the manifest of the lists in ``folder`` and return its path."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in KNOWN)
    files = {name: _described((folder / name).read_bytes()) for name in names}
    body = _Manifest(format=FORMAT, sequence=sequence, made=made, files=files)
    text = json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()
    path = folder / MANIFEST
    path.write_bytes(signing.seal(Purpose.TRUST_LISTS, text, key))
    return path


def _described(content: bytes) -> _File:
    return _File(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def read(source: Path, keys: PublicKeys) -> Snapshot:
    """Return the snapshot at ``source``, a folder or a ZIP file; SnapshotError if it fails."""
    try:
        if source.is_dir():
            return _verified(lambda name, most: _from_folder(source, name, most), keys)
        with zipfile.ZipFile(source) as archive:
            return _verified(lambda name, most: _from_zip(archive, name, most), keys)
    except (OSError, zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise SnapshotError(f"{source.name}: cannot be read: {error}") from error


Fetch = Callable[[str, int], bytes]  # name, most bytes


def _from_folder(folder: Path, name: str, most: int) -> bytes:
    with (folder / name).open("rb") as file:
        return file.read(most + 1)


def _from_zip(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        return file.read(most + 1)


def _verified(fetch: Fetch, keys: PublicKeys) -> Snapshot:
    sealed = fetch(MANIFEST, _LARGEST_MANIFEST)
    try:
        body = signing.unseal(Purpose.TRUST_LISTS, sealed, keys)
        manifest = _Manifest.model_validate_json(body)
    except (SealError, ValidationError) as error:
        raise SnapshotError(f"{MANIFEST}: {error}") from error
    files: dict[str, bytes] = {}
    for name, described in manifest.files.items():
        if not _NAME.fullmatch(name) or Path(name).suffix.lower() not in KNOWN:
            raise SnapshotError(f"{MANIFEST} names {name!r}, which is no list")
        content = fetch(name, described.size)
        if _described_or_none(content) != described:
            raise SnapshotError(f"{name} is not the file that the manifest names")
        files[name] = content
    return Snapshot(manifest.sequence, manifest.made.astimezone(UTC), files, sealed)


def _described_or_none(content: bytes) -> _File | None:
    return _described(content) if len(content) <= LARGEST else None


def install(source: Path, cache: Path, keys: PublicKeys) -> Snapshot:
    """Take the snapshot at ``source`` into ``cache``; SnapshotError leaves the cache as it was.

    The very snapshot that is there already is taken without a word.
    """
    snapshot = read(source, keys)
    if problems := snapshot.store().problems:
        raise SnapshotError(f"snapshot {snapshot.sequence} is refused: {'; '.join(problems)}")
    before = current(cache, keys)
    if before and before.manifest == snapshot.manifest:
        return before
    _refuse_going_back(before, snapshot)
    _write(snapshot, cache)
    return snapshot


def _refuse_going_back(before: Snapshot | None, snapshot: Snapshot) -> None:
    if before is None:
        return
    if snapshot.sequence <= before.sequence or snapshot.made < before.made:
        raise SnapshotError(
            f"snapshot {snapshot.sequence} of {snapshot.made:%Y-%m-%d} is no newer than "
            f"{before.sequence} of {before.made:%Y-%m-%d}, which stays"
        )


def current(cache: Path, keys: PublicKeys) -> Snapshot | None:
    """Return the newest snapshot in ``cache``, None where there never was one.

    Raises SnapshotError where the newest is missing or has been changed: no older one is taken.
    """
    reached = _reached(cache)
    if reached is None:
        return None
    snapshot = read(_folder(cache, reached), keys)
    if snapshot.sequence != reached:
        raise SnapshotError(f"the cache's snapshot {reached} says it is {snapshot.sequence}")
    return snapshot


def _reached(cache: Path) -> int | None:
    try:
        return int((cache / NEWEST).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{cache / NEWEST} cannot be read: {error}; import again") from error


def _folder(cache: Path, sequence: int) -> Path:
    return cache / f"{sequence:016d}"


def _write(snapshot: Snapshot, cache: Path) -> None:
    """Write the folder whole, then the number that makes it count; both survive a power cut."""
    place, before = _folder(cache, snapshot.sequence), _reached(cache)
    half = place.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)  # of an import that was cut off before it counted
    half.mkdir(parents=True)
    for name, content in (*snapshot.files.items(), (MANIFEST, snapshot.manifest)):
        _write_through(half / name, content)
    sync_folder(half)
    half.rename(place)
    _write_through(cache / f"{NEWEST}.half", str(snapshot.sequence).encode())
    sync_folder(cache)
    (cache / f"{NEWEST}.half").replace(cache / NEWEST)
    sync_folder(cache)
    keep = {place, _folder(cache, before) if before else place}
    for old in cache.glob("[0-9]" * 16):
        if old not in keep:
            shutil.rmtree(old, ignore_errors=True)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
