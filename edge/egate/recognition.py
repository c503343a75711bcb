"""What an e-gate recognises faces and pages with: opened once, before anything is started.

1. A lane with real travellers uses nothing of grade *simulation* (models.catalogue). A face model
   so graded in the operator's folder is refused by name; so are our own where the profile makes
   the comparison mandatory: such a lane would only seem to compare.
2. Attack detection and the network for printed patches are ours alone. Where they may not judge,
   what needs them answers *not supported*, and the profile decides what follows.
3. Whatever looks is told by role, name, version and hash in the lane's health.
4. Everything has run once when the lane starts: the first traveller waits no longer than others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.documents.optical.judge import OpticalModels, open_models
from edge.documents.page import read
from edge.documents.profile import Need, Profile
from edge.egate.config import EGateConfig
from edge.egate.decision import profile_of
from edge.egate.face.capture import WITHIN_WITHOUT_PAD, Pad
from edge.egate.face.look import Looking
from models.catalogue import Card, Grade, card, require_grade
from models.document import patches
from models.face import pad
from models.face.geometry import SIDE, TEMPLATE, Face
from models.face.pack import FacePack, open_pack
from models.slots import Filled, Role, fill

__all__ = ["WANTED", "Recognition", "cards_of", "open_recognition"]

_MRZ = "mrz_lines"
WANTED = ("face-detector", "face-embedding", "face-pad", "document-patches")
"""Roles that a lane can be without."""
_LANDMARKS = "face_landmarks"  # our own detector needs it; an operator's brings its own


@dataclass(frozen=True)
class Recognition:
    """The models of one lane, ready to run; ``pad_alarm`` is the score that calls an officer."""

    looking: Looking
    optical: OpticalModels
    pad_alarm: float


def open_recognition(config: EGateConfig) -> Recognition:
    """Return the models of a lane whose ``cards_of`` are in order. Raises CatalogueError."""
    real = config.hardware == "real"
    pack = open_pack(config.face.models, real_hardware=real)
    attacks = pad.open_pad(real_hardware=real)
    within = config.face.within
    if attacks is None:
        within = min(within, WITHIN_WITHOUT_PAD)
    _run_once(pack, attacks)
    return Recognition(
        looking=Looking(pack, attacks, within=within),
        optical=open_models(pack, real_hardware=real),
        pad_alarm=config.face.pad_alarm,
    )


def _run_once(pack: FacePack, attacks: Pad | None) -> None:
    blank = np.full((600, 800, 3), 127, np.uint8)
    read(blank)
    if pack.detect is not None:
        pack.detect(blank)
    if pack.embed is not None:
        pack.embed.of_aligned(blank[:SIDE, :SIDE])
    if attacks is not None:
        attacks(blank, Face((300, 200, 200, 200), 2 * TEMPLATE + np.float32(300), 1.0))


def cards_of(config: EGateConfig) -> list[Card]:
    """Return the card of every model of the lane, each allowed for it. Raises CatalogueError."""
    real = config.hardware == "real"
    mrz = card(_MRZ)
    require_grade(mrz, real_hardware=real)
    ours = [card(name) for name in (pad.MODEL, patches.NAME)]
    usable = [entry for entry in ours if entry.grade is Grade.FIELD or not real]
    return [mrz, *_faces(config, profile_of(config), real=real), *usable]


def _faces(config: EGateConfig, profile: Profile, *, real: bool) -> Iterator[Card]:
    demanded = profile.need("face-comparison") is Need.MANDATORY
    for role in Role:
        filled = fill(role, config.face.models)
        if filled is None:
            continue
        if demanded or filled.path is not None:
            require_grade(filled.card, real_hardware=real)
        if filled.card.grade is Grade.FIELD or not real:
            yield from _looks(filled)


def _looks(filled: Filled) -> Iterator[Card]:
    yield filled.card
    if filled.card.family == "heat-map":
        yield card(_LANDMARKS)
