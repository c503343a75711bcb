"""``xray convert`` of an evidence bundle: what other makers' software reads, from what was sealed.

1. OUT.dcs, .dcm: DICOS DX of the high energy, OUT-low of the low one, OUT-tdr the threat report.
2. OUT.uff, .zip: a UFF-shaped package with pictures, findings and the portal's passages.
3. OUT.n42, .xml: the portal's passages: OUT, then with -2, -3, … before the ending.
4. A folder that is there: DICOS and N42, named after the inspection.
Nothing is written unless all of it could be made.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from contract.signing import PublicKeys
from edge.scanner.evidence.kept import Kept, kept
from edge.scanner.formats import dicos_dx, uff
from edge.scanner.formats.convert import named, replace_file
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.errors import FormatError

Contents = dict[Path, bytes]


def convert_bundle(
    path: Path, out: Path, keys: PublicKeys, compression: Compression = Compression.NONE
) -> list[Path]:
    """Write what the bundle in ``path`` holds as ``out``; return the files; raise FormatError.

    ``keys`` are those of units that are trusted: a bundle that they do not prove is refused.
    """
    writer = _folder if out.is_dir() else _WRITERS.get(out.suffix.lower())
    if writer is None:
        raise FormatError(
            f"no evidence is written as {out.suffix!r}: {', '.join(_WRITERS)}, or into a folder "
            "that is there"
        )
    contents = writer(kept(path, keys), out, compression)
    for target, content in contents.items():
        replace_file(target, content)
    return list(contents)


def _folder(found: Kept, out: Path, compression: Compression) -> Contents:
    stem = out / found.scan.inspection
    dicos = _dicos(found, stem.with_name(f"{stem.name}.dcs"), compression)
    return dicos | _passages(found, stem.with_name(f"{stem.name}.n42"))


def _dicos(found: Kept, out: Path, compression: Compression) -> Contents:
    scan = found.scan
    images = {
        named(out, energy): dicos_dx.encode(scan, energy, scan.began, compression)
        for energy in reversed(scan.energies)
    }
    return images | {out.with_stem(f"{out.stem}-tdr"): found.tdr}


def _uff(found: Kept, out: Path, _compression: Compression) -> Contents:
    target = BytesIO()
    uff.write(target, found.scan, found.report, found.passages)
    return {out: target.getvalue()}


def _n42(found: Kept, out: Path, _compression: Compression) -> Contents:
    if not found.passages:
        raise FormatError("no passage through a radiation portal is in the bundle")
    return _passages(found, out)


def _passages(found: Kept, out: Path) -> Contents:
    return {
        out if number == 1 else out.with_stem(f"{out.stem}-{number}"): passage
        for number, passage in enumerate(found.passages, 1)
    }


_WRITERS: dict[str, Callable[[Kept, Path, Compression], Contents]] = {
    ".dcs": _dicos,
    ".dcm": _dicos,
    ".uff": _uff,
    ".zip": _uff,
    ".n42": _n42,
    ".xml": _n42,
}
