"""The one-shot tools for travel documents: ``mrz parse``, ``document verify``, ``chip read``.

1. With ``--json`` each prints one JSON object on one line; without it, text for a person.
2. What cannot be done is ``{"error": …}`` and exit code 1; a document that is not believed is an
   answer, exit code 0.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from drivers.chip_reader.chip_reader import ChipReader, Patience, open_reader
from drivers.errors import DriverError
from edge.documents import cli_trust, folder, trust
from edge.documents import mrz as zones
from edge.documents.chip.access import Opening
from edge.documents.chip.binding import bound, optional, tolerated
from edge.documents.chip.errors import ChipError
from edge.documents.chip.reader import Reading, read_chip, read_size
from edge.documents.chip.terminal_authentication import Terminal
from edge.documents.passive_authentication import FOR_THE_RECORD, authenticate
from edge.documents.result import Check, verdict
from edge.documents.zone_match import key_input_of, zone_matches

mrz = typer.Typer(no_args_is_help=True, help="Machine-readable zones.")
document = typer.Typer(no_args_is_help=True, help="Travel documents.")
chip = typer.Typer(no_args_is_help=True, help="Chips of travel documents.")
document.add_typer(cli_trust.app, name="trust")
document.command("seal")(cli_trust.check_seal)
document.command("boarding-pass")(cli_trust.read_boarding_pass)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Trusted = Annotated[
    list[Path] | None,
    typer.Option("--trust", help="Master list, certificate, CRL or a folder of them; repeatable."),
]
At = Annotated[str, typer.Option("--at", help="The day to verify for, YYYY-MM-DD; now if empty.")]


@mrz.callback()
@document.callback()
@chip.callback()
def _group() -> None:
    """Keep a group a group even with one command in it."""


@mrz.command("parse")
def parse_mrz(as_json: AsJson = False) -> None:
    """Parse the zone on standard input: its lines, or all of it on one line."""
    try:
        zone = zones.parse(sys.stdin.read())
    except zones.MrzError as error:
        _fail(error, as_json=as_json)
    _show(
        {
            "format": zone.format,
            "fields": dict(zone.fields),
            "checks": dict(zone.checks),
            "valid": zone.valid,
            "notes": list(zone.notes),
        },
        as_json=as_json,
    )


@document.command("verify")
def verify_document(
    where: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of EF_*.bin files.")],
    more_trust: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Further paths to trust.")
    ] = None,
    trusted: Trusted = None,
    at: At = "",
    as_json: AsJson = False,
) -> None:
    """Passive authentication of a chip's files; without --trust the issuer stays undetermined."""
    try:
        files, when = folder.load(where), _moment(at)
    except (folder.FolderError, OSError, ValueError) as error:
        _fail(error, as_json=as_json)
    store = trust.load([*(trusted or []), *(more_trust or [])])
    outcome = authenticate(files, store, when)
    answer: dict[str, Any] = {"verdict": outcome.verdict, "checks": _plain(outcome.checks)}
    _show(answer | _problems(store), as_json=as_json)


@chip.command("read")
def read_the_chip(
    reader: Annotated[str, typer.Option(help="vpcd://HOST:PORT, pcsc: or pcsc://NAME.")],
    zone: Annotated[
        str, typer.Option("--mrz", help="The zone, or its number-birth-expiry part; - for stdin.")
    ] = "",
    can: Annotated[str, typer.Option(help="The card access number; opens PACE.")] = "",
    trusted: Trusted = None,
    at: At = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for a card.")] = 30.0,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="A virtual reader may listen beyond the loopback.")
    ] = False,
    bac_after_pace: Annotated[
        bool, typer.Option("--bac-after-pace", help="Allow BAC after a PACE that failed.")
    ] = False,
    terminal: Annotated[
        Path | None, typer.Option(help="Our own certificates and key, for DG3 and DG4.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open a chip with its zone or access number, read what it gives, and verify it."""
    printed = sys.stdin.read() if zone == "-" else zone
    try:
        when = _moment(at)
        key_input = key_input_of(printed) if printed or not can else ""
        how = Opening(key_input, can, bac_after_pace)
        who = Terminal.load(terminal) if terminal else None
        device = open_reader(reader, Patience(card_within=wait), anywhere=anywhere)
        reading, seconds = _read(device, how, who)
    except (zones.MrzError, ValueError, DriverError, ChipError) as error:
        _fail(error, as_json=as_json)
    store = trust.load(trusted or [])
    answer = _judged(reading, key_input, store, when)
    answer |= {"apdus": reading.apdus, "seconds": round(seconds, 3)}
    _show(answer | _problems(store), as_json=as_json)


def _judged(
    reading: Reading, key_input: str, store: trust.TrustStore, when: datetime
) -> dict[str, Any]:
    """Return what was read and every check of it."""
    outcome = authenticate(reading.files, store, when)
    proofs = bound(reading, outcome, store, when)
    checks = {**outcome.checks, **proofs}
    if key_input:
        checks["zone_matches_chip"] = zone_matches(key_input, reading.files)
    return {
        "protocol": reading.protocol,
        "files": {name: raw.hex() for name, raw in reading.files.items()},
        "checks": _plain(checks),
        "verdict": verdict(tolerated(checks, reading), FOR_THE_RECORD | optional(checks)),
        "skipped": reading.skipped,
        "downgrades": list(reading.downgrades),
        "habits": list(reading.habits),
    }


def _read(device: ChipReader, how: Opening, who: Terminal | None) -> tuple[Reading, float]:
    try:
        start = time.perf_counter()
        size = read_size(device.power_on())
        reading = read_chip(
            device,
            how.key_input,
            secrets.token_bytes,
            read_size=size,
            can=how.can,
            bac_after_pace=how.bac_after_pace,
            terminal=who,
        )
        return reading, time.perf_counter() - start
    finally:
        device.close()


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--at {text}: write a day as YYYY-MM-DD") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(checks: Mapping[str, Check]) -> dict[str, dict[str, str]]:
    return {k: {"status": v.status.value, "detail": v.detail} for k, v in checks.items()}


def _problems(store: trust.TrustStore) -> dict[str, list[str]]:
    return {"trust_problems": store.problems} if store.problems else {}


def _show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for name, value in answer.items():
        if not isinstance(value, Mapping):
            typer.echo(f"{name}: {value}")
            continue
        typer.echo(f"{name}:")
        for key, each in value.items():
            typer.echo(f"  {key}: {_line(each)}")


def _line(value: object) -> str:
    if isinstance(value, Mapping):
        return " - ".join(str(part) for part in value.values() if part)
    text = str(value)
    return text if len(text) <= 80 else f"{text[:64]}… ({len(text)} characters)"


def _fail(error: Exception, *, as_json: bool) -> NoReturn:
    typer.echo(
        json.dumps({"error": str(error)}, ensure_ascii=False) if as_json else str(error),
        err=not as_json,
    )
    raise typer.Exit(1)
