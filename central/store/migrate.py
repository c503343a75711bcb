"""Bringing the database to the version that this software needs.

1. ``upgrade`` runs every migration that is missing.
2. ``require_head`` refuses to serve a database that is older or newer, and says what to do.
3. The head equals the models: a test compares them.
Alembic is synchronous; this runs before the loop, or in a thread.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from central.errors import StoreError

FOLDER: Final = Path(__file__).parent / "migrations"


async def upgrade(url: str) -> str:
    """Bring the database at ``url`` to the head; return its revision."""
    await _with_connection(url, _upgrade)
    return head()


async def current(url: str) -> str | None:
    """Return the revision of the database at ``url``, or None for an empty one."""
    found: list[str | None] = []
    await _with_connection(url, lambda connection: found.append(_current(connection)))
    return found[0]


async def require_head(url: str) -> None:
    """Raise StoreError where the database is not at the head."""
    at = await current(url)
    if at != head():
        raise StoreError(
            f"the database is at {at or 'nothing'} and this software needs {head()}; back it up, "
            f"then run: border-central migrate"
        )


def head() -> str:
    """Return the newest revision."""
    revision = ScriptDirectory(str(FOLDER)).get_current_head()
    assert revision is not None
    return revision


async def _with_connection(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    except (DBAPIError, OSError) as error:
        raise StoreError(f"the database cannot be opened: {error}; is it running?") from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
