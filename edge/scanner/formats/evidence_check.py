"""Is an evidence bundle what its unit sealed? Offline, with nothing but the file and a public key.

1. The manifest: is it there, is its seal one of a key we were given.
2. The parts: all there, none besides, each of the size and SHA-256 that the manifest says.
3. The archive: not a bit between the parts differs from the one spelling that there is.
4. Who decided, if all of that holds: evidence_decisions.py.
Everything that is wrong is named; the first thing wrong does not hide the next. Memory is bounded:
parts go by in chunks.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import ValidationError

from contract.signing import PublicKeys, Purpose, SealError, unseal
from edge.scanner.formats import archive
from edge.scanner.formats.archive import Member
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import MANIFEST, Entry, Manifest
from edge.scanner.formats.evidence_decisions import decided

MOST_MANIFEST = 4 << 20
MOST_TOLD = 16 << 20  # bytes of a trail, or of a command


def nobodys(_name: str) -> None:
    """Return no key: none is trusted."""


@dataclass(frozen=True)
class Outcome:
    """What is wrong with a bundle; nothing wrong is sound. ``manifest`` is as far as it was read.

    ``key`` is the id of the key that the manifest says it was sealed by; ``decided`` says who
    decided on the item, and whether that is proved.
    """

    problems: tuple[str, ...]
    manifest: Manifest | None = None
    key: str | None = None
    decided: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every bit is as it was sealed."""
        return not self.problems


def verify(file: BinaryIO, keys: PublicKeys, centrals: PublicKeys = nobodys) -> Outcome:
    """Return what is wrong with the bundle in ``file`` (seekable). Raises nothing but OSError.

    ``keys`` are those of units; ``centrals`` those by which operators' commands are sealed.
    """
    try:
        found = archive.opened(file)
        sealed = archive.content(found, MANIFEST, MOST_MANIFEST)
    except FormatError as error:
        return Outcome((str(error),))
    problems = []
    try:
        unseal(Purpose.EVIDENCE, sealed, keys)
    except SealError as error:
        problems.append(f"{MANIFEST}: {error}")
    try:
        manifest = Manifest.model_validate_json(sealed.partition(b"\n")[2])
    except ValidationError as error:
        reason = f"{MANIFEST} cannot be read: {error.errors()[0]['msg']}"
        return Outcome((*problems, reason))
    problems += _wrong_parts(found, manifest)
    if not problems:
        problems += _wrong_spelling(file, sealed, manifest, found)
    if problems:
        return Outcome(tuple(problems), manifest, _key_of(sealed))
    return _with_decisions(found, manifest, _key_of(sealed), centrals)


def _with_decisions(
    found: zipfile.ZipFile, manifest: Manifest, key: str | None, centrals: PublicKeys
) -> Outcome:
    try:
        who = decided(manifest, lambda path: archive.content(found, path, MOST_TOLD), key, centrals)
    except FormatError as error:
        return Outcome((str(error),), manifest, key)
    return Outcome(who.problems, manifest, key, who.told)


def _key_of(sealed: bytes) -> str | None:
    words = sealed.partition(b"\n")[0].split(b" ")
    return words[1].decode("ascii", "replace") if len(words) == 3 else None


def _wrong_parts(found: zipfile.ZipFile, manifest: Manifest) -> Iterator[str]:
    listed = {entry.path: entry for entry in manifest.parts}
    stored = Counter(info.filename for info in found.infolist())
    for path in listed:
        if path not in stored:
            yield f"{path} is missing"
    for name, times in stored.items():
        if times > 1:
            yield f"{name} is there {times} times"
        if name != MANIFEST and name not in listed:
            yield f"{name} is not in the manifest"
    for path, entry in listed.items():
        if stored[path] == 1 and (reason := _changed(found, entry)):
            yield f"{path}: {reason}"


def _changed(found: zipfile.ZipFile, entry: Entry) -> str | None:
    info = found.getinfo(entry.path)
    if info.file_size != entry.size:
        return f"holds {info.file_size} bytes where {entry.size} were sealed"
    digest = hashlib.sha256()
    try:
        for chunk in archive.chunks(found, info, entry.size):
            digest.update(chunk)
    except FormatError as error:
        return f"its content was changed ({error})"
    if digest.hexdigest() != entry.sha256:
        return f"its content was changed: SHA-256 {digest.hexdigest()[:12]}…, sealed was " + (
            f"{entry.sha256[:12]}…"
        )
    return None


def _wrong_spelling(
    file: BinaryIO, sealed: bytes, manifest: Manifest, found: zipfile.ZipFile
) -> Iterator[str]:
    """Compare everything but the contents, which were hashed, with what has to stand there."""
    members = [Member(MANIFEST, len(sealed), zlib.crc32(sealed))]
    members += [Member(e.path, e.size, _crc(found, e)) for e in manifest.parts]
    end = 0
    for section in archive.sections(members):
        file.seek(section.offset)
        if file.read(len(section.content)) != section.content:
            yield f"{section.what} was changed (from byte {section.offset})"
        end = section.offset + len(section.content)
    if (size := file.seek(0, 2)) != end:
        yield f"{size - end} bytes were added behind the archive"


def _crc(found: zipfile.ZipFile, entry: Entry) -> int:
    crc = 0
    for chunk in archive.chunks(found, found.getinfo(entry.path), entry.size):
        crc = zlib.crc32(chunk, crc)
    return crc
