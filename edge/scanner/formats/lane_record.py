"""A lane's own record of an item, as the model that every format is written from.

1. Pictures travel as JPEG XL in parts (edge/scanner/pictures.py): the parts of one energy, one
   below the other, are its plane. Each has to have the SHA-256 that the record names.
2. Regions are threats: those of the recogniser, and those of any other check under its name. They
   are alarms where that check was suspect. The verdict is the record's.
3. As evidence the pictures go in as they travelled, byte for byte, so that memory stays bounded
   and the record's own hashes prove them. The report goes in as DICOS besides; the images that it
   names are made of the bundle when they are wanted (edge/scanner/evidence/export.py), and for that
   it says how they were taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from contract.blob import Picture
from contract.inspection import Check, Ended, Finding, Region, Scanned
from edge.scanner.formats import dicos_tdr
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import DICOM, JSON, Part, Role, kept_parts
from edge.scanner.formats.record import Energy, Item, Plane, Report, Scan, Scanner, Threat, Verdict

Image16 = NDArray[np.uint16]

RECOGNISER = "recogniser"  # its check; edge/scanner/examinations.py
REPORT, TAKEN = "findings/report.dcs", "telemetry/scanner.json"

_VERDICTS = {
    Finding.CLEAR: Verdict.CLEAR,
    Finding.SUSPECT: Verdict.ALARM,
    Finding.UNREADABLE: Verdict.UNREADABLE,
}


class Taken(BaseModel):
    """How the pictures were taken. ``pitch_mm`` is line to line, pixel to pixel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scanner: Scanner
    pitch_mm: tuple[float, float] | None = None


def taken(content: bytes) -> Taken:
    """Return what the part ``TAKEN`` of a bundle says; raise FormatError."""
    try:
        return Taken.model_validate_json(content)
    except ValidationError as error:
        raise FormatError(f"{TAKEN} cannot be read: {error.errors()[0]['msg']}") from error


def image_path(kind: str) -> str:
    """Return where in a bundle the picture of ``kind`` is."""
    return f"images/{kind}.jxl"


def report_of(scanned: Scanned, decided: datetime) -> Report:
    """Return what ``scanned`` says was found; ``decided`` is when that was recorded."""
    by = scanned.recogniser
    alone = Check(name=RECOGNISER, finding=scanned.finding, regions=scanned.regions)
    return Report(
        verdict=_VERDICTS[scanned.finding],
        algorithm=by.name if by else "none",
        version=by.version if by else "none",
        decided=decided,
        processing_ms=sum(scanned.stages_ms.values()),
        threats=tuple(_threats(scanned.checks or [alone])),
        parameters={"threshold": f"{scanned.threshold:g}"},
    )


def _threats(checks: Iterable[Check]) -> Iterator[Threat]:
    for check in checks:
        kind = "" if check.name == RECOGNISER else check.name
        for region in check.regions:
            yield _threat(region, kind, alarm=check.finding is Finding.SUSPECT)


def _threat(region: Region, kind: str, *, alarm: bool) -> Threat:
    return Threat(region.x, region.y, region.w, region.h, region.score, kind, alarm=alarm)


def scan_of(
    scanned: Scanned,
    pictures: Mapping[str, bytes],
    how: Taken,
    began: datetime,
) -> Scan:
    """Return the scan, its planes decoded from ``pictures``, by kind; raise FormatError."""
    planes = [
        plane for energy in Energy if (plane := _plane(scanned, energy, pictures)) is not None
    ]
    if not planes:
        raise FormatError("the record names no pictures")
    return Scan(
        scanned.inspection, Item(scanned.item), how.scanner, began, tuple(planes), 16, how.pitch_mm
    )  # fmt: skip


def _plane(scanned: Scanned, energy: Energy, pictures: Mapping[str, bytes]) -> Plane | None:
    parts = [_decoded(picture, pictures) for picture in _parts(scanned, energy)]
    if not parts:
        return None
    return np.vstack(parts)


def _parts(scanned: Scanned, energy: Energy) -> list[Picture]:
    """Return the parts of one energy from top to bottom: high, high-2, high-3, …."""
    of = [p for p in scanned.pictures if p.kind.split("-")[0] == energy.value]
    return sorted(of, key=lambda p: int(p.kind.partition("-")[2] or 1))


def _decoded(picture: Picture, pictures: Mapping[str, bytes]) -> Image16:
    content = _proven(picture, pictures)
    try:
        plane: Image16 = imagecodecs.jpegxl_decode(content)
    except (ValueError, RuntimeError) as error:
        raise FormatError(f"picture {picture.kind} cannot be decoded: {error}") from error
    if plane.shape != (picture.height, picture.width) or plane.dtype != np.uint16:
        raise FormatError(f"picture {picture.kind} is {plane.shape}, not as recorded")
    return plane


def _proven(picture: Picture, pictures: Mapping[str, bytes]) -> bytes:
    if (content := pictures.get(picture.kind)) is None:
        raise FormatError(f"picture {picture.kind} is not there")
    if hashlib.sha256(content).hexdigest() != picture.blob.sha256:
        raise FormatError(f"picture {picture.kind} is not the one that was recorded")
    return content


def evidence_parts(
    scanned: Scanned,
    pictures: Mapping[str, bytes],
    how: Taken,
    began: datetime,
    trail: Sequence[bytes],
    *,
    ended: Ended | None = None,
    commands: Sequence[bytes] = (),
    passages: Sequence[bytes] = (),
) -> list[Part]:
    """Return the parts of an evidence bundle on one item; raise FormatError.

    ``pictures`` by kind, as they travelled; ``trail`` the lane's events of this item as canonical
    JSON, in order; ``commands`` the operators' decisions as they were received, sealed;
    ``passages`` N42 files.
    """
    found = [Part("findings/scanned.json", Role.FINDINGS, JSON, _json(scanned))]
    for picture in scanned.pictures:
        content = _proven(picture, pictures)
        path = image_path(picture.kind)
        found.append(Part(path, Role.IMAGE, picture.blob.media_type, content))
    if (report := _report(scanned, how.scanner, began)) is not None:
        found.append(Part(REPORT, Role.FINDINGS, DICOM, report))
    telemetry = _json(ended) if ended is not None else _json(scanned, {"stages_ms", "lost_lines"})
    found.append(Part("telemetry/telemetry.json", Role.TELEMETRY, JSON, telemetry))
    found.append(Part(TAKEN, Role.TELEMETRY, JSON, how.model_dump_json(indent=1).encode()))
    return [*found, *kept_parts(trail, commands, passages)]


def _report(scanned: Scanned, scanner: Scanner, began: datetime) -> bytes | None:
    """Return the report in DICOS; it needs of the pictures only how large they are."""
    high, low = (_parts(scanned, energy) for energy in (Energy.HIGH, Energy.LOW))
    if not high:
        return None
    size = (sum(part.height for part in high), high[0].width)
    nothing = np.broadcast_to(np.uint16(0), size)
    planes = (nothing, nothing) if low else (nothing,)
    scan = Scan(scanned.inspection, Item(scanned.item), scanner, began, planes)
    return dicos_tdr.encode(scan, report_of(scanned, began), began)


def _json(message: Scanned | Ended, only: set[str] | None = None) -> bytes:
    return message.model_dump_json(indent=1, include=only).encode()
