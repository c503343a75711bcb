"""What comes to a scanner: goods from a seed, some with something in them that must be found."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from simulators.world.goods import Scene, scene

LINES, PIXELS = 560, 512  # of an item's picture, at 1 mm


@dataclass(frozen=True)
class Item:
    """One thing to scan; ``threat`` is what a report compares the lane's finding with."""

    tag: str
    threat: bool
    scene: Scene = field(repr=False)


def item(seed: int, threat: bool | None = None) -> Item:
    """Return the item of ``seed``; by default one in three carries a threat, the second always."""
    rng = random.Random(f"item {seed}")  # noqa: S311 - a seeded world, no secret
    loaded = rng.random() < 1 / 3 or seed == 1 if threat is None else threat
    goods = scene(seed, lines=LINES, pixels=PIXELS, threat=loaded)
    return Item(f"item-{seed}", loaded, goods)
