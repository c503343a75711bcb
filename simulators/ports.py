"""Ports for a world of our own on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def free_port() -> int:
    """Return a TCP port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def kept_port() -> Iterator[int]:
    """Keep a TCP port for whoever listens on it later, again and again, while the block runs.

    It is bound and nobody listens there: the system gives it to no one else meanwhile, and calls
    are refused until somebody does (SO_REUSEADDR at both, as every listener here has it).
    """
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        yield int(place.getsockname()[1])
