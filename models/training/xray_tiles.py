"""Training tiles: rendered goods, framed and recorded in every way a scanner or a clerk might.

1. Tiles come in twins: the same goods with a threat and without it (or with a lookalike instead).
2. A tile is framed close round one thing, loosely, or shows a bag in which the threat is small; or
   it is a piece of a lane's picture, everything in its natural size.
3. Each tile is recorded anew whenever it is used (models/training/xray_recording.py).
4. Everything follows from the seed. Real pictures are never used.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_recording import Tile, recorded
from models.xray.segmenter import KINDS
from models.xray.view import TILE
from simulators.world.goods import Container, pack, visible
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_harmless import FILLING, LOOKALIKES, any_pose, draw_any
from simulators.world.goods_shapes import cloth, plate, rounded, smooth_noise, wire
from simulators.world.goods_threats import DRAW, REACH, Threat

Image = NDArray[np.float32]
Rng = np.random.Generator

LEAST = 0.35  # of a threat must show, or it is not asked for
SIDE = 184  # pixels of the canvas that a tile is cut from
LANE_MM = 1.5  # mm a pixel of a piece of a lane's picture
GROUP = {
    Threat.PISTOL: "firearm", Threat.REVOLVER: "firearm", Threat.KNIFE: "knife",
    Threat.RAZOR: "razor", Threat.STAR: "star", Threat.BAR: "bar", Threat.DEVICE: "device",
}  # fmt: skip
ODDS = {
    Threat.PISTOL: 0.16, Threat.REVOLVER: 0.18, Threat.KNIFE: 0.12, Threat.RAZOR: 0.24,
    Threat.STAR: 0.16, Threat.BAR: 0.04, Threat.DEVICE: 0.10,
}  # fmt: skip


def stream(seed: int, keep: int = 3000, reuse: int = 2) -> Iterator[tuple[Image, Image, Image]]:
    """Yield (input (4, 128, 128), masks (6, 32, 32), kinds (6,)) without end."""
    rng = np.random.default_rng(seed)
    pool: list[Tile] = []
    while True:
        fresh = twins(rng)
        pool.extend(fresh)
        for tile in fresh:
            yield recorded(tile, rng)
        for _ in range(len(fresh) * (reuse - 1)):
            yield recorded(pool[int(rng.integers(len(pool)))], rng)
        while len(pool) > keep:
            pool.pop(int(rng.integers(len(pool))))


def twins(rng: Rng) -> list[Tile]:
    """Return one scene with a threat, and the same frame without."""
    kind = list(ODDS)[int(rng.choice(len(ODDS), p=list(ODDS.values())))]
    style = rng.choice(["alone", "near", "far", "lane"], p=[0.22, 0.30, 0.13, 0.35])
    if style == "lane":
        return on_a_lane(kind, rng)
    target = rng.uniform(26, 72) if style == "far" else rng.uniform(80, 165)
    canvas = Canvas(SIDE, SIDE, float(target / (2 * REACH[kind])))
    if style != "alone":
        surround(canvas, rng)
    layer = canvas.blank()
    DRAW[kind](layer, _threat_pose(canvas, rng, style == "far"), rng)
    mask = layer.covered(0.03)
    behind = np.exp(-canvas.tau()[1])
    if mask.sum() < 40 or not visible(behind, layer.tau()[1], mask, LEAST):
        return []
    without = canvas.blank()
    without.include(canvas)
    if style == "alone" or rng.random() < 0.3:
        lookalike(without, rng, float(target))
    canvas.include(layer)
    frame = _frame(mask, rng, loose=style == "far")
    found = [_cut(canvas, mask, frame, KINDS.index(GROUP[kind]))]
    found.append(_cut(without, np.zeros_like(mask), frame, -1))
    found.append(harmless(rng))
    return found


def on_a_lane(kind: Threat, rng: Rng) -> list[Tile]:
    """Return a piece of a scanner's picture with a threat, the same without, and another piece."""
    canvas = Canvas(SIDE, SIDE, float(rng.uniform(0.8, 1.25) / LANE_MM))
    pack(canvas, rng, list(Container)[int(rng.integers(len(Container)))])
    layer = canvas.blank()
    DRAW[kind](layer, any_pose(canvas, rng, spread=0.7), rng)
    mask = layer.covered(0.03)
    behind = np.exp(-canvas.tau()[1])
    if mask.sum() < 60 or not visible(behind, layer.tau()[1], mask, LEAST):
        return []
    rows, columns = np.nonzero(mask)
    at = int(rng.integers(len(rows)))
    room = SIDE - TILE
    middle = (int(rows[at]) - rng.integers(20, 108), int(columns[at]) - rng.integers(20, 108))
    top, left = (int(np.clip(start, 0, room)) for start in middle)
    none, where = np.zeros_like(mask), (top, left, TILE, TILE)
    elsewhere = (int(rng.integers(room + 1)), int(rng.integers(room + 1)), TILE, TILE)
    clean = [_cut(canvas, none, frame, -1, two=0.7) for frame in (where, elsewhere)]
    canvas.include(layer)
    return [_cut(canvas, mask, where, KINDS.index(GROUP[kind]), two=0.7), *clean]


