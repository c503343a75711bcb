"""The two databases central runs on: SQLite, and a PostgreSQL of our own where it is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from central.store.base import Base
from central.store.database import Database
from tests.system.delivery import Applied


def _program(name: str) -> str:
    places = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not on this machine")
    return found


def _somebody() -> str | None:
    """PostgreSQL refuses to run as root; its own user does it then."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("this is root, and there is no user postgres to run PostgreSQL as")


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL of our own that listens on a socket in its folder alone."""
    initdb, server, user = _program("initdb"), _program("pg_ctl"), _somebody()
    root = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=root))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = str(folder / "data")
        _run([initdb, "-D", data, "-U", "border", "-A", "trust", "--no-sync"], user)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run([server, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"], user)
        try:
            yield f"postgresql+asyncpg://border@/postgres?host={folder}"
        finally:
            _run([server, "-D", data, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, timeout=60, cwd="/")
    if done.returncode:
        pytest.fail(f"{command[0]}: {done.stdout[-500:]}{done.stderr[-500:]}")


@contextlib.asynccontextmanager
async def fresh(url: str) -> AsyncIterator[Database]:
    """Yield a database with central's tables, all empty."""
    database = Database(url)
    try:
        async with database.engine.begin() as connection:
            for metadata in (Base.metadata, Applied.metadata):
                await connection.run_sync(metadata.drop_all)
                await connection.run_sync(metadata.create_all)
        yield database
    finally:
        await database.close()
