"""The models that a lane looks at faces with: what finds them, what compares them.

Either may be missing: an empty slot is None, and who needs it says *not supported*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.face.calibration import Calibration
from models.face.geometry import SIDE, Face, align
from models.face.heat_map import detect_with
from models.face.yunet import Yunet
from models.session import Session, open_session
from models.slots import Filled, Role, SlotCard, SlotError, fill

__all__ = ["Detect", "Embedder", "FacePack", "open_pack"]

Image = NDArray[np.uint8]
Vector = NDArray[np.float32]
Detect = Callable[[Image], list[Face]]
"""A BGR picture → its faces, best first."""

_LANDMARKS = "face_landmarks"  # what our own detector reads the five points with
_SCORE = 0.5  # from which a place is a face, where the card does not say


class Embedder:
    """Turns an aligned face into a unit vector. ``card`` says which model, and how good."""

    def __init__(self, card: SlotCard, session: Session, name: str) -> None:
        self.card = card
        self._session, self._name = session, name

    @property
    def calibration(self) -> Calibration | None:
        """What the scores mean; None where nobody has measured it."""
        return self.card.calibration

    def __call__(self, image: Image, face: Face) -> Vector:
        """Return the embedding of one face of a BGR picture: a unit vector. Raises ValueError."""
        return self.of_aligned(align(image, face.landmarks))

    def of_aligned(self, aligned: Image) -> Vector:
        """Return the embedding of a face cut to 112 × 112, BGR."""
        if aligned.shape != (SIDE, SIDE, 3):
            raise ValueError(f"an aligned face is {SIDE} × {SIDE} × 3, not {aligned.shape}")
        ordered = aligned[..., ::-1] if self.card.order == "rgb" else aligned
        fed = (ordered.astype(np.float32) - np.float32(self.card.mean)) / np.float32(
            self.card.scale
        )
        given = np.ascontiguousarray(fed.transpose(2, 0, 1)[None])
        vector = self._session.run({self._name: given})[0].reshape(-1)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


@dataclass(frozen=True)
class FacePack:
    """A lane's face models. ``names``: role → name@version of those that are there."""

    detect: Detect | None
    embed: Embedder | None
    names: dict[str, str]

    @property
    def whole(self) -> bool:
        """Whether two faces can be compared."""
        return self.detect is not None and self.embed is not None


def open_pack(folder: Path | None = None, *, real_hardware: bool = False) -> FacePack:
    """Return the models of the operator's ``folder``, else our own. Raises CatalogueError."""
    detector = fill(Role.FACE_DETECTOR, folder, real_hardware=real_hardware)
    embedding = fill(Role.FACE_EMBEDDING, folder, real_hardware=real_hardware)
    there = [filled.card for filled in (detector, embedding) if filled is not None]
    return FacePack(
        detect=_detector(detector) if detector else None,
        embed=_embedder(embedding) if embedding else None,
        names={card.role: f"{card.name}@{card.version}" for card in there},
    )


def _detector(filled: Filled) -> Detect:
    least = filled.card.threshold if filled.card.threshold is not None else _SCORE
    if filled.card.family == "yunet":
        return Yunet(filled.content, least)
    if filled.card.family != "heat-map":
        raise SlotError(f"{filled.card.name}: a {filled.card.family} cannot find faces")
    session, name = _session(filled)
    points = open_session(_LANDMARKS)

    def network(grey: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run({name: grey})[0][0], np.float32)

    def regress(view: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(points.run({points.input_name: view})[0][0], np.float32)

    return lambda image: detect_with(network, regress, image, least)


def _embedder(filled: Filled) -> Embedder:
    if filled.card.family != "embedding":
        raise SlotError(f"{filled.card.name}: a {filled.card.family} cannot compare faces")
    session, name = _session(filled)
    return Embedder(filled.card, session, name)


def _session(filled: Filled) -> tuple[Session, str]:
    session = Session(filled.card, content=filled.content)
    return session, session.input_name
