"""A small MQTT broker inside the process, so that a demonstration needs nothing installed.

It speaks MQTT 3.1.1 on the loopback and lets in one user, with a password made for this run.
A real site runs mosquitto with the configuration in deploy/.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amqtt.broker import Broker
from pwdlib.hashers.argon2 import Argon2Hasher

from simulators.ports import free_port

USER = "border"
_START_WITHIN = 5.0  # s


@dataclass(frozen=True)
class RunningBroker:
    """Where the broker is, and the file that holds its one user's password."""

    url: str
    username: str
    password_file: Path


@contextmanager
def embedded_broker(folder: Path) -> Iterator[RunningBroker]:
    """Run a broker while the block runs; its password files lie in ``folder``."""
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    port = free_port()
    password_file = _user(folder)
    broker = _Thread(port, folder / "broker.passwd")
    broker.start()
    try:
        yield RunningBroker(f"mqtt://127.0.0.1:{port}", USER, password_file)
    finally:
        broker.stop()


def _user(folder: Path) -> Path:
    password = secrets.token_urlsafe(24)
    for name, text in (
        ("broker.passwd", f"{USER}:{Argon2Hasher().hash(password)}"),
        ("broker.secret", password),
    ):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text + "\n", encoding="ascii")
    return folder / "broker.secret"


class _Thread(threading.Thread):
    def __init__(self, port: int, password_file: Path) -> None:
        super().__init__(name="broker", daemon=True)
        self._config = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": password_file}
            },
        }
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._ready = threading.Event()
        self._error: Exception | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        super().start()
        if not self._ready.wait(_START_WITHIN) or self._error is not None:
            raise RuntimeError(f"the broker does not start: {self._error}") from self._error

    def run(self) -> None:
        """Serve in a loop of its own."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def stop(self) -> None:
        """Stop serving and end the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self.join(_START_WITHIN)

    async def _serve(self) -> None:
        broker = Broker(self._config)
        try:
            await broker.start()
        except Exception as error:  # noqa: BLE001 handed to whoever started the thread
            self._error = error
            return
        finally:
            self._ready.set()
        await self._end.wait()
        await broker.shutdown()
