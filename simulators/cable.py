"""A cable of no length: a link whose other end is a simulated device in the same process."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from simulators.faults import LineFaults

_STEP = 0.005  # s between two looks at a device that has nothing to say


class Device(Protocol):
    """Anything that answers bytes with bytes, and lives in time. Any thread may call it."""

    @property
    def faults(self) -> LineFaults:
        """The menu of what can be broken."""

    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""

    def receive(self, data: bytes) -> bytes:
        """Return the answer to ``data``."""

    def transmit(self) -> bytes:
        """Return what the device says unasked since the last call."""


class _Locked(Protocol):
    @property
    def lock(self) -> AbstractContextManager[Any]: ...


_Self = TypeVar("_Self", bound=_Locked)
_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


def exclusive(
    method: Callable[Concatenate[_Self, _Args], _Result],
) -> Callable[Concatenate[_Self, _Args], _Result]:
    """Run ``method`` under the device's ``lock``: the world, the port and the clock are threads."""

    @functools.wraps(method)
    def guarded(self: _Self, /, *args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return guarded


class Cable:
    """Joins a driver to a simulated device.

    ``wait(seconds)`` is called when there is nothing to read. A test hands in the simulated
    clock's advance, so that waiting costs no time; otherwise the caller's thread sleeps.
    """

    def __init__(self, device: Device, wait: Callable[[float], None] = time.sleep) -> None:
        self._device = device
        self._wait = wait
        self._inbox = bytearray()

    def write(self, data: bytes) -> None:
        """Carry ``data`` to the device and keep its answer."""
        self._inbox += self._device.receive(data)

    def read(self, timeout: float) -> bytes:
        """Return what the device says within ``timeout`` seconds."""
        left = timeout
        while not (self._fetch() or left <= 0):
            self._wait(min(_STEP, left))
            left -= _STEP
        said, self._inbox = bytes(self._inbox), bytearray()
        return said

    def close(self) -> None:
        """Nothing to let go of."""

    def _fetch(self) -> bool:
        self._inbox += self._device.transmit()
        return bool(self._inbox)


class SimulatedTime:
    """A clock that stands still until it is told: driver and device share it in a test."""

    def __init__(self, *devices: Device) -> None:
        self._now = 0.0
        self._devices = devices

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass for every device."""
        self._now += seconds
        for device in self._devices:
            device.tick(seconds)
