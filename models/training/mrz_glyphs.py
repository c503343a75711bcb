"""The faces that the line network learns: OCR-B, and whatever type the machine has.

Cards and visas are seen that are printed in other faces; so one line in four is set in a face of
this machine, where it has any. A glyph is an ink bitmap of ``CELL`` × ``TALL`` pixels, one pitch
wide.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.typeface import CHARACTERS, draw_line

__all__ = ["CELL", "MIDDLE", "TALL", "bank", "faces"]

Ink = NDArray[np.uint8]

CELL, TALL, MIDDLE = 48, 96, 48  # one pitch, the bitmap's height, the row of the capitals' middle
_FONTS = Path("/usr/share/fonts")
_WANTED = (
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "LiberationMono-Regular",
    "LiberationMono-Bold",
    "NotoSansMono-Regular",
    "DejaVuSans",
    "LiberationSans-Regular",
    "LiberationSansNarrow-Regular",
)


@cache
def faces() -> list[Path]:
    """Return the files of the wanted faces that this machine has."""
    found = {path.stem: path for path in _FONTS.rglob("*.ttf")}
    return [found[name] for name in _WANTED if name in found]


@cache
def bank() -> list[dict[str, Ink]]:
    """Return one dictionary of glyphs per face; OCR-B comes first."""
    return [_ocrb(), *(_face(path) for path in faces())]


def _ocrb() -> dict[str, Ink]:
    glyphs = {}
    for character in CHARACTERS:
        glyphs[character] = np.zeros((TALL, CELL), np.uint8)
        draw_line(glyphs[character], character, 0, MIDDLE, CELL)
    return glyphs


def _face(path: Path) -> dict[str, Ink]:
    face = cv2.FontFace()
    if not face.set(str(path)):
        raise RuntimeError(f"{path}: not a font that OpenCV can open")
    cap = _inked(face, "H", 60)
    size = round(60 * CELL / cap.shape[0])  # a capital as tall as the pitch is wide, as in OCR-B
    return {character: _centred(_inked(face, character, size)) for character in CHARACTERS}


def _inked(face: cv2.FontFace, character: str, size: int) -> Ink:
    board = np.zeros((size * 3, size * 3), np.uint8)
    cv2.putText(board, character, (size, size * 2), (255,), face, size)
    rows, columns = np.nonzero(board)
    return board[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _centred(glyph: Ink) -> Ink:
    if glyph.shape[1] > CELL - 4:
        glyph = np.asarray(
            cv2.resize(glyph, (CELL - 4, glyph.shape[0]), interpolation=cv2.INTER_AREA)
        )
    cell = np.zeros((TALL, CELL), np.uint8)
    top, left = MIDDLE - glyph.shape[0] // 2, (CELL - glyph.shape[1]) // 2
    cell[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    return cell
