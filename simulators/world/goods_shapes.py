"""The solids that goods are made of: plates, round bodies, shells, wires, and cloth.

Every function draws one solid of one material on a canvas, in millimetres, in a pose.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from simulators.world.goods_canvas import Canvas, Image, Points, Pose

EDGE_STEPS = 7  # copies of an outline that make the edge of a tilted plate


def plate(
    canvas: Canvas,
    material: str,
    outlines: Sequence[Points],
    thickness: float,
    pose: Pose,
    depth: float = 0.0,
) -> None:
    """Draw a flat plate; further outlines are holes (even–odd). ``depth`` lifts its middle."""
    seen = thickness * pose.size * abs(np.sin(pose.tilt)) * canvas.scale
    steps = int(np.clip(np.ceil(seen), 1, EDGE_STEPS))
    lifts = (np.arange(steps) + 0.5) / steps - 0.5 if steps > 1 else np.zeros(1)
    for lift in lifts:
        placed = [pose.place(outline, depth + lift * thickness) for outline in outlines]
        if (drawn := canvas.raster(placed)) is not None:
            share, top, left = drawn
            share *= np.float32(thickness * pose.size * pose.slant / steps)
            canvas.add(material, share, top, left)


def body(
    canvas: Canvas,
    material: str,
    outline: Points,
    pose: Pose,
    radius: float,
    wall: float | None = None,
) -> None:
    """Draw a body of round profile, at most ``radius`` mm deep; hollow if ``wall``."""
    if (drawn := canvas.raster([pose.place(outline)])) is None:
        return
    share, top, left = drawn
    inset = _inset(share) / canvas.scale
    reach = radius * pose.size
    thickness = _profile(inset, reach)
    if wall is not None and wall < reach:
        thickness -= _profile(inset - wall, reach - wall)
    canvas.add(material, (thickness * np.minimum(share * 2, 1)).astype(np.float32), top, left)


def wire(canvas: Canvas, material: str, line: Points, width: float, pose: Pose) -> None:
    """Draw a wire of ``width`` mm along a line; its profile is round where it is wide enough."""
    wide = width * pose.size
    if (drawn := canvas.stroke(pose.place(line), wide)) is None:
        return
    share, top, left = drawn
    if wide * canvas.scale < 4:
        thickness = share * np.float32(wide * np.pi / 4)
    else:
        thickness = _profile(_inset(share) / canvas.scale, wide / 2)
    canvas.add(material, thickness.astype(np.float32), top, left)


def cloth(
    canvas: Canvas, material: str, thickness: float, rng: np.random.Generator, folds: int = 3
) -> None:
    """Cover the canvas with fabric ``thickness`` mm thick on average, in soft folds."""
    shape = (canvas.lines, canvas.pixels)
    total = 0.6 + 0.4 * smooth_noise(shape, rng, 4.0)
    for _ in range(folds):
        ridge = smooth_noise(shape, rng, float(rng.uniform(2, 6)), stretch=float(rng.uniform(1, 5)))
        total += rng.uniform(0.3, 1.0) * np.exp(-((ridge / rng.uniform(0.04, 0.25)) ** 2))
    canvas.add(material, (thickness * np.maximum(total, 0.05)).astype(np.float32), 0, 0)


def smooth_noise(
    shape: tuple[int, int], rng: np.random.Generator, cells: float, stretch: float = 1.0
) -> Image:
    """Return noise of about unit spread with ``cells`` blobs across, drawn out by ``stretch``."""
    rows, columns = max(3, round(cells)) + 1, max(3, round(cells * stretch)) + 1
    grid = rng.standard_normal((rows, columns)).astype(np.float32)
    if rng.random() < 0.5:
        grid = np.ascontiguousarray(grid.T)
    return np.asarray(cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _inset(share: Image) -> Image:
    inside = (share > 0.4).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)


def _profile(inset: Image, radius: float) -> Image:
    """Return the thickness of a round edge: a half circle of ``radius``, then flat."""
    down = np.clip(radius - inset, 0, radius)
    thickness: Image = (2 * np.sqrt(np.maximum(radius**2 - down**2, 0)) * (inset > 0)).astype(
        np.float32
    )
    return thickness


def box(width: float, height: float, cx: float = 0.0, cy: float = 0.0) -> Points:
    """Return the outline of a rectangle about (cx, cy)."""
    x, y = width / 2, height / 2
    outline: Points = np.array([[-x, -y], [x, -y], [x, y], [-x, y]]) + np.array([cx, cy])
    return outline


def ellipse(rx: float, ry: float, cx: float = 0.0, cy: float = 0.0, count: int = 28) -> Points:
    """Return the outline of an ellipse."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], 1)


def rounded(width: float, height: float, corner: float) -> Points:
    """Return a rectangle with corners of radius ``corner``."""
    corner = min(corner, width / 2 - 1e-3, height / 2 - 1e-3)
    parts = []
    for index, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        t = np.linspace(0, np.pi / 2, 6) + index * np.pi / 2
        centre = np.array([sx * (width / 2 - corner), sy * (height / 2 - corner)])
        parts.append(centre + corner * np.stack([np.cos(t), np.sin(t)], 1))
    return np.concatenate(parts)


def curve(anchors: Points, count: int = 60) -> Points:
    """Return a smooth line near ``anchors``: straight pieces, then smoothed."""
    at = np.linspace(0, len(anchors) - 1, count)
    every = np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, k]) for k in (0, 1)], 1)
    for _ in range(int(count / len(anchors))):
        every[1:-1] = (every[:-2] + 2 * every[1:-1] + every[2:]) / 4
    return every


def helix(length: float, radius: float, turns: float, lean: float = 0.25) -> Points:
    """Return a spring seen from the side."""
    t = np.linspace(0, 2 * np.pi * turns, int(20 * turns) + 2)
    x = np.linspace(-length / 2, length / 2, t.size) + lean * radius * np.sin(t)
    return np.stack([x, radius * np.cos(t)], 1)
