"""What travellers and parcels really hold: nothing here is a threat.

``FILLING`` is everyday goods; ``LOOKALIKES`` is small metal that a careless eye takes for a threat;
``NEGATIVES`` are hard: each has a threat's outline. Any of them may lie in any pose, and at any
size: a picture seldom says how large a pixel is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulators.world import goods_filling as filling
from simulators.world import goods_lookalikes as lookalikes
from simulators.world import goods_negatives as negatives
from simulators.world.goods_canvas import Canvas, Pose

Rng = np.random.Generator
Draw = Callable[[Canvas, Pose, Rng], None]
HARD = 0.12  # of harmless things are hard negatives: one or two in a bag

FILLING: tuple[Draw, ...] = (
    filling.bottle,
    filling.can,
    filling.book,
    filling.food,
    filling.electronics,
    filling.cable,
    filling.shoe,
    filling.umbrella,
    filling.drill,
    filling.tube,
    filling.glasses,
    filling.casting,
)
LOOKALIKES: tuple[Draw, ...] = (
    lookalikes.key,
    lookalikes.coins,
    lookalikes.spring,
    lookalikes.clips,
    lookalikes.bolt,
    lookalikes.zip_,
    lookalikes.buckle,
    lookalikes.pliers,
    lookalikes.driver,
    lookalikes.wrench,
    lookalikes.gear,
    lookalikes.bracket,
    lookalikes.pins,
    lookalikes.oval,
    lookalikes.connector,
    lookalikes.cutlery,
    lookalikes.strap,
)
# Each shares its outline with a threat and differs by what two energies, or a second look, tell.
NEGATIVES: tuple[Draw, ...] = (
    negatives.toy_gun,
    negatives.ornament,
    negatives.ruler,
    negatives.spatula,
    negatives.hinge,
    negatives.battery_pack,
    negatives.blocks,
    negatives.gift,
)


def draw_any(canvas: Canvas, rng: Rng, size: float = 1.0, lookalike: float = 0.5) -> None:
    """Draw one harmless thing somewhere on the canvas, in any pose."""
    kinds = LOOKALIKES if rng.random() < lookalike else FILLING
    kinds = NEGATIVES if rng.random() < HARD else kinds
    draw = kinds[int(rng.integers(len(kinds)))]
    draw(canvas, any_pose(canvas, rng, size), rng)


def any_pose(canvas: Canvas, rng: Rng, size: float = 1.0, spread: float = 1.0) -> Pose:
    """Return a random pose with its centre on the canvas (or in its middle ``spread`` part)."""
    off = spread * rng.uniform(-0.5, 0.5, 2) * [canvas.width_mm, canvas.height_mm]
    tilt = float(np.abs(rng.normal(0, 0.55))) if rng.random() < 0.6 else 0.0
    return Pose(
        x=float(canvas.width_mm / 2 + off[0]),
        y=float(canvas.height_mm / 2 + off[1]),
        angle=float(rng.uniform(0, 2 * np.pi)),
        tilt=tilt,
        axis=float(rng.uniform(0, np.pi)),
        size=size * float(rng.uniform(0.85, 1.2)),
        mirror=bool(rng.random() < 0.5),
    )
