"""Who comes to a gate: a traveller of a fictitious state, a document, and a way of behaving.

1. A traveller follows from a seed. Most are in order; the others show what a gate must catch.
2. ``story`` says what is the matter, so that a report can compare it with what the lane did.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz_layout import Format
from simulators.chip.keys import ChipKeys
from simulators.world.documents import render_document
from simulators.world.documents_holder import Holder, fictitious, zone
from simulators.world.issuer import Issuer
from simulators.world.portraits import portrait

Image = NDArray[np.uint8]
STATE = "UTO"
DPI = 200.0


class Story(StrEnum):
    """What is the matter with a traveller."""

    IN_ORDER = "in-order"
    EXPIRED = "expired"
    FORGED_CHIP = "forged-chip"
    SWAPPED_PAGE = "swapped-page"
    MUTE_CHIP = "mute-chip"
    TAILGATED = "tailgated"
    TURNS_BACK = "turns-back"


CLEARED = frozenset({Story.IN_ORDER})
"""Stories that a gate should let pass by itself."""

_USUAL = (Story.IN_ORDER,) * 7 + (Story.EXPIRED, Story.FORGED_CHIP, Story.SWAPPED_PAGE)


@dataclass(frozen=True)
class Traveller:
    """One traveller: what is printed, what the chip holds, how the page and the face look."""

    seed: int
    story: Story
    lines: tuple[str, ...]
    chip: dict[str, bytes] = field(repr=False)
    keys: ChipKeys = field(repr=False)
    page: Image = field(repr=False)
    face: Image = field(repr=False)


def traveller(seed: int, issuer: Issuer, story: Story | None = None) -> Traveller:
    """Return the traveller of ``seed``, with a document by ``issuer``."""
    rng = random.Random(f"traveller {seed}")  # noqa: S311 - a seeded world, no secret
    what = story or (Story.IN_ORDER if seed < 2 else rng.choice(_USUAL))
    holder = _holder(seed, what)
    lines = zone(holder, Format.TD3)
    shown = zone(_other_name(holder), Format.TD3) if what is Story.SWAPPED_PAGE else lines
    issued = issuer.personalise(lines, seed)
    chip = issued.files
    if what is Story.FORGED_CHIP:
        chip["DG2"] = issuer.personalise(lines, seed + 1).files["DG2"]
    return Traveller(
        seed=seed,
        story=what,
        lines=lines,
        chip=chip,
        keys=issued.keys,
        page=render_document(shown, DPI, seed, holder),
        face=portrait(seed, 640, 480),
    )


def _holder(seed: int, story: Story) -> Holder:
    holder = replace(fictitious(seed, STATE), nationality=STATE)
    return replace(holder, expiry_date="200101") if story is Story.EXPIRED else holder


def _other_name(holder: Holder) -> Holder:
    return replace(holder, surname=holder.surname[::-1])
