"""A network camera made of arithmetic: it looks at what a function shows it.

Physics: a picture every 1/rate seconds, with sensor noise (without it the driver must call the
camera frozen). Manners: answers a GET with an endless motion JPEG stream. Of the pictures that
fall between two looks of the host only the newest is sent, as a real camera does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.patience import Clock
from simulators.cable import exclusive
from simulators.faults import LineFaults
from simulators.serve import on_tcp

Image = NDArray[np.uint8]
BOUNDARY = "frame"
_SLACK = 64  # pixels: 64² different windows into the grain


@dataclass
class CameraFaults(LineFaults):
    """The menu: the line's faults and the camera's own."""

    freeze: bool = False  # the same picture again, noise and all
    noiseless: bool = False  # identical pictures while the scene stands still
    stall: bool = False  # connected, and silent
    torn: int = 0  # pictures that end half way
    unavailable: int = 0  # requests answered 503
    forbidden: int = 0  # requests answered 401


@dataclass
class FakeCamera:
    """The physics and the manners of a network camera. ``look(n)`` is the scene at picture n."""

    look: Callable[[int], Image]
    rate: float = 25.0  # pictures per second
    quality: int = 90  # JPEG
    noise: int = 3  # grey levels either side
    faults: CameraFaults = field(default_factory=CameraFaults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(1)
        self._field: Image | None = None
        self._phase = 0.0
        self._taken = 0
        self._sent = 0
        self._streaming = False
        self._inbox = bytearray()
        self._picture = b""

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._phase += seconds * self.rate
        due = int(self._phase)
        self._phase -= due
        self._taken += due

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return the head of the stream once the request is all there."""
        self._inbox += data
        if b"\r\n\r\n" not in self._inbox:
            return b""
        self._inbox.clear()
        for fault, status in (("unavailable", "503 Busy"), ("forbidden", "401 Unauthorized")):
            if self.faults.take(fault):
                return f"HTTP/1.0 {status}\r\n\r\n".encode("ascii")
        self._streaming = True
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        return f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode("ascii")

    @exclusive
    def transmit(self) -> bytes:
        """Return the newest picture if one was taken since the last."""
        if not self._streaming or self.faults.stall or self._taken == self._sent:
            return b""
        self._sent = self._taken
        if not (self.faults.freeze and self._picture):
            self._picture = self._jpeg()
        body = self._picture
        if self.faults.take("torn"):
            body = body[: len(body) // 2]
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
        size = f"Content-Length: {len(self._picture)}\r\n\r\n"
        return self.faults.spoil((head + size).encode("ascii") + body + b"\r\n")

    def _jpeg(self) -> bytes:
        scene = self.look(self._taken)
        if not self.faults.noiseless:
            brighter = cv2.add(scene, self._grain(scene.shape))
            scene = np.asarray(cv2.subtract(brighter, self._grain(scene.shape)), np.uint8)
        _, coded = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return bytes(coded)

    def _grain(self, shape: tuple[int, ...]) -> Image:
        """Return fresh grain of ``shape``: a window into one field, elsewhere each time."""
        field_shape = (shape[0] + _SLACK, shape[1] + _SLACK, *shape[2:])
        if self._field is None or self._field.shape != field_shape:
            self._field = self._rng.integers(0, self.noise + 1, field_shape, np.uint8)
        down, right = self._rng.integers(0, _SLACK, 2)
        return self._field[down : down + shape[0], right : right + shape[1]]


@contextmanager
def on_http(
    camera: FakeCamera, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = time.monotonic
) -> Iterator[str]:
    """Serve ``camera`` on the loopback; yield the address a driver opens."""
    with on_tcp(camera, host, port, clock) as address:
        yield address.replace("socket://", "http://") + "/video"
