"""The service as one running process.

1. ``prepare`` makes what is missing (data folder, signing key, tables of an empty database) and
   refuses what is in use or of another version.
2. ``Service`` runs it on a port of its own: in a process of its own, or in the loop of a demo.
"""

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import IO

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from central.app import LinkTo, create_app
from central.config import Config
from central.core import Core, build
from central.errors import ConfigError, InUse
from central.link import lanes
from central.store import migrate
from contract import signing


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Return the signing key, made on first use; ConfigError where it cannot be had."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return signing.load_private_key(path) if path.exists() else signing.create_private_key(path)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"signing_key: {path} cannot be used ({error}); put an Ed25519 key in PEM there, or "
            f"remove the file and have the lanes trust the new key that is made"
        ) from error


async def prepare(config: Config) -> Ed25519PrivateKey:
    """Make what is missing and refuse what does not fit; return the signing key."""
    key = load_or_create_key(config.signing_key)
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if await migrate.current(config.database_url) is None:
        await migrate.upgrade(config.database_url)
    await migrate.require_head(config.database_url)
    return key


def lock_folder(folder: Path) -> IO[str]:
    """Return the open lock of ``folder``, held until closed; InUse where another has it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise InUse(
            f"data: {folder} is in use by another border-central (process {owner}); stop that one "
            f"or set another data folder"
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket; InUse where another has the port, ConfigError for a bad address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InUse(
            f"listen: {host}:{port} cannot be had ({error.strerror}); stop whoever listens there "
            f"or set another port"
        ) from error
    return listener


class Service:
    """A running service: an asynchronous context manager around a port of its own."""

    def __init__(self, config: Config, link_to: LinkTo | None = lanes) -> None:
        self._config = config
        self._link_to = link_to
        self._stack = AsyncExitStack()
        self.core: Core | None = None
        self.url = ""

    async def __aenter__(self) -> "Service":
        """Start; return once requests are answered. Raises CentralError."""
        async with AsyncExitStack() as stack:
            stack.enter_context(lock_folder(self._config.data))
            listener = stack.enter_context(bind(self._config.host, self._config.port))
            self.core = build(self._config, await prepare(self._config))
            self._server = _Server(_settings(create_app(self.core, self._link_to), self._config))
            self._task = asyncio.create_task(self._server.serve([listener]))
            stack.push_async_callback(self._end)
            await self._started()
            self.url = _url(self._config, listener)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Stop: finish requests, end streams, close the database, anchor the trail."""
        await self._stack.aclose()

    async def wait(self) -> None:
        """Return when the service has been told to stop."""
        await asyncio.shield(self._task)

    def stop(self) -> None:
        """Ask the service to stop."""
        self._server.should_exit = True
        if self.core is not None:
            self.core.hub.close()  # open streams would hold the end up

    async def _started(self) -> None:
        while not self._server.started:
            if self._task.done():
                await self._task
                raise ConfigError("the service ended while it started; its log says why")
            await asyncio.sleep(0.01)

    async def _end(self) -> None:
        self.stop()
        await self._task


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the loop decides about signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _settings(app: FastAPI, config: Config) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",  # "auto" would serve even when the start failed
        log_config=None,
        access_log=False,  # addresses hold sign-in links
        server_header=False,
        proxy_headers=config.behind_tls_proxy,
        ssl_certfile=config.tls.certificate if config.tls else None,
        ssl_keyfile=config.tls.key if config.tls else None,
        timeout_graceful_shutdown=3,
    )


def _url(config: Config, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    scheme = "https" if config.tls else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
