"""What the face embedding learns from: the same rendered people in many moments.

Each picture is cut to the five points as the detector would find them, a little off; then light,
colour, sharpness and grain vary.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import SIDE, TEMPLATE, similarity
from models.training.face_scenes import any_look, clutter
from simulators.world.faces import identity, place

__all__ = ["PeopleMaker"]

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
BOARD = 136  # pixels
UNIT = 56.0  # pixels per head unit: the pupils come to some 34 pixels apart, as in the template


class PeopleMaker:
    """``people`` persons, ``moments`` pictures of each, rendered once, varied at every look."""

    def __init__(self, seed: int, people: int = 2000, moments: int = 4) -> None:
        self._rng = np.random.default_rng([seed, 12])
        self.people = people
        self._first = 1 << 41
        self._grain = self._rng.normal(0, 1, (4 * SIDE, 4 * SIDE, 3)).astype(np.float32)
        self._pictures = np.empty((people, moments, BOARD, BOARD, 3), np.uint8)
        self._points = np.empty((people, moments, 5, 2), np.float32)
        for person in range(people):
            for moment in range(moments):
                self._render(person, moment)

    def batch(self, count: int) -> tuple[Array, NDArray[np.int64]]:
        """Return (count, 3, 112, 112) RGB from -1 to 1, and who each is."""
        who = self._rng.integers(0, self.people, count)
        when = self._rng.integers(0, self._pictures.shape[1], count)
        faces = np.stack([self._varied(int(p), int(m)) for p, m in zip(who, when, strict=True)])
        return np.ascontiguousarray(faces.transpose(0, 3, 1, 2)), who.astype(np.int64)

    def _render(self, person: int, moment: int) -> None:
        rng = self._rng
        middle = np.array([BOARD / 2, BOARD / 2 - 0.12 * UNIT], np.float32)
        board = clutter(rng, BOARD, BOARD)
        who = identity(self._first + person)
        shown = place(who, any_look(rng, 0.55), board, middle, UNIT * float(rng.uniform(0.8, 1.1)))
        self._pictures[person, moment] = shown.image
        self._points[person, moment] = shown.landmarks

    def _varied(self, person: int, moment: int) -> Array:
        rng = self._rng
        points = self._points[person, moment] + rng.normal(0, 0.9, (5, 2)).astype(np.float32)
        matrix = similarity(points, TEMPLATE)
        face = cv2.warpAffine(self._pictures[person, moment], matrix, (SIDE, SIDE))
        if rng.random() < 0.4:
            face = cv2.GaussianBlur(face, (0, 0), float(rng.uniform(0.4, 2.0)))
        gamma, cast = np.exp(rng.normal(0, 0.25)), np.exp(rng.normal(0, 0.08, 3))
        levels = 255 * (np.arange(256, dtype=np.float32) / 255) ** gamma
        shaded = levels.astype(np.float32)[face] * cast.astype(np.float32)
        if rng.random() < 0.25:
            shaded = np.repeat(shaded.mean(2, keepdims=True), 3, 2)
        down, right = rng.integers(0, 3 * SIDE, 2)
        grain = self._grain[down : down + SIDE, right : right + SIDE]
        shaded += grain * np.float32(rng.uniform(0, 8))
        return np.asarray((np.clip(shaded, 0, 255)[..., ::-1] - 127.5) / 128, np.float32)
