"""Manifests by container number: one small JSON file each, in a folder that customs keeps filled.

1. A file is called after the number, ``CSQU3054383.json``. Unknown keys in it are others' business.
2. No file is an answer: policy says whether that holds the item. One that cannot be read, or whose
   values cannot be, is not a missing one: it is told as what it is, and holds the item.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.names import Identifier
from edge.scanner.cargo.manifest import Declaration

MOST = 1_000_000  # bytes of a file


class ManifestError(Exception):
    """A manifest that is there and cannot be used; the message says which and why."""


class Manifest(BaseModel):
    """What the papers say of one container; what is not stated is null."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Identifier
    empty: bool = False
    chapter: str | None = Field(default=None, max_length=12)
    gross_kg: float | None = None
    net_kg: float | None = None
    packages: int | None = None
    homogeneous: bool | None = None
    tare_kg: float = Field(default=0.0, ge=0)

    @property
    def hs_chapter(self) -> str | None:
        """The chapter, if it can be one; that it cannot is the manifest check's business."""
        said = self.chapter or ""
        return said if re.fullmatch(r"[0-9]{2}", said) else None

    @property
    def declaration(self) -> Declaration:
        """What is to be compared with the picture."""
        return Declaration(
            self.chapter, self.gross_kg, self.net_kg, self.packages, self.homogeneous
        )


def find(folder: Path, container: str) -> Manifest | None:
    """Return the manifest of ``container``, a number; None if there is none. Blocks.

    Raises ManifestError.
    """
    path = folder / f"{container}.json"
    try:
        with path.open("rb") as file:
            raw = file.read(MOST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(raw) > MOST:
        raise ManifestError(f"{path.name} is longer than {MOST} bytes")
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ManifestError(f"{path.name}: {place}: {first['msg']}") from error
