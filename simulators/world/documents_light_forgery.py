"""How pages are forged: each way by its name, and what it does to a page before the lights see it.

1. ``BRIGHT_PAPER``, ``MRZ_DYE``, ``LASER_PRINT``, ``NO_MOTIF`` and ``FOREIGN_TYPE`` are other
   stock, ink or type; ``documents_light`` prints with them.
2. ``PHOTO_SUBSTITUTED`` shows another person than the chip.
3. ``COPIED`` is a genuine page that was scanned and printed again: blurred, its colours shifted,
   cut into the printer's dots. Its paper and its inks are left dull and faithful, so that the
   print alone gives it away.
"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Forgery", "copied", "foreign_pen"]

Plane = NDArray[np.float32]
Rng = np.random.Generator


class Forgery(StrEnum):
    """A way to forge a data page."""

    BRIGHT_PAPER = "bright-paper"
    MRZ_DYE = "mrz-dye"
    LASER_PRINT = "laser-print"
    NO_MOTIF = "no-motif"
    PHOTO_SUBSTITUTED = "photo-substituted"
    COPIED = "copied"
    FOREIGN_TYPE = "foreign-type"


def copied(white: Plane, dpi: float, rng: Rng) -> Plane:
    """Return what a scanner and a printer make of ``white`` (height, width, 3), 0 to 1."""
    blurred = cv2.GaussianBlur(white, (0, 0), float(rng.uniform(0.04, 0.09)) * dpi / 25.4)
    curve = np.clip(blurred, 0, 1) ** np.float32(rng.uniform(0.8, 1.25))
    shifted = np.clip(curve * rng.uniform(0.94, 1.04, 3).astype(np.float32), 0, 1)
    dots = _halftone(shifted, dpi, float(rng.uniform(2.4, 5.2)), rng)
    share = np.float32(rng.uniform(0.35, 0.85))  # dots gain and run: tone between the dots
    mixed = dots * share + shifted * (1 - share)
    return np.asarray(cv2.GaussianBlur(mixed, (0, 0), 0.03 * dpi / 25.4 + 0.2), np.float32)


def foreign_pen(
    ink: NDArray[np.uint8], text: str, left: float, middle: float, pitch: float, weight: float
) -> None:
    """Set a line of the zone in the sans serif of an office, as ``typeface.draw_line`` sets OCR-B.

    Every character stands in the middle of its place.
    """
    face, size = cv2.FontFace("sans"), max(4, round(pitch * 1.25))
    bold = 400 + round(3000 * weight)
    height, width = ink.shape
    for at, character in enumerate(text):
        (x, y, w, h) = cv2.getTextSize((width, height), character, (0, 0), face, size, bold)
        foot = (round(left + (at + 0.5) * pitch - w / 2 - x), round(middle - h / 2 - y))
        cv2.putText(ink, character, foot, (255,), face, size, bold)


def _halftone(image: Plane, dpi: float, lines_per_mm: float, rng: Rng) -> Plane:
    """Return ``image`` as dots that grow with the tone, each ink's screen at its own angle."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) * np.float32(25.4 / dpi)
    out = np.empty_like(image)
    for channel, degrees in enumerate((0.0, 15.0, 75.0)):
        turn = np.deg2rad(degrees + rng.uniform(-3, 3))
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        way = np.float32(2 * np.pi * lines_per_mm)
        screen = 0.5 + 0.25 * (np.cos(u * way) + np.cos(v * way))
        out[..., channel] = np.clip((image[..., channel] - screen) * 4 + 0.5, 0, 1)
    return out
