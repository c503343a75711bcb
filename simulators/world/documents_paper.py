"""Security paper: a pale tint crossed by families of fine waves (guilloche) and rosettes.

Everything follows from the generator that is handed in. Colours are BGR, 0 to 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["security_paper"]

Image = NDArray[np.uint8]
Rng = np.random.Generator


def security_paper(height: int, width: int, rng: Rng) -> Image:
    """Return an unprinted page (height, width, 3)."""
    paper = _tint(height, width, rng)
    if rng.random() < 0.15:
        return paper  # plain stock, as visas and old cards have
    for _ in range(int(rng.integers(1, 4))):
        _waves(paper, rng)
    for _ in range(int(rng.integers(0, 3))):
        _rosette(paper, rng)
    return paper


def _tint(height: int, width: int, rng: Rng) -> Image:
    corners = rng.uniform(195, 255, (2, 2, 3)) if rng.random() < 0.8 else np.full((2, 2, 3), 255.0)
    tint = cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return tint.astype(np.uint8)


def _waves(paper: Image, rng: Rng) -> None:
    """Draw one family of parallel waves at any angle."""
    height, width = paper.shape[:2]
    reach = float(np.hypot(height, width))
    step = reach * rng.uniform(0.006, 0.03)
    along = np.linspace(-reach / 2, reach / 2, 160)
    swing = (
        step * rng.uniform(0.5, 4) * np.sin(along / reach * rng.uniform(10, 60) + rng.uniform(0, 6))
    )
    turn = rng.uniform(0, np.pi)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    centre = (width / 2, height / 2)
    curves = [
        np.round((np.stack([along, swing + offset], 1) @ axes + centre) * 16).astype(np.int32)
        for offset in np.arange(-reach / 2, reach / 2, step)
    ]
    thickness = max(1, round(reach * rng.uniform(0.0004, 0.0012)))
    cv2.polylines(paper, curves, False, _ink(rng), thickness, cv2.LINE_AA, 4)


def _rosette(paper: Image, rng: Rng) -> None:
    height, width = paper.shape[:2]
    turn = np.linspace(0, 2 * np.pi, 900)
    petals, radius = int(rng.integers(5, 19)), height * rng.uniform(0.1, 0.4)
    centre = rng.uniform(0, 1, 2) * (width, height)
    curves = []
    for ring in np.linspace(0.3, 1, int(rng.integers(3, 9))):
        r = radius * ring * (1 + 0.25 * np.sin(petals * turn + ring * 4))
        points = np.stack([r * np.cos(turn), r * np.sin(turn)], 1) + centre
        curves.append(np.round(points * 16).astype(np.int32))
    cv2.polylines(paper, curves, True, _ink(rng), max(1, height // 700), cv2.LINE_AA, 4)


def _ink(rng: Rng) -> tuple[float, float, float]:
    blue, green, red = rng.uniform(130, 235, 3)
    return float(blue), float(green), float(red)
