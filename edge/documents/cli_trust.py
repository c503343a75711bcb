"""One-shot tools beside the chip: trusted lists, digital seals, boarding passes.

``document trust import`` and ``make``, ``document seal``, ``document boarding-pass``. With
``--json`` each prints one JSON object on one line. What cannot be done is ``{"error": …}`` and exit
code 1; a seal that is not believed is an answer, exit code 0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from contract.signing import load_private_key, only, public_key
from edge.documents import boarding_pass, mrz, snapshot, trust
from edge.documents.boarding_pass import BoardingPassError
from edge.documents.seals import checks as seals
from edge.documents.snapshot import Snapshot, SnapshotError

__all__ = ["app", "check_seal", "read_boarding_pass"]

app = typer.Typer(no_args_is_help=True, help="The lists that a lane believes.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Content = Annotated[
    str, typer.Argument(metavar="FILE", help="The bar code's content; - for standard input.")
]


@app.command("import")
def import_snapshot(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="Snapshot: folder or ZIP.")],
    cache: Annotated[Path, typer.Option(help="The lane's folder of snapshots.")],
    key: Annotated[str, typer.Option(help="The sealing key, base64, as `key` prints it.")],
    as_json: AsJson = False,
) -> None:
    """Verify a snapshot of trusted lists and take it over; never an older one."""
    try:
        taken = snapshot.install(source, cache, only(public_key(key)))
    except (SnapshotError, ValueError, OSError) as error:
        _fail(error, as_json=as_json)
    _show(_described(taken), as_json=as_json)


@app.command("make")
def make_snapshot(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of lists.")],
    sequence: Annotated[int, typer.Option(min=1, help="Higher than that of the one before.")],
    key: Annotated[Path, typer.Option(help="File of the private sealing key (Ed25519, PEM).")],
    as_json: AsJson = False,
) -> None:
    """Seal the lists in DIR as a snapshot: writes DIR/manifest."""
    try:
        path = snapshot.make(folder, sequence, datetime.now(UTC), load_private_key(key))
    except (ValueError, OSError) as error:
        _fail(error, as_json=as_json)
    _show({"manifest": str(path), "sequence": sequence}, as_json=as_json)


def check_seal(
    content: Content,
    zone: Annotated[str, typer.Option("--mrz", help="The zone printed on the document.")] = "",
    trusted: Annotated[
        list[Path] | None, typer.Option("--trust", help="Signers, authorities, lists; repeatable.")
    ] = None,
    at: Annotated[str, typer.Option("--at", help="YYYY-MM-DD; now if empty.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check a digital seal (VDS, VDS-NC)."""
    try:
        raw = _content(content)
        printed = mrz.parse(zone) if zone else None
        when = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else datetime.now(UTC)
    except (OSError, ValueError) as error:
        _fail(error, as_json=as_json)
    store = trust.load(trusted or [])
    outcome = seals.check(raw, store, when, printed)
    checks = {k: {"status": v.status.value, "detail": v.detail} for k, v in outcome.checks.items()}
    answer: dict[str, Any] = {"verdict": outcome.verdict.value, "checks": checks}
    if store.problems:
        answer["trust_problems"] = store.problems
    _show(answer, as_json=as_json)


def read_boarding_pass(content: Content = "-", as_json: AsJson = False) -> None:
    """Parse a bar-coded boarding pass (IATA BCBP)."""
    try:
        found = boarding_pass.parse(_content(content).strip(b"\r\n"))
    except (OSError, BoardingPassError) as error:
        _fail(error, as_json=as_json)
    today = datetime.now(UTC).date()
    issued = found.issued(today)
    legs = [{**leg.fields, "flies": _day(leg.flies(issued, today))} for leg in found.legs]
    whole = {**found.fields, "issued_on": _day(issued), "version": found.version}
    _show({**whole, "signed": bool(found.security_data), "legs": legs}, as_json=as_json)


def _content(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def _described(taken: Snapshot) -> dict[str, Any]:
    store = taken.store()
    return {
        "sequence": taken.sequence,
        "made": taken.made.isoformat(),
        "files": len(taken.files),
        "certificates": len(store),
    }


def _show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for name, value in answer.items():
        typer.echo(f"{name}: {value}")


def _fail(error: Exception, *, as_json: bool) -> NoReturn:
    text = json.dumps({"error": str(error)}, ensure_ascii=False) if as_json else str(error)
    typer.echo(text, err=not as_json)
    raise typer.Exit(1)
