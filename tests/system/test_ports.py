"""A port that is kept for whoever listens on it later."""

from __future__ import annotations

import socket

import pytest

from simulators.ports import kept_port


def test_it_is_listened_on_again_and_again_and_by_one_at_a_time() -> None:
    with kept_port() as port:
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)
            with socket.create_server(("127.0.0.1", port)) as listener:
                with socket.create_connection(("127.0.0.1", port), timeout=5):
                    listener.accept()[0].close()
                with pytest.raises(OSError, match="in use"):
                    socket.create_server(("127.0.0.1", port))


def test_nobody_else_is_given_it() -> None:
    with kept_port() as port, kept_port() as other:
        assert port != other
        with socket.create_server(("127.0.0.1", 0)) as listener:
            assert listener.getsockname()[1] not in (port, other)