def harmless(rng: Rng) -> Tile:
    """Return a tile with no threat: one thing close up, clutter, a casting, rings, or texture."""
    canvas = Canvas(SIDE, SIDE, float(np.exp(rng.uniform(np.log(0.35), np.log(5)))))
    pick = rng.random()
    if pick < 0.5:
        return close_up(canvas, rng)
    if pick < 0.75:
        surround(canvas, rng)
    elif pick < 0.83:
        rings(canvas, rng)
    elif pick < 0.93:
        pillars(canvas, rng)
    else:
        cloth(canvas, "cotton", rng.uniform(1, 30), rng, int(rng.integers(0, 6)))
    rows, columns = rng.integers(40, SIDE, 2)
    top, left = rng.integers(0, SIDE - rows + 1), rng.integers(0, SIDE - columns + 1)
    mask = np.zeros((SIDE, SIDE), np.bool_)
    return _cut(canvas, mask, (int(top), int(left), int(rows), int(columns)), -1)


def close_up(canvas: Canvas, rng: Rng) -> Tile:
    """Return a tile framed round one harmless thing just as a threat is framed."""
    layer = canvas.blank()
    lookalike(layer, rng, float(rng.uniform(60, 165)))
    if rng.random() < 0.6:
        surround(canvas, rng)
    mask = layer.covered(0.03)
    canvas.include(layer)
    return _cut(canvas, np.zeros_like(mask), _frame(mask, rng, loose=False), -1)


def surround(canvas: Canvas, rng: Rng) -> None:
    """Draw fabric, an edge and a few things, sized for the picture rather than for life."""
    for _ in range(int(rng.integers(0, 3))):
        cloth(canvas, str(rng.choice(["cotton", "nylon", "polyethylene", "paper"])),
              float(np.exp(rng.uniform(-0.5, 3.2))), rng, int(rng.integers(0, 5)))  # fmt: skip
    if rng.random() < 0.4:
        shell = rounded(canvas.width_mm * 0.95, canvas.height_mm * 0.95, canvas.width_mm * 0.2)
        where = any_pose(canvas, rng, spread=0.7)
        wide = canvas.width_mm * rng.uniform(0.005, 0.04)
        wire(canvas, str(rng.choice(["nylon", "aluminium", "iron"])),
             np.vstack([shell, shell[:1]]), wide, where)  # fmt: skip
        plate(canvas, "nylon", [shell], rng.uniform(0.5, 6), where)
    for _ in range(int(rng.integers(0, 9))):
        natural = rng.random() < 0.4
        size = 1.0 if natural else canvas.width_mm / 260 * np.exp(rng.normal(0, 0.6))
        draw_any(canvas, rng, float(np.clip(size, 0.15, 4)), lookalike=0.6)


