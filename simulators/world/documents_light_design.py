"""The passport of the fictitious state UTO, version 1: what its printing works put on every sheet.

1. The design is one for all sheets; a sheet differs by what presses differ by: register (each
   plate lies a little elsewhere), the body of the inks, the shade of the stock.
2. Guilloche and rosettes are offset dyes: seen under white light, gone at B900.
3. The motif, a star of eight points at the right, and the fibres in the paper are seen under UV
   alone.
4. Everything is in mm from the top left of the page, 125 × 88.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.documents_light_inks import Ink, Sheet, Stock, dye

__all__ = ["HEIGHT", "MOTIF", "MOTIF_INK", "WIDTH", "background", "fibres", "motif", "plates"]

WIDTH, HEIGHT = 125.0, 88.0
MOTIF = ((104.0, 38.0), 13.0, 6.0)  # its centre; outer and inner radius
MOTIF_INK = Ink((0.99, 1.0, 0.99), 1.0, (0.25, 0.8, 0.3), opaque=0.1)
_FIBRE_INKS = (
    Ink((1.0, 1.0, 1.0), 1.0, (0.8, 0.25, 0.1), opaque=0.0),
    Ink((1.0, 1.0, 1.0), 1.0, (0.1, 0.2, 0.85), opaque=0.0),
    Ink((1.0, 1.0, 1.0), 1.0, (0.2, 0.75, 0.6), opaque=0.0),
)
_LINE = 0.13  # mm, the width of a guilloche's line
_SHIFT = 4  # OpenCV draws at 1/16 of a pixel
Cover = NDArray[np.uint8]
Curve = NDArray[np.float64]
Rng = np.random.Generator


def background(dpi: float, rng: Rng, stock: Stock, *, printed: bool = True) -> Sheet:
    """Return a sheet as it leaves the press, at ``dpi``: stock, and guilloche if ``printed``."""
    scale = dpi / 25.4
    height, width = round(HEIGHT * scale), round(WIDTH * scale)
    shade = np.array([[[0.93, 0.9, 0.86], [0.87, 0.92, 0.94]]] * 2, np.float32)
    tint = cv2.resize(shade, (width, height)) * np.float32(rng.uniform(0.97, 1.02))
    sheet = Sheet.of(np.asarray(tint, np.float32), stock)
    for curves, ink in plates() if printed else ():
        shift = rng.normal(0, 0.15, 2)  # mm of register
        cover = _drawn(curves, sheet.infrared.shape, scale, shift)
        sheet.lay(cover, ink, float(rng.uniform(0.85, 1.0)))
    return sheet


def plates() -> Iterator[tuple[list[Curve], Ink]]:
    """Yield the curves of each plate, (n, 2) mm, and its ink."""
    along = np.linspace(-5, WIDTH + 5, 500)
    yield (
        [_wave(along, y, 2.4, 17.0, 0.35) for y in np.arange(-6, HEIGHT + 6, 1.5)],
        dye(0.55, 0.82, 0.72),
    )
    yield (
        [_wave(along, y, 3.1, 29.0, 1.9) for y in np.arange(-6, HEIGHT + 6, 1.9)],
        dye(0.8, 0.66, 0.86),
    )
    rosettes = [
        _rosette((x, y), radius * ring, petals)
        for x, y, radius, petals in ((78, 60, 17, 12), (104, 38, 15, 9), (24, 72, 13, 16))
        for ring in np.linspace(0.35, 1.0, 9)
    ]
    yield rosettes, dye(0.86, 0.7, 0.5)


def motif(dpi: float, shape: tuple[int, int]) -> Cover:
    """Return where the star is printed, (height, width)."""
    (x, y), outer, inner = MOTIF
    turn = np.arange(16) * np.pi / 8
    radius = np.where(np.arange(16) % 2, inner, outer)
    points = np.stack([x + radius * np.sin(turn), y - radius * np.cos(turn)], 1) * dpi / 25.4
    cover = np.zeros(shape, np.uint8)
    cv2.fillPoly(cover, [np.round(points * 16).astype(np.int32)], (255,), cv2.LINE_AA, _SHIFT)
    return cover


def fibres(sheet: Sheet, dpi: float, rng: Rng) -> None:
    """Lay the paper's fibres, elsewhere in every sheet."""
    for ink in _FIBRE_INKS:
        curves = [_fibre(rng) for _ in range(int(rng.integers(6, 14)))]
        cover = _drawn(curves, sheet.infrared.shape, dpi / 25.4, np.zeros(2))
        sheet.lay(cover, ink)


def _wave(along: Curve, y: float, swing: float, period: float, phase: float) -> Curve:
    turn = 2 * np.pi * along / period
    return np.stack([along, y + swing * np.sin(turn + phase) + 0.6 * np.sin(2.7 * turn + y)], 1)


def _rosette(centre: tuple[float, float], radius: float, petals: int) -> Curve:
    turn = np.linspace(0, 2 * np.pi, 400)
    r = radius * (1 + 0.22 * np.sin(petals * turn + radius))
    return np.stack([centre[0] + r * np.cos(turn), centre[1] + r * np.sin(turn)], 1)


def _fibre(rng: Rng) -> Curve:
    start = 3 + rng.uniform(0, 1, 2) * (WIDTH - 6, HEIGHT - 6)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.3, 12))
    steps = np.stack([np.cos(heading), np.sin(heading)], 1) * rng.uniform(0.2, 0.4)
    return np.asarray(start + np.cumsum(steps, 0))


def _drawn(
    curves: list[Curve], shape: tuple[int, ...], scale: float, shift: NDArray[np.float64]
) -> Cover:
    cover = np.zeros(shape, np.uint8)
    placed = [np.round((curve + shift) * scale * 16).astype(np.int32) for curve in curves]
    wide = _LINE * scale
    cv2.polylines(cover, placed, False, (255,), max(1, round(wide)), cv2.LINE_AA, _SHIFT)
    return cover if wide >= 1 else np.asarray(cover * np.float32(wide), np.uint8)
