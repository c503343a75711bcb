"""Patches to learn from: the state's print and its zone, and how forgers come near to them.

1. Sheets are printed anew for every training (``documents_light``); a patch is looked at as a
   reader and the registration would: a little turned, scaled, blurred, lit unevenly, noisy, JPEG.
   Genuine and forged go through the same.
2. Forged print is a copy (scanned and printed again), a design drawn anew (its curves stretched or
   turned), another state's paper, or blank stock.
3. Foreign type is any face of this machine but OCR-B (``optical_types``), or none; the one that
   ``documents_light_forgery`` sets is never learnt, so that it can judge. The print under a zone
   may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.document.patches import SIDE, Question
from models.training.mrz_glyphs import CELL, MIDDLE, TALL
from models.training.optical_types import foreign, ocrb
from simulators.world.documents_light_design import background
from simulators.world.documents_light_forgery import copied
from simulators.world.documents_light_inks import DULL
from simulators.world.documents_paper import security_paper
from simulators.world.typeface import CHARACTERS, PITCH_MM

__all__ = ["PatchMaker"]

Image = NDArray[np.uint8]
Rng = np.random.Generator
SCALE = 8.0  # pixels per mm of a patch
DPIS = (200.0, 240.0, 300.0)
SHEETS = 36
LINE_MM = 6.35
WINDOW = 15.0  # mm


@dataclass(frozen=True)
class _Page:
    """One printed sheet, BGR, its pixels per mm, and whether it is the state's own print."""

    image: Image
    scale: float
    genuine: bool


