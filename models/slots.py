"""Models by role: our own fill a slot unless the operator's folder holds another for it.

1. A slot is a role, ``face-detector`` or ``face-embedding``. Its model comes from the operator's
   folder, else from our own small networks.
2. A file in the folder counts only if somebody vouches for it by hash: ``known/*.toml`` here, or an
   operator's card, ``NAME.toml`` beside ``NAME.onnx``. The hash is checked at every load, and the
   bytes that were checked are the bytes that are run.
3. Two models in the folder for one role are an error: nobody guesses which was meant.
4. A lane with real travellers takes no model of grade *simulation*: the slot is then empty, and
   what needs it answers *not supported*.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from models.catalogue import WEIGHTS, Card, CatalogueError, Grade, verified_bytes
from models.face.calibration import Calibration

__all__ = [
    "Filled",
    "Found",
    "Role",
    "SlotCard",
    "SlotError",
    "card_text",
    "fill",
    "known",
    "look",
    "read_card",
]

KNOWN = Path(__file__).parent / "known"
_LARGEST = 512 * 2**20  # bytes of a model file


class SlotError(CatalogueError):
    """A slot that cannot be filled as asked: which file, why, what to do."""


class Role(StrEnum):
    """What a model is for."""

    FACE_DETECTOR = "face-detector"
    FACE_EMBEDDING = "face-embedding"


class SlotCard(Card):
    """A card that also says how the model is fed and read.

    ``family``: *heat-map* is our own detector, *yunet* runs in OpenCV's FaceDetectorYN, *embedding*
    takes aligned faces of 112 × 112, each channel as (value - mean) / scale.
    """

    family: Literal["heat-map", "yunet", "embedding"]
    order: Literal["rgb", "bgr", "grey"] = "rgb"
    mean: float = 127.5
    scale: float = 128.0
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Found:
    """One file in the operator's folder: its card, or why nobody vouches for it."""

    path: Path
    sha256: str
    card: SlotCard | None
    problem: str = ""


@dataclass(frozen=True)
class Filled:
    """A slot's model: card and checked bytes."""

    card: SlotCard
    content: bytes = field(repr=False)
    path: Path | None = None  # None: our own


@cache
def known() -> dict[str, SlotCard]:
    """Return every model that this project vouches for by hash, by name."""
    return {path.stem: _known(path) for path in sorted(KNOWN.glob("*.toml"))}


def ours(role: Role) -> SlotCard | None:
    """Return the model for ``role`` that is shipped, if there is one."""
    shipped = (c for c in known().values() if c.role == role)
    return next((c for c in shipped if (WEIGHTS / f"{c.name}.onnx").is_file()), None)


def look(folder: Path) -> list[Found]:
    """Return what the model files of ``folder`` are. Raises SlotError if it cannot be read."""
    if not folder.is_dir():
        raise SlotError(f"{folder}: no such folder; give the one that holds the model files")
    return [_found(path) for path in sorted(folder.glob("*.onnx"))]


def fill(role: Role, folder: Path | None, *, real_hardware: bool = False) -> Filled | None:
    """Return the model for ``role``, or None where the slot stays empty. Raises SlotError."""
    chosen = _in_folder(role, folder) if folder is not None else None
    own = ours(role)
    if chosen is not None:
        if _allowed(chosen.card, real_hardware):
            return chosen
        return None
    if own is None or not _allowed(own, real_hardware):
        return None
    return Filled(own, verified_bytes(own))


def read_card(path: Path) -> SlotCard:
    """Return the card in ``path``. Raises SlotError."""
    try:
        return SlotCard.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise SlotError(f"card {path}: {error}") from error


def card_text(entry: SlotCard) -> str:
    """Return ``entry`` as the text of a card file."""
    told = entry.model_dump(mode="json", exclude_none=True)
    tables = {key: told.pop(key) for key in ("calibration", "metrics") if key in told}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()
        ]
    return "\n".join(lines) + "\n"


def content_of(path: Path) -> bytes:
    """Return the bytes of a model file. Raises SlotError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise SlotError(f"{path}: larger than {_LARGEST} bytes is no model for a lane")
        return path.read_bytes()
    except OSError as error:
        raise SlotError(f"{path}: cannot be read: {error}") from error


def vouched(path: Path, sha256: str) -> SlotCard | None:
    """Return the card for a file: the one beside it, else a known one with its hash or its name.

    A known model's name with another hash is a file that was spoilt, not a stranger.
    """
    beside = path.with_suffix(".toml")
    if beside.is_file():
        return read_card(beside)
    by_hash = (card for card in known().values() if card.sha256 == sha256)
    return next(by_hash, known().get(path.stem))


def _allowed(card: SlotCard, real_hardware: bool) -> bool:
    return card.grade is Grade.FIELD or not real_hardware


def _in_folder(role: Role, folder: Path) -> Filled | None:
    fitting = [found for found in look(folder) if found.card and found.card.role == role]
    if len(fitting) > 1:
        names = ", ".join(found.path.name for found in fitting)
        raise SlotError(f"{folder}: more than one model for {role}: {names}; keep one")
    if not fitting:
        return None
    found = fitting[0]
    assert found.card is not None
    if found.problem:
        raise SlotError(f"{found.path}: {found.problem}")
    content = content_of(found.path)
    if hashlib.sha256(content).hexdigest() != found.card.sha256:
        raise SlotError(f"{found.path}: changed while it was being read; add it again")
    return Filled(found.card, content, found.path)


def _found(path: Path) -> Found:
    digest = hashlib.sha256(content_of(path)).hexdigest()
    try:
        card = vouched(path, digest)
    except SlotError as error:
        return Found(path, digest, None, str(error))
    if card is None:
        hint = f"nobody vouches for sha256 {digest[:12]}…; put a card beside it"
        return Found(path, digest, None, hint)
    if card.sha256 != digest:
        wrong = (
            f"has sha256 {digest[:12]}…, its card says {card.sha256[:12]}…; fetch or add it again"
        )
        return Found(path, digest, card, wrong)
    return Found(path, digest, card)


def _known(path: Path) -> SlotCard:
    """Return a known card; of our own networks the catalogue's card tells the most."""
    entry: dict[str, Any] = {}
    for part in _parts(path):
        entry |= tomllib.loads(part.read_text(encoding="utf-8"))
    try:
        return SlotCard.model_validate(entry)
    except ValidationError as error:
        raise SlotError(f"card {path.name}: {error}") from error


def _parts(path: Path) -> Iterator[Path]:
    ours_too = WEIGHTS / path.name
    if ours_too.is_file():
        yield ours_too
    yield path
