"""Threats of shapes that no training ever sees: what a recogniser makes of them is a fair question.

Sizes are in millimetres. One shape for each group of threats; used by judging and tests alone
(``models.training`` must not import this).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_shapes import body, box, curve, ellipse, plate, rounded, wire
from simulators.world.goods_threats import Threat

Rng = np.random.Generator


def machine_pistol(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a machine pistol: a boxy receiver, a long magazine in its middle, a folded stock."""
    long, high, wide = rng.uniform(190, 270), rng.uniform(34, 46), rng.uniform(24, 34)
    plate(canvas, "iron", [box(long, high), box(long * 0.6, high * 0.4)], wide, pose)
    body(canvas, "iron", box(rng.uniform(40, 90), 14, -long / 2 - 30), pose, 7, wall=4)
    plate(canvas, "iron", [box(24, rng.uniform(110, 190), 0, high / 2 + 60)], 18, pose)
    grip = np.array([[40, high / 2], [78, high / 2], [88, 105], [52, 105]])
    plate(canvas, "nylon", [grip], 26, pose)
    stock = np.array([[long / 2, 0], [long / 2 + 12, -30], [-long * 0.2, -30]])
    wire(canvas, "iron", stock, 6, pose)


def derringer(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a two-barrelled pocket pistol: two short tubes over a bird's-head grip."""
    long = rng.uniform(60, 95)
    for y in (-8, 8):
        body(canvas, "stainless", box(long, 15, -long / 2, y), pose, 7.5, wall=3)
    plate(canvas, "stainless", [box(35, 36, 14)], 16, pose)
    grip = np.array([[8, 14], [34, 4], [56, 40], [46, 66], [22, 58]])
    plate(canvas, str(rng.choice(["wood", "stainless"])), [grip], 22, pose)
    plate(canvas, "stainless", [grip.mean(0) + (grip - grip.mean(0)) * 0.6], 8, pose)


def cleaver(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a cleaver or machete: a broad blade with a straight edge and a bare tang."""
    long, wide = rng.uniform(140, 260), rng.uniform(50, 90)
    blade = np.array([[0, -wide / 2], [long, -wide / 2], [long, wide * 0.3], [long * 0.9, wide / 2],
                      [0, wide / 2]])  # fmt: skip
    plate(canvas, "stainless", [blade, ellipse(5, 5, long - 14, -wide / 2 + 14)],
          rng.uniform(2, 5), pose)  # fmt: skip
    plate(canvas, "wood", [rounded(115, 30, 8) - [57, wide / 2 - 15]], 22, pose)
    plate(canvas, "stainless", [box(100, 20, -50, 15 - wide / 2)], 3, pose)


def back_blade(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a single-edged razor blade: thin, with a folded spine along its back."""
    long, wide = rng.uniform(36, 42), rng.uniform(18, 24)
    plate(canvas, "stainless", [box(long, wide), box(3, 3, long * 0.3)], rng.uniform(0.2, 0.4),
          pose)  # fmt: skip
    plate(canvas, "iron", [box(long, 6, 0, 3 - wide / 2)], rng.uniform(0.8, 1.4), pose)


def wheel_blade(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a hooked throwing wheel: a ring with curved sickle arms."""
    arms, radius = int(rng.integers(3, 7)), rng.uniform(38, 60)
    sickle = []
    for index in range(arms):
        turn = 2 * np.pi * index / arms
        t = np.array([0, 0.35, 0.75, 0.4, 0.3]) * 2 * np.pi / arms + turn
        r = np.array([0.45, 0.75, 1.0, 0.6, 0.42]) * radius
        sickle.append(np.stack([np.cos(t), np.sin(t)], 1) * r[:, None])
    holes = [ellipse(radius * 0.22, radius * 0.22)]
    plate(canvas, "stainless", [np.concatenate(sickle), *holes], rng.uniform(1.5, 4), pose)


def ingots(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw round ingots of lead in a bundle."""
    for index in range(int(rng.integers(2, 6))):
        at = np.array([(index % 2) * 66.0, (index // 2) * 62.0]) + rng.normal(0, 3, 2)
        plate(canvas, "lead", [ellipse(28, 28, *at)], rng.uniform(10, 24), pose)


def pipe_device(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    """Draw a pipe device: an iron pipe with caps, filled, with a clock, cells and wires on it."""
    long, wide = rng.uniform(120, 240), rng.uniform(34, 60)
    body(canvas, "iron", box(long, wide), pose, wide / 2, wall=rng.uniform(2.5, 4))
    body(canvas, "explosive", box(long * 0.95, wide * 0.85), pose, wide * 0.42)
    for side in (-1, 1):
        plate(canvas, "iron", [box(16, wide + 12, side * long / 2)], wide * 0.8, pose)
    board = np.array([0.0, wide / 2 + 25])
    plate(canvas, "circuit_board", [box(50, 30) + board], 2, pose)
    for index in range(2):
        cell = board + np.array([70.0, index * 16 - 8])
        body(canvas, "zinc", rounded(50, 14, 2) + cell, pose, 7, wall=1.2)
        body(canvas, "circuit_board", rounded(47, 11, 2) + cell, pose, 5)
    for end in ([long / 2, 0], [-long / 2, 0], [70, wide / 2 + 25]):
        line = np.vstack([board, rng.normal(0, 30, (2, 2)) + board, end])
        wire(canvas, "copper", curve(line), 1.2, pose)


UNSEEN: Mapping[Threat, Callable[[Canvas, Pose, Rng], None]] = {
    Threat.PISTOL: machine_pistol,
    Threat.REVOLVER: derringer,
    Threat.KNIFE: cleaver,
    Threat.RAZOR: back_blade,
    Threat.STAR: wheel_blade,
    Threat.BAR: ingots,
    Threat.DEVICE: pipe_device,
}
