"""A photograph of a page: where the camera stands, and everything between the page and the file.

1. ``aim`` places the page in the frame: any turn, a tilt, a share of the frame.
2. ``photograph`` lays the page on a desk, looks at it from there, and lets ``degrade`` spoil it.
3. ``degrade`` spoils in the order of the light's way: shadow and glare, blur of lens or hand,
   noise, JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Shot", "aim", "degrade", "photograph"]

Image = NDArray[np.uint8]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Shot:
    """How one frame sees the page: page pixels to frame pixels (3 × 3), and the frame's size."""

    view: NDArray[np.float64]
    width: int
    height: int


def aim(
    page: tuple[int, int], frame: tuple[int, int], rng: Rng, turn: float, share: float, tilt: float
) -> Shot:
    """Return a shot of a page (height, width) for a frame (height, width).

    ``turn`` is degrees counter-clockwise as seen, ``share`` how much of the frame the page spans
    (1 = just fits), ``tilt`` how far each corner may stray, as a part of the page.
    """
    height, width = page
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    centred = corners - (width / 2, height / 2)
    centred *= 1 + rng.uniform(-tilt, tilt, (4, 2))
    angle = np.deg2rad(turn)
    turned = centred @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    span = turned.max(0) - turned.min(0)
    scale = share * min(frame[1] / span[0], frame[0] / span[1])
    room = np.maximum(np.array([frame[1], frame[0]]) - span * scale, 0)
    placed = (turned - turned.min(0)) * scale + room * rng.uniform(0, 1, 2)
    view = cv2.getPerspectiveTransform(corners, placed.astype(np.float32))
    return Shot(np.asarray(view, np.float64), frame[1], frame[0])


def photograph(
    page: Image,
    seed: int,
    *,
    turn: float = 0.0,
    frame: tuple[int, int] = (1200, 1600),
    share: float = 0.9,
    tilt: float = 0.04,
    wear: float = 0.5,
) -> Image:
    """Return a photograph (``frame`` height × width × 3, BGR) of ``page`` on a desk.

    ``turn`` in degrees; ``share`` and ``tilt`` as in ``aim``; ``wear`` from 0 (studio) to 1 (a
    hurried hand in bad light).
    """
    rng = np.random.default_rng([seed, 0xCA3E])
    shot = aim(page.shape[:2], frame, rng, turn, share, tilt)
    return degrade(look(page, shot, desk(frame, rng)), rng, wear)


def look(page: Image, shot: Shot, desk: Image) -> Image:
    """Return ``desk`` with the page on it, as the shot sees it."""
    size = (shot.width, shot.height)
    near = float(np.sqrt(abs(np.linalg.det(shot.view[:2, :2]))))
    source = (
        cv2.GaussianBlur(page, (0, 0), 0.4 / near) if near < 0.7 else page
    )  # no aliasing when far
    seen = cv2.warpPerspective(source, shot.view, size, flags=cv2.INTER_LINEAR)
    inside = np.full(page.shape[:2], 255, np.uint8)
    cover = cv2.warpPerspective(inside, shot.view, size, flags=cv2.INTER_LINEAR)[
        :, :, None
    ] / np.float32(255)
    return (seen * cover + desk * (1 - cover)).astype(np.uint8)


def desk(frame: tuple[int, int], rng: Rng) -> Image:
    """Return a table top: one colour, its grain, and now and then something with stripes."""
    height, width = frame
    colour = rng.uniform(10, 250, 3).astype(np.float32)
    coarse = rng.normal(0, rng.uniform(0, 25), (height // 8 + 1, width // 8 + 1))
    grain = cv2.resize(coarse.astype(np.float32), (width, height))[:, :, None]
    top = np.clip(colour + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        for x in range(0, width, max(4, int(rng.integers(8, 60)))):
            foot = (x + int(rng.integers(-40, 40)), height)
            cv2.line(top, (x, 0), foot, rng.uniform(0, 255, 3).tolist(), 2)
    return np.asarray(top, np.uint8)


def degrade(image: Image, rng: Rng, wear: float) -> Image:
    """Return ``image`` as a real camera would have kept it; ``wear`` from 0 to 1."""
    lit = _blur(_light(image.astype(np.float32), rng, wear), rng, wear)
    noise = rng.normal(0, 1, lit.shape) * rng.uniform(0, 14 * wear)
    spoiled = np.asarray(np.clip(lit + noise, 0, 255), np.uint8)
    if rng.random() < wear:
        quality = int(rng.uniform(95 - 65 * wear, 96))
        _, packed = cv2.imencode(".jpg", spoiled, [cv2.IMWRITE_JPEG_QUALITY, quality])
        spoiled = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return spoiled


def _light(image: NDArray[np.float32], rng: Rng, wear: float) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    falloff = rng.uniform(1 - 0.6 * wear, 1 + 0.15 * wear, (2, 2)).astype(np.float32)
    image = image * cv2.resize(falloff, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
    if rng.random() < 0.3 * wear:
        spot = np.zeros((height // 8 + 1, width // 8 + 1), np.float32)
        centre = (int(rng.integers(0, spot.shape[1])), int(rng.integers(0, spot.shape[0])))
        cv2.circle(spot, centre, max(2, int(spot.shape[0] * rng.uniform(0.05, 0.2))), (1.0,), -1)
        glare = cv2.resize(cv2.GaussianBlur(spot, (0, 0), 3), (width, height)) * rng.uniform(
            40, 170
        )
        image = image + glare[:, :, None]
    return np.asarray(image, np.float32)


def _blur(image: NDArray[np.float32], rng: Rng, wear: float) -> NDArray[np.float32]:
    if (sigma := float(rng.uniform(0, 1.3 * wear))) > 0.25:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    if rng.random() < 0.25 * wear:  # the hand moved
        length = int(rng.integers(2, 4))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(
            kernel,
            (0, int(rng.integers(0, length))),
            (length - 1, int(rng.integers(0, length))),
            (1.0,),
        )
        image = np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.float32)
    return image
