"""A whole lane at work in a thread of its own: real agent, simulated devices, central away."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import signing
from contract.command import Command, Execution, Verb
from contract.envelope import canonical
from contract.lists import (
    OnFire,
    OnPowerLoss,
    Published,
    SitePolicy,
    Watchlist,
    WithoutCentral,
)
from contract.signing import Purpose
from edge import agent
from edge.config import read
from edge.lanes import BuiltLane
from edge.lanes import build as build_lane
from edge.runtime.clock import Clock
from edge.uplink.commands import Answer

SOON = 30.0  # s; a deadline for what takes a fraction of it on an idle machine
_LOOK = 0.01
OFFICER = "officer-1"

POLICY = SitePolicy(
    site="test",
    authority="the tests",
    on_fire=OnFire.EXIT_OPENS,
    on_power_loss=OnPowerLoss.LEAVES_OPEN,
    without_central=WithoutCentral(hours=24, then="refer-everybody"),
    watchlist_hours=24,
    false_match_rate=0.001,
)
HEAD = """site = "test"
unit = "{kind}-01"
kind = "{kind}"
data = "data"
hardware = "simulated"
{head}
[central]
broker = "{broker}"
protocol = "3.1.1"
blobs = "http://127.0.0.1:2"
key = "{key}"
{devices}
{rest}
"""


NOBODY = "mqtt://127.0.0.1:1"


def written(
    folder: Path,
    kind: str,
    urls: dict[str, str],
    rest: str = "",
    head: str = "",
    *,
    central: Ed25519PrivateKey | None = None,
    broker: str = NOBODY,
    policy: SitePolicy = POLICY,
) -> Path:
    """Write a lane's file and its lists, sealed by ``central``; return the file's path."""
    central = central or Ed25519PrivateKey.generate()
    key = signing.public_text(central.public_key())
    write_lists(folder / "data" / "lists", central, policy)
    devices = "\n".join(f'[devices.{name}]\nurl = "{url}"' for name, url in urls.items())
    path = folder / "lane.toml"
    path.write_text(
        HEAD.format(kind=kind, key=key, devices=devices, rest=rest, head=head, broker=broker)
    )
    return path


def write_lists(folder: Path, central: Ed25519PrivateKey, policy: SitePolicy = POLICY) -> None:
    """Put a policy and an empty watchlist, sealed by ``central``, where a lane keeps its lists."""
    folder.mkdir(parents=True, exist_ok=True)
    for content in (policy, Watchlist(salt="5a" * 16, documents=frozenset())):
        body = Published(version=1, issued=datetime.now(UTC), content=content)
        sealed = signing.seal(Purpose.LIST, canonical(body.model_dump(mode="json")), central)
        (folder / f"{content.kind}.sealed").write_bytes(sealed)


def until(what: Callable[[], Any], within: float = SOON, why: str | Callable[[], str] = "") -> Any:
    """Wait until ``what`` is true and return it; AssertionError when the deadline is over."""
    deadline = time.monotonic() + within
    turn = threading.Event()
    while not (found := what()):
        late = time.monotonic() >= deadline
        assert not late, (why() if callable(why) else why) or "it did not happen in time"
        turn.wait(_LOOK)
    return found


@dataclass
class RunningLane:
    """An agent in its loop, in a thread; what it recorded and logged."""

    path: Path
    clock: Clock | None = None
    log: io.StringIO = field(default_factory=io.StringIO)
    versions: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.built: BuiltLane | None = None
        self.error: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent")

    @property
    def unit(self) -> Any:
        assert self.built is not None
        return self.built.unit

    @property
    def phase(self) -> str:
        return str(self.unit.phase)

    def start(self) -> None:
        self._thread.start()
        until(lambda: self._ready.is_set() or self.error, why="the agent did not start")

    def stop(self) -> None:
        if self._thread.is_alive():
            with suppress(RuntimeError):  # its loop has just ended by itself
                self.loop.call_soon_threadsafe(self.agent.stop)
        self._thread.join(SOON)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 kept for the test
            self.error = error

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.agent = agent.Agent(read(self.path), self.clock)

        def build(*arguments: Any) -> BuiltLane:
            self.built = build_lane(*arguments)
            self.built.on_change(self.versions.append)
            return self.built

        with patch("edge.agent.build", build):
            running = asyncio.create_task(self.agent.run(self._ready.set))
            await asyncio.wait([running])
        running.result()

    # What an officer does

    def order(self, verb: Verb, **args: str) -> Answer:
        command = Command(
            id=f"c-{time.monotonic_ns()}",
            unit=self.path.stem,
            verb=verb,
            args=dict(args),
            challenge="believed",
            not_after=datetime.now(UTC) + timedelta(minutes=1),
            operator=OFFICER,
        )
        future = asyncio.run_coroutine_threadsafe(self.unit.execute(command), self.loop)
        return future.result(SOON)

    def open(self, phase: str) -> None:
        """Open the lane, again and again as an officer would, until it is in ``phase``."""

        next_try = 0.0

        def tried() -> bool:
            nonlocal next_try
            if self.phase in ("closed", "fault") and time.monotonic() >= next_try:
                self.order(Verb.OPEN_LANE)
                next_try = time.monotonic() + 0.2
            return self.phase == phase

        why = lambda: f"{self.phase}, not {phase}; {self.faults}"  # noqa: E731
        until(tried, 2 * SOON, why)
        self.settle()

    def reaches(self, *phases: str, within: float = SOON) -> None:
        """Wait for one of ``phases``, and for all that entering it does."""
        why = lambda: f"{self.phase}, not {phases}; {self.faults}"  # noqa: E731
        until(lambda: self.phase in phases, within, why)
        self.settle()

    def settle(self) -> None:
        """Let the loop finish what it is at: a phase is seen before its effects are performed."""
        turned = threading.Event()
        self.loop.call_soon_threadsafe(turned.set)
        assert turned.wait(SOON), "the agent's loop stands still"

    # What is on its disk

    def events(self, stream: str = "decision", after: int = 0) -> list[dict[str, Any]]:
        rows = self.unit.lane.outbox.pending(stream, after, 100_000)
        return [json.loads(row.body) for row in rows]

    @property
    def last(self) -> int:
        """The number of the last decision."""
        return int(self.unit.lane.outbox.position("decision").last)

    def told(self, after: int, kind: str) -> list[dict[str, Any]]:
        """Return what was recorded of ``kind`` since."""
        return [event["data"] for event in self.events(after=after) if event["type"] == kind]

    @property
    def faults(self) -> set[tuple[str, str]]:
        """What is wrong now: device and name."""
        return {(fault.device, fault.name) for fault in list(self.unit.lane.faults.all)}

    def tells(self, device: str, name: str, within: float = SOON) -> None:
        """Wait until that fault is on the health stream and in the log."""
        why = lambda: f"{device}: {name} is not told; open: {self.faults}"  # noqa: E731
        until(lambda: self.was_told(device, name), within, why)

    def was_told(self, device: str, name: str) -> bool:
        """Whether that fault is on the health stream and in the log."""
        lines = [line for line in self.log.getvalue().splitlines() if '"fault.raised"' in line]
        if not any(f'"{name}"' in line and f'"{device}"' in line for line in lines):
            return False
        faults = [e["data"] for e in self.events("health") if e["type"] == "health.fault"]
        return any(f["device"] == device and f["name"] == name and f["raised"] for f in faults)


@contextmanager
def running(path: Path, clock: Clock | None = None) -> Iterator[RunningLane]:
    """Run the lane that ``path`` describes, by ``clock``, while the block runs."""
    lane = RunningLane(path, clock)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=lane.log),
    )
    try:
        lane.start()
        if lane.error is not None:
            raise lane.error
        yield lane
    finally:
        lane.stop()
        structlog.reset_defaults()


__all__ = ["OFFICER", "SOON", "Execution", "RunningLane", "Verb", "running", "until", "written"]
