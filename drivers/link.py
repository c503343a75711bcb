"""The one way bytes reach a device: a blocking, timed, closable link.

1. An address decides what is at the other end: ``/dev/ttyUSB0``, a pseudo-terminal, any other
   address pyserial knows (``rfc2217://…``), or ``socket://host:port`` for raw bytes over TCP.
2. A read that finds nothing in time returns nothing; silence is for the driver to judge.
3. A port that is gone, or a peer that hung up, is LinkLost, and so is every call after it.
"""

from __future__ import annotations

import socket
from typing import Protocol
from urllib.parse import urlsplit

import serial

from drivers.errors import LinkLost

WRITE_WITHIN = 2.0  # s; a port that takes no bytes for this long is as good as gone
_DRAIN = 64  # reads
_CHUNK = 1 << 18  # bytes per read: one system call empties a detector's socket


class Link(Protocol):
    """What a driver needs of a port. A simulator may be one."""

    def write(self, data: bytes) -> None:
        """Send all of ``data`` or raise LinkLost."""

    def read(self, timeout: float) -> bytes:
        """Return what arrived within ``timeout`` seconds, maybe nothing; LinkLost if it is gone."""

    def close(self) -> None:
        """Let go of the port. Safe to call twice."""


def open_link(
    url: str,
    baudrate: int = 115_200,
    *,
    bytesize: int = 8,
    parity: str = "N",
    stopbits: float = 1,
    connect_within: float = 2.0,
) -> Link:
    """Open ``url`` and return its link; LinkLost if nothing is there.

    The line settings mean nothing to a TCP socket and are ignored there; ``connect_within``
    (seconds) means nothing to a serial port.
    """
    if url.startswith("socket://"):
        return SocketLink(url, connect_within)
    return SerialLink(url, baudrate, bytesize=bytesize, parity=parity, stopbits=stopbits)


def drain(link: Link) -> None:
    """Throw away what has come unread: it answers an older question.

    Bounded, so that a device that never stops talking cannot hold its host for ever.
    """
    for _ in range(_DRAIN):
        if not link.read(0):
            return


class SerialLink:
    """A serial port or pseudo-terminal, held for this process alone."""

    def __init__(
        self,
        url: str,
        baudrate: int = 115_200,
        *,
        bytesize: int = 8,
        parity: str = "N",
        stopbits: float = 1,
    ) -> None:
        self._url = url
        try:
            self._port = serial.serial_for_url(
                url,
                baudrate=baudrate,
                bytesize=bytesize,
                parity=parity,
                stopbits=stopbits,
                timeout=0,
                write_timeout=WRITE_WITHIN,
                exclusive=True,
            )
        except (OSError, ValueError, serial.SerialException) as error:
            raise LinkLost(f"cannot open {url}: {error}; check the cable and the name") from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._port.write(data)
        except (OSError, TypeError, serial.SerialException) as error:
            raise LinkLost(f"{self._url} stopped taking bytes: {error}") from error

    def read(self, timeout: float) -> bytes:
        """Return what arrived within ``timeout`` seconds, maybe nothing."""
        try:
            self._port.timeout = timeout
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except (OSError, TypeError, serial.SerialException) as error:
            # TypeError: pyserial's own, when the port was closed under a waiting read.
            raise LinkLost(f"{self._url} went away: {error}") from error

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()


class SocketLink:
    """Raw bytes over TCP: a serial server in the lane, a simulator in a test.

    pyserial's own ``socket://`` neither turns Nagle's algorithm off (40 ms per short frame) nor
    closes without a pause of 0.3 s, hence this one.
    """

    def __init__(self, url: str, connect_within: float = 2.0) -> None:
        self._url = url
        try:
            where = urlsplit(url)
            self._socket = socket.create_connection(
                (where.hostname or "", where.port or 0), timeout=connect_within
            )
        except (OSError, ValueError) as error:
            raise LinkLost(f"cannot reach {url}: {error}; is the device on?") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._socket.settimeout(WRITE_WITHIN)
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost(f"{self._url} stopped taking bytes: {error}") from error

    def read(self, timeout: float) -> bytes:
        """Return what arrived within ``timeout`` seconds, maybe nothing."""
        try:
            self._socket.settimeout(max(0.0, timeout))
            data = self._socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError):
            return b""
        except OSError as error:
            raise LinkLost(f"{self._url} went away: {error}") from error
        if not data:
            raise LinkLost(f"{self._url} hung up")
        return data

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
