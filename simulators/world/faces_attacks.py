"""Somebody holds up a picture of somebody else: a print, or a screen, in front of the camera.

1. A print has a white edge, fewer colours than skin has, and the dots of its screen.
2. A display has a dark edge, light of its own (bluish, black is not black), a raster of pixels that
   beats with the camera's, and often a reflection.
3. Either is flat: it is seen in perspective, and everything in it moves as one plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.faces import Look, Pictured, identity, picture

__all__ = ["Attack", "Held", "held_up"]

Image = NDArray[np.uint8]
Field = NDArray[np.float32]
_PHOTO = 640, 480  # height and width of what is shown, pixels


class Attack(StrEnum):
    """What is held up."""

    PRINT = "print"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Held:
    """How it is held: degrees of turn, share of the picture's height, and how bad it is.

    ``pitch`` is the raster's or the dots' period in camera pixels, ``strength`` 0 to 1 how much of
    it is seen, ``phase`` where it starts.
    """

    tilt: float = 0.0
    lean: float = 0.0
    height: float = 0.8
    pitch: float = 2.6
    strength: float = 0.5
    phase: float = 0.0
    glare: float = 0.5


def held_up(kind: Attack, seed: int, look: Look, how: Held, scene: Image) -> Pictured:
    """Return ``scene`` with a ``kind`` of picture of the person of ``seed`` held up in front."""
    photo = picture(identity(seed), look, *_PHOTO)
    shown = _printed(photo.image) if kind is Attack.PRINT else _displayed(photo.image, how)
    edge = 24 if kind is Attack.PRINT else 34
    colour = (238, 240, 240) if kind is Attack.PRINT else (16, 15, 15)
    framed = cv2.copyMakeBorder(shown, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=colour)
    matrix = _perspective(framed.shape, scene.shape, how)
    size = (scene.shape[1], scene.shape[0])
    there = cv2.warpPerspective(framed, matrix, size, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones(framed.shape[:2], np.float32), matrix, size)[..., None]
    raster = _dots(scene.shape, how) if kind is Attack.PRINT else _pixels(scene.shape, how)
    seen = scene + cover * (there.astype(np.float32) * raster - scene)
    points = photo.landmarks + np.float32(edge)
    landmarks = cv2.perspectiveTransform(points[None], matrix)[0]
    x, y, wide, high = photo.box
    corners = np.array([[[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]], np.float32)
    box = cv2.boundingRect(cv2.perspectiveTransform(corners + np.float32(edge), matrix))
    image = np.clip(seen, 0, 255).astype(np.uint8)
    return Pictured(image, tuple(map(float, box)), np.asarray(landmarks, np.float32))  # type: ignore[arg-type]


def _printed(photo: Image) -> Image:
    """Fewer colours, less range, paper's white."""
    grey = photo.mean(2, keepdims=True)
    paper = 34 + 0.80 * (grey + 0.78 * (photo - grey))
    smooth = cv2.GaussianBlur(paper.astype(np.float32), (0, 0), 0.8)
    return np.asarray(np.clip(smooth, 0, 255), np.uint8)


def _displayed(photo: Image, how: Held) -> Image:
    """Light of its own, and something bright that is mirrored in the glass."""
    lit = 20 + 0.93 * photo.astype(np.float32) * np.array([1.10, 1.0, 0.93], np.float32)
    rows, columns = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]].astype(np.float32)
    away = ((columns - 330) / 60) ** 2 + ((rows - 190) / 90) ** 2
    lit += (230 * how.glare * np.exp(-(away**2)))[..., None]
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def _dots(shape: tuple[int, ...], how: Held) -> Field:
    """Return a print's screen at 45 degrees: one period in ``pitch`` pixels."""
    x, y = _turned(shape, 45 + how.lean)
    wave = 2 * np.pi / how.pitch
    dots = np.cos(wave * x + how.phase) * np.cos(wave * y)
    return np.asarray(1 + 0.22 * how.strength * dots[..., None], np.float32)


def _pixels(shape: tuple[int, ...], how: Held) -> Field:
    """Return a display's columns of red, green, blue, and the beat with the camera's rows."""
    x, y = _turned(shape, how.lean)
    wave = 2 * np.pi / how.pitch
    thirds = np.array([0, 2, 4], np.float32) * np.float32(np.pi / 3)
    columns = np.cos(wave * x[..., None] + thirds + how.phase)
    beat = np.cos(2 * np.pi * (y / (9 * how.pitch) + x / (31 * how.pitch)))[..., None]
    return np.asarray(1 + how.strength * (0.20 * columns + 0.07 * beat), np.float32)


def _turned(shape: tuple[int, ...], degrees: float) -> tuple[Field, Field]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    cos, sin = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    return x * cos - y * sin, x * sin + y * cos


def _perspective(framed: tuple[int, ...], scene: tuple[int, ...], how: Held) -> NDArray[np.float64]:
    high, wide = framed[:2]
    scale = how.height * scene[0] / high
    flat = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) * scale / 2
    tilt, lean = np.radians(how.tilt), np.radians(how.lean)
    away = 1 + flat[:, 0] * np.sin(tilt) / (2.5 * scene[0])
    x, y = flat[:, 0] * np.cos(tilt) / away, flat[:, 1] / away
    turned = np.stack([x * np.cos(lean) - y * np.sin(lean), x * np.sin(lean) + y * np.cos(lean)], 1)
    there = (turned + np.array([scene[1] / 2, scene[0] / 2])).astype(np.float32)
    here = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(here, there), np.float64)
