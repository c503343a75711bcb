"""Where frames come from: motion JPEG over HTTP, a local device, any other stream, image files.

An address decides: ``http://…`` is read by our own codec, which can tell a torn image and drop
stale ones; ``rtsp://…``, ``https://…``, ``/dev/video0`` and ``0`` go to OpenCV with its time-outs
set; a path with image files (a name, or a pattern with ``*``) plays them in a loop.
Every image is BGR, uint8, height × width × 3.
"""

from __future__ import annotations

import glob
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.codec import BadHead, StreamDecoder, request
from drivers.errors import Garbled, LinkLost, Refused
from drivers.link import Link, open_link
from drivers.patience import Clock

Image = NDArray[np.uint8]
_WAITING = 256  # reads of what waits; a camera faster than its host must not hold it for ever


class Source(Protocol):
    """One stream of images."""

    def read(self, timeout: float) -> Image | None:
        """Return the newest image within ``timeout`` s, or None; LinkLost, Garbled, Refused."""

    def close(self) -> None:
        """Let go of the stream."""


def open_source(address: str, timeout: float) -> Source:
    """Open ``address``; LinkLost if nothing answers within ``timeout`` seconds."""
    if address.startswith("http://"):
        where = urlsplit(address)
        link = open_link(f"socket://{where.hostname}:{where.port or 80}", connect_within=timeout)
        return MotionJpeg(link, address)
    if address.isdigit() or "://" in address or address.startswith("/dev/"):
        return Capture(address, timeout)
    return ImageFiles(address)


class MotionJpeg:
    """Motion JPEG over HTTP. Of several images that have arrived only the newest is decoded.

    A host that comes back late finds a full pipe: what waits in it is old, and so is the image
    that the camera was in the middle of sending. Both are passed over if newer ones come in time.
    """

    def __init__(self, link: Link, url: str, clock: Clock = time.monotonic) -> None:
        self._link, self._clock = link, clock
        self._decoder = StreamDecoder()
        self._newest = b""
        self._arrived = 0  # images since the last read
        link.write(request(url))

    def read(self, timeout: float) -> Image | None:
        """Return the newest image within ``timeout`` s, or None; Garbled if it was torn."""
        deadline = self._clock() + timeout
        torn = self._decoder.torn
        self._take_waiting()
        enough = 1 if self._arrived <= 1 else self._arrived + 2
        while self._arrived < enough and (left := deadline - self._clock()) > 0:
            self._take(self._link.read(left))
        self._take_waiting()
        if not self._arrived and self._decoder.torn > torn:
            raise Garbled(f"camera: {self._decoder.torn - torn} torn images; check its network")
        return self._decoded()

    def close(self) -> None:
        """Let go of the stream."""
        self._link.close()

    def _take_waiting(self) -> None:
        for _ in range(_WAITING):
            if not (data := self._link.read(0)):
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            for jpeg in self._decoder.feed(data):
                self._newest = jpeg
                self._arrived += 1
        except BadHead as error:
            if 400 <= error.status < 500:
                raise Refused(f"camera: {error}; check its address and password") from error
            raise LinkLost(f"camera: {error}") from error

    def _decoded(self) -> Image | None:
        if not self._arrived:
            return None
        jpeg, self._newest, self._arrived = self._newest, b"", 0
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise Garbled(f"camera: {len(jpeg)} bytes between JPEG marks are no image")
        return np.asarray(image, np.uint8)


class Capture:
    """What OpenCV opens: a local device by number or path, RTSP, HTTPS."""

    def __init__(self, address: str, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        where: str | int = int(address) if address.isdigit() else address
        backend = cv2.CAP_FFMPEG if "://" in address else cv2.CAP_V4L2
        milliseconds = max(1, int(timeout * 1000))
        limits = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds),
        ]
        self._capture = cv2.VideoCapture(where, backend, limits if "://" in address else [])
        if not self._capture.isOpened():
            raise LinkLost(f"camera: cannot open {_public(address)}; is it on, and not in use?")

    def read(self, timeout: float) -> Image | None:
        """Return the next image; the time-out is the one it was opened with."""
        del timeout
        start = time.monotonic()
        good, image = self._capture.read()
        if good:
            return np.asarray(image, np.uint8)
        if time.monotonic() - start >= 0.9 * self._timeout:
            return None
        raise LinkLost(f"camera: {_public(self._address)} ended")

    def close(self) -> None:
        """Let go of the device."""
        self._capture.release()


class ImageFiles:
    """Image files, one after the other and round again."""

    def __init__(self, pattern: str) -> None:
        self._paths = sorted(glob.glob(pattern))
        self._next = 0
        if not self._paths:
            raise LinkLost(f"camera: no image file at {pattern}")

    def read(self, timeout: float) -> Image:
        """Return the next image; Garbled if the file is none."""
        del timeout
        path = self._paths[self._next % len(self._paths)]
        self._next += 1
        image = cv2.imread(path, cv2.IMREAD_COLOR)
        if image is None:
            raise Garbled(f"camera: {Path(path).name} is no image")
        return np.asarray(image, np.uint8)

    def close(self) -> None:
        """Nothing to let go of."""


def _public(address: str) -> str:
    """Return ``address`` without a password in it."""
    parts = urlsplit(address)
    return address.replace(f"{parts.username}:{parts.password}@", "") if parts.password else address
