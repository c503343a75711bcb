"""``border-edge xray convert`` and ``xray evidence verify``.

1. The exit code is 0 if all was done or the evidence is sound, 1 if not, 2 if it could not begin.
2. ``verify`` names everything that is wrong, a line each, or as one JSON object; of a sound bundle,
   who decided, and whether the operator's sealed command was checked.
3. ``convert`` of an evidence bundle verifies it first: it wants the unit's key, and no option that
   says what the bundle says itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.signing import PublicKeys, key_id, public_key
from edge.scanner.evidence.export import convert_bundle
from edge.scanner.evidence.kept import is_bundle
from edge.scanner.formats import evidence_check
from edge.scanner.formats.convert import Wishes, convert_picture
from edge.scanner.formats.convert_radiation import convert_radiation, is_radiation
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence_check import Outcome
from edge.scanner.formats.record import ItemKind

evidence = typer.Typer(help="Evidence bundles.", no_args_is_help=True)


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="a picture, N42, portal lines, or an evidence bundle"),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help=".png .tif .dcs .dcm .uff .zip of pictures; .n42 .xml .json; of evidence a folder",
        ),
    ],
    low: Annotated[Path | None, typer.Option(help="the low energy of IN")] = None,
    item: Annotated[str | None, typer.Option(help="what the item is called")] = None,
    kind: Annotated[ItemKind | None, typer.Option(case_sensitive=False, help="cargo")] = None,
    pitch: Annotated[
        float | None, typer.Option(min=0.01, max=100, help="size of a pixel in mm")
    ] = None,
    bits: Annotated[int | None, typer.Option(min=8, max=16, help="8 for a PNG to look at")] = None,
    compression: Annotated[
        Compression, typer.Option(help="of DICOS; the vendor toolkit reads none and jpeg-lossless")
    ] = Compression.NONE,
    began: Annotated[
        datetime | None, typer.Option(help="when portal lines without a time began, in UTC")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="of evidence: public key of its unit, or a file with it"),
    ] = None,
) -> None:
    """Convert IN to OUT, by the endings of their names."""
    if bits not in (None, 8, 16):
        raise typer.BadParameter("--bits is 8 or 16")
    given = {"low": low, "item": item, "kind": kind, "pitch": pitch, "bits": bits, "began": began}
    remarks: list[str] = []
    try:
        if is_radiation(source):
            written, remarks = convert_radiation(source, out, _when(began, source), item)
        elif is_bundle(source):
            written = convert_bundle(source, out, _unit_keys(key, given), compression)
        else:
            wishes = Wishes(item, kind or ItemKind.CARGO, pitch, bits, compression)
            written = convert_picture(source, out, low, wishes)
    except FormatError as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(1) from error
    for remark in remarks:
        typer.echo(f"{source}: {remark}", err=True)
    for path in written:
        typer.echo(str(path))


def _unit_keys(key: Sequence[str] | None, given: Mapping[str, object]) -> PublicKeys:
    """Return the keys that a bundle may be sealed by; refuse what the bundle says itself."""
    if said := [f"--{name}" for name, value in given.items() if value is not None]:
        raise typer.BadParameter(
            f"an evidence bundle says that itself: leave out {', '.join(said)}"
        )
    if not key:
        raise typer.BadParameter(
            "an evidence bundle is verified first: --key is the public key of its unit, which "
            "`border-edge key` prints there"
        )
    return _keys("--key", key)


def _keys(option: str, texts: Sequence[str]) -> PublicKeys:
    return {key_id(found): found for found in (_key(option, text) for text in texts)}.get


def _when(began: datetime | None, source: Path) -> datetime:
    """Return the time asked for, else that of the file."""
    if began is not None:
        return began.replace(tzinfo=began.tzinfo or UTC)
    try:
        return datetime.fromtimestamp(source.stat().st_mtime, UTC)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}") from error


@evidence.callback()
def _group() -> None:
    """Evidence bundles: one sealed file for each inspection."""


@evidence.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    key: Annotated[
        list[str], typer.Option(help="public key of the unit (border-edge key), or a file with it")
    ],
    central: Annotated[
        list[str] | None,
        typer.Option(help="public key of central, or a file with it: proves operators' commands"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Say whether FILE is what its unit sealed, to the last bit. Needs no network."""
    keys, centrals = _keys("--key", key), _keys("--central", central or [])
    try:
        with file.open("rb") as opened:
            outcome = evidence_check.verify(opened, keys, centrals)
    except OSError as error:
        outcome = Outcome((f"cannot be read: {error.strerror}",))
    for text in [json.dumps(_plain(file, outcome))] if as_json else _told(file, outcome):
        typer.echo(text)
    raise typer.Exit(0 if outcome.sound else 1)


def _key(option: str, text: str) -> Ed25519PublicKey:
    path = Path(text)
    try:
        said = path.read_text().strip() if path.is_file() else text
        return public_key(said)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{option}: {error}") from error


def _plain(file: Path, outcome: Outcome) -> dict[str, Any]:
    manifest = outcome.manifest
    return {
        "file": str(file),
        "sound": outcome.sound,
        "problems": list(outcome.problems),
        "key": outcome.key,
        "decided": list(outcome.decided),
        "about": manifest.about.model_dump(mode="json") if manifest else None,
        "parts": [entry.path for entry in manifest.parts] if manifest else [],
    }


def _told(file: Path, outcome: Outcome) -> list[str]:
    if not outcome.sound or outcome.manifest is None:
        return [f"{file}: {problem}" for problem in outcome.problems]
    about, parts = outcome.manifest.about, len(outcome.manifest.parts)
    return [
        f"{file}: sound; inspection {about.inspection} of item {about.item}, sealed by "
        f"{about.site}/{about.unit} (key {outcome.key}) at {about.made.isoformat()}; {parts} parts",
        *(f"{file}: {text}" for text in outcome.decided),
    ]
