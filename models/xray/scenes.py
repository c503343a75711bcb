"""A picture of known pitch, looked at whole and in its true size by the scene network.

1. The picture is reduced (area mean), or stretched where its pixels are larger, to ``WORKING_MM``
   a pixel; never to more than ``MOST`` working pixels, never stretched more than fourfold.
2. Five channels, absolute, so that every part of a picture is seen alike and nothing waits for the
   end of it: depth τ/2; contrast √(τ/2.5); detail, τ less its mean around over its spread around
   + 0.04 (the first three as in models/xray/view.py, for air 0 and dark 2.4); material
   (τ_low/τ_high − 1)/2, faded where too little is in the beam, or too few photons are left, for it
   to mean much; and (τ_low − τ_high)/2. One energy leaves the last two at zero.
3. The network goes over blocks with enough of their neighbours that seams do not show; memory is
   bounded by a block. Outside the picture there is air.
4. The score is the largest cell of "any threat". Heat is that cell's share of the score, more where
   a mask agrees; regions are its connected parts, drawn in to the mask where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Runner = Callable[[Image], tuple[Image, Image]]

KINDS = ("firearm", "knife", "razor", "star", "bar", "device")
CHANNELS = 5
WORKING_MM = 2.0  # a razor blade is 21 pixels long
STRETCH = 4.0
MOST = 48e6  # working pixels; 190 m² of picture
MASK_STRIDE = 4
SURE_STRIDE = 8
ALIGN = 32  # sides of what the network sees are multiples of this
AROUND = 25  # working pixels, the side of the neighbourhood for detail
FLOOR = np.float32(5e-4)  # of transmission; less is black
BLOCK = 1024  # working pixels of a block's side, without its neighbours; half as much again at most
HALO = 128  # working pixels of the neighbours: what the network reaches, but for its faintest rim
INSIDE = 0.4  # of a mask: cells that belong to a region's box


@dataclass(frozen=True)
class Cells:
    """What was seen, on cells of ``MASK_STRIDE`` working pixels; (rows, columns) each.

    ``sure`` is the certainty of any threat, ``mask`` that of the likeliest kind lying here, and
    ``kind`` its index in KINDS.
    """

    sure: Image
    mask: Image
    kind: NDArray[np.uint8]

    @property
    def score(self) -> float:
        """Return the largest certainty."""
        return float(self.sure.max())

    @property
    def heat(self) -> Image:
        """Return the certainty, halved where no mask agrees."""
        return self.sure * (0.5 + 0.5 * self.mask)


def working_size(rows: int, columns: int, pitch_mm: float) -> tuple[int, int]:
    """Return the width and height, in working pixels, of a picture by rule 1."""
    scale = min(pitch_mm / WORKING_MM, STRETCH, float(np.sqrt(MOST / (rows * columns))))
    return max(1, round(columns * scale)), max(1, round(rows * scale))


def working(planes: Image, pitch_mm: float) -> Image:
    """Return (planes, h, w) of a transmission (planes, H, W) by rule 1."""
    rows, columns = planes.shape[1:]
    size = working_size(rows, columns, pitch_mm)
    scale = size[0] / columns
    if size == (columns, rows):
        return planes
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.stack([cv2.resize(plane, size, interpolation=how) for plane in planes])


def channels(passed: Image) -> Image:
    """Return the five channels (5, h, w) of a transmission (1 or 2, h, w); two are low, high."""
    tau = -np.log(np.clip(passed, FLOOR, 1.0))
    out = np.zeros((CHANNELS, *tau.shape[1:]), np.float32)
    high = tau[-1]
    np.multiply(high, 0.5, out=out[0])
    np.sqrt(high * np.float32(0.4), out=out[1])
    np.minimum(out[1], 1.25, out=out[1])
    mean, square = (cv2.blur(plane, (AROUND, AROUND)) for plane in (high, high * high))
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    np.divide(high - mean, spread + np.float32(0.04), out=out[2])
    np.clip(out[2], -2, 2, out=out[2])
    if len(tau) == 2:
        apart = tau[0] - high
        np.divide(apart, np.maximum(high, 0.02), out=out[3])
        np.clip(out[3] * np.float32(0.5), 0, 1, out=out[3])
        out[3] *= np.clip(high * 10, 0, 1) * np.clip((6.5 - tau[0]) * 0.5, 0, 1)
        np.multiply(apart, 0.5, out=out[4])
    return out


def look(passed: Image, run: Runner) -> Cells:
    """Return what the network sees in a working transmission (1 or 2, h, w)."""
    rows, columns = passed.shape[1:]
    high, wide = -(-rows // MASK_STRIDE), -(-columns // MASK_STRIDE)
    found = Cells(
        np.zeros((high, wide), np.float32),
        np.zeros((high, wide), np.float32),
        np.zeros((high, wide), np.uint8),
    )
    for (top, bottom), (left, right) in _blocks(rows, columns):
        above, before = max(top - HALO, 0), max(left - HALO, 0)
        part = passed[:, above : bottom + HALO, before : right + HALO]
        masks, sure = run(_padded(part))
        corner = (top - above) // MASK_STRIDE, (left - before) // MASK_STRIDE
        place = tuple(edge // MASK_STRIDE for edge in (top, bottom, left, right))
        _note(found, masks[0], sure[0, 0], corner, place)
    return found


def _blocks(rows: int, columns: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the blocks' (top, bottom), (left, right), on whole cells, the last past the end."""
    for top, bottom in _parts(rows):
        for left, right in _parts(columns):
            yield (top, bottom), (left, right)


