"""A package in the shape of the WCO's Unified File Format 3: *unverified*.

The specification of UFF 3.0.0 (2025) is not public. Known of it is the shape: one package with the
images of a scan as they come from the detector, what machine and item they are of, what was found,
and data of a radiation portal beside them. This is that shape in our own words and no more; nobody
has checked it against the WCO's reader, and every package says so, in a file and in its metadata.

1. A zip archive in one spelling (archive.py): ``UNVERIFIED.txt``, ``metadata.json``, ``images/``.
2. Images are TIFF without compression, one for each energy, their depth kept, with SHA-256.
3. Reading takes packages of ours, checks label, sizes and hashes, and gives scan and report back.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO, Literal

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from edge.scanner.formats import archive, raster
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import numbered
from edge.scanner.formats.record import (
    Energy,
    Item,
    ItemKind,
    Plane,
    Report,
    Scan,
    Scanner,
    Threat,
    Verdict,
)

LABEL, METADATA = "UNVERIFIED.txt", "metadata.json"
MOST_METADATA, MOST_IMAGE = 16 << 20, 512 << 20
WARNING = (
    "UNVERIFIED. This package has the shape of the WCO Unified File Format 3 as far as it is\n"
    "publicly described. It was written without the specification and has not been checked\n"
    "against it. Do not rely on a UFF reader accepting it.\n"
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ImageEntry(_Strict):
    """One image of the package."""

    path: str = Field(pattern=r"^images/(low|high)\.tif$")
    energy: Energy
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ThreatEntry(_Strict):
    """One threat: its box in pixels."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    w: int = Field(ge=1)
    h: int = Field(ge=1)
    score: float | None
    kind: str
    alarm: bool
    opaque: bool


class ReportEntry(_Strict):
    """What an algorithm found."""

    verdict: Verdict
    algorithm: str
    version: str
    decided: AwareDatetime
    processing_ms: float
    parameters: dict[str, str]
    threats: list[ThreatEntry]


class ScannerEntry(_Strict):
    """The machine."""

    manufacturer: str
    model: str
    serial: str
    station: str
    site: str
    address: str
    software: str
    calibrated: AwareDatetime | None
    kilovolts: float | None
    microamperes: float | None
    belt_mm_s: float | None


class ItemEntry(_Strict):
    """The object of inspection."""

    name: str
    kind: ItemKind
    authority: str


class Metadata(_Strict):
    """Everything but the pixels. ``verified`` is never true here."""

    format: Literal["UFF-3-shaped"] = "UFF-3-shaped"
    verified: Literal[False] = False
    inspection: str
    began: AwareDatetime
    item: ItemEntry
    scanner: ScannerEntry
    bits: int = Field(ge=1, le=16)
    pitch_mm: tuple[float, float] | None
    images: list[ImageEntry] = Field(min_length=1, max_length=2)
    findings: ReportEntry | None


def write(
    target: BinaryIO, scan: Scan, report: Report | None = None, passages: Sequence[bytes] = ()
) -> None:
    """Write ``scan``, what was found in it, and the portal's N42 files as one package."""
    images = {
        energy: raster.encode_tiff([plane])
        for energy, plane in zip(scan.energies, scan.planes, strict=True)
    }
    about = json.dumps(_described(scan, report, images), indent=1, ensure_ascii=False).encode()
    members = [(LABEL, WARNING.encode()), (METADATA, about)]
    members += [(_path(energy), content) for energy, content in images.items()]
    for number, passage in enumerate(passages, 1):
        members.append((numbered("radiation/portal", ".n42", number), passage))
    archive.write(target, members)


def _described(scan: Scan, report: Report | None, images: dict[Energy, bytes]) -> dict[str, Any]:
    entries = [
        {"path": _path(energy), "energy": energy, "sha256": hashlib.sha256(content).hexdigest()}
        for energy, content in images.items()
    ]
    said = {
        "inspection": scan.inspection,
        "began": scan.began,
        "item": vars(scan.item),
        "scanner": vars(scan.scanner),
        "bits": scan.bits,
        "pitch_mm": scan.pitch_mm,
        "images": entries,
        "findings": None if report is None else report.as_json(),
    }
    try:
        return Metadata.model_validate(said).model_dump(mode="json")
    except ValidationError as error:
        raise FormatError(f"cannot be described: {error.errors()[0]['msg']}") from error


def _path(energy: Energy) -> str:
    return f"images/{energy.value}.tif"


def is_package(data: bytes) -> bool:
    """Whether the file is a zip archive, and so perhaps a package."""
    return data.startswith(b"PK\x03\x04")


def read(data: bytes) -> tuple[Scan, Report | None]:
    """Return scan and report of a package that ``write`` made; raise FormatError."""
    found = archive.opened(BytesIO(data))
    if archive.content(found, LABEL, len(WARNING) * 2) != WARNING.encode():
        raise FormatError(f"{LABEL} is not ours: only packages of this software are read")
    about = archive.content(found, METADATA, MOST_METADATA)
    try:
        said = Metadata.model_validate_json(about)
        scan = _scan(said, [_plane(found, entry) for entry in said.images])
        return scan, _report(said.findings)
    except (ValidationError, ValueError) as error:
        raise FormatError(f"the package contradicts itself: {error}") from error


def _plane(found: zipfile.ZipFile, entry: ImageEntry) -> Plane:
    content = archive.content(found, entry.path, MOST_IMAGE)
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise FormatError(f"{entry.path} was changed: its SHA-256 is another")
    (plane,) = raster.decode(content)
    if plane.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise FormatError(f"{entry.path} has {plane.dtype} pixels; 8 or 16 bits are wanted")
    return plane


def _scan(said: Metadata, planes: list[Plane]) -> Scan:
    scan = Scan(
        said.inspection, Item(**said.item.model_dump()), Scanner(**said.scanner.model_dump()),
        said.began, tuple(planes), said.bits, said.pitch_mm,
    )  # fmt: skip
    if tuple(entry.energy for entry in said.images) != scan.energies:
        raise FormatError("the energies of the package are not low and high, or high alone")
    return scan


def _report(said: ReportEntry | None) -> Report | None:
    if said is None:
        return None
    return Report(
        verdict=said.verdict,
        algorithm=said.algorithm,
        version=said.version,
        decided=datetime.fromisoformat(said.decided.isoformat()),
        processing_ms=said.processing_ms,
        threats=tuple(Threat(**threat.model_dump()) for threat in said.threats),
        parameters=said.parameters,
    )
