"""Harmless metal that a careless recogniser takes for a threat: keys, gears, buckles, brackets.

Sizes are in millimetres. Each function draws one thing on a canvas in a pose.
"""

from __future__ import annotations

import numpy as np

from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_shapes import (
    body,
    box,
    curve,
    ellipse,
    helix,
    plate,
    rounded,
    wire,
)

Rng = np.random.Generator
METALS = ("iron", "stainless", "brass", "zinc", "aluminium")


def _metal(rng: Rng) -> str:
    return str(rng.choice(METALS))


def key(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a few keys on a ring."""
    plate(canvas, "iron", [ellipse(13, 13), ellipse(11.4, 11.4)], 1.6, pose)
    for _ in range(int(rng.integers(1, 6))):
        turn = float(rng.uniform(0, 2 * np.pi))
        bow, blade = rng.uniform(9, 14), rng.uniform(26, 45)
        x = np.linspace(bow, bow + blade, 14)
        cuts = -rng.uniform(0.5, 4, 14)
        teeth = np.concatenate([np.stack([x, np.full(14, 4.0)], 1), np.stack([x, cuts], 1)[::-1]])
        metal, spin = _metal(rng), np.array([[np.cos(turn), np.sin(turn)],
                                             [-np.sin(turn), np.cos(turn)]])  # fmt: skip
        shift = np.array([11.0 + bow, 0.0])
        parts = [ellipse(bow, bow), ellipse(3, 3, -bow * 0.5)]
        plate(canvas, metal, [(part + shift) @ spin for part in parts], 2.2, pose)
        plate(canvas, metal, [(teeth + shift) @ spin], 2.2, pose)


def coins(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw coins, washers or buttons, flat and on edge."""
    for _ in range(int(rng.integers(1, 9))):
        radius, at = rng.uniform(8, 14), rng.normal(0, 22, 2)
        thin = float(rng.choice([1.0, 1.0, rng.uniform(0.12, 0.9)]))
        hole = [ellipse(radius / 3, radius * thin / 3, *at)] if rng.random() < 0.3 else []
        plate(canvas, _metal(rng), [ellipse(radius, radius * thin, *at), *hole],
              rng.uniform(1, 2.4) / thin, pose)  # fmt: skip


def spring(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a spring, with a pin in it now and then."""
    long, wide = rng.uniform(20, 80), rng.uniform(3, 10)
    wire(canvas, "iron", helix(long, wide, rng.uniform(4, 13)), rng.uniform(0.8, 2), pose)
    if rng.random() < 0.4:
        plate(canvas, "iron", [box(long * rng.uniform(0.3, 1.3), wide * 0.8)], wide * 0.7, pose)


def clips(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw paper clips, nails or pins in a heap."""
    for _ in range(int(rng.integers(1, 12))):
        at, turn = rng.normal(0, 20, 2), rng.uniform(0, np.pi)
        way = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        length = rng.uniform(12, 24)
        line = np.array([[-length, 4], [length, 4], [length, -4], [-length * 0.8, -4],
                         [-length * 0.8, 2], [length * 0.7, 2]])  # fmt: skip
        line = line if rng.random() < 0.6 else line[:2]
        wire(canvas, "iron", line @ way + at, rng.uniform(0.9, 2.5), pose)


def bolt(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a screw or bolt with its thread."""
    long, wide = rng.uniform(18, 110), rng.uniform(3, 16)
    x = np.linspace(0, long, max(8, int(long / 1.5)))
    edge = wide / 2 * (1 - 0.14 * (np.arange(x.size) % 2))
    edge *= np.minimum(1, (long - x) / (wide * rng.uniform(0.1, 2)) + 0.1)
    shaft = np.concatenate([np.stack([x, edge], 1), np.stack([x, -edge], 1)[::-1]])
    metal = _metal(rng)
    body(canvas, metal, shaft, pose, wide / 2)
    plate(canvas, metal, [box(wide * 0.7, wide * 1.8, -wide * 0.3)], wide * 1.6, pose)


def zip_(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a zip with its slider and pull."""
    way = curve(rng.normal(0, 25, (4, 2)) + np.linspace([-110, 0], [110, 0], 4), 80)
    metal = _metal(rng)
    for index, at in enumerate(way):
        plate(canvas, metal, [box(1.4, 4, at[0], at[1] + (2 if index % 2 else -2))], 1.5, pose)
    at, pull = way[int(rng.integers(20, 60))], rng.uniform(14, 34)
    plate(canvas, "zinc", [rounded(9, 11, 3) + at], 6, pose)
    tag = [rounded(pull, 8, 4) + at + [pull / 2 + 4, 3]]
    tag += [rounded(pull * 0.5, 3.6, 1.8) + at + [pull * 0.65 + 4, 3]] if rng.random() < 0.7 else []
    plate(canvas, "zinc", tag, rng.uniform(1.5, 3), pose)


def buckle(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a belt with its buckle."""
    wide, high = rng.uniform(35, 60), rng.uniform(30, 50)
    plate(canvas, _metal(rng), [rounded(wide, high, 8), rounded(wide - 9, high - 9, 5)], 4, pose)
    plate(canvas, "iron", [box(wide * 0.8, 4)], 3, pose)
    wire(canvas, "leather", curve(np.vstack([[0, 0], rng.normal(0, 110, (4, 2))]), 60), 4, pose)


def pliers(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw pliers or scissors-like tools without an edge: two crossed levers and a joint."""
    reach, gape = rng.uniform(70, 130), rng.uniform(12, 30)
    for side in (-1, 1):
        lever = np.array(
            [
                [-reach * 0.5, 1],
                [-reach * 0.45, 9],
                [0, 11],
                [reach * 0.5, gape + 9],
                [reach, gape],
                [reach, gape - 9],
                [reach * 0.4, gape - 4],
                [0, -4],
            ]
        )
        plate(canvas, "iron", [lever * [1, side]], rng.uniform(4, 9), pose)
        sleeve = lever[[3, 4, 5, 6]] * [1, side]
        plate(canvas, "pvc", [sleeve.mean(0) + (sleeve - sleeve.mean(0)) * 1.15], 14, pose)
    plate(canvas, "iron", [ellipse(9, 9)], 5, pose)


def driver(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a screwdriver, pen or toothbrush: a shaft and a thicker handle."""
    shaft, handle = rng.uniform(40, 150), rng.uniform(50, 110)
    metal = _metal(rng)
    body(canvas, metal, box(shaft, rng.uniform(3, 8), shaft / 2), pose, rng.uniform(1.5, 4))
    body(canvas, "nylon", rounded(handle, rng.uniform(8, 32), 6) - [handle / 2, 0], pose, 14)


def wrench(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a spanner."""
    long, head, neck = rng.uniform(80, 200), rng.uniform(12, 24), rng.uniform(7, 13)
    metal, thick = _metal(rng), rng.uniform(3, 8)
    plate(canvas, metal, [box(long, neck)], thick, pose)
    for side in (-1, 1):
        jaw = box(head * 1.1, head * 0.8, side * (long / 2 + head * 0.7))
        plate(canvas, metal, [ellipse(head, head, side * long / 2), jaw], thick, pose)


def gear(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a gear, fan or wheel: round, blunt teeth, a hub; the harmless cousin of a star."""
    teeth, radius = int(rng.integers(8, 40)), rng.uniform(15, 60)
    t = np.linspace(0, 2 * np.pi, teeth * 4, endpoint=False)
    ring = radius * np.where(np.arange(t.size) % 4 < 2, 1, rng.uniform(0.8, 0.95))
    outline = np.stack([np.cos(t), np.sin(t)], 1) * ring[:, None]
    holes = [ellipse(radius * 0.18, radius * 0.18)]
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(0, 7)), endpoint=False):
        at = radius * 0.52 * np.array([np.cos(angle), np.sin(angle)])
        holes.append(ellipse(radius * 0.16, radius * 0.16, *at))
    plate(canvas, _metal(rng), [outline, *holes], rng.uniform(2, 14), pose)


def bracket(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a metal plate with holes or slots, hinge or dog tag: the cousin of a razor blade."""
    wide, high = rng.uniform(20, 110), rng.uniform(14, 70)
    outlines = [rounded(wide, high, rng.uniform(0.5, 8))]
    for _ in range(int(rng.integers(0, 6))):
        at = rng.uniform(-0.36, 0.36, 2) * [wide, high]
        slot = rounded(rng.uniform(3, 0.25 * wide + 3), rng.uniform(2, 6), 2)
        outlines.append(slot + at)
    plate(canvas, _metal(rng), outlines, float(np.exp(rng.uniform(-2, 2))), pose)


def pins(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a row of pens, cartridges or contacts: the same small part many times."""
    pitch, wide = rng.uniform(7, 16), rng.uniform(2, 6)
    count = int(rng.integers(4, 14))
    rise = rng.uniform(-0.4, 0.4)
    for index in range(count):
        x = (index - count / 2) * pitch
        at = np.array([x, x * rise])
        body(canvas, "nylon", box(wide * 1.6, 110) + at + [0, 30], pose, wide, wall=0.8)
        body(canvas, "brass", rounded(wide, 14, 1) + at, pose, wide / 2)
        body(canvas, "brass", rounded(wide * 0.5, 9, 0.5) + at - [0, 11], pose, wide / 4)


def oval(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a medal, battery, lipstick or zip pull: small, convex, dark, perhaps with a loop."""
    wide, high = rng.uniform(8, 40), rng.uniform(8, 40)
    outline = ellipse(wide, high) if rng.random() < 0.6 else rounded(2 * wide, 2 * high, 5)
    if rng.random() < 0.3:  # a button
        gap = rng.uniform(0.15, 0.3) * wide
        holes = [ellipse(gap / 2, gap / 2, x, y) for x in (-gap, gap) for y in (-gap, gap)]
        holes = holes[: int(rng.choice([2, 4]))]
        plate(canvas, _metal(rng), [outline, *holes], rng.uniform(1, 8), pose)
    else:
        body(canvas, _metal(rng), outline, pose, rng.uniform(2, 14))
    if rng.random() < 0.5:
        plate(canvas, "iron", [ellipse(6, 6, 0, high + 4), ellipse(4, 4, 0, high + 4)], 2, pose)


def connector(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a computer connector: shell, moulded hood, screws, pins."""
    wide, hood = rng.uniform(25, 60), rng.uniform(20, 45)
    shell = np.array([[-wide / 2, 0], [wide / 2, 0], [wide * 0.46, -9], [-wide * 0.46, -9]])
    plate(canvas, "iron", [shell], rng.uniform(2, 8), pose)
    plate(canvas, "pvc", [box(wide, hood, 0, hood / 2)], 13, pose)
    plate(canvas, "zinc", [box(wide * 0.8, hood * 0.6, 0, hood * 0.4)], rng.uniform(0.5, 4), pose)
    for side in (-1, 1):
        body(canvas, "iron", box(5, hood + 22, side * wide * 0.43, hood * 0.4), pose, 2.5)
    wire(canvas, "copper", curve(np.array([[0, hood], [4, hood + 40], rng.normal(80, 40, 2)])),
         7, pose)  # fmt: skip


def cutlery(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a spoon or fork."""
    plate(canvas, "stainless", [box(120, rng.uniform(5, 14), 50)], 2, pose)
    bowl = ellipse(28, 19, -35)
    if rng.random() < 0.5:
        tines = [box(32, 2.2, -45, dy) for dy in (-6, 0, 6)]
        plate(canvas, "stainless", [bowl, *tines], 1.8, pose)
    else:
        plate(canvas, "stainless", [bowl], 1.8, pose)


def strap(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a dark bent band with its fastener: a strap, a hose, a carrying handle."""
    way = curve(rng.normal(0, 55, (int(rng.integers(3, 6)), 2)), 50)
    wide = rng.uniform(5, 24)
    wire(canvas, str(rng.choice(["iron", "zinc", "pvc", "leather", "aluminium"])), way, wide, pose)
    for end in way[[0, -1]]:
        if rng.random() < 0.5:
            plate(canvas, _metal(rng), [rounded(wide * 1.6, wide, 3) + end], 4, pose)
