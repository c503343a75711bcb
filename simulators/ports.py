"""Ports for a world of our own on the loopback."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a TCP port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
