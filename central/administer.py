"""What an administrator does at the machine itself, each as one transaction with its audit entry.

The machine's administrator needs no password here: whoever can read the database file already has
it all. That is also how the first user comes to be; none is made by itself.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.accounts import users
from central.accounts.passwords import Passwords
from central.accounts.roles import Role
from central.audit import trail
from central.config import Config
from central.core import utc_now
from central.errors import CentralError
from central.fleet import enrol
from central.lists import publish
from central.service import load_or_create_key
from central.store import migrate
from central.store.base import Base
from central.store.database import Database
from central.store.people import AuditEntry
from central.store.stories import Inspection, Passage
from contract import signing
from contract.lists import ListKind
from contract.names import Address
from contract.presence import Kind

ACTOR: Final = "console"
_TABLES: Final = {"passages": Passage, "inspections": Inspection, "audit": AuditEntry}
TABLES: Final = tuple(_TABLES)


async def migrate_database(config: Config) -> str:
    """Bring the database to the head; return what to tell the administrator."""
    key = load_or_create_key(config.signing_key)
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    revision = await migrate.upgrade(config.database_url)
    public = signing.public_text(key.public_key())
    return f"database at {revision}; the lanes must trust this public key: {public}"


async def enrol_unit(config: Config, address: Address, kind: Kind, key: str) -> str:
    """Enrol a unit; return what to tell the administrator."""
    async with _writing(config) as session:
        try:
            await enrol.enrol(session, address, kind, key, ACTOR, utc_now())
        except enrol.EnrolError as error:
            raise CentralError(f"--key: {error}") from error
    return f"{address} is enrolled as {kind}"


async def add_user(config: Config, name: str, roles: Sequence[Role], password: str | None) -> str:
    """Add a user with ``password``, or with a sign-in link; return what to tell."""
    try:
        hashed = None if password is None else await Passwords().hash(password)
        async with _writing(config) as session:
            await users.add(session, name, roles, utc_now(), hashed)
            token = await users.make_link(session, name, utc_now()) if hashed is None else None
            granted: list[JsonValue] = [*sorted(set(roles))]
            await trail.append(session, utc_now(), ACTOR, "user.add", name, roles=granted)
    except (users.AccountError, ValueError) as error:
        raise CentralError(str(error)) from error
    return f"{name} is added" if token is None else _link(config, token)


async def publish_list(config: Config, kind: ListKind, path: Path) -> str:
    """Publish the list in ``path``; return what to tell."""
    content = publish.read(kind, path)
    key = load_or_create_key(config.signing_key)
    async with _writing(config) as session:
        version = await publish.publish(session, content, key, ACTOR, utc_now())
    return f"{kind} is published as version {version}; lanes fetch it within a minute"


async def list_users(config: Config) -> list[str]:
    """Return a line per user."""
    async with _writing(config) as session:
        rows = await users.everyone(session)
    return [f"{row.name}\t{','.join(row.roles)}" for row in rows]


async def export(config: Config, table: str, out: TextIO) -> int:
    """Write every row of ``table`` as a JSON line; return how many. No personal data is in them."""
    count = 0
    async with _writing(config) as session:
        kind = _TABLES[table]
        for row in await session.scalars(select(kind)):
            out.write(json.dumps(_columns(row), default=_text, sort_keys=True) + "\n")
            count += 1
    return count


@asynccontextmanager
async def _writing(config: Config) -> AsyncIterator[AsyncSession]:
    await migrate.require_head(config.database_url)
    database = Database(config.database_url)
    try:
        async with database.writing() as session:
            yield session
    finally:
        await database.close()


def _link(config: Config, token: str) -> str:
    scheme = "https" if config.https else "http"
    return f"sign in once, within a day: {scheme}://{config.listen}/enter/{token}"


def _columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
