"""What the face detector learns from: rendered people in front of rendered clutter.

1. A scene is a grey square with none to three faces of ``SMALLEST`` to ``LARGEST`` pixels; fifth
   scenes have none but head-like shapes without a face.
2. The truth is a map at a stride of 8: how near the cell is to a face's middle, and from there the
   box and the five landmarks in units of the face's size.
3. Scenes are spoilt as pictures are: blur, noise, JPEG, gamma, shadows, things in front.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.faces import Look, Pictured, identity, place

__all__ = [
    "CHANNELS",
    "LARGEST",
    "SIDE",
    "SMALLEST",
    "STRIDE",
    "SceneMaker",
    "any_look",
    "clutter",
    "spoilt",
]

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
Rng = np.random.Generator
SIDE, STRIDE, CHANNELS = 128, 8, 15
SMALLEST, LARGEST = 18.0, 64.0  # pixels, side of the square of the box's area


class SceneMaker:
    """Gives batches of (n, 1, SIDE, SIDE) pictures, 0 to 255, and (n, 16, …) truths."""

    def __init__(self, seed: int, pool: int = 1500) -> None:
        self._rng = np.random.default_rng([seed, 11])
        self._pool: list[tuple[Image, Array]] = []
        self._most = pool

    def batch(self, count: int, fresh: int) -> tuple[Array, Array]:
        """Return ``count`` scenes of which ``fresh`` were never seen."""
        for _ in range(fresh if self._pool else count):
            self._add(self.scene())
        chosen = self._rng.integers(0, len(self._pool), count)
        scenes = [self._varied(*self._pool[int(k)]) for k in chosen]
        return np.stack([s[0] for s in scenes]), np.stack([s[1] for s in scenes])

    def scene(self) -> tuple[Image, Array]:
        """Return one scene (SIDE, SIDE, 3) and its truth."""
        rng = self._rng
        image = clutter(rng, SIDE, SIDE)
        faces: list[Pictured] = []
        for _ in range(int(rng.choice([0, 1, 1, 1, 2, 3]))):
            image = self._one_more(image, faces)
        if not faces:
            image = _headlike(image, rng)
        return spoilt(image, rng), truth(faces)

    def _one_more(self, image: Image, faces: list[Pictured]) -> Image:
        rng = self._rng
        size = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        middle = rng.uniform(0.12, 0.88, 2).astype(np.float32) * SIDE
        if any(_apart(middle, face) < size for face in faces):
            return image
        who = identity(int(rng.integers(1 << 40)))
        shown = place(who, any_look(rng), image, middle, size / 1.55)
        faces.append(shown)
        return _in_front(shown, rng) if rng.random() < 0.15 else shown.image

    def _add(self, scene: tuple[Image, Array]) -> None:
        if len(self._pool) < self._most:
            self._pool.append(scene)
        else:
            self._pool[int(self._rng.integers(self._most))] = scene

    def _varied(self, image: Image, wanted: Array) -> tuple[Array, Array]:
        rng = self._rng
        weights = rng.dirichlet([4.0, 6.0, 6.0])
        grey: NDArray[np.floating[Any]] = image.astype(np.float32) @ weights.astype(np.float32)
        grey = 255 * np.clip(grey / 255, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35)))
        grey = np.clip(127 + (grey - 127) * rng.uniform(0.4, 1.3) + rng.normal(0, 25), 0, 255)
        if rng.random() < 0.5:
            return np.ascontiguousarray(grey[None, :, ::-1], np.float32), mirrored(wanted)
        return np.asarray(grey[None], np.float32), wanted


def truth(faces: list[Pictured]) -> Array:
    """Return (16, SIDE / 8, SIDE / 8): nearness, 14 measures, and where these count."""
    cells = SIDE // STRIDE
    at = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    x, y = np.meshgrid(at, at)
    wanted = np.zeros((CHANNELS + 1, cells, cells), np.float32)
    for face in faces:
        left, top, wide, high = face.box
        size = float(np.sqrt(wide * high))
        cx, cy = left + wide / 2, top + high / 2
        near = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * (0.18 * size) ** 2))
        best = (np.abs(x - cx) <= STRIDE / 2) & (np.abs(y - cy) <= STRIDE / 2)
        near = np.where(best, 1.0, near)
        here = near > wanted[0]
        wanted[0] = np.maximum(wanted[0], near)
        told = [np.full_like(x, np.log2(wide / 32)), np.full_like(x, np.log2(high / 32))]
        told += [(cx - x) / size, (cy - y) / size]
        for point in face.landmarks:
            told += [(point[0] - x) / size, (point[1] - y) / size]
        wanted[1:CHANNELS][:, here] = np.stack(told)[:, here]
        wanted[CHANNELS] = np.where(here, (near > 0.35).astype(np.float32), wanted[CHANNELS])
    return wanted


def mirrored(wanted: Array) -> Array:
    """Return the truth of a scene seen in a mirror: left is right, also for the landmarks."""
    flipped = wanted[:, :, ::-1].copy()
    order = [0, 1, 2, 3, 4, 7, 8, 5, 6, 9, 10, 13, 14, 11, 12, 15]
    flipped = flipped[order]
    flipped[[3, 5, 7, 9, 11, 13]] *= -1
    return flipped


def any_look(rng: Rng, wild: float = 1.0) -> Look:
    """Return a look: ``wild`` 1 is anyone in a crowd, 0.4 somebody who looks at a camera."""
    closed = float(rng.random() < 0.06 * wild) * 0.9
    look = Look(
        yaw=float(rng.normal(0, 16 * wild)),
        pitch=float(rng.normal(0, 8 * wild)),
        roll=float(rng.normal(0, 8 * wild)),
        light=(float(rng.normal(0, 0.6)), float(rng.normal(-0.4, 0.4)), 1.0),
        ambient=float(rng.uniform(0.3, 0.75)),
        bright=float(rng.uniform(0.8, 1.25)),
        smile=float(np.clip(rng.normal(0.1, 0.4), -0.3, 1)),
        closed=closed,
        gaze=float(rng.normal(0, 0.015)),
        without_glasses=bool(rng.random() < 0.4),
    )
    return replace(
        look, yaw=float(np.clip(look.yaw, -38, 38)), pitch=float(np.clip(look.pitch, -20, 20))
    )


def clutter(rng: Rng, height: int, width: int) -> Image:
    """Return something that is not a face: shades, shapes, lines, texture."""
    base = rng.uniform(20, 235, 3)
    coarse = rng.normal(0, rng.uniform(0, 45), (rng.integers(2, 9), rng.integers(2, 9), 3))
    clouds = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    image: Image = np.clip(base + clouds, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 12))):
        _shape(image, rng)
    if rng.random() < 0.4:
        fine = rng.normal(0, rng.uniform(2, 30), (height // int(rng.integers(1, 5)) + 1, width, 1))
        grain = np.asarray(cv2.resize(fine.astype(np.float32), (width, height)))[..., None]
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    return image


def _shape(image: Image, rng: Rng) -> None:
    height, width = image.shape[:2]
    colour = tuple(float(c) for c in rng.uniform(0, 255, 3))
    at = [int(v) for v in rng.uniform(-0.1, 1.1, 4) * np.array([width, height, width, height])]
    thick = int(rng.integers(1, 6)) if rng.random() < 0.5 else -1
    kind = rng.integers(4)
    if kind == 0:
        cv2.rectangle(image, (at[0], at[1]), (at[2], at[3]), colour, thick)
    elif kind == 1:
        axes = int(rng.uniform(2, 0.4 * width)), int(rng.uniform(2, 0.4 * width))
        cv2.ellipse(image, (at[0], at[1]), axes, float(rng.uniform(0, 180)), 0, 360, colour, thick)
    elif kind == 2:
        cv2.line(image, (at[0], at[1]), (at[2], at[3]), colour, abs(thick))
    else:
        text = "".join(rng.choice(list("ABEHMOWX08<>:.o-"), 8))
        cv2.putText(
            image,
            text,
            (at[0], at[1]),
            int(rng.integers(0, 5)),
            float(rng.uniform(0.3, 2)),
            colour,
            abs(thick),
        )


def _headlike(image: Image, rng: Rng) -> Image:
    """Draw heads that have no face: plain shapes, and the backs of heads."""
    for _ in range(int(rng.integers(0, 3))):
        x, y = (int(v) for v in rng.uniform(0.2, 0.8, 2) * SIDE)
        wide = int(rng.uniform(8, 32))
        colour = tuple(float(c) for c in rng.uniform(0, 255, 3))
        body = (x, y + int(wide * 2.6))
        cv2.ellipse(image, body, (2 * wide, int(1.4 * wide)), 0, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(image, (x, y), (wide, int(1.3 * wide)), 0, 0, 360, colour, -1, cv2.LINE_AA)
    return image


def _in_front(shown: Pictured, rng: Rng) -> Image:
    """Return the picture with a hand-sized thing over part of the face."""
    left, top, wide, high = shown.box
    image = shown.image.copy()
    x, y = left + wide * rng.uniform(-0.1, 1.1), top + high * rng.choice([-0.05, 1.05])
    axes = int(wide * rng.uniform(0.1, 0.35)), int(high * rng.uniform(0.05, 0.22))
    colour = tuple(float(c) for c in rng.uniform(0, 255, 3))
    cv2.ellipse(image, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    return image


def spoilt(image: Image, rng: Rng) -> Image:
    """Return ``image`` as a poor camera gives it."""
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.5))), np.uint8)
    if rng.random() < 0.5:
        grain = rng.normal(0, rng.uniform(1, 9), image.shape)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, coded = cv2.imencode(
            ".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        )
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return image


def _apart(middle: NDArray[np.float32], face: Pictured) -> float:
    left, top, wide, high = face.box
    return float(np.hypot(middle[0] - left - wide / 2, middle[1] - top - high / 2))
