"""Glyphs to set zones in: OCR-B, and every Latin face of this machine, upright or slanted.

A glyph is an ink bitmap of ``TALL`` × ``CELL`` pixels, one pitch wide, as in ``mrz_glyphs``. The
faces that OpenCV brings are left out: with one of them forgeries are set that judge the network.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.mrz_glyphs import CELL, MIDDLE, TALL, bank
from simulators.world.typeface import CHARACTERS

__all__ = ["foreign", "ocrb"]

Glyphs = dict[str, NDArray[np.uint8]]
_FONTS = Path("/usr/share/fonts")
_NOT_LATIN = ("Symbols", "D050000L", "Fallback", "Math", "Z003", "OCR")
_SIZE = 64  # that a face is drawn at, before it is fitted to the pitch


def ocrb() -> Glyphs:
    """Return OCR-B."""
    return bank()[0]


@cache
def foreign() -> tuple[Glyphs, ...]:
    """Return every other face. Raises RuntimeError on a machine without fonts."""
    files = [
        path
        for kind in ("*.ttf", "*.otf")
        for path in sorted(_FONTS.rglob(kind))
        if not any(word in path.stem for word in _NOT_LATIN)
    ]
    faces = [glyphs for path in files if (glyphs := _glyphs(path)) is not None]
    if not faces:
        raise RuntimeError(f"no Latin fonts in {_FONTS}: install some, e.g. fonts-dejavu")
    return tuple(faces)


def _glyphs(path: Path) -> Glyphs | None:
    face = cv2.FontFace()
    if not face.set(str(path)):
        return None
    tall = _inked(face, "H").shape[0]
    if tall < _SIZE // 4:
        return None
    return {character: _fitted(_inked(face, character), CELL / tall) for character in CHARACTERS}


def _inked(face: cv2.FontFace, character: str) -> NDArray[np.uint8]:
    board = np.zeros((_SIZE * 3, _SIZE * 3), np.uint8)
    cv2.putText(board, character, (_SIZE, _SIZE * 2), (255,), face, _SIZE)
    rows, columns = np.flatnonzero(board.any(1)), np.flatnonzero(board.any(0))
    if not rows.size:
        return np.zeros((1, 1), np.uint8)
    return board[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(glyph: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return a glyph in the middle of its cell, a capital as tall as the pitch is wide."""
    wide = min(max(1, round(glyph.shape[1] * scale)), CELL - 4)
    high = min(max(1, round(glyph.shape[0] * scale)), TALL)
    small = cv2.resize(glyph, (wide, high), interpolation=cv2.INTER_AREA)
    cell = np.zeros((TALL, CELL), np.uint8)
    top, left = MIDDLE - high // 2, (CELL - wide) // 2
    cell[top : top + high, left : left + wide] = small
    return cell
