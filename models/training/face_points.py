"""What the landmark network learns from: faces cut out as a detector finds them, and what is none.

A view is 64 pixels square and shows some 1.3 times the face's box. Half of the views are as found
at first: shifted, scaled and turned; half as after a first reading: a little off. A quarter shows
no face, or one so far off that it must not count.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import similarity
from models.face.landmarks import PLACES, VIEW
from models.training.face_scenes import any_look, clutter, spoilt
from simulators.world.faces import identity, place

__all__ = ["PointsMaker"]

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
BOARD = 144  # pixels
UNIT = 46.0  # pixels per head unit


class PointsMaker:
    """Gives (n, 1, 64, 64) views and (n, 11): whether a face, and five points, -0.5 to 0.5."""

    def __init__(self, seed: int, pool: int = 5000) -> None:
        self._rng = np.random.default_rng([seed, 13])
        self._most = pool
        self._pool = [self._picture() for _ in range(400)]

    def batch(self, count: int, fresh: int) -> tuple[Array, Array]:
        """Return ``count`` views, from pictures of which ``fresh`` are new."""
        for _ in range(fresh):
            self._add()
        views = [self._view() for _ in range(count)]
        return np.stack([v[0] for v in views])[:, None], np.stack([v[1] for v in views])

    def _picture(self) -> tuple[Image, Array]:
        rng = self._rng
        middle = (BOARD / 2 + rng.normal(0, 4, 2)).astype(np.float32)
        who = identity(int(rng.integers(1 << 40)))
        unit = UNIT * float(rng.uniform(0.6, 1.15))
        shown = place(who, any_look(rng), clutter(rng, BOARD, BOARD), middle, unit)
        return shown.image, shown.landmarks

    def _add(self) -> None:
        if len(self._pool) < self._most:
            self._pool.append(self._picture())
        else:
            self._pool[int(self._rng.integers(self._most))] = self._picture()

    def _view(self) -> tuple[Array, Array]:
        rng = self._rng
        kind = rng.random()
        if kind < 0.12:
            view = clutter(rng, VIEW, VIEW)
            return _shades(spoilt(view, rng), rng), np.zeros(11, np.float32)
        image, points = self._pool[int(rng.integers(len(self._pool)))]
        matrix = similarity(points, PLACES) if kind > 0.55 else _coarse(points)
        wrong = kind < 0.25
        matrix = _shaken(matrix, rng, wrong, near=kind > 0.55)
        view = np.asarray(
            cv2.warpAffine(image, matrix, (VIEW, VIEW), borderMode=cv2.BORDER_REFLECT), np.uint8
        )
        seen = points @ matrix[:, :2].T + matrix[:, 2]
        told = np.concatenate([[0.0 if wrong else 1.0], (seen / VIEW - 0.5).ravel()])
        return _shades(spoilt(np.asarray(view, np.uint8), rng), rng), told.astype(np.float32)


def _coarse(points: Array) -> NDArray[np.float64]:
    """Return the cut by the box, upright as the picture is: middle and size from the landmarks."""
    middle = points.mean(0) * 0.5 + points[2] * 0.5
    wide = float(np.linalg.norm(points[:2].mean(0) - points[3:].mean(0)))
    scale = VIEW / (3.1 * wide)
    shift = VIEW / 2 - scale * middle
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def _shaken(
    matrix: NDArray[np.float64], rng: np.random.Generator, wrong: bool, near: bool
) -> NDArray[np.float64]:
    """Return the cut moved, scaled and turned: a little, as a detector errs, or wrongly far."""
    turn, scale, shift = (4, 0.05, 1.8) if near else (12, 0.14, 5.0)
    angle = np.radians(rng.normal(0, turn))
    size = float(np.exp(rng.normal(0, scale)))
    move = rng.normal(0, shift, 2)
    if wrong:
        size *= float(rng.choice([0.38, 1.0, 2.4]))
        way = rng.uniform(0, 2 * np.pi)
        move += np.array([np.cos(way), np.sin(way)]) * rng.uniform(0.5, 0.9) * VIEW
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    spin = np.array([[cos, -sin], [sin, cos]])
    centre = np.array([VIEW / 2, VIEW / 2])
    offset = spin @ (matrix[:, 2] - centre) + centre + move
    return np.hstack([spin @ matrix[:, :2], offset[:, None]])


def _shades(view: Image, rng: np.random.Generator) -> Array:
    grey: NDArray[np.floating[Any]] = view.astype(np.float32) @ rng.dirichlet(
        [4.0, 6.0, 6.0]
    ).astype(np.float32)
    grey = 255 * np.clip(grey / 255, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.3)))
    grey = 127 + (grey - 127) * rng.uniform(0.5, 1.25) + rng.normal(0, 20)
    return np.asarray(np.clip(grey, 0, 255), np.float32)
