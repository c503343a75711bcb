"""One agent: one lane, one process, one loop.

1. What could go wrong before anything moves is checked first: folder, key, models, trust, ports.
   Each failure is an AgentError that says what to do.
2. Devices post from their threads into the loop; the loop alone changes the lane.
3. The lane does not wait for central: the uplink comes and goes beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Callable, Coroutine
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, Protocol

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.command import Command
from contract.signing import create_private_key, load_private_key
from edge.config import EGateConfig, ScannerConfig
from edge.lanes import build
from edge.runtime.clock import Clock, SystemClock
from edge.runtime.worker import Happening
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer
from edge.uplink.errors import UplinkError
from edge.uplink.lists import ListKeeper
from edge.uplink.outbox import Outbox
from edge.uplink.uplink import Uplink

TICK = 0.02  # s between looks at limits and conditions when no device says anything

log = structlog.get_logger()


class AgentError(Exception):
    """The agent cannot run; the text says why and what to do."""


class Unit(Protocol):
    """What the agent needs of a kind of lane."""

    @property
    def phase(self) -> str:
        """Where it stands."""

    def start(self) -> None:
        """Start the devices."""

    def stop(self) -> None:
        """Stop them."""

    def handle(self, happening: Happening) -> None:
        """Take in what a device said."""

    def tick(self) -> None:
        """Look at limits and conditions."""

    async def execute(self, command: Command) -> Answer:
        """Obey central."""


class Agent:
    """A lane at work. ``run`` it until it is cancelled or ``stop`` is called."""

    def __init__(self, config: EGateConfig | ScannerConfig, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._inbox: asyncio.Queue[Happening] = asyncio.Queue()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End ``run``."""
        self._stopping.set()

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve; ``ready`` is called once the devices are being opened. Raises AgentError."""
        with _claimed(self._config.data), _Stores(self._config, self._clock) as stores:
            await self._serve(stores, ready)

    async def _serve(self, stores: _Stores, ready: Callable[[], None]) -> None:
        lane = build(
            self._config, stores.outbox, stores.spool, stores.lists, self._clock, self._post()
        )
        uplink = Uplink(
            self._config.central,
            stores.outbox,
            stores.spool,
            stores.key,
            self._config.central.public_key,
            self._config.kind,
            lane.unit.execute,
            self._clock,
            lists=stores.lists,
            software=software(),
        )
        lane.on_change(uplink.state_changed)
        log.info("agent.starts", unit=str(self._config.address), software=software())
        try:
            lane.unit.start()
            ready()
            await self._until_stopped(self._pump(lane.unit), uplink.run(), *lane.services)
        finally:
            lane.unit.stop()
            log.info("agent.stops", unit=str(self._config.address))

    async def _until_stopped(self, *services: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(service) for service in services]
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
        for error in failed:
            if error is not None:
                raise error

    async def _pump(self, unit: Unit) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):  # wait_for may swallow a cancellation (3.11)
                    unit.handle(await self._inbox.get())
            unit.tick()

    def _post(self) -> Callable[[Happening], None]:
        loop = asyncio.get_running_loop()

        def post(happening: Happening) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._inbox.put_nowait, happening)

        return post


class _Stores:
    """What the lane keeps in its folder: outbox, pictures on their way, its private key."""

    def __init__(self, config: EGateConfig | ScannerConfig, clock: Clock) -> None:
        try:
            self.key = unit_key(config.data)
            self.spool = BlobSpool(config.data / "pictures")
            self.outbox = Outbox(
                config.data / "outbox.db", config.address, clock, quota=config.quota
            )
            self.lists = ListKeeper(
                config.data / "lists", config.central.public_key, self.outbox, clock.now
            )
        except (OSError, ValueError, UplinkError) as error:
            raise AgentError(f"data: {config.data} cannot be used: {error}") from error

    def __enter__(self) -> _Stores:
        return self

    def __exit__(self, *_: object) -> None:
        self.outbox.close()


class _claimed:  # noqa: N801 a context manager reads as a verb
    """Holds the lane's folder for this process alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (self._folder / "lock").open("wb")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AgentError(
                f"data: another agent runs on {self._folder}; stop it, or give this one a folder "
                f"of its own"
            ) from error
        except OSError as error:
            raise AgentError(f"data: {self._folder} cannot be used: {error}") from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def unit_key(folder: Path) -> Ed25519PrivateKey:
    """Return the unit's private key from its folder, made at the first start; or AgentError."""
    path = folder / "unit.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return load_private_key(path) if path.exists() else create_private_key(path)
    except (OSError, ValueError) as error:
        raise AgentError(f"data: the unit's key {path} cannot be used: {error}") from error


def software() -> str:
    """Return what this programme calls itself."""
    try:
        return f"smart-border {version('smart-border')}"
    except PackageNotFoundError:
        return "smart-border (checkout)"


async def run_until_signal(agent: Agent, ready: Callable[[], None] = lambda: None) -> None:
    """Run ``agent`` until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, agent.stop)
    log.info("agent.process", pid=os.getpid())
    await agent.run(ready)
