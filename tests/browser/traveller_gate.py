"""A display served from a loop of its own, as the agent serves it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edge.display.display import Display
from edge.display.requests import Asked
from edge.display.server import DisplayServer
from edge.display.storyboard import Hint
from edge.egate.passage import Phase
from simulators.ports import free_port

LANGUAGES = ["en", "fr", "es", "ar"]
PATIENCE = 30.0  # s; a deadline, not a wait


class Gate:
    """The screen of one gate, and what was asked for at it."""

    def __init__(self) -> None:
        self.display = Display(LANGUAGES, camera_moves=True)
        self.asked: list[Asked] = []
        self.display.on_request(self.asked.append)
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._server: DisplayServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        port = free_port()
        self._server = DisplayServer(self.display, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"
        self._thread = threading.Thread(target=self._run, args=(self._server,))
        self._thread.start()
        self._until_it_listens(port)

    def _until_it_listens(self, port: int) -> None:
        deadline, turn = time.monotonic() + PATIENCE, threading.Event()
        while True:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                return
            assert time.monotonic() < deadline
            turn.wait(0.01)

    def _run(self, server: DisplayServer) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(server.run())
            runner.run(asyncio.sleep(0.05))  # the sockets close behind the server

    def stop(self) -> None:
        if self._server and self._thread:
            self._loop.call_soon_threadsafe(self._server.stop)
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()
        self._server = None

    def show(self, phase: Phase, state: str = "", hint: Hint | None = None) -> None:
        self.do(lambda: self.display.show(phase, state, hint))

    def do(self, act: Callable[[], Any]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(act)
        self._loop.call_soon_threadsafe(done.set)
        assert done.wait(PATIENCE)
