"""Where goods are rendered: the sum of µ·thickness along each ray, per energy bin.

1. A canvas has ``scale`` pixels per millimetre; everything drawn on it is in millimetres.
2. A thing lies in a pose: turned in its own plane, then tilted out of it. Tilting squeezes it
   across the tilt axis, lengthens the rays through a plate by 1/cos, and shows the plate's edge.
3. Drawing adds; order does not matter, nothing hides anything. That is what X-rays do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.materials import MATERIALS
from models.xray.spectrum import binned_attenuation, bins, depth_from_bins

Image = NDArray[np.float32]
Points = NDArray[np.float64]
SUBPIXEL = 4  # bits, as cv2's ``shift``
# Drawn at three times the size and averaged: cv2's own smooth edges widen an outline by 0.7 pixels.
FINE = 3
MAX_TILT = 1.25  # rad; a plate seen flatter than this is drawn as at this tilt


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a thing lies: centre in mm, angle in its plane, tilt out of it about ``axis``, size."""

    x: float
    y: float
    angle: float = 0.0
    tilt: float = 0.0
    axis: float = 0.0
    size: float = 1.0
    mirror: bool = False

    @property
    def slant(self) -> float:
        """Return by how much a ray through a plate is longer than the plate is thick."""
        return 1.0 / float(np.cos(min(self.tilt, MAX_TILT)))

    def place(self, points: Points, depth: float = 0.0) -> Points:
        """Return (n, 2) local mm, lifted ``depth`` mm out of the plane, as mm on the canvas."""
        local = points * (self.size * np.array([-1.0 if self.mirror else 1.0, 1.0]))
        turned = local @ _turn(self.angle).T
        across = np.array([-np.sin(self.axis), np.cos(self.axis)])
        tilt = min(self.tilt, MAX_TILT)
        share = turned @ across
        moved = share * (np.cos(tilt) - 1.0) + depth * self.size * np.sin(tilt)
        placed: Points = turned + moved[:, None] * across + np.array([self.x, self.y])
        return placed


class Canvas:
    """A blank picture to add goods to."""

    def __init__(self, lines: int, pixels: int, scale: float) -> None:
        self.lines, self.pixels, self.scale = lines, pixels, scale
        self.sums = np.zeros((bins()[0].shape[1], lines, pixels), np.float32)

    @property
    def width_mm(self) -> float:
        """Return the width of the picture."""
        return self.pixels / self.scale

    @property
    def height_mm(self) -> float:
        """Return the height of the picture."""
        return self.lines / self.scale

    def blank(self) -> Canvas:
        """Return an empty canvas of the same shape."""
        return Canvas(self.lines, self.pixels, self.scale)

    def add(self, material: str, thickness: Image, top: int, left: int) -> None:
        """Add a patch of ``thickness`` mm of ``material``; the patch lies within the canvas."""
        rows, columns = thickness.shape
        areal = thickness * np.float32(MATERIALS[material].density * 0.1)  # g/cm²
        part = self.sums[:, top : top + rows, left : left + columns]
        part += binned_attenuation(material).astype(np.float32)[:, None, None] * areal

    def include(self, other: Canvas) -> None:
        """Add everything drawn on ``other``."""
        self.sums += other.sums

    def covered(self, least: float = 0.02) -> NDArray[np.bool_]:
        """Return where more than ``least`` of high optical depth was drawn."""
        return np.asarray(self.tau()[1] > least)

    def tau(self) -> Image:
        """Return (2, lines, pixels): optical depth, low and high."""
        return depth_from_bins(self.sums)

    def window(self, outlines: Sequence[Points], margin: int = 2) -> tuple[int, int, int, int]:
        """Return top, left, rows, columns of the pixels that outlines can touch; 0 if none."""
        every = np.concatenate(outlines) * self.scale
        low = np.clip(np.floor(every.min(0)) - margin, 0, (self.pixels, self.lines)).astype(int)
        high = np.clip(np.ceil(every.max(0)) + margin, 0, (self.pixels, self.lines)).astype(int)
        return int(low[1]), int(low[0]), int(high[1] - low[1]), int(high[0] - low[0])

    def raster(self, outlines: Sequence[Points]) -> tuple[Image, int, int] | None:
        """Return the covered share of each pixel (even–odd), its top and left; None if outside."""
        top, left, rows, columns = self.window(outlines)
        if rows <= 0 or columns <= 0:
            return None
        patch = np.zeros((rows * FINE, columns * FINE), np.uint8)
        path = [self._fixed(outline, top, left) for outline in outlines]
        cv2.fillPoly(patch, path, 255, cv2.LINE_8, SUBPIXEL)
        return _share(patch), top, left

    def stroke(self, line: Points, width: float) -> tuple[Image, int, int] | None:
        """Return the covered share along a line ``width`` mm wide; its mass is kept."""
        wide = width * self.scale
        top, left, rows, columns = self.window([line], margin=2 + int(wide))
        if rows <= 0 or columns <= 0:
            return None
        patch = np.zeros((rows * FINE, columns * FINE), np.uint8)
        whole = 2 * round((wide * FINE - 1) / 2) + 1 if wide * FINE > 1 else 1
        path = [self._fixed(line, top, left)]
        # cv2 makes odd widths only: asked for w it draws w + 1 where w is even.
        cv2.polylines(patch, path, False, 255, max(1, whole - 1), cv2.LINE_8, SUBPIXEL)
        return _share(patch) * np.float32(wide * FINE / whole), top, left

    def _fixed(self, outline: Points, top: int, left: int) -> NDArray[np.int32]:
        pixels = (outline * self.scale - np.array([left, top])) * FINE - 0.5
        fixed: NDArray[np.int32] = np.clip(
            np.rint(pixels * (1 << SUBPIXEL)), -(2**20), 2**20
        ).astype(np.int32)
        return fixed


def _share(patch: NDArray[np.uint8]) -> Image:
    size = (patch.shape[1] // FINE, patch.shape[0] // FINE)
    mean = cv2.resize(patch.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(mean, np.float32) / np.float32(255)


def _turn(angle: float) -> Points:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
