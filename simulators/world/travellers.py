"""Who comes to a gate: a traveller of a fictitious state, a document, and a way of behaving.

1. A traveller follows from a seed. Most are in order; the others show what a gate must catch.
2. ``story`` says what is the matter, so that a report can compare it with what the lane did.
3. The face at the gate, the one printed and the one in the chip are one person's, but for who came
   with another's document, holds up a picture, or whose document is forged in that.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz_layout import Format
from edge.documents.optical.light import Light
from simulators.chip.keys import ChipKeys
from simulators.world.documents_holder import Holder, zone
from simulators.world.documents_light import Forgery, passport, photographed, utopian
from simulators.world.faces import Look, identity, place
from simulators.world.faces_attacks import Attack, Held, held_up
from simulators.world.issuer import Issuer

Image = NDArray[np.uint8]
DPI = 200.0
HALL = 800, 600  # height and width of what the gate's face camera sees, pixels
_MIDDLE = np.array([HALL[1] / 2, HALL[0] / 2], np.float32)
_NEAR = 130.0  # pixels of half a head: some 55 cm away, the pupils 66 pixels apart or more
_OTHERS = 500_009  # from a seed to somebody else's


class Story(StrEnum):
    """What is the matter with a traveller. The last are ways to forge a page, by their names."""

    IN_ORDER = "in-order"
    EXPIRED = "expired"
    FORGED_CHIP = "forged-chip"
    SWAPPED_PAGE = "swapped-page"
    MUTE_CHIP = "mute-chip"
    TAILGATED = "tailgated"
    TURNS_BACK = "turns-back"
    IMPOSTOR = "impostor"
    HOLDS_UP_PRINT = "holds-up-print"
    HOLDS_UP_SCREEN = "holds-up-screen"
    STANDS_ASIDE = "stands-aside"
    BRIGHT_PAPER = Forgery.BRIGHT_PAPER.value
    MRZ_DYE = Forgery.MRZ_DYE.value
    LASER_PRINT = Forgery.LASER_PRINT.value
    NO_MOTIF = Forgery.NO_MOTIF.value
    PHOTO_SUBSTITUTED = Forgery.PHOTO_SUBSTITUTED.value
    COPIED = Forgery.COPIED.value
    FOREIGN_TYPE = Forgery.FOREIGN_TYPE.value


CLEARED = frozenset({Story.IN_ORDER})
"""Stories that a gate should let pass by itself."""

FORGED = {Story(forgery.value): forgery for forgery in Forgery}
"""Stories of a document whose page is forged."""

_HELD = {Story.HOLDS_UP_PRINT: Attack.PRINT, Story.HOLDS_UP_SCREEN: Attack.SCREEN}
_RARE = (
    *(Story.EXPIRED, Story.FORGED_CHIP, Story.SWAPPED_PAGE, Story.IMPOSTOR, Story.IMPOSTOR),
    *(Story.HOLDS_UP_PRINT, Story.HOLDS_UP_SCREEN, *FORGED),
)
_SHARE_IN_ORDER = 0.7


@dataclass(frozen=True)
class Traveller:
    """One traveller: what is printed, what the chip holds, how the page and the face look.

    ``pages`` are what the reader's cameras see of the document on the glass, by light; ``face``
    what the gate's camera sees of who stands inside; ``codes`` what they hold before the bar code
    reader, if anything: passes, seals.
    """

    seed: int
    story: Story
    lines: tuple[str, ...]
    chip: dict[str, bytes] = field(repr=False)
    keys: ChipKeys = field(repr=False)
    pages: Mapping[Light, Image] = field(repr=False)
    face: Image = field(repr=False)
    codes: tuple[bytes, ...] = field(default=(), repr=False)


def traveller(seed: int, issuer: Issuer, story: Story | None = None) -> Traveller:
    """Return the traveller of ``seed``, with a document by ``issuer``."""
    what = story or _story(seed)
    holder = utopian(seed)
    if what is Story.EXPIRED:
        holder = replace(holder, expiry_date="200101")
    lines = zone(holder, Format.TD3)
    shown = zone(_other_name(holder), Format.TD3) if what is Story.SWAPPED_PAGE else lines
    issued = issuer.personalise(lines, seed)
    chip = issued.files
    if what is Story.FORGED_CHIP:
        chip["DG2"] = issuer.personalise(lines, seed + 1).files["DG2"]
    sheet = passport(seed, DPI, FORGED.get(what), holder, shown)
    return Traveller(
        seed=seed,
        story=what,
        lines=lines,
        chip=chip,
        keys=issued.keys,
        pages=photographed(sheet, seed),
        face=in_front(seed, what),
    )


def in_front(seed: int, story: Story = Story.IN_ORDER) -> Image:
    """Return what the gate's face camera sees while the traveller of ``seed`` stands inside."""
    moment = random.Random(f"moment {seed}")  # noqa: S311 - a seeded world, no secret
    if story is Story.STANDS_ASIDE:
        return nobody()
    if (attack := _HELD.get(story)) is not None:
        held = Held(
            tilt=moment.uniform(-8, 8),
            lean=moment.uniform(-4, 4),
            height=moment.uniform(0.65, 0.85),
            pitch=moment.uniform(2.3, 4.0),
            strength=moment.uniform(0.4, 0.9),
            phase=moment.uniform(0, 6),
        )
        return held_up(attack, seed, Look(), held, nobody()).image
    who = seed + _OTHERS if story is Story.IMPOSTOR else seed
    return place(identity(who), _moment(moment), nobody(), _MIDDLE, _NEAR).image


def nobody() -> Image:
    """Return what the gate's face camera sees while nobody stands in front of it."""
    height, width = HALL
    wall = np.linspace(150, 105, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(wall, (height, width, 3)).astype(np.uint8)


def _story(seed: int) -> Story:
    if seed < 2:
        return Story.IN_ORDER
    rng = random.Random(f"comes {seed}")  # noqa: S311 - a seeded world, no secret
    return Story.IN_ORDER if rng.random() < _SHARE_IN_ORDER else rng.choice(_RARE)


def _moment(rng: random.Random) -> Look:
    """Return how somebody stands who was asked to look at the camera."""
    return Look(
        yaw=rng.gauss(0, 5),
        pitch=rng.gauss(0, 3),
        roll=rng.gauss(0, 2),
        light=(rng.gauss(0, 0.4), -0.5, 1.0),
        bright=rng.uniform(0.9, 1.1),
        smile=max(0.0, rng.gauss(0, 0.3)),
    )


def _other_name(holder: Holder) -> Holder:
    return replace(holder, surname=holder.surname[::-1])
