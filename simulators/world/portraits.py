"""Faces that nobody has: drawn from a few shapes, plainly no photograph, the same for a seed.

A portrait is upright, frontal, shoulders to crown, in the proportions that Doc 9303-3 asks of a
photograph (the head fills 70 to 80 % of the height).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["portrait"]

Image = NDArray[np.uint8]
Rng = np.random.Generator
Colour = tuple[float, float, float]

_HEIGHT, _WIDTH = 512, 400  # the drawing board, scaled at the end


@dataclass(frozen=True, slots=True)
class _Face:
    skin: Colour
    hair: Colour
    cloth: Colour
    width: int  # half the face, board pixels
    long_hair: bool
    beard: bool
    glasses: bool
    eye_gap: int
    mouth: int


def portrait(seed: int, height: int, width: int) -> Image:
    """Return the face of ``seed`` as (height, width, 3), BGR."""
    rng = np.random.default_rng([seed, 0xFACE])
    face = _invent(rng)
    board = np.full((_HEIGHT, _WIDTH, 3), rng.uniform(200, 245), np.uint8)
    _body(board, face)
    _head(board, face)
    _features(board, face)
    board = _light(board, rng)
    return np.asarray(cv2.resize(board, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _invent(rng: Rng) -> _Face:
    tone = rng.uniform(0.3, 1.0)
    grey = rng.uniform(20, 120)
    return _Face(
        skin=(175 * tone, 200 * tone, 240 * tone),
        hair=(grey * 0.6, grey * 0.8, grey),
        cloth=_colour(rng, 30, 160),
        width=int(rng.integers(92, 116)),
        long_hair=bool(rng.random() < 0.5),
        beard=bool(rng.random() < 0.2),
        glasses=bool(rng.random() < 0.2),
        eye_gap=int(rng.integers(40, 52)),
        mouth=int(rng.integers(26, 42)),
    )


def _body(board: Image, face: _Face) -> None:
    if face.long_hair:
        cv2.ellipse(
            board, (200, 270), (face.width + 34, 200), 0, 0, 360, face.hair, -1, cv2.LINE_AA
        )
    cv2.ellipse(board, (200, 540), (185, 120), 0, 180, 360, face.cloth, -1, cv2.LINE_AA)
    cv2.rectangle(board, (160, 340), (240, 450), _shade(face.skin, 0.85), -1)


def _head(board: Image, face: _Face) -> None:
    cv2.ellipse(board, (200, 190), (face.width + 12, 145), 0, 180, 360, face.hair, -1, cv2.LINE_AA)
    for side in (-1, 1):
        ear = (200 + side * (face.width - 2), 245)
        cv2.ellipse(board, ear, (14, 30), 0, 0, 360, _shade(face.skin, 0.9), -1, cv2.LINE_AA)
    cv2.ellipse(board, (200, 240), (face.width, 145), 0, 0, 360, face.skin, -1, cv2.LINE_AA)
    cv2.ellipse(board, (200, 150), (face.width - 4, 62), 0, 180, 360, face.hair, -1, cv2.LINE_AA)
    if face.beard:
        cv2.ellipse(board, (200, 318), (face.width - 22, 66), 0, 0, 180, face.hair, -1, cv2.LINE_AA)


def _features(board: Image, face: _Face) -> None:
    dark = _shade(face.skin, 0.55)
    for side in (-1, 1):
        eye = (200 + side * face.eye_gap, 228)
        cv2.ellipse(board, eye, (21, 11), 0, 0, 360, (238, 240, 240), -1, cv2.LINE_AA)
        cv2.circle(board, eye, 10, _shade(face.hair, 0.7), -1, cv2.LINE_AA)
        cv2.ellipse(board, (eye[0], 208), (26, 9), 0, 190, 350, face.hair, 5, cv2.LINE_AA)
        if face.glasses:
            cv2.circle(board, eye, 34, (40, 40, 40), 3, cv2.LINE_AA)
    cv2.ellipse(board, (200, 275), (16, 14), 0, 10, 170, dark, 4, cv2.LINE_AA)
    cv2.line(board, (190, 232), (186, 270), _shade(face.skin, 0.85), 4, cv2.LINE_AA)
    cv2.ellipse(board, (200, 318), (face.mouth, 9), 0, 0, 360, (90, 80, 170), -1, cv2.LINE_AA)


def _light(board: Image, rng: Rng) -> Image:
    """Shade from one side and soften the edges, as print does."""
    ramp = np.linspace(1.0, rng.uniform(0.75, 0.95), _WIDTH)[:: rng.choice([-1, 1])]
    lit = cv2.GaussianBlur(board, (0, 0), 2.2).astype(np.float32) * ramp[None, :, None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def _shade(colour: Colour, factor: float) -> Colour:
    blue, green, red = colour
    return blue * factor, green * factor, red * factor


def _colour(rng: Rng, low: float, high: float) -> Colour:
    blue, green, red = rng.uniform(low, high, 3)
    return float(blue), float(green), float(red)
