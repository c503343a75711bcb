"""An evidence bundle: one file that proves, offline and years later, what was seen and decided.

1. A zip archive, stored, in one spelling (archive.py). Its first member is the manifest, sealed by
   the unit's key for the purpose "evidence": who, what, when, and size and SHA-256 of every part.
2. Every part has a role. Findings, telemetry and the trail of decisions are always there.
3. What a lane puts into one is in lane_record.py: pictures as they travelled, findings as JSON and
   as DICOS TDR, radiation as N42.42, the trail as the lane's own events, commands as received.
4. Parts go out as they are; nothing is kept in memory twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, BinaryIO, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field

from contract.envelope import canonical
from contract.names import Identifier, Level, Sha256
from contract.signing import Purpose, seal
from edge.scanner.formats import archive
from edge.scanner.formats.errors import FormatError

MANIFEST, TRAIL = "manifest.sealed", "trail/events.jsonl"
DICOM, JSON, LINES = "application/dicom", "application/json", "application/jsonl"
XML, BYTES = "application/xml", "application/octet-stream"

PartPath = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$",
                                max_length=128)]  # fmt: skip


class Role(StrEnum):
    """What a part is there for."""

    IMAGE = "image"
    FINDINGS = "findings"
    RADIATION = "radiation"
    TELEMETRY = "telemetry"
    TRAIL = "trail"
    SIGNATURE = "signature"
    DOCUMENT = "document"


REQUIRED = frozenset({Role.FINDINGS, Role.TELEMETRY, Role.TRAIL})


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class About(_Strict):
    """What the bundle is about and who made it."""

    inspection: Identifier
    item: Identifier
    site: Level
    unit: Level
    made: datetime


class Entry(_Strict):
    """One part as the manifest has it."""

    path: PartPath
    role: Role
    media_type: str = Field(max_length=64)
    size: int = Field(ge=0)
    sha256: Sha256


class Manifest(_Strict):
    """What is sealed."""

    format: Literal["border-evidence/1"] = "border-evidence/1"
    about: About
    parts: list[Entry]


@dataclass(frozen=True)
class Part:
    """One file of a bundle."""

    path: str
    role: Role
    media_type: str
    content: bytes

    @property
    def entry(self) -> Entry:
        """Return the part as the manifest has it."""
        return Entry(
            path=self.path,
            role=self.role,
            media_type=self.media_type,
            size=len(self.content),
            sha256=hashlib.sha256(self.content).hexdigest(),
        )


def write(target: BinaryIO, about: About, parts: Sequence[Part], key: Ed25519PrivateKey) -> None:
    """Write the bundle to ``target``; raise FormatError for parts that make none."""
    if missing := REQUIRED - {part.role for part in parts}:
        raise FormatError(f"an evidence bundle needs {', '.join(sorted(missing))}")
    if len({part.path for part in parts}) != len(parts):
        raise FormatError("two parts of the evidence have the same path")
    ordered = sorted(parts, key=lambda part: part.path)
    try:
        manifest = Manifest(about=about, parts=[part.entry for part in ordered])
    except ValueError as error:
        raise FormatError(f"not a part of an evidence bundle: {error}") from error
    body = canonical(manifest.model_dump(mode="json"))
    first = (MANIFEST, seal(Purpose.EVIDENCE, body, key))
    archive.write(target, [first, *((part.path, part.content) for part in ordered)])


def kept_parts(
    trail: Sequence[bytes], commands: Sequence[bytes], passages: Sequence[bytes]
) -> Iterator[Part]:
    """Yield what goes in as it is: the trail, operators' sealed commands, N42 files."""
    lines = b"".join(event + b"\n" for event in trail)
    yield Part(TRAIL, Role.TRAIL, LINES, lines)
    for number, command in enumerate(commands, 1):
        yield Part(numbered("signatures/command", ".bc1", number), Role.SIGNATURE, BYTES, command)
    for number, passage in enumerate(passages, 1):
        yield Part(numbered("radiation/portal", ".n42", number), Role.RADIATION, XML, passage)


def numbered(stem: str, ending: str, number: int) -> str:
    """Return the path of the part ``number`` of its kind, from 1: portal.n42, portal-2.n42, …."""
    return f"{stem}{ending}" if number == 1 else f"{stem}-{number}{ending}"
