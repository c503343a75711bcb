"""Bringing a model into the operator's folder: from a file, or from an address the operator gives.

1. What is not vouched for by hash, by us or by the operator's card, does not get in.
2. A model is whole or not there: it is written beside its place and then renamed.
3. No address is known here; nothing is fetched that was not asked for.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import httpx

from models.slots import Role, SlotCard, SlotError, content_of, known, look, read_card

__all__ = ["add", "fetch"]

_PATIENCE = 30.0  # s without a byte
_LARGEST = 512 * 2**20  # bytes


def add(file: Path, role: Role, folder: Path, card: Path | None = None) -> SlotCard:
    """Copy the model in ``file`` into ``folder`` for ``role``; return its card. Raises SlotError.

    ``card`` is the operator's own, needed where the hash is not one of ``known()``.
    """
    content = content_of(file)
    entry = _entry(file, _digest(content), role, card)
    _only_one(entry, folder)
    _put(folder, f"{entry.name}.onnx", content)
    if card is not None:
        _put(folder, f"{entry.name}.toml", card.read_bytes())
    return entry


def fetch(name: str, source: str, folder: Path, client: httpx.Client | None = None) -> SlotCard:
    """Fetch the known model ``name`` from the address ``source`` into ``folder``; return its card.

    Raises SlotError where the name is not known, the address does not answer, or what comes is
    not what its hash says.
    """
    entry = known().get(name)
    if entry is None:
        names = ", ".join(sorted(known()))
        raise SlotError(f"no known model {name!r}; known: {names}; for others: models add --card")
    _only_one(entry, folder)
    content = _download(source, client or httpx.Client(timeout=_PATIENCE, follow_redirects=True))
    found = _digest(content)
    if found != entry.sha256:
        raise SlotError(
            f"{name}: what {source} sent has sha256 {found[:12]}…, not {entry.sha256[:12]}…; "
            "nothing was kept; give the address of that very file"
        )
    _put(folder, f"{name}.onnx", content)
    return entry


def _entry(file: Path, digest: str, role: Role, card: Path | None) -> SlotCard:
    named = (c for c in known().values() if c.sha256 == digest)
    entry = read_card(card) if card is not None else next(named, None)
    if entry is None:
        raise SlotError(
            f"{file}: sha256 {digest} is not known here; write a card that vouches for it and "
            "give it with --card"
        )
    if entry.sha256 != digest:
        raise SlotError(f"{file}: has sha256 {digest}, the card says {entry.sha256}")
    if entry.role != role:
        raise SlotError(f"{file}: its card says it is a {entry.role}, not a {role}")
    return entry


def _only_one(entry: SlotCard, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for other in look(folder):
        rival = other.card is not None and other.card.role == entry.role
        if rival and other.path.name != f"{entry.name}.onnx":
            raise SlotError(
                f"{folder} already holds {other.path.name} as {entry.role}; remove it first"
            )


def _download(source: str, client: httpx.Client) -> bytes:
    content = bytearray()
    try:
        with client, client.stream("GET", source) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _LARGEST:
                    raise SlotError(f"{source}: sends more than {_LARGEST} bytes; no such model")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SlotError(f"{source}: {type(error).__name__}: {error}") from error
    return bytes(content)


def _put(folder: Path, name: str, content: bytes) -> None:
    try:
        handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(folder / name)
    except OSError as error:
        raise SlotError(f"{folder / name}: cannot be written: {error}") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
