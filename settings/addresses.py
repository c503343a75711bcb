"""Addresses in a configuration file, each with the complaint that helps."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator


def split(listen: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; raise ValueError for anything else."""
    parts = urlsplit(f"//{listen}")
    port = _port(parts)
    if not parts.hostname or port is None:
        raise ValueError(f'{listen!r} is not HOST:PORT; write for example "127.0.0.1:8080"')
    return parts.hostname, port


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def _listen(text: str) -> str:
    split(text)
    return text


def _broker(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f'{text!r} is not a broker; write for example "mqtts://broker.example"')
    return text


def _web(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'{text!r} is not a web address; write for example "https://host"')
    return text.rstrip("/")


Listen = Annotated[str, AfterValidator(_listen)]
"""HOST:PORT to listen on."""

BrokerUrl = Annotated[str, AfterValidator(_broker)]
"""mqtt://host[:port] or mqtts://host[:port]."""

WebUrl = Annotated[str, AfterValidator(_web)]
"""http://host[:port] or https://host[:port], without a slash at the end."""
