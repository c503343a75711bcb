"""border-central: serve, migrate, enrol, users, export.

1. A word that ends in .toml is the configuration, wherever it stands; without one it is
   central.toml in the present folder.
2. Whatever a person can mend ends with one line that says how, and exit code 2.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from pydantic import ValidationError

from central import administer
from central.accounts.roles import Role
from central.config import Config, load
from central.errors import CentralError
from central.service import Service
from contract.lists import ListKind
from contract.names import Address
from contract.presence import Kind

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
users = typer.Typer(no_args_is_help=True, help="Who may sign in.")
app.add_typer(users, name="users")

T = TypeVar("T")
File = Annotated[Path, typer.Option("--config", help="the configuration; the option's name may go")]
DEFAULT = Path("central.toml")


@app.command()
def serve(config: File = DEFAULT) -> None:
    """Run the service until it is interrupted."""
    _configure_logs()
    asyncio.run(_serve(load(config)))


@app.command()
def migrate(config: File = DEFAULT) -> None:
    """Bring the database to the version that this software needs."""
    _say(_run(administer.migrate_database(load(config))))


@app.command()
def enrol(
    site: str,
    unit: str,
    kind: Kind,
    key: Annotated[str, typer.Option(help="the unit's public key, as border-edge prints it")],
    config: File = DEFAULT,
) -> None:
    """Trust a unit's key."""
    try:
        address = Address(site=site, unit=unit)
    except ValidationError as error:
        raise CentralError(
            f"SITE and UNIT are lower-case letters, digits and hyphens, 32 at most: {site}/{unit}"
        ) from error
    _say(_run(administer.enrol_unit(load(config), address, kind, key)))


@users.command("add")
def add_user(
    name: str,
    role: Annotated[list[Role], typer.Option(help="may be given several times")],
    link: Annotated[bool, typer.Option("--link", help="a one-time sign-in link")] = False,
    password_file: Annotated[Path | None, typer.Option(help="its first line is taken")] = None,
    config: File = DEFAULT,
) -> None:
    """Add a user, with a password (asked for twice, or from a file) or a one-time link."""
    password = None if link else _password(password_file)
    _say(_run(administer.add_user(load(config), name, role, password)))


@users.command("list")
def list_users(config: File = DEFAULT) -> None:
    """List everybody who may sign in."""
    for line in _run(administer.list_users(load(config))):
        _say(line)


@app.command("publish")
def publish_list(
    kind: ListKind,
    path: Annotated[
        Path,
        typer.Option("--from", help="policy: TOML; watchlist: STATE,NUMBER lines"),
    ],
    config: File = DEFAULT,
) -> None:
    """Publish a site's policy or the watchlist to the lanes."""
    _say(_run(administer.publish_list(load(config), kind, path)))


@app.command()
def export(table: str, config: File = DEFAULT) -> None:
    """Write passages, inspections or audit as JSON lines to standard output."""
    if table not in administer.TABLES:
        raise CentralError(f"{table} cannot be exported; choose of {', '.join(administer.TABLES)}")
    _run(administer.export(load(config), table, sys.stdout))


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    try:
        app(_with_config_option(list(sys.argv[1:] if words is None else words)))
    except CentralError as error:
        typer.echo(f"border-central: {error}", err=True)
        sys.exit(2)


async def _serve(config: Config) -> None:
    async with Service(config) as service:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, service.stop)
        _say(f"central is at {service.url}")
        await service.wait()


def _with_config_option(words: list[str]) -> list[str]:
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if word.endswith(".toml") and not before.startswith("-"):
            return [*words[:position], *words[position + 1 :], "--config", word]
    return words


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise CentralError(f"--password-file: cannot read {file} ({error})") from error


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _say(text: str) -> None:
    typer.echo(text)


def _configure_logs() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
