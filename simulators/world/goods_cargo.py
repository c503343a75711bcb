"""Clutter by cargo class: what the cartons of one consignment hold, as its declaration would say.

1. A consignment is a grid of equal cartons on a wooden pallet. Its class says what the cartons are
   stuffed with, how thick, and which things lie in them.
2. Most consignments repeat: every carton holds the same things in the same places, a little
   shifted. A mixed load (groupage) fills each carton on its own.
3. Thicknesses keep an empty carton's worth to about three of optical depth in the beam: what 160 kV
   sees through. A sea container needs megavolts and is not rendered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulators.world import goods_filling as filling
from simulators.world import goods_lookalikes as lookalikes
from simulators.world import goods_negatives as negatives
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_harmless import FILLING, LOOKALIKES, Draw
from simulators.world.goods_shapes import box, plate

Rng = np.random.Generator
MOST = 44  # things in a consignment; more would only take time


class Cargo(StrEnum):
    """What a consignment is declared as."""

    TEXTILES = "textiles"
    PAPER = "paper"
    GROCERIES = "groceries"
    DRINKS = "drinks"
    FOOTWEAR = "footwear"
    HARDWARE = "hardware"
    MACHINERY = "machinery"
    ELECTRONICS = "electronics"
    HOUSEHOLD = "household"
    TOYS = "toys"
    MIXED = "mixed"


@dataclass(frozen=True)
class Load:
    """Stuffing materials, their thickness in mm, the things in a carton and how many."""

    stuff: tuple[str, ...]
    thickness: tuple[float, float]
    things: tuple[Draw, ...]
    count: tuple[int, int]


LOADS: Mapping[Cargo, Load] = {
    Cargo.TEXTILES: Load(
        ("cotton", "nylon"), (20, 160), (lookalikes.zip_, lookalikes.buckle), (0, 2)
    ),
    Cargo.PAPER: Load(("paper",), (30, 120), (filling.book, lookalikes.clips), (0, 3)),
    Cargo.GROCERIES: Load(
        ("paper", "sugar"), (5, 50), (filling.food, filling.can, negatives.blocks), (1, 5)
    ),
    Cargo.DRINKS: Load(("paper",), (3, 8), (filling.bottle, filling.can), (2, 6)),
    Cargo.FOOTWEAR: Load(("paper", "leather"), (4, 20), (filling.shoe,), (1, 3)),
    Cargo.HARDWARE: Load(
        ("paper",),
        (4, 15),
        (
            lookalikes.bolt,
            lookalikes.wrench,
            lookalikes.pliers,
            lookalikes.bracket,
            lookalikes.driver,
            lookalikes.spring,
            negatives.hinge,
            negatives.ruler,
        ),
        (2, 7),
    ),
    Cargo.MACHINERY: Load(
        ("paper", "wood"),
        (5, 30),
        (filling.casting, lookalikes.gear, filling.tube, lookalikes.bolt),
        (1, 4),
    ),
    Cargo.ELECTRONICS: Load(
        ("polyethylene",),
        (5, 25),
        (filling.electronics, filling.cable, lookalikes.connector, negatives.battery_pack),
        (1, 3),
    ),
    Cargo.HOUSEHOLD: Load(
        ("paper", "polyethylene"),
        (5, 40),
        (lookalikes.cutlery, negatives.spatula, filling.umbrella, filling.glasses, filling.drill),
        (1, 4),
    ),
    Cargo.TOYS: Load(
        ("paper", "polyethylene"),
        (5, 30),
        (
            negatives.toy_gun,
            negatives.ornament,
            lookalikes.spring,
            lookalikes.gear,
            filling.electronics,
        ),
        (1, 4),
    ),
    Cargo.MIXED: Load(
        ("paper", "cotton", "sugar", "polyethylene"), (10, 110), (*FILLING, *LOOKALIKES), (0, 4)
    ),
}


def consignment(
    canvas: Canvas, rng: Rng, cargo: Cargo, centre: Pose, wide: float, high: float
) -> int:
    """Draw a loaded pallet, ``wide`` × ``high`` mm, about ``centre``; return how many things."""
    plate(canvas, "wood", [box(wide, 18, 0, high / 2)], 120, centre)
    load, seed = LOADS[cargo], int(rng.integers(2**32))
    size = np.array([wide / int(rng.integers(2, 6)), high / int(rng.integers(1, 5))])
    across, up = np.rint(np.array([wide, high]) / size).astype(int)
    stuff, thick = str(rng.choice(load.stuff)), rng.uniform(*load.thickness)
    least, most = load.count
    each = min(int(rng.integers(least, most + 1)), MOST // int(across * up))
    for index in range(int(across * up)):
        middle = (np.array([index % across, index // across]) + 0.5) * size - [wide / 2, high / 2]
        plate(canvas, "paper", [box(*(size - 3), *middle), box(*(size - 9), *middle)], 60, centre)
        plate(canvas, stuff, [box(*(size - 4), *middle)],
              thick * (rng.uniform(0.3, 1) if cargo is Cargo.MIXED else 1), centre)  # fmt: skip
        carton = rng if cargo is Cargo.MIXED else np.random.default_rng(seed)
        at = centre.place(middle[None] + rng.normal(0, 4, 2))[0]
        _fill(canvas, carton, load, each, at, size)
    return each * int(across * up)


def _fill(
    canvas: Canvas, rng: Rng, load: Load, count: int, at: np.ndarray, size: np.ndarray
) -> None:
    """Draw ``count`` things in a carton of ``size`` mm about ``at``."""
    for _ in range(count):
        draw = load.things[int(rng.integers(len(load.things)))]
        x, y = at + rng.uniform(-0.32, 0.32, 2) * size
        tilt = float(abs(rng.normal(0, 0.5))) if rng.random() < 0.5 else 0.0
        turn, axis, scale = (
            rng.uniform(0, 2 * np.pi),
            rng.uniform(0, np.pi),
            rng.uniform(0.85, 1.15),
        )
        draw(canvas, Pose(float(x), float(y), float(turn), tilt, float(axis), float(scale)), rng)
