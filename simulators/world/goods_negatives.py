"""Hard negatives: harmless things with the outline of a threat, in another material or without use.

Sizes are in millimetres. Each function draws one thing on a canvas in a pose. What tells them from
the threat beside them is noted: material (two energies see it), thickness, or one missing part.
"""

from __future__ import annotations

import numpy as np

from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_shapes import body, box, curve, ellipse, helix, plate, rounded, wire

Rng = np.random.Generator
PLASTICS = ("nylon", "pvc", "polyethylene")


def toy_gun(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a toy pistol: the outline of one in plastic, with a spring and a few screws inside."""
    stuff, long = str(rng.choice(PLASTICS)), rng.uniform(110, 210)
    high, wide, rake = rng.uniform(24, 36), rng.uniform(18, 30), rng.uniform(5, 30)
    back = long / 2
    plate(canvas, stuff, [box(long, high), box(long - 8, high - 8)], wide, pose)
    plate(canvas, stuff, [box(long, high)], 5, pose)
    deep, foot = rng.uniform(36, 52), rng.uniform(60, 105)
    grip = np.array([[back - deep, high / 2], [back, high / 2], [back + rake, foot],
                     [back + rake - deep, foot]])  # fmt: skip
    inner = grip.mean(0) + (grip - grip.mean(0)) * 0.8
    plate(canvas, stuff, [grip, inner], wide, pose)
    plate(canvas, stuff, [grip], 5, pose)
    ring = ellipse(18, 13, back - deep - 18, high / 2 + 8)
    plate(canvas, stuff, [ring, ellipse(14, 9, back - deep - 18, high / 2 + 8)], 8, pose)
    wire(canvas, "iron", helix(long * 0.35, 4, 10) + np.array([-long * 0.1, 0]), 0.9, pose)
    for _ in range(int(rng.integers(3, 8))):
        at = rng.uniform(-0.45, 0.45, 2) * [long, high]
        plate(canvas, "iron", [ellipse(2.2, 2.2, *at)], rng.uniform(5, 12), pose)


def ornament(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a star to hang up or a cookie cutter: plastic, wood or glass, or only a thin rim."""
    points, radius, valley = int(rng.integers(4, 9)), rng.uniform(25, 60), rng.uniform(0.35, 0.6)
    t = np.linspace(0, 2 * np.pi, 2 * points, endpoint=False)
    reach = radius * np.where(np.arange(2 * points) % 2, valley, 1)
    outline = np.stack([np.cos(t), np.sin(t)], 1) * reach[:, None]
    if rng.random() < 0.3:
        wire(canvas, "iron", np.vstack([outline, outline[:1]]), rng.uniform(0.8, 1.6), pose)
        return
    stuff = str(rng.choice([*PLASTICS, "wood", "glass", "ceramic"]))
    plate(canvas, stuff, [outline, ellipse(2, 2, radius * 0.6)], rng.uniform(2, 7), pose)


def ruler(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a steel rule or flat bar: a blade's width and metal, but square at both ends."""
    long, wide = rng.uniform(90, 310), rng.uniform(12, 34)
    holes = [ellipse(2.5, 2.5, long / 2 - 6)] if rng.random() < 0.8 else []
    metal = str(rng.choice(["stainless", "aluminium", "brass"]))
    plate(canvas, metal, [box(long, wide), *holes], rng.uniform(0.4, 2.5), pose)


def spatula(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a spatula or trowel: a knife's handle with a blunt, broad, thin leaf."""
    long, wide = rng.uniform(60, 160), rng.uniform(35, 90)
    neck = rng.uniform(40, 110)
    leaf = rounded(long, wide, wide * rng.uniform(0.1, 0.45)) + np.array([neck + long / 2, 0])
    slots = [box(long * 0.5, wide * 0.08, neck + long / 2, wide * y) for y in (-0.22, 0, 0.22)]
    plate(canvas, "stainless", [leaf, *(slots if rng.random() < 0.5 else [])],
          rng.uniform(0.6, 1.5), pose)  # fmt: skip
    plate(canvas, "stainless", [box(neck, 8, neck / 2)], 2.5, pose)
    handle = str(rng.choice(["wood", "nylon"]))
    body(canvas, handle, rounded(rng.uniform(90, 130), 24, 8) - [55, 0], pose, 10)


def hinge(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a hinge, bracket plate or dog tag: a razor's size and metal, without its slot."""
    long, wide, thick = rng.uniform(28, 70), rng.uniform(14, 26), rng.uniform(0.3, 2)
    holes = [ellipse(2.2, 2.2, x * long, y * wide)
             for x in (-0.35, 0.35) for y in (-0.2, 0.2)]  # fmt: skip
    metal = str(rng.choice(["stainless", "iron", "brass", "aluminium"]))
    corner = rng.uniform(0.5, wide / 2)
    plate(canvas, metal, [rounded(long, wide, corner), *holes[: int(rng.integers(0, 5))]],
          thick, pose)  # fmt: skip
    if rng.random() < 0.5:
        body(canvas, metal, box(long, 5, 0, wide / 2), pose, 2.5)


def battery_pack(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw cells, a board and wires in a plastic case: a device without its charge."""
    count, rows = int(rng.integers(2, 7)), int(rng.integers(1, 3))
    for index in range(count * rows):
        at = np.array([(index // count) * 60.0, (index % count) * 19.0])
        body(canvas, "zinc", rounded(50, 14, 2) + at, pose, 7, wall=1.2)
        body(canvas, "circuit_board", rounded(47, 11, 2) + at, pose, 5)
    wide, high = 60.0 * rows + 20, 19.0 * count + 16
    middle = np.array([wide / 2 - 40, high / 2 - 16])
    plate(canvas, "nylon", [rounded(wide, high, 6) + middle], 4, pose)
    plate(canvas, "circuit_board", [box(40, 25, wide - 10, 20)], 1.6, pose)
    for _ in range(int(rng.integers(2, 5))):
        line = np.vstack([[wide - 10, 20], rng.normal(0, 45, (3, 2))])
        wire(canvas, "copper", curve(line), 1.2, pose)


def blocks(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw soap, chocolate, cheese or candles: organic blocks as of a charge, without a fuse."""
    wide, high, thick = rng.uniform(60, 190), rng.uniform(40, 110), rng.uniform(15, 55)
    stuff = str(rng.choice(["sugar", "sugar", "water", "polyethylene", "nylon", "wood"]))
    for index in range(int(rng.integers(1, 4))):
        shift = np.array([rng.normal(0, 4), index * high * 0.5])
        plate(canvas, stuff, [rounded(wide, high * 0.6, 5) + shift], thick, pose)
    plate(canvas, "aluminium", [rounded(wide + 4, high, 5)], 0.04, pose)


def gift(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a box of sweets with a gadget on it: block and electronics, unconnected."""
    blocks(canvas, pose, rng)
    wide, high = rng.uniform(45, 80), rng.uniform(35, 140)
    at = rng.normal(0, 30, 2)
    plate(canvas, "nylon", [rounded(wide, high, 8) + at], 2.5, pose)
    plate(canvas, "circuit_board", [box(wide * 0.85, high * 0.5, *at)], 1.6, pose)
    for _ in range(int(rng.integers(5, 15))):
        spot = at + rng.uniform(-0.4, 0.4, 2) * [wide, high * 0.5]
        plate(canvas, "copper", [box(*rng.uniform(2, 9, 2), *spot)], rng.uniform(0.2, 1.5), pose)
    plate(canvas, "aluminium", [box(wide * 0.6, high * 0.4, *at)], rng.uniform(2, 6), pose)
