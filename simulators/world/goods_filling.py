"""The everyday filling of bags and parcels: bottles, books, shoes, electronics, machine parts.

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


def bottle(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a bottle, part full."""
    high, wide = rng.uniform(120, 280), rng.uniform(50, 95)
    neck = rng.uniform(0.25, 0.45) * wide
    outline = np.array([[-wide / 2, high / 2], [-wide / 2, -high * 0.25], [-neck / 2, -high * 0.4],
                        [-neck / 2, -high / 2]])  # fmt: skip
    outline = np.concatenate([outline, outline[::-1] * [-1, 1]])
    wall = str(rng.choice(["polyethylene", "glass", "aluminium"]))
    body(canvas, wall, outline, pose, wide / 2, wall=rng.uniform(0.5, 3))
    level = -high * rng.uniform(-0.3, 0.4)
    body(canvas, "water", np.maximum(outline, [-wide, level]) * 0.96, pose, wide / 2)


def can(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a tin or a drinks can."""
    high, wide = rng.uniform(60, 170), rng.uniform(50, 90)
    outline = rounded(wide, high, 4)
    body(canvas, _metal(rng), outline, pose, wide / 2, wall=rng.uniform(0.1, 0.4))
    body(canvas, "water", outline * 0.98, pose, wide / 2)


def book(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a book or a stack of paper."""
    plate(canvas, "paper", [box(rng.uniform(90, 210), rng.uniform(120, 300))],
          rng.uniform(4, 45), pose)  # fmt: skip


def food(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw fruit, bread, a bag of sugar or salt: a lump."""
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = rng.uniform(25, 90) * (1 + 0.12 * np.cumsum(rng.standard_normal(24)) / 3)
    outline = np.stack([np.cos(t), np.sin(t)], 1) * np.abs(radius)[:, None]
    body(canvas, str(rng.choice(["water", "sugar", "salt", "wood"])), outline, pose,
         rng.uniform(15, 45))  # fmt: skip


def electronics(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a phone, radio or laptop: case, board with parts, battery, screws."""
    wide, high = rng.uniform(45, 260), rng.uniform(35, 190)
    plate(canvas, str(rng.choice(["nylon", "aluminium", "glass"])), [rounded(wide, high, 8)],
          rng.uniform(1, 3), pose)  # fmt: skip
    plate(canvas, "circuit_board", [box(wide * 0.9, high * rng.uniform(0.4, 0.9))], 1.6, pose)
    for _ in range(int(rng.integers(8, 45))):
        at = rng.uniform(-0.42, 0.42, 2) * [wide, high]
        part = box(*(rng.uniform(0.02, 0.16, 2) * min(wide, high)), *at)
        if rng.random() < 0.25:
            part = ellipse(*(np.full(2, rng.uniform(0.02, 0.09) * min(wide, high))), *at)
        stuff = str(rng.choice(["copper", "solder", "ceramic", "iron", "aluminium"]))
        plate(canvas, stuff, [part], rng.uniform(0.2, 3), pose)
    if rng.random() < 0.6:
        at = rng.uniform(-0.2, 0.2, 2) * [wide, high]
        plate(canvas, "aluminium", [box(wide * 0.45, high * 0.5, *at)], rng.uniform(3, 9), pose)


def cable(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a cable, coiled or loose, with a plug."""
    width, turns = rng.uniform(1, 5), int(rng.integers(1, 7))
    if rng.random() < 0.6:
        t = np.linspace(0, 2 * np.pi * turns, 40 * turns)
        radius = rng.uniform(30, 90) * (1 + 0.1 * np.sin(t * rng.uniform(0.2, 0.9)))
        squeeze = [1, rng.uniform(0.2, 1)]
        line = np.stack([np.cos(t), np.sin(t)], 1) * radius[:, None] * squeeze
    else:
        line = curve(rng.normal(0, 60, (int(rng.integers(4, 9)), 2)), 80)
    wire(canvas, "copper", line, width * rng.uniform(0.4, 0.8), pose)
    wire(canvas, "pvc", line, width * 1.8, pose)
    end = line[-1]
    plate(canvas, "pvc", [rounded(28, 16, 3) + end], 10, pose)
    for dy in (-4, 4):
        plate(canvas, "brass", [box(16, 3, end[0] + 18, end[1] + dy)], 3, pose)


def shoe(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a shoe: sole, upper, eyelets, perhaps a steel shank."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    width = 42 - 9 * np.cos(t * 2) * (np.cos(t) > 0)
    sole = np.stack([135 * np.cos(t), width * np.sin(t)], 1)
    plate(canvas, "pvc", [sole], rng.uniform(6, 20), pose)
    body(canvas, "leather", sole * 0.95, pose, 30, wall=2.5)
    for index in range(10):
        hole = ellipse(2.6, 2.6, 20 + 9.0 * (index // 2), 8.0 - 16 * (index % 2))
        plate(canvas, "brass", [hole], 0.8, pose)
    if rng.random() < 0.5:
        plate(canvas, "iron", [rounded(rng.uniform(70, 120), 14, 5) - [30, 0]], 1.2, pose)


def umbrella(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a folded or open umbrella frame."""
    ribs, spread = int(rng.integers(6, 11)), rng.uniform(0.1, 3.1)
    wire(canvas, "iron", np.array([[-120.0, 0], [130.0, 0]]), 8, pose)
    for angle in np.linspace(-spread, spread, ribs):
        tip = np.array([-120 + 200 * np.cos(angle), 200 * np.sin(angle)]) * rng.uniform(0.8, 1)
        wire(canvas, "iron", np.vstack([[-120, 0], tip]), 2.5, pose)
    plate(canvas, "nylon", [rounded(70, 24, 8) + np.array([140, 0])], 20, pose)


def drill(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a drill or hair dryer: the outline of a pistol in plastic, round a motor and a coil."""
    long, high = rng.uniform(120, 210), rng.uniform(45, 75)
    body(canvas, "nylon", rounded(long, high, 15), pose, high / 2, wall=3)
    grip = np.array([[long * 0.1, high * 0.3], [long * 0.38, high * 0.3], [long * 0.5, 150],
                     [long * 0.2, 155]])  # fmt: skip
    body(canvas, "nylon", grip, pose, 18, wall=3)
    body(canvas, "copper", rounded(long * 0.3, high * 0.7, 5) + np.array([long * 0.2, 0]), pose,
         rng.uniform(4, 14), wall=2)  # fmt: skip
    wire(canvas, "iron", helix(long * 0.4, high * 0.3, 8) - [long * 0.2, 0], 1.2, pose)
    wire(canvas, "copper", curve(np.vstack([grip[2], rng.normal(150, 60, (3, 2))])), 5, pose)


def tube(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a handle, pipe, torch or suitcase rail: a hollow or solid rod, straight or bent."""
    long, wide = rng.uniform(80, 420), rng.uniform(6, 34)
    metal = str(rng.choice([*METALS, "nylon", "pvc"]))
    wall = None if rng.random() < 0.3 else rng.uniform(0.8, 3)
    body(canvas, metal, rounded(long, wide, rng.uniform(0.5, wide / 2)), pose, wide / 2, wall=wall)
    if rng.random() < 0.4:
        body(canvas, "zinc", rounded(long * 0.6, wide * 0.8, 3), pose, wide / 2.6)


def glasses(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw spectacles or a headset: two rims, a bridge, two arms."""
    rim = rng.uniform(1.5, 4)
    for side in (-1, 1):
        lens = ellipse(25, rng.uniform(15, 23), side * 33)
        wire(canvas, _metal(rng), np.vstack([lens, lens[:1]]), rim, pose)
        plate(canvas, "glass", [lens], 2, pose)
        arm = np.array([[side * 58.0, -5], [side * 50, 50], [side * 20, 60], [side * -20, 62]])
        wire(canvas, "stainless", curve(arm), rim, pose)
    wire(canvas, "stainless", np.array([[-9.0, -4], [0, -8], [9, -4]]), rim, pose)


def casting(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a machine part in light alloy: thick smooth pillars, ribs and bores."""
    wide = rng.uniform(150, 320)
    for _ in range(int(rng.integers(1, 5))):
        at = rng.normal(0, wide / 3, 2)
        part = rounded(rng.uniform(30, 160), rng.uniform(80, 400), 25) + at
        body(canvas, "aluminium", part, pose, rng.uniform(20, 70))
    for _ in range(int(rng.integers(0, 4))):
        at = rng.normal(0, wide / 3, 2)
        body(canvas, "aluminium", ellipse(*rng.uniform(15, 60, 2), *at), pose, 30, wall=12)
