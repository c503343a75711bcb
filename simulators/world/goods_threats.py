"""What must be found: firearms, blades, throwing stars, razor blades, bars, improvised devices.

Sizes are in millimetres and drawn from ranges that cover the common kinds; no picture of a real one
was traced. Each function draws one threat on a canvas in a pose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np

from simulators.world.goods_canvas import Canvas, Points, Pose
from simulators.world.goods_shapes import body, box, curve, ellipse, plate, rounded, wire

Rng = np.random.Generator


class Threat(StrEnum):
    """The kinds of threat, as the training and the demo name them."""

    PISTOL = "pistol"
    REVOLVER = "revolver"
    KNIFE = "knife"
    RAZOR = "razor"
    STAR = "star"
    BAR = "bar"
    DEVICE = "device"


def pistol(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a self-loading pistol: slide over frame, raked grip with its magazine, trigger guard."""
    metal = str(rng.choice(["iron", "stainless", "zinc"]))
    frame = str(rng.choice([metal, "aluminium", "nylon"]))
    length, high, wide = rng.uniform(110, 210), rng.uniform(22, 34), rng.uniform(18, 28)
    rake, grip = rng.uniform(5, 30), rng.uniform(60, 105)
    front, back = -length / 2, length / 2
    bore = box(length * rng.uniform(0.3, 0.7), 9, front + length * 0.25, -high * 0.25)
    plate(canvas, metal, [box(length, high * 0.6, 0, -high * 0.2), bore], wide, pose)
    lower = rng.uniform(0.35, 0.6) * length
    under = box(length - lower * 0.3, high * 0.4, lower * 0.15, high * 0.3)
    plate(canvas, frame, [under], wide * 0.8, pose)
    deep, foot = rng.uniform(38, 55), back + rake
    shape = np.array(
        [[back - deep - 2, high / 2], [back - 2, high * 0.3], [foot, grip], [foot - deep, grip + 4]]
    )
    plate(canvas, frame, [shape], wide * rng.uniform(0.5, 1.1), pose)
    if rng.random() < 0.85:
        inner = shape.mean(0) + (shape - shape.mean(0)) * np.array([0.62, 0.95])
        plate(canvas, metal, [inner], rng.uniform(4, 16), pose)
    _guard(canvas, metal, pose, rng, back - deep, high / 2)


