"""OCR-B on a bitmap: the face of every machine-readable zone (Doc 9303-3 §4.4, ISO 1073-2).

1. The outlines are data (``ocrb.json``, with its origin and licence): polygons in thousandths of
   the pitch.
2. A line is ink on paper: 0 is no ink, 255 is all ink. Glyphs sit at fractions of a pixel.
3. Weight is the pen: a bolder line is the same outline with its edge inked too.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CHARACTERS", "PITCH_MM", "draw_line", "outlines"]

Ink = NDArray[np.uint8]
Outline = tuple[NDArray[np.float64], ...]

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
PITCH_MM = 2.54  # ten characters to the inch
CAP_MIDDLE = 0.49  # of the pitch above the baseline: the reference centre line of a capital
_SHIFT = 6  # OpenCV draws at 1/64 of a pixel


@cache
def outlines() -> dict[str, Outline]:
    """Return each character's polygons: arrays (n, 2) of x right and y up, in pitches."""
    path = Path(__file__).with_name("ocrb.json")
    glyphs = json.loads(path.read_text(encoding="utf-8"))["glyphs"]
    return {c: tuple(np.array(p, float) / 1000 for p in polygons) for c, polygons in glyphs.items()}


def draw_line(
    ink: Ink, text: str, left: float, middle: float, pitch: float, weight: float = 0.0
) -> None:
    """Ink ``text`` into ``ink`` (height × width): its left edge and its middle.

    All in pixels; ``weight`` is what the pen adds to each stroke, in pitches (0 to 0.1). Raises
    KeyError for a character that a zone may not hold.
    """
    pen = round(weight * pitch)
    for at, character in enumerate(text):
        polygons = [_placed(p, left + at * pitch, middle, pitch) for p in outlines()[character]]
        cv2.fillPoly(ink, polygons, (255,), cv2.LINE_AA, _SHIFT)
        if pen:
            cv2.polylines(ink, polygons, True, (255,), pen, cv2.LINE_AA, _SHIFT)


def _placed(
    polygon: NDArray[np.float64], left: float, middle: float, pitch: float
) -> NDArray[np.int32]:
    x = left + polygon[:, 0] * pitch
    y = middle + (CAP_MIDDLE - polygon[:, 1]) * pitch
    return np.round(np.stack([x, y], 1) * (1 << _SHIFT)).astype(np.int32)
