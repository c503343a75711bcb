"""Maps of a picture's materials, whole or strip by strip as its lines come in.

1. Transmission is averaged over the table's window, then τ = −ln T, R = τ_low/τ_high, and one
   lookup by (τ_high, R) gives each map. Nothing else looks at a pixel's neighbours.
2. NaN counts as black, never as air. ``marked`` pixels (lost lines, dead, saturated) and their
   neighbours within the window become ``UNKNOWN``.
3. Strips overlap by ``halo`` lines, so that cutting a picture never changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.materials.errors import MaterialsError
from edge.scanner.materials.table import (
    COLUMNS,
    DEPTH_STEP,
    RATIO_FROM,
    RATIO_STEP,
    ROWS,
    Kind,
    Table,
)

Image = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

FLOOR = np.float32(1 / 65_535)
LEAST_DEPTH = np.float32(1e-3)


@dataclass(frozen=True)
class Materials:
    """Maps (lines, pixels): Zeff, g/cm², confidence in per cent, kind, and τ_high."""

    zeff: Image = field(repr=False)
    areal: Image = field(repr=False)
    confidence: Bytes = field(repr=False)
    kind: Bytes = field(repr=False)
    depth: Image = field(repr=False)

    @property
    def ambiguous(self) -> Mask:
        """Return where no kind can be named."""
        return np.asarray(self.kind >= Kind.THIN)

    def lines(self, start: int, stop: int) -> Materials:
        """Return the maps of lines ``start`` to ``stop``, without a copy."""
        some = slice(start, stop)
        return Materials(
            self.zeff[some], self.areal[some], self.confidence[some], self.kind[some],
            self.depth[some],
        )  # fmt: skip


def halo(table: Table) -> int:
    """Return how many lines before and after a strip its maps depend on."""
    return table.smooth // 2


def materials(transmission: Image, table: Table, marked: Mask | None = None) -> Materials:
    """Return the maps of a transmission (2, lines, pixels), low energy first.

    ``marked`` (lines, pixels) is what cannot be trusted. Raises MaterialsError on other shapes.
    """
    _check(transmission, marked)
    low, high = (_averaged(plane, table.smooth) for plane in transmission)
    low, depth = -np.log(low), -np.log(high)
    cell = _cells(low, depth)
    kind = np.take(table.kind, cell)
    sure = np.take(table.confidence, cell)
    if marked is not None and marked.any():
        spoilt = _grown(marked, table.smooth)
        kind[spoilt], sure[spoilt] = Kind.UNKNOWN, 0
    return Materials(np.take(table.zeff, cell), np.take(table.areal, cell), sure, kind, depth)


def stream(strips: Iterable[tuple[Image, Mask | None]], table: Table) -> Iterator[Materials]:
    """Yield the maps of a picture that comes in strips (2, any lines, pixels), in order.

    The maps together are those of the whole picture; each lags ``halo`` lines behind.
    """
    edge, kept, marks, first = halo(table), None, None, True
    for strip, marked in strips:
        new = np.zeros(strip.shape[1:], np.bool_) if marked is None else marked
        kept = strip if kept is None else np.concatenate([kept, strip], 1)
        marks = new if marks is None else np.concatenate([marks, new], 0)
        if kept.shape[1] <= 2 * edge:
            continue
        found, stop = materials(kept, table, marks), kept.shape[1] - edge
        yield found.lines(0 if first else edge, stop)
        kept, marks, first = kept[:, stop - edge :], marks[stop - edge :], False
    if kept is not None and marks is not None:
        found = materials(kept, table, marks)
        yield found.lines(0 if first else edge, kept.shape[1])


def _check(transmission: Image, marked: Mask | None) -> None:
    if transmission.ndim != 3 or transmission.shape[0] != 2 or not transmission.size:
        raise MaterialsError(f"materials want both energies, got a picture {transmission.shape}")
    if marked is not None and marked.shape != transmission.shape[1:]:
        raise MaterialsError(f"marks {marked.shape} do not fit a picture {transmission.shape}")


def _averaged(plane: Image, window: int) -> Image:
    sane = np.fmin(np.fmax(plane, FLOOR), np.float32(1), dtype=np.float32)
    if window == 1:
        return sane
    return np.asarray(cv2.blur(sane, (window, window), borderType=cv2.BORDER_REFLECT_101))


def _cells(low: Image, depth: Image) -> NDArray[np.int32]:
    ratio = low / np.maximum(depth, LEAST_DEPTH)
    ratio -= np.float32(RATIO_FROM)
    ratio *= np.float32(1 / RATIO_STEP)
    column = np.clip(ratio, 0, COLUMNS - 1, out=ratio).astype(np.int32)
    row = np.minimum(depth * np.float32(1 / DEPTH_STEP), np.float32(ROWS - 1))
    cell: NDArray[np.int32] = row.astype(np.int32)
    cell *= COLUMNS
    cell += column
    return cell


def _grown(marked: Mask, window: int) -> Mask:
    kernel = np.ones((window, window), np.uint8)
    return np.asarray(cv2.dilate(marked.astype(np.uint8), kernel) > 0)
