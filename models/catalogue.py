"""Every network we ship, with the card that says what it is and how good it is.

A card is ``weights/<name>.toml`` beside ``weights/<name>.onnx``. It is part of the programme: an
unknown key, a wrong hash or a missing file is refused before a session is opened.
"""

from __future__ import annotations

import hashlib
import tomllib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

WEIGHTS = Path(__file__).parent / "weights"


class CatalogueError(Exception):
    """A model that may not be used: unknown, changed on disk, or not graded for this lane."""


class Grade(StrEnum):
    """What a model may decide about: rendered worlds, or real travellers and goods."""

    SIMULATION = "simulation"
    FIELD = "field"


class Card(BaseModel):
    """One model as its makers vouch for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    role: str = Field(description="what it is used for, e.g. mrz-lines or xray-anomaly")
    version: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    grade: Grade
    input: str = Field(description="shape, type, range and colour order of the input")
    output: str = Field(description="shape and meaning of the output")
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="score from which it says yes, where it scores"
    )
    single_threshold: float | None = Field(
        default=None, ge=0, le=1, description="the same for an X-ray picture of one energy"
    )
    trained_on: str
    recipe: str = Field(description="the command that makes it again")
    licence: str
    source: str
    limits: str = Field(description="what it was not shown to do")
    metrics: dict[str, float | str] = Field(description="figures on material it never saw")


def cards() -> dict[str, Card]:
    """Return every card by name."""
    return {path.stem: _read(path) for path in sorted(WEIGHTS.glob("*.toml"))}


def card(name: str) -> Card:
    """Return the card called ``name`` or raise CatalogueError."""
    path = WEIGHTS / f"{name}.toml"
    if not path.is_file():
        raise CatalogueError(f"no model {name!r}; there are: {', '.join(sorted(cards()))}")
    return _read(path)


def verified_bytes(entry: Card) -> bytes:
    """Return the model file of ``entry``, its hash checked; raise CatalogueError if it differs."""
    path = WEIGHTS / f"{entry.name}.onnx"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"model {entry.name}: cannot read {path.name}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise CatalogueError(
            f"model {entry.name}: {path.name} has sha256 {found[:12]}…, its card says "
            f"{entry.sha256[:12]}…; restore the file or retrain with: {entry.recipe}"
        )
    return content


def require_grade(entry: Card, *, real_hardware: bool) -> None:
    """Refuse a simulation-grade model on a lane with real travellers or goods."""
    if real_hardware and entry.grade is not Grade.FIELD:
        raise CatalogueError(
            f"model {entry.name} is graded {entry.grade.value!r} and this lane is bound to real "
            f"hardware; use a field-graded model"
        )


def _read(path: Path) -> Card:
    try:
        entry = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CatalogueError(f"card {path.name}: {error}") from error
    if entry.name != path.stem:
        raise CatalogueError(f"card {path.name} calls itself {entry.name!r}")
    return entry
