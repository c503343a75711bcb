"""Puts a simulated device behind a real port: a pseudo-terminal, or TCP on the loopback.

1. One thread per port. It lets time pass for the device by the clock handed in (none: the world
   ticks the device itself), hands over what arrived, and sends what the device says unasked.
2. The address that is yielded is all a driver needs.
3. On a serial line what nobody reads is lost; on TCP the device waits for a slow host.
4. The port ends with the ``with`` block: no thread and no file outlives it.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf

from drivers.patience import Clock
from simulators.cable import Device

_TURN = 0.01  # s; the device's time moves at least this often
_UART = 0.1  # s; a serial line waits for nobody: what is not taken is lost


@contextmanager
def on_pty(device: Device, clock: Clock | None = time.monotonic) -> Iterator[str]:
    """Serve ``device`` on a pseudo-terminal; yield its path."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)  # and kept open: a driver may hang up and come back
    os.set_blocking(ours, False)

    def serve(stop: threading.Event) -> None:
        _converse(device, _Elapsed(device, clock), ours, stop, patience=_UART)

    try:
        with _thread(serve, f"pty-{type(device).__name__}"):
            yield os.ttyname(theirs)
    finally:
        os.close(theirs)
        os.close(ours)


@contextmanager
def on_tcp(
    device: Device, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = time.monotonic
) -> Iterator[str]:
    """Serve ``device`` on TCP, one host at a time; yield ``socket://host:port``."""
    with socket.create_server((host, port)) as listener:
        listener.settimeout(_TURN)

        def serve(stop: threading.Event) -> None:
            elapsed = _Elapsed(device, clock)
            while not stop.is_set():
                elapsed.catch_up()
                device.transmit()  # said with no host there: lost, as on any cable
                with suppress(TimeoutError):
                    _one_host(device, elapsed, listener.accept()[0], stop)

        with _thread(serve, f"tcp-{type(device).__name__}"):
            yield f"socket://{host}:{listener.getsockname()[1]}"


@contextmanager
def _thread(serve: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=serve, args=(stop,), name=name, daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(timeout=5)


class _Elapsed:
    """Lets the time that passed on ``clock`` pass for the device."""

    def __init__(self, device: Device, clock: Clock | None) -> None:
        self._device, self._clock = device, clock
        self._last = clock() if clock else 0.0

    def catch_up(self) -> None:
        if self._clock:
            now = self._clock()
            self._device.tick(now - self._last)
            self._last = now


def _one_host(
    device: Device, elapsed: _Elapsed, peer: socket.socket, stop: threading.Event
) -> None:
    with peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.setblocking(False)
        _converse(device, elapsed, peer.fileno(), stop, patience=inf)


def _converse(
    device: Device, elapsed: _Elapsed, end: int, stop: threading.Event, patience: float
) -> None:
    """Carry bytes until told to stop, the host hangs up, or the device does."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    with suppress(OSError):
        while not stop.is_set():
            heard = _heard(end) if poll.poll(_TURN * 1000) else b""
            if heard is None:
                return
            elapsed.catch_up()
            answer = device.receive(heard) if heard else b""
            if device.faults.take("hang_up"):
                return
            _send(end, answer + device.transmit(), stop, patience)


def _heard(end: int) -> bytes | None:
    try:
        return os.read(end, 1 << 16) or None
    except BlockingIOError:
        return b""


def _send(end: int, data: bytes, stop: threading.Event, patience: float) -> None:
    """Send ``data``; what the other end does not take within ``patience`` seconds is lost."""
    rest = memoryview(data)
    deadline = time.monotonic() + patience
    while rest and not stop.is_set() and time.monotonic() < deadline:
        try:
            rest = rest[os.write(end, rest) :]
        except BlockingIOError:
            select.select([], [end], [], _TURN)
