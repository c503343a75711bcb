"""From one format into another, chosen by the ending of the file's name.

1. Pictures: PNG (8 or 16 bits), TIFF, DICOS (.dcs, .dcm), UFF-shaped packages (.uff, .zip). Pixel
   values are kept as they are; floats become 16 bits; 8 bits out of 16 only if asked for.
2. A format that holds one energy a file gets two files: OUT for the high energy, and one with -low
   before the ending.
3. Evidence bundles are converted in edge/scanner/evidence/export.py: they are verified first.
4. An output is written whole beside its place and moved there: it is never half there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np

from edge.scanner.formats import dicos_dx, raster, uff
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Energy, Item, ItemKind, Plane, Scan, Scanner
from edge.scanner.images import Pixels, Source, read, used_bits

FULL = 65_535


@dataclass(frozen=True)
class Wishes:
    """What cannot be read off a file but has to be said, or chosen."""

    item: str | None = None
    kind: ItemKind = ItemKind.CARGO
    pitch_mm: float | None = None
    bits: int | None = None  # 8: make it 8
    compression: Compression = Compression.NONE


def convert_picture(path: Path, out: Path, low: Path | None, wishes: Wishes) -> list[Path]:
    """Write the picture in ``path`` as ``out``; return the files written; raise FormatError."""
    if (writer := _WRITERS.get(out.suffix.lower())) is None:
        raise FormatError(f"no pictures are written as {out.suffix!r}: {', '.join(_WRITERS)}")
    scan = _scan(read(path, low), path, wishes)
    contents = writer(scan, out, wishes)
    for target, content in contents.items():
        replace_file(target, content)
    return list(contents)


def _scan(source: Source, path: Path, wishes: Wishes) -> Scan:
    planes, bits = _integers(source)
    if wishes.bits == 8 and bits > 8:
        planes, bits = [_eight(plane, bits) for plane in planes], 8
    pitch = (wishes.pitch_mm, wishes.pitch_mm) if wishes.pitch_mm else source.pitch_mm
    name = wishes.item or source.item or path.stem
    began = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    item = Item(name, wishes.kind)
    return Scan(_identity(name, planes), item, Scanner(), began, tuple(planes), bits, pitch)


def _identity(name: str, planes: list[Plane]) -> str:
    """Return what stands for the inspection: the same for the same pixels of the same item."""
    digest = hashlib.sha256(name.encode())
    for plane in planes:
        digest.update(plane.tobytes())
    return digest.hexdigest()[:32]


def _integers(source: Source) -> tuple[list[Plane], int]:
    """Return planes of 8 or 16 bits and how many of them are used."""
    kinds = {plane.dtype for plane in source.planes}
    if kinds <= {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return list(source.planes), used_bits(source)
    if any(kind.kind != "f" for kind in kinds):
        raise FormatError(f"{kinds.pop()} pixels are not converted; 8 or 16 bits, or floats")
    return _from_floats(source.planes), 16


def _from_floats(planes: tuple[Pixels, ...]) -> list[Plane]:
    whole = np.stack(planes).astype(np.float64)
    if not np.isfinite(whole).all():
        raise FormatError("holds values that are not numbers")
    scaled = np.clip(whole / max(1.0, float(whole.max())), 0, 1)
    return list(np.rint(scaled * FULL).astype(np.uint16))


def _eight(plane: Plane, bits: int) -> Plane:
    eight: Plane = np.rint(plane * (255 / (2**bits - 1))).astype(np.uint8)
    return eight


def _png(scan: Scan, out: Path, _wishes: Wishes) -> dict[Path, bytes]:
    return {
        named(out, energy): raster.encode_png(plane)
        for energy, plane in zip(scan.energies, scan.planes, strict=True)
    }


def _tiff(scan: Scan, out: Path, _wishes: Wishes) -> dict[Path, bytes]:
    return {out: raster.encode_tiff(scan.planes)}


def _dicos(scan: Scan, out: Path, wishes: Wishes) -> dict[Path, bytes]:
    made = scan.began
    return {
        named(out, energy): dicos_dx.encode(scan, energy, made, wishes.compression)
        for energy in scan.energies
    }


def _uff(scan: Scan, out: Path, _wishes: Wishes) -> dict[Path, bytes]:
    target = BytesIO()
    uff.write(target, scan)
    return {out: target.getvalue()}


def named(out: Path, energy: Energy) -> Path:
    """Return the name of the file of ``energy`` where each has its own."""
    return out if energy is Energy.HIGH else out.with_stem(f"{out.stem}-{energy.value}")


_WRITERS: dict[str, Callable[[Scan, Path, Wishes], dict[Path, bytes]]] = {
    ".png": _png,
    ".tif": _tiff,
    ".tiff": _tiff,
    ".dcs": _dicos,
    ".dcm": _dicos,
    ".uff": _uff,
    ".zip": _uff,
}


def replace_file(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target``, whole or not at all; raise FormatError if it cannot be."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise FormatError(f"{target} cannot be written: {error.strerror}") from error