def _parts(length: int) -> list[tuple[int, int]]:
    """Return even parts of about ``BLOCK``, on multiples of ALIGN; the last ends on a cell."""
    count = max(1, round(length / BLOCK))
    edges = [round(length * index / count / ALIGN) * ALIGN for index in range(count)]
    return list(zip(edges, [*edges[1:], -(-length // MASK_STRIDE) * MASK_STRIDE], strict=True))


def _padded(part: Image) -> Image:
    """Return the channels of a part as the network wants them: (1, 5, h, w), aligned, in air."""
    view = channels(part)
    rows, columns = (-(-side // ALIGN) * ALIGN for side in view.shape[1:])
    if (rows, columns) == view.shape[1:]:
        return view[None]
    out = np.zeros((1, CHANNELS, rows, columns), np.float32)
    out[0, :, : view.shape[1], : view.shape[2]] = view
    return out


def _note(
    found: Cells, masks: Image, sure: Image, corner: tuple[int, int], place: tuple[int, ...]
) -> None:
    """Copy a block's inner part, which begins at ``corner``, to its ``place`` in the whole."""
    top, bottom, left, right = place
    y = slice(corner[0], corner[0] + bottom - top)
    x = slice(corner[1], corner[1] + right - left)
    ratio = SURE_STRIDE // MASK_STRIDE
    every = np.repeat(np.repeat(sure, ratio, axis=0), ratio, axis=1)
    found.sure[top:bottom, left:right] = every[y, x]
    inner = masks[:, y, x]
    found.kind[top:bottom, left:right] = inner.argmax(0)
    found.mask[top:bottom, left:right] = inner.max(0)


@dataclass(frozen=True, slots=True)
class Spot:
    """A suspect part in cells: left, top, width, height; its score and the index of its kind."""

    x: int
    y: int
    w: int
    h: int
    score: float
    kind: int


def spots(cells: Cells, least: float) -> list[Spot]:
    """Return the connected parts where any threat is more certain than ``least``."""
    hot = (cells.sure > least).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(hot, connectivity=8)
    found = []
    for index in range(1, count):
        x, y, w, h = (int(value) for value in boxes[index, :4])
        part = (slice(y, y + h), slice(x, x + w))
        inside = labels[part] == index
        mask = np.where(inside, cells.mask[part], 0)
        weight = np.bincount(cells.kind[part].ravel(), mask.ravel(), len(KINDS))
        score = float(cells.sure[part][inside].max())
        left, top, wide, high = _drawn_in(mask, w, h)
        found.append(Spot(x + left, y + top, wide, high, score, int(weight.argmax())))
    return found


def _drawn_in(mask: Image, w: int, h: int) -> tuple[int, int, int, int]:
    left, top, wide, high = cv2.boundingRect((mask > INSIDE).astype(np.uint8))
    return (left, top, wide, high) if wide else (0, 0, w, h)
