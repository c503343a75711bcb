"""Faces that nobody has, as a camera sees them: pose, light, expression, and where things are.

1. A person (``faces_identity``) has a relief and colours; a ``Look`` is how they stand, and in what
   light, at one moment.
2. The relief is turned by yaw and pitch, seen in parallel projection, then rolled, scaled, placed.
3. The true landmarks come with the picture: pupils, nose tip, corners of the mouth, in the order
   of the picture's left first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.faces_identity import Identity, identity
from simulators.world.faces_paint import body, paint
from simulators.world.faces_shape import LEFT, TOP, Board, Field, board, relief, shading

__all__ = ["Look", "Pictured", "at_gate", "identity", "picture", "place"]

Image = NDArray[np.uint8]
CROWN = -1.18  # y of the crown, head units


@dataclass(frozen=True, slots=True)
class Look:
    """One moment. Degrees: yaw turns to the picture's right, pitch down, roll clockwise."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light: tuple[float, float, float] = (0.2, -0.5, 1.0)
    ambient: float = 0.5
    bright: float = 1.0
    smile: float = 0.0
    closed: float = 0.0  # eyes
    gaze: float = 0.0
    without_glasses: bool = False


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture, BGR, and the face in it: box (x, y, width, height) and five landmarks, pixels."""

    image: Image = field(repr=False)
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]  # (5, 2)


def picture(
    who: Identity, look: Look, height: int, width: int, background: Image | None = None
) -> Pictured:
    """Return ``who`` as on a passport photograph: upright, the head some 75 % of the height."""
    backdrop = background if background is not None else np.full((height, width, 3), 225, np.uint8)
    unit = 0.75 * height / (1 - CROWN)
    middle = np.array([width / 2, height * 0.12 - CROWN * unit], np.float32)
    return place(who, look, backdrop, middle, unit)


def at_gate(seed: int, look: Look, height: int = 720, width: int = 1280) -> Pictured:
    """Return the person of ``seed`` in front of a gate's camera, some 60 cm away."""
    wall = np.linspace(150, 105, height, dtype=np.float32)[:, None, None]
    backdrop = np.broadcast_to(wall, (height, width, 3)).astype(np.uint8)
    unit = 0.42 * min(height, width) / (1 - CROWN)
    middle = np.array([width / 2, height * 0.5], np.float32)
    return place(identity(seed), look, backdrop, middle, unit)


def place(
    who: Identity, look: Look, background: Image, middle: NDArray[np.float32], unit: float
) -> Pictured:
    """Return ``background`` with ``who`` in front: the head's origin at ``middle``, in pixels."""
    b = board(float(np.clip(unit, 16, 180)))
    z, inside = relief(b, who, look.smile)
    colours = paint(b, _bare(who, look), look.smile, look.closed, look.gaze)
    colours *= (shading(b, z, look.light, look.ambient) * look.bright)[..., None]
    behind, cover = body(b, who)
    behind *= look.bright * (0.55 * look.ambient + 0.45)
    turned = _turned(b, z, look)
    head = cv2.remap(np.dstack([colours, inside]), *turned, cv2.INTER_LINEAR)
    mask = head[..., 3:] * (b.y < who.chin + 0.05)[..., None]
    whole = np.dstack([behind + mask * (head[..., :3] - behind), np.maximum(cover, mask[..., 0])])
    to_picture = _placing(b, look, middle, unit)
    image = _laid(background, whole, to_picture, unit / b.unit)
    return Pictured(image, _box(who, look, middle, unit), _landmarks(b, z, who, look, middle, unit))


def _bare(who: Identity, look: Look) -> Identity:
    return replace(who, glasses=0.0) if look.without_glasses else who


def _turned(b: Board, z: Field, look: Look) -> tuple[Field, Field]:
    """Return where each cell of the turned head comes from: a fixed point, three steps."""
    yaw, pitch = np.radians(look.yaw), np.radians(look.pitch)
    deep, x, y = z, b.x, b.y
    for _ in range(3):
        x = (b.x - deep * np.sin(yaw)) / np.cos(yaw)
        y = (b.y - deep * np.sin(pitch)) / np.cos(pitch)
        at = (
            ((x - LEFT) * b.unit - 0.5).astype(np.float32),
            ((y - TOP) * b.unit - 0.5).astype(np.float32),
        )
        near = cv2.remap(z, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        deep = np.asarray(near, np.float32)
    return at


def _placing(b: Board, look: Look, middle: NDArray[np.float32], unit: float) -> NDArray[np.float64]:
    """Return the 2×3 matrix from cells of the board to pixels of the picture."""
    way = _roll(look) * unit / b.unit
    origin = np.array([-LEFT * b.unit - 0.5, -TOP * b.unit - 0.5])
    return np.hstack([way, (middle - way @ origin)[:, None]])


def _roll(look: Look) -> NDArray[np.float64]:
    turn = np.radians(look.roll)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _laid(background: Image, whole: Field, matrix: NDArray[np.float64], scale: float) -> Image:
    if scale < 0.7:
        whole = np.asarray(cv2.GaussianBlur(whole, (0, 0), 0.4 / scale), np.float32)
    size = background.shape[1], background.shape[0]
    moved = cv2.warpAffine(whole, matrix, size, flags=cv2.INTER_LINEAR)
    mask = np.clip(moved[..., 3:], 0, 1)
    mixed = background + mask * (moved[..., :3] - background)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _landmarks(
    b: Board, z: Field, who: Identity, look: Look, middle: NDArray[np.float32], unit: float
) -> NDArray[np.float32]:
    corner = who.mouth_width * (1 + 0.15 * look.smile) * 0.96
    lift = who.mouth_y - 0.05 * look.smile
    flat = np.array(
        [
            [-who.eye_gap, who.eye_y],
            [who.eye_gap, who.eye_y],
            [0, who.nose_y],
            [-corner, lift],
            [corner, lift],
        ]
    )
    cells = np.rint((flat - [LEFT, TOP]) * b.unit - 0.5).astype(int)
    deep = z[cells[:, 1], cells[:, 0]]
    yaw, pitch = np.radians(look.yaw), np.radians(look.pitch)
    seen_x = flat[:, 0] * np.cos(yaw) + deep * np.sin(yaw)
    seen_y = flat[:, 1] * np.cos(pitch) + deep * np.sin(pitch)
    return np.asarray(np.stack([seen_x, seen_y], 1) @ _roll(look).T * unit + middle, np.float32)


def _box(
    who: Identity, look: Look, middle: NDArray[np.float32], unit: float
) -> tuple[float, float, float, float]:
    """Return the box from hairline to chin, cheek to cheek, of the face as it is rolled."""
    top, low = who.eye_y - 0.62, who.chin
    shift = np.array(
        [0.3 * np.sin(np.radians(look.yaw)), (top + low) / 2 + 0.3 * np.sin(np.radians(look.pitch))]
    )
    x, y = _roll(look) @ shift * unit + middle
    wide, high = 2 * who.width * unit, (low - top) * unit
    return float(x - wide / 2), float(y - high / 2), float(wide), float(high)
