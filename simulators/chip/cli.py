"""``border-sim passport DIR --vpcd HOST:PORT``: lay a passport on a virtual reader."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from drivers.chip_reader.meeting import address_of
from drivers.errors import LinkLost
from edge.documents.folder import FolderError, load
from edge.documents.lds import LdsError
from edge.documents.mrz import MrzError
from edge.documents.zone_match import key_input_of
from simulators.chip.device import Chip
from simulators.chip.faults import USUAL, ChipFaults
from simulators.chip.serve import serve_card
from simulators.faults import inject


def passport(
    where: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of EF_*.bin files.")],
    vpcd: Annotated[str, typer.Option(help="Where the reader is, HOST:PORT.")],
    mrz: Annotated[str, typer.Option(help="The zone that opens it; that of EF_DG1 if empty.")] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(help=f"NAME or NAME=VALUE, repeatable: {', '.join(USUAL)}."),
    ] = None,
) -> None:
    """Serve a passport's chip to the reader at HOST:PORT until interrupted."""
    try:
        chip = Chip(load(where), key_input_of(mrz) if mrz else "", faults=faults(fault or []))
        host, port = address_of(vpcd if "://" in vpcd else f"vpcd://{vpcd}")
    except (FolderError, LdsError, MrzError, LinkLost, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    typer.echo(f"passport {where.name} waits for the reader at {host}:{port}", err=True)
    serve_card(chip, host, port, stop)


def faults(wanted: list[str]) -> ChipFaults:
    """Return the faults that ``wanted`` names; ValueError, with the menu, for an unknown one."""
    chosen = ChipFaults()
    for each in wanted:
        name, _, value = each.partition("=")
        inject(chosen, name, float(value) if value else USUAL.get(name, 1))
    return chosen
