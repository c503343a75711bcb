"""The relief of a head: how far each point of a face stands towards the camera, and its shading.

A face is an ellipsoid that narrows to the jaw, with ridges and hollows for what sits on it. Light
falls on it from one side and from everywhere (Lambert), and shines a little on the skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.faces_identity import Identity

__all__ = ["Board", "Field", "Window", "board", "bump", "relief", "shading", "soft"]

Field = NDArray[np.float32]
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Board:
    """A grid over the head: x and y of each cell in head units, and cells per unit."""

    x: Field
    y: Field
    unit: float

    def window(self, x: float, y: float, wide: float, high: float) -> tuple[Board, Window]:
        """Return the cells around a point and which they are: a layer costs what it covers."""
        rows, columns = self.x.shape
        left, right = (int((x + s * wide - LEFT) * self.unit) for s in (-1, 1))
        top, low = (int((y + s * high - TOP) * self.unit) for s in (-1, 1))
        part = (
            slice(max(top, 0), min(low + 1, rows)),
            slice(max(left, 0), min(right + 1, columns)),
        )
        return Board(self.x[part], self.y[part], self.unit), part


LEFT, RIGHT, TOP, BOTTOM = -1.35, 1.35, -1.45, 1.75


def board(unit: float) -> Board:
    """Return a board with ``unit`` cells to the head unit."""
    columns, rows = round((RIGHT - LEFT) * unit), round((BOTTOM - TOP) * unit)
    x = LEFT + (np.arange(columns, dtype=np.float32) + 0.5) / np.float32(unit)
    y = TOP + (np.arange(rows, dtype=np.float32) + 0.5) / np.float32(unit)
    grid_x, grid_y = np.meshgrid(x, y)
    return Board(grid_x, grid_y, unit)


def soft(value: NDArray[np.floating[Any]], low: float, high: float) -> Field:
    """Return 0 below ``low``, 1 above ``high``, and a smooth step between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def add_bump(b: Board, z: Field, high: float, at: tuple[float, float, float, float]) -> None:
    """Add a Gaussian of height ``high`` to ``z``: x, y, half-width, half-height."""
    near, part = b.window(at[0], at[1], 3 * at[2], 3 * at[3])
    z[part] += np.float32(high) * bump(near, *at)


def bump(b: Board, x: float, y: float, wide: float, high: float) -> Field:
    """Return a Gaussian of height 1 around a point."""
    return np.asarray(np.exp(-(((b.x - x) / wide) ** 2) - ((b.y - y) / high) ** 2), np.float32)


def half_width(b: Board, who: Identity) -> Field:
    """Return half the head's width at the height of each cell."""
    jaw = 1 - who.jaw * soft(b.y, 0.15, who.chin) ** 1.5
    below = np.clip((b.y - 0.25) / (who.chin - 0.25), 0, 1)
    above = np.clip((-0.2 - b.y) / 0.97, 0, 1)
    round_off = np.sqrt(np.clip(1 - below**3.2, 0, 1)) * np.sqrt(np.clip(1 - above**2.4, 0, 1))
    return np.asarray(who.width * jaw * round_off, np.float32)


def relief(b: Board, who: Identity, smile: float) -> tuple[Field, Field]:
    """Return the relief in head units, and the head's outline from 0 to 1."""
    wide = half_width(b, who)
    across = np.abs(b.x) / np.maximum(wide, 1e-3)
    inside = soft(-across, -1.0 - 2.5 / b.unit, -1.0 + 2.5 / b.unit)
    tall = np.clip((b.y + 0.05) / 1.12, -1, 1)
    z = who.depth * np.sqrt(np.clip(1 - np.clip(across, 0, 1) ** 2.2, 0, 1))
    z = z * np.sqrt(np.clip(1.05 - tall**2, 0, 1))
    z = z + _features(b, who, smile) * inside
    return np.asarray(z, np.float32), inside


def _features(b: Board, who: Identity, smile: float) -> Field:
    z = _nose(b, who)
    eye, mouth, lip = who.eye_gap, who.mouth_y, who.mouth_width
    for side in (-1, 1):
        add_bump(b, z, -0.10, (side * eye, who.eye_y - 0.02, 0.17, 0.11))
        add_bump(b, z, 0.07, (side * eye, who.eye_y - who.brow_rise, 0.20, 0.07))
        add_bump(b, z, who.cheek * (1 + smile), (side * 0.40, 0.20 - 0.05 * smile, 0.20, 0.18))
        add_bump(b, z, 0.07, (side * who.nose_width * 0.85, who.nose_y + 0.02, 0.07, 0.06))
        add_bump(b, z, -0.02 * (0.5 + who.age), (side * (lip + 0.06), 0.45, 0.05, 0.16))
    add_bump(b, z, 0.05, (0, mouth - who.lip_upper, lip * 0.9, 0.05))
    add_bump(b, z, 0.06, (0, mouth + who.lip_lower, lip * 0.8, 0.05))
    add_bump(b, z, -0.05, (0, mouth + who.lip_lower + 0.10, 0.2, 0.04))
    add_bump(b, z, 0.08, (0, who.chin - 0.14, 0.18, 0.10))
    return z


def _nose(b: Board, who: Identity) -> Field:
    z = np.zeros_like(b.x)
    top, tip = who.eye_y - 0.03, who.nose_y
    near, part = b.window(0, (top + tip) / 2, 0.5, 0.5)
    down = np.clip((near.y - top) / (tip - top), 0, 1)
    ridge = down * soft(-near.y, -tip - 0.14, -tip + 0.02)
    narrow = who.nose_width * (0.35 + 0.45 * down)
    z[part] = who.nose_high * ridge * np.exp(-((near.x / narrow) ** 2))
    return z


def shading(b: Board, z: Field, light: tuple[float, float, float], ambient: float) -> Field:
    """Return how bright each cell is lit, 1 where it faces the light."""
    smooth = cv2.GaussianBlur(z, (0, 0), max(0.02 * b.unit, 0.6))
    slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=b.unit / 8)
    slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=b.unit / 8)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    toward = np.array(light) / np.linalg.norm(light)
    facing = (-slope_x * toward[0] - slope_y * toward[1] + toward[2]) / length
    hollow = cv2.blur(smooth, (round(0.3 * b.unit), round(0.3 * b.unit))) - smooth
    lit = ambient + (1 - ambient) * np.clip(facing, 0, 1)
    shine = 0.10 * np.clip(facing, 0, 1) ** 24
    return np.asarray((lit + shine) * np.clip(1 - 1.6 * hollow, 0.45, 1.15), np.float32)