def lookalike(canvas: Canvas, rng: Rng, target: float) -> None:
    """Draw one harmless thing about ``target`` pixels long in the middle of the canvas."""
    kinds = LOOKALIKES if rng.random() < 0.75 else FILLING
    draw = kinds[int(rng.integers(len(kinds)))]
    natural = 90.0 if kinds is LOOKALIKES else 220.0
    size = target / canvas.scale / natural * rng.uniform(0.8, 1.8)
    draw(canvas, any_pose(canvas, rng, float(size), spread=0.15), rng)


def rings(canvas: Canvas, rng: Rng) -> None:
    """Draw a round body in layers, as a log, a roll, a bearing or a slice of one looks."""
    y, x = np.mgrid[: canvas.lines, : canvas.pixels] / canvas.scale
    centre = rng.uniform(0.2, 0.8, 2) * [canvas.width_mm, canvas.height_mm]
    flat = rng.uniform(0.7, 1.4)
    radius = np.hypot(x - centre[0], (y - centre[1]) * flat)
    wave = np.cos(radius / canvas.width_mm * rng.uniform(15, 120) + rng.uniform(0, 6))
    edge = canvas.width_mm * rng.uniform(0.2, 0.8)
    thick = rng.uniform(5, 60) * (1 + rng.uniform(0.2, 1) * wave * np.abs(wave)) * (radius < edge)
    canvas.add(str(rng.choice(["wood", "aluminium", "iron"])), thick.astype(np.float32), 0, 0)


def pillars(canvas: Canvas, rng: Rng) -> None:
    """Draw smooth thick shapes, as of castings out of focus."""
    total = np.zeros((canvas.lines, canvas.pixels), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        part = smooth_noise(total.shape, rng, rng.uniform(2, 4), rng.uniform(1, 3))
        total += np.clip(part * rng.uniform(0.5, 6), 0, 1) * np.float32(rng.uniform(5, 60))
    soft = cv2.GaussianBlur(total, (0, 0), float(rng.uniform(0.5, 6)))
    canvas.add("aluminium", np.asarray(soft, np.float32), 0, 0)


def _threat_pose(canvas: Canvas, rng: Rng, far: bool) -> Pose:
    pose = any_pose(canvas, rng, spread=0.6 if far else 0.1)
    tilt = float(rng.uniform(0, 1.2)) if rng.random() < 0.65 else 0.0
    return Pose(pose.x, pose.y, pose.angle, tilt, pose.axis, pose.size, pose.mirror)


def _frame(mask: NDArray[np.bool_], rng: Rng, loose: bool) -> tuple[int, int, int, int]:
    """Return top, left, rows, columns: the thing with a margin, or most of the canvas."""
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    most = 0.9 if loose else float(rng.choice([0.06, 0.25, 0.6]))
    room = np.minimum(rng.uniform(0, most, 4) * max(w, h) * (4 if loose else 1), SIDE)
    top, left = max(0, int(y - room[0])), max(0, int(x - room[1]))
    bottom, right = min(SIDE, int(y + h + room[2]) + 1), min(SIDE, int(x + w + room[3]) + 1)
    return top, left, bottom - top, right - left


def _cut(
    canvas: Canvas,
    mask: NDArray[np.bool_],
    frame: tuple[int, int, int, int],
    kind: int,
    two: float = 0.3,
) -> Tile:
    top, left, rows, columns = frame
    window = (slice(top, top + rows), slice(left, left + columns))
    tau, inside = canvas.tau()[:, *window], mask[window].astype(np.float32)
    scale = TILE / max(rows, columns)
    if scale < 1:
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        passed = [cv2.resize(np.exp(-p), size, interpolation=cv2.INTER_AREA) for p in tau]
        tau = -np.log(np.maximum(np.stack(passed), 1e-6))
        inside = np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA), np.float32)
    return Tile(tau.astype(np.float16), inside > 0.5, kind, two)
