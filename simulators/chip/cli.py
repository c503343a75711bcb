"""``border-sim passport``: make a fictitious passport; lay one on a virtual reader.

``border-sim passport DIR --vpcd HOST:PORT`` serves the chip in the folder DIR (``serve DIR`` too);
``border-sim passport make DIR`` writes a passport there. A folder that is called ``make`` or
``serve`` is written ``./make``.
"""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from drivers.chip_reader.meeting import address_of
from drivers.errors import LinkLost
from edge.documents.folder import FolderError
from edge.documents.lds import LdsError
from edge.documents.mrz import MrzError
from edge.documents.zone_match import key_input_of
from simulators.chip import card
from simulators.chip.faults import USUAL, ChipFaults
from simulators.chip.make import make, write
from simulators.chip.profile import USUAL as USUAL_PROFILE
from simulators.chip.serve import serve_card
from simulators.chip.variants import VARIANTS
from simulators.faults import inject

_MAKE, _SERVE = "make", "serve"


def passport(
    words: Annotated[
        list[str], typer.Argument(metavar="[make] DIR", help="Folder of EF_*.bin files.")
    ],
    vpcd: Annotated[str, typer.Option(help="Where the reader is, HOST:PORT.")] = "",
    mrz: Annotated[str, typer.Option(help="The zone that opens it; that of EF_DG1 if empty.")] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(help=f"NAME or NAME=VALUE, repeatable: {', '.join(USUAL)}."),
    ] = None,
    variant: Annotated[str, typer.Option(help=f"For make: {', '.join(VARIANTS)}.")] = "genuine",
    holder_seed: Annotated[int, typer.Option(help="For make: whose passport.")] = 1,
    protocol: Annotated[
        str, typer.Option(help=f"For make: what the chip can do, like {USUAL_PROFILE}.")
    ] = "",
) -> None:
    """Serve a passport's chip to the reader at HOST:PORT until interrupted; or make a passport."""
    verb, where = _order(words)
    if verb == _MAKE:
        return _make(where, variant, holder_seed, protocol)
    return _serve(where, vpcd, mrz, fault or [])


def _order(words: list[str]) -> tuple[str, Path]:
    match words:
        case [where]:
            return _SERVE, Path(where)
        case [verb, where] if verb in (_MAKE, _SERVE):
            return verb, Path(where)
        case _:
            _fail("say one folder: border-sim passport DIR, or border-sim passport make DIR")


def _make(where: Path, variant: str, seed: int, protocol: str) -> None:
    try:
        made = make(datetime.now(UTC), variant, seed, protocol)
        write(made, where)
    except (OSError, ValueError) as error:
        _fail(str(error))
    typer.echo(f"{where}: {VARIANTS[variant].what}; trust {where / 'trust'}")


def _serve(where: Path, vpcd: str, mrz: str, wanted: list[str]) -> None:
    if not vpcd:
        _fail("say where the reader is: --vpcd HOST:PORT")
    try:
        chip = card.load(where).chip(faults(wanted), key_input_of(mrz) if mrz else "")
        host, port = address_of(vpcd if "://" in vpcd else f"vpcd://{vpcd}")
    except (FolderError, LdsError, MrzError, LinkLost, OSError, ValueError) as error:
        _fail(str(error))
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


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