class PatchMaker:
    """Endless patches of a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 0x09D1])
        self._genuine: list[_Page] = []
        self._forged: list[_Page] = []
        for index in range(SHEETS):
            self._print(DPIS[index % len(DPIS)])

    def batch(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return patches (n, 3, 64, 64), 0 to 255, and answers (n, 2): 1 forged, NaN not asked."""
        patches = np.empty((count, 3, SIDE, SIDE), np.float32)
        truth = np.full((count, len(Question)), np.nan, np.float32)
        for index in range(count):
            question = Question.PRINT if index % 2 else Question.TYPE
            forged = bool(self._rng.random() < 0.5)
            patch = self._type(forged) if question is Question.TYPE else self._paper(forged)
            patches[index] = patch.transpose(2, 0, 1)
            truth[index, question] = forged
        return patches, truth

    def _print(self, dpi: float) -> None:
        rng, scale = self._rng, dpi / 25.4
        white = background(dpi, rng, DULL).white
        self._genuine.append(_Page(_levels(white), scale, genuine=True))
        for _ in range(2):
            self._forged.append(_Page(_levels(copied(white, dpi, rng)), scale, genuine=False))
        if rng.random() < 0.4:
            height, width = white.shape[:2]
            other = security_paper(height, width, rng)
            self._forged.append(_Page(other, scale, genuine=False))
        if rng.random() < 0.25:
            blank = background(dpi, rng, DULL, printed=False).white
            self._forged.append(_Page(_levels(blank), scale, genuine=False))

    def _paper(self, forged: bool) -> Image:
        redrawn = forged and self._rng.random() < 0.25
        page = self._one(self._forged if forged and not redrawn else self._genuine)
        return self._seen(self._window(page), page.scale, redrawn=redrawn)

    def _type(self, strange: bool) -> Image:
        page = self._one(self._genuine if self._rng.random() < 0.7 else self._forged)
        window = self._window(page)
        if not strange or self._rng.random() < 0.93:  # else there is no type at all
            faces = foreign() if strange else (ocrb(),)
            face = faces[int(self._rng.integers(len(faces)))]
            _write(window, face, page.scale, self._rng)
        elif self._rng.random() < 0.4:
            window = self._rng.integers(0, 256, window.shape, np.uint8)
        return self._seen(window, page.scale)

    def _window(self, page: _Page) -> Image:
        """Return ``WINDOW`` mm square of a page, from anywhere but its rim."""
        side = round(WINDOW * page.scale)
        top, left = (int(self._rng.integers(0, edge - side)) for edge in page.image.shape[:2])
        return page.image[top : top + side, left : left + side].copy()

    def _seen(self, window: Image, scale: float, *, redrawn: bool = False) -> Image:
        """Return the middle of a window as it is laid out: 8 × 8 mm at ``SCALE``."""
        rng = self._rng
        turn = np.deg2rad(rng.normal(0, 0.6) + (rng.uniform(20, 160) if redrawn else 0))
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        way *= scale / SCALE * (1 + rng.normal(0, 0.006, 2))
        if redrawn:
            way *= rng.choice([0.7, 0.8, 1.25, 1.35], 2)
        shift = window.shape[0] / 2 - way @ np.full(2, SIDE / 2) + rng.uniform(-4, 4, 2)
        noisy = window + rng.normal(0, rng.uniform(0, 5), window.shape)
        soft = cv2.GaussianBlur(noisy, (0, 0), float(rng.uniform(0.2, 0.75)))
        matrix = np.hstack([way, shift[:, None]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(
            soft, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REFLECT
        )
        return _captured(np.asarray(patch, np.float32), rng)

    def _one(self, pages: list[_Page]) -> _Page:
        return pages[int(self._rng.integers(len(pages)))]


def _write(window: Image, face: dict[str, Image], scale: float, rng: Rng) -> None:
    """Print lines of a zone over a window, one of them through its middle."""
    pitch, middle = PITCH_MM * scale, window.shape[0] / 2 + rng.uniform(-3, 3)
    ink = np.zeros(window.shape[:2], np.float32)
    start, bold = -rng.uniform(0, pitch), float(rng.uniform(0, 0.05)) * CELL
    pen = np.ones((1 + round(bold), 1 + round(bold)), np.uint8)
    for row in (-1, 0, 1):
        for column in range(int(window.shape[1] / pitch) + 2):
            likely = CHARACTERS if row or rng.random() < 0.85 else "<"
            glyph = face[likely[int(rng.integers(len(likely)))]]
            y = middle + row * LINE_MM * scale
            _stamp(
                ink, np.asarray(cv2.dilate(glyph, pen), np.uint8), start + column * pitch, y, pitch
            )
    cover = ink[..., None] * rng.uniform(0.85, 1.0)
    window[:] = (window * (1 - cover) + rng.uniform(15, 60) * cover).astype(np.uint8)


def _stamp(ink: NDArray[np.float32], glyph: Image, left: float, y: float, pitch: float) -> None:
    """Put a glyph's bitmap, shrunk to the pitch, where its middle belongs."""
    size = (max(1, round(pitch)), max(1, round(pitch * TALL / CELL)))
    small = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    top, x = round(y - MIDDLE / CELL * pitch), round(left)
    rows = slice(max(top, 0), min(top + size[1], ink.shape[0]))
    columns = slice(max(x, 0), min(x + size[0], ink.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = small[rows.start - top : rows.stop - top, columns.start - x : columns.stop - x]
    np.maximum(ink[rows, columns], part, out=ink[rows, columns])


def _captured(patch: NDArray[np.float32], rng: Rng) -> Image:
    """Return a patch as the reader's camera and file leave it."""
    light = rng.uniform(0.93, 1.05) + rng.normal(0, 0.02, (2, 2)).astype(np.float32)
    lit = patch * cv2.resize(light.astype(np.float32), (SIDE, SIDE))[..., None]
    seen = np.asarray(np.clip(lit * rng.normal(1, 0.012, 3), 0, 255), np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 99))]
        _, packed = cv2.imencode(".jpg", seen, quality)
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return seen


def _levels(plane: NDArray[np.float32]) -> Image:
    return np.asarray(np.clip(plane * 255, 0, 255), np.uint8)