def revolver(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a revolver: barrel, drum in an open frame, curved grip, hammer, trigger guard."""
    metal = str(rng.choice(["iron", "stainless", "zinc"]))
    barrel, thick = rng.uniform(50, 160), rng.uniform(13, 22)
    drum, wide = rng.uniform(32, 46), rng.uniform(30, 42)
    x = -barrel - drum / 2
    plate(canvas, metal, [box(barrel, thick, x + barrel / 2, -8)], thick, pose)
    plate(canvas, metal, [box(6, 6, x + 3, -10 - thick / 2)], 4, pose)
    body(canvas, metal, rounded(drum, wide, 3), pose, wide / 2)
    strap = [box(drum + 24, wide + 10, 4, 0), box(drum + 2, wide * 0.9, 0, 0)]
    plate(canvas, metal, strap, rng.uniform(10, 18), pose)
    plate(canvas, metal, [_hammer(drum, wide)], 8, pose)
    stock = _stock(rng, drum / 2 + 8)
    hollow = stock.mean(0) + (stock - stock.mean(0)) * rng.uniform(0.45, 0.7)
    outlines = [stock, hollow] if rng.random() < 0.6 else [stock]
    plate(canvas, metal, outlines, rng.uniform(10, 26), pose)
    if len(outlines) > 1:
        cover = str(rng.choice(["wood", "nylon", metal]))
        plate(canvas, cover, [hollow], rng.uniform(1, 20), pose)
    _guard(canvas, metal, pose, rng, drum / 2 - 6, wide / 2)


def _hammer(drum: float, wide: float) -> Points:
    x = drum / 2 + 12
    return np.array([[x, -wide / 2 - 2], [x + 14, -wide / 2 - 8], [x + 10, -2], [x, 6]])


def _stock(rng: Rng, x: float) -> Points:
    drop, sweep = rng.uniform(70, 110), rng.uniform(20, 70)
    neck, foot = rng.uniform(22, 32), rng.uniform(30, 48)
    middle = np.array([x + sweep * 0.35, drop * 0.5])
    return np.array(
        [
            [x - neck * 0.5, -6],
            [x + neck * 0.6, -4],
            middle + np.array([neck * 0.75, -4]),
            [x + sweep + foot * 0.6, drop - 6],
            [x + sweep - foot * 0.5, drop + 8],
            middle + np.array([-neck * 0.5, 6]),
        ]
    )


def _guard(canvas: Canvas, metal: str, pose: Pose, rng: Rng, x: float, y: float) -> None:
    """Draw the trigger guard, a loop ahead of the grip and under the frame, with the trigger."""
    rx, ry = rng.uniform(14, 24), rng.uniform(11, 17)
    ring, rim = ellipse(rx, ry, x - rx, y + ry * 0.6), rng.uniform(2.5, 5)
    hole = ellipse(rx - rim, ry - rim, x - rx, y + ry * 0.6)
    plate(canvas, metal, [ring, hole], rng.uniform(6, 12), pose)
    trigger = np.array([[x - rx, y], [x - rx - 2, y + ry * 0.7], [x - rx + 3, y + ry]])
    wire(canvas, metal, trigger, rng.uniform(3, 5), pose)


def knife(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a knife: a tapering blade, a guard, and a handle with its tang and rivets."""
    length, wide = rng.uniform(60, 220), rng.uniform(14, 40)
    belly, point = rng.uniform(0.55, 0.9), rng.uniform(-0.5, 0.5)
    blade = np.array(
        [[0, -wide / 2], [length * belly, -wide / 2], [length, wide * point],
         [length * belly, wide * 0.42], [0, wide / 2]]
    )  # fmt: skip
    holes = [ellipse(length * 0.15, wide * 0.1, length * 0.35)] if rng.random() < 0.25 else []
    thick = rng.uniform(1.2, 4)
    plate(canvas, "stainless", [blade, *holes], thick / 2, pose)
    spine = blade * np.array([0.97, 0.6]) - np.array([0, wide * 0.18])
    plate(canvas, "stainless", [spine], thick / 2, pose)
    handle = rng.uniform(85, 125)
    stuff = str(rng.choice(["wood", "nylon", "stainless", "aluminium"]))
    thickness = rng.uniform(10, 20) * (0.3 if stuff in ("stainless", "aluminium") else 1)
    plate(canvas, stuff, [rounded(handle, wide * 0.85, 6) - [handle / 2, 0]], thickness, pose)
    plate(canvas, "stainless", [box(handle * rng.uniform(0.3, 0.95), wide * rng.uniform(0.3, 0.7),
                                    -handle * 0.45)], thick, pose)  # fmt: skip
    for at in np.linspace(0.2, 0.8, int(rng.integers(0, 4))):
        plate(canvas, "brass", [ellipse(3, 3, -handle * at)], 12, pose)
    if rng.random() < 0.4:
        plate(canvas, "brass", [box(6, wide * 1.5)], 8, pose)


def razor(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw thin sharp metal: mostly a double-edge blade with its slot, else a utility blade."""
    if rng.random() < 0.25:
        _utility_blade(canvas, pose, rng)
        return
    length, wide = rng.uniform(40, 45), rng.uniform(18, 24)
    step, notch = rng.uniform(2, 6), rng.uniform(1.5, 5)
    x, y = length / 2, wide / 2
    corner = np.array([[x, 0], [x, y - notch], [x - step, y - notch], [x - step, y]])
    upper = np.concatenate([corner, corner[::-1] * [-1, 1]])
    outline = np.concatenate([upper, upper[::-1] * [1, -1]])
    plate(canvas, "stainless", [outline, _slot(length, rng)], rng.uniform(0.08, 0.9), pose)


def _slot(length: float, rng: Rng) -> Points:
    """Return the slot of a double-edge blade: a narrow channel that widens at holes and teeth."""
    half = length * rng.uniform(0.32, 0.43)
    x = np.linspace(0, half, 40)
    open_ = np.full_like(x, rng.uniform(0.5, 1.4))
    for centre in rng.choice(np.linspace(0, 1, 7), int(rng.integers(2, 6)), replace=False):
        wide, tall = rng.uniform(1.2, 3.2), rng.uniform(1.2, 3.8)
        bump = np.sqrt(np.maximum(0, 1 - ((x - centre * half) / wide) ** 2)) * tall
        open_ = np.maximum(open_, bump)
    side = np.stack([x, open_], 1)
    upper = np.concatenate([side[::-1], side[1:] * [-1, 1]])
    return np.concatenate([upper, upper[::-1] * [1, -1]])


def _utility_blade(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    long_, short, wide = rng.uniform(50, 62), rng.uniform(25, 45), rng.uniform(16, 20)
    outline = np.array([[-short / 2, -wide / 2], [short / 2, -wide / 2], [long_ / 2, wide / 2],
                        [-long_ / 2, wide / 2]])  # fmt: skip
    notches = [box(2.5, 4, at, 2 - wide / 2) for at in (-5, 5)]
    holes = [ellipse(2, 2, 0, 1)] if rng.random() < 0.6 else []
    plate(canvas, "stainless", [outline, *notches, *holes], rng.uniform(0.3, 0.9), pose)


def star(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a throwing star: 3 to 10 points around a hub with a hole."""
    points, radius = int(rng.choice([3, 4, 4, 5, 6, 6, 7, 8, 8, 10])), rng.uniform(35, 60)
    profile = _star_arm(rng)
    arms = []
    for index in range(points):
        t = 2 * np.pi * (index + profile[:, 0] * 0.5) / points
        arms.append(np.stack([np.cos(t), np.sin(t)], 1) * profile[:, 1:2] * radius)
    holes = [ellipse(r, r) for r in [rng.uniform(3, 8)] if rng.random() < 0.85]
    if rng.random() < 0.2:
        ring = radius * 0.35
        for t in np.arange(points) * 2 * np.pi / points:
            holes.append(ellipse(2.5, 2.5, ring * np.cos(t), ring * np.sin(t)))
    thick = rng.uniform(1.0, 5.0)
    plate(
        canvas, str(rng.choice(["iron", "stainless"])), [np.concatenate(arms), *holes], thick, pose
    )


def _star_arm(rng: Rng) -> Points:
    """Return one arm as (angle −1…1 of its share, radius 0…1): valley, shoulder, tip, and back."""
    valley = rng.uniform(0.25, 0.6)
    neck = (rng.uniform(0.3, 0.85), rng.uniform(valley, 0.75))
    barb = (min(0.95, neck[0] * rng.uniform(0.7, 1.5)), rng.uniform(neck[1], 0.85))
    side = [(1.0, valley)]
    if rng.random() < 0.7:
        side += [neck]
        side += [barb] if rng.random() < 0.5 else []
    lean = rng.uniform(-0.5, 0.5) if rng.random() < 0.25 else 0.0
    arm = [(-a, r) for a, r in side] + [(lean, 1.0)] + side[:0:-1]
    return np.array(arm)


def bar(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw hidden bars: any number of lead (gold looks alike), or several of another metal.

    A single bar of iron or copper is left out: it is what a handle or a machine part looks like.
    """
    metal = str(rng.choice(["iron", "lead", "copper", "lead"]))
    length, wide, thick = rng.uniform(70, 220), rng.uniform(18, 45), rng.uniform(8, 25)
    gap = wide * rng.uniform(1.05, 1.4)
    count = int(rng.integers(1 if metal == "lead" else 2, 5))
    for index in range(count):
        shift = np.array([rng.normal(0, 3), (index - (count - 1) / 2) * gap])
        plate(canvas, metal, [rounded(length, wide, 2) + shift], thick, pose)


def device(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw an improvised device: organic block, battery, timer board, detonator, and the wires."""
    wide, high, thick = rng.uniform(80, 190), rng.uniform(50, 110), rng.uniform(20, 55)
    stuff = str(rng.choice(["explosive", "rdx"]))
    for index in range(int(rng.integers(1, 4))):
        shift = np.array([rng.normal(0, 3), index * high * 0.35])
        plate(canvas, stuff, [rounded(wide, high * 0.6, 4) + shift], thick * 0.6, pose)
    cell = np.array([rng.uniform(-0.5, 0.5) * wide, -high * rng.uniform(0.3, 0.7)])
    for index in range(int(rng.integers(1, 5))):
        at = cell + np.array([0, index * 15.0])
        body(canvas, "zinc", rounded(50, 14, 2) + at, pose, 7, wall=1.2)
        body(canvas, "circuit_board", rounded(47, 11, 2) + at, pose, 5)
    board = np.array([rng.uniform(-0.4, 0.4) * wide, high * rng.uniform(0.1, 0.6)])
    plate(canvas, "circuit_board", [box(45, 30) + board], 2.5, pose)
    for _ in range(8):
        chip = board + rng.uniform(-1, 1, 2) * [18, 11]
        plate(canvas, "copper", [box(*rng.uniform(3, 9, 2)) + chip], rng.uniform(0.3, 1.5), pose)
    plug = np.array([rng.uniform(-0.2, 0.2) * wide, 0.0])
    body(canvas, "aluminium", rounded(50, 7, 3) + plug, pose, 3.5, wall=0.7)
    for start, end in ((cell, board), (board, plug), (cell, plug), (board, plug)):
        middle = (start + end) / 2 + rng.normal(0, 28, (3, 2))
        wire(canvas, "copper", curve(np.vstack([start, middle, end])), 1.2, pose)


DRAW: Mapping[Threat, Callable[[Canvas, Pose, Rng], None]] = {
    Threat.PISTOL: pistol,
    Threat.REVOLVER: revolver,
    Threat.KNIFE: knife,
    Threat.RAZOR: razor,
    Threat.STAR: star,
    Threat.BAR: bar,
    Threat.DEVICE: device,
}
# Half of the longest side in mm, for framing.
REACH: Mapping[Threat, float] = {
    Threat.PISTOL: 110.0,
    Threat.REVOLVER: 115.0,
    Threat.KNIFE: 120.0,
    Threat.RAZOR: 25.0,
    Threat.STAR: 50.0,
    Threat.BAR: 95.0,
    Threat.DEVICE: 95.0,
}
