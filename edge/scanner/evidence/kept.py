"""From an evidence bundle back to what every format is written from. Offline.

1. A bundle is verified first, to the last bit; one that is not sound is refused with every reason.
2. The pictures are put together as the lane's record says, each with the SHA-256 that it names.
3. The report is the one that the lane sealed, byte for byte: it names the images by identifiers
   that come of the inspection's name, and so do those that are written from here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from contract.envelope import Event
from contract.signing import PublicKeys
from edge.scanner.evidence.bundle import Case, case_of
from edge.scanner.evidence.errors import NotKept
from edge.scanner.formats import archive
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import MANIFEST, TRAIL, About, Entry, Manifest, Role
from edge.scanner.formats.evidence_check import verify
from edge.scanner.formats.lane_record import (
    REPORT,
    TAKEN,
    Taken,
    image_path,
    report_of,
    scan_of,
    taken,
)
from edge.scanner.formats.record import Report, Scan, Scanner

MOST_PART = 512 << 20  # bytes of a part; pictures are in parts of some megabytes


@dataclass(frozen=True)
class Kept:
    """What a bundle holds: the scan, what was found in it, and the files that go on as they are."""

    scan: Scan
    report: Report
    tdr: bytes
    passages: tuple[bytes, ...]  # N42 files, in order


def is_bundle(path: Path) -> bool:
    """Whether the file is an archive that begins with a sealed manifest."""
    try:
        with path.open("rb") as file:
            return [info.filename for info in archive.opened(file).infolist()][:1] == [MANIFEST]
    except (OSError, FormatError):
        return False


def kept(path: Path, keys: PublicKeys) -> Kept:
    """Return what the bundle in ``path``, sealed by one of ``keys``, holds; raise FormatError."""
    try:
        with path.open("rb") as file:
            return _Bundle(file, _verified(file, keys)).kept()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}") from error


def _verified(file: BinaryIO, keys: PublicKeys) -> Manifest:
    outcome = verify(file, keys)
    if not outcome.sound or outcome.manifest is None:
        raise FormatError(f"the evidence is not sound: {'; '.join(outcome.problems)}")
    return outcome.manifest


class _Bundle:
    """The parts of a bundle that was verified."""

    def __init__(self, file: BinaryIO, manifest: Manifest) -> None:
        self._found: zipfile.ZipFile = archive.opened(file)
        self._parts = {entry.path: entry for entry in manifest.parts}
        self._about: About = manifest.about

    def kept(self) -> Kept:
        """Return what is in it."""
        case = self._case()
        pictures = {
            picture.kind: self._content(image_path(picture.kind))
            for picture in case.scanned.pictures
        }
        if not pictures:
            raise FormatError("the item was never seen: the bundle has no pictures")
        return Kept(
            scan=scan_of(case.scanned, pictures, self._how(), case.began),
            report=report_of(case.scanned, case.began),
            tdr=self._content(REPORT),
            passages=tuple(self._content(entry.path) for entry in self._passages()),
        )

    def _case(self) -> Case:
        try:
            lines = self._content(TRAIL).splitlines()
            return case_of({line: Event.model_validate_json(line) for line in lines})
        except ValidationError as error:
            raise FormatError(f"{TRAIL} is not a lane's: {error.errors()[0]['msg']}") from error
        except NotKept as error:
            raise FormatError(f"{TRAIL}: {error}") from error

    def _how(self) -> Taken:
        if TAKEN in self._parts:
            return taken(self._content(TAKEN))
        return Taken(scanner=Scanner(station=self._about.unit, site=self._about.site))

    def _passages(self) -> Iterator[Entry]:
        of = [entry for entry in self._parts.values() if entry.role is Role.RADIATION]
        yield from sorted(of, key=lambda entry: (len(entry.path), entry.path))  # -2 before -10

    def _content(self, path: str) -> bytes:
        return archive.content(self._found, path, MOST_PART)
