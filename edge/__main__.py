"""``border-edge``: run a lane, check its configuration, and look at single documents and pictures.

Exit codes: 0 done, 1 a result that is an error (its line says which), 2 it could not begin.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from edge import models_cli
from edge.documents import cli as documents
from edge.documents.cli_page import read_images
from edge.face_calibrate_cli import app as face
from edge.scanner import cli as scanner

app = typer.Typer(
    help="The agent of one lane, and its one-shot tools.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
documents.mrz.command("read")(read_images)
app.add_typer(documents.mrz, name="mrz")
app.add_typer(documents.document, name="document")
app.add_typer(documents.chip, name="chip")
app.add_typer(scanner.app, name="xray")
app.add_typer(face, name="face")
app.add_typer(models_cli.app, name="models")

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="the lane's file")]
CANNOT_BEGIN = 2


@app.command()
def run(config: ConfigPath) -> None:
    """Run the lane that CONFIG.toml describes until SIGTERM or Ctrl-C."""
    from edge.agent import Agent, run_until_signal
    from edge.config import read

    _log_as_json_lines()
    try:
        asyncio.run(run_until_signal(Agent(read(config))))
    except _reasons_not_to_begin() as error:
        _give_up(error)


@app.command()
def check(config: ConfigPath) -> None:
    """Say whether CONFIG.toml could be run here: keys, models, trust; opens no device."""
    from edge.config import read
    from edge.lanes import check as check_lane

    try:
        found = read(config)
        remarks = check_lane(found)
    except _reasons_not_to_begin() as error:
        _give_up(error)
    for remark in remarks:
        typer.echo(f"{config}: {remark}")
    typer.echo(f"{config}: {found.kind} {found.address} can be run")


@app.command()
def key(config: ConfigPath) -> None:
    """Print the unit's public key, made at the first time, for ``border-central enrol --key``."""
    from contract.signing import public_text
    from edge.agent import unit_key
    from edge.config import read

    try:
        typer.echo(public_text(unit_key(read(config).data).public_key()))
    except _reasons_not_to_begin() as error:
        _give_up(error)


def _reasons_not_to_begin() -> tuple[type[Exception], ...]:
    from edge.agent import AgentError
    from edge.display.server import DisplayError
    from models.catalogue import CatalogueError
    from settings.files import ConfigError

    return (ConfigError, AgentError, CatalogueError, DisplayError)


def _give_up(error: Exception) -> None:
    typer.echo(str(error), err=True)
    raise typer.Exit(CANNOT_BEGIN)


def _log_as_json_lines() -> None:
    """Log to stderr, one JSON object a line: what a log collector and a person can both read."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
