"""Laying a picture of a page over the page itself: millimetres in, pixels out.

1. The zone says where the page is, roughly: it has its place on every format (Doc 9303-4 to -7), so
   its corners in the picture give turn, scale and shift.
2. The page's edges, looked for within ``REACH`` of where the zone says, make it exact; three
   hundredths of the page high, the zone alone would be off by a millimetre at the far end. An edge
   that is not seen stays where the zone put it. The rim of the picture is an edge too.
3. Every light sees the page in the same place; each is laid out upright at ``SCALE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edge.documents.mrz import Mrz
from edge.documents.mrz_layout import Format
from edge.documents.optical.light import Light
from settings.files import Section

__all__ = ["SCALE", "SIZES", "Area", "Registered", "character_places", "register"]

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

SCALE = 8  # pixels per mm that pages are laid out with
SIZES = {  # mm
    Format.TD1: (85.6, 54.0),
    Format.TD2: (105.0, 74.0),
    Format.TD3: (125.0, 88.0),
    Format.MRVA: (120.0, 80.0),
    Format.MRVB: (105.0, 74.0),
}
PITCH, LINE = 2.54, 6.35  # mm, of the zone's characters and lines
REACH = 3.0  # mm
LOWEST = 2.0  # pixels per mm; no zone can be read with fewer
_OUT = 0.6  # pitches from the middle of the outer characters to the zone's corners
_COARSE = 5  # pixels per mm for looking for edges: every size is a whole number of them
_SEEN = 0.5  # share of the samples that must lie on the line for an edge to be believed
_NEAR = 0.3  # mm from the line


class Area(Section):
    """A rectangle in mm from the page's top left."""

    left: float = Field(ge=0)
    top: float = Field(ge=0)
    width: float = Field(gt=0)
    height: float = Field(gt=0)


@dataclass(frozen=True)
class Registered:
    """A page laid out upright, ``SCALE`` pixels to the mm, under each light there is.

    ``resolution`` is pixels per mm in the pictures, ``edges`` how many edges were seen.
    """

    size: tuple[float, float]
    pages: Mapping[Light, Image] = field(repr=False)
    resolution: float
    edges: int

    def cut(self, page: Image, area: Area) -> Image:
        """Return the pixels of ``area`` on a page laid out."""
        left, top = round(area.left * SCALE), round(area.top * SCALE)
        return page[top : top + round(area.height * SCALE), left : left + round(area.width * SCALE)]


def register(
    images: Mapping[Light, Image], zone: Mrz, quad: tuple[tuple[float, float], ...]
) -> Registered | None:
    """Return the page whose zone lies in ``quad``, or None where no page can be made of it.

    ``images`` are uint8, (height, width) or (height, width, 3), all of one size.
    """
    if zone.format not in SIZES or len(quad) != 4:
        return None
    size = SIZES[zone.format]
    rough = _by_zone(zone, np.asarray(quad, np.float64))
    most = max(images[Light.WHITE].shape[:2]) / max(size) * 1.2
    if rough is None or not LOWEST <= float(np.hypot(*rough[:2, 0])) <= most:
        return None  # no zone, a speck, or a page far larger than its picture
    exact, edges = _by_edges(images[Light.WHITE], rough, size)
    corners = _mapped(exact, np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]]))
    resolution = float(np.sqrt(_area(corners) / (size[0] * size[1])))
    pages = {light: _laid_out(image, exact, size, resolution) for light, image in images.items()}
    return Registered(size, pages, resolution, edges)


def character_places(zone: Mrz) -> Points:
    """Return the middle of each character, (lines, characters, 2), in mm (Doc 9303-4 to -7)."""
    width, height = SIZES[zone.format]
    left = 6.0 if width > 110 else 4.0
    lowest = height - (7.25 if zone.format is Format.TD1 else 9.40)
    count, length = len(zone.lines), len(zone.lines[0])
    x = left + (np.arange(length) + 0.5) * PITCH
    y = lowest - LINE * (count - 1 - np.arange(count))
    return np.stack(np.meshgrid(x, y), -1)


def _by_zone(zone: Mrz, quad: Points) -> Points | None:
    """Return the similarity from mm to pixels as 3 × 3, or None for corners that are none."""
    places = character_places(zone)
    (left, top), (right, low) = places[0, 0], places[-1, -1]
    out = _OUT * PITCH
    box = np.array([[left, top], [right, top], [right, low], [left, low]])
    box += np.array([[-out, -out], [out, -out], [out, out], [-out, out]])
    if not np.isfinite(quad).all() or _area(quad) < 100:
        return None
    found, _ = cv2.estimateAffinePartial2D(box, quad, method=cv2.LMEDS)
    return None if found is None else np.vstack([found, [0, 0, 1]])


def _by_edges(image: Image, rough: Points, size: tuple[float, float]) -> tuple[Points, int]:
    """Return the homography from mm to pixels that the page's edges give, and their number."""
    board = _board(image, rough, size)
    width, height = size
    sides = [
        _edge(board, width),
        _edge(board.T[::-1], height),  # the right edge, seen as an upper one
        _edge(board[::-1, ::-1], width),
        _edge(board.T[:, ::-1], height),
    ]
    lines = [line if line is not None else (0.0, 0.0) for line in sides]
    found = _corners(lines, width, height)
    plain = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shift = cv2.getPerspectiveTransform(plain, found.astype(np.float32))
    return rough @ shift, sum(line is not None for line in sides)


def _board(image: Image, rough: Points, size: tuple[float, float]) -> NDArray[np.float32]:
    """Return the page and ``REACH`` around it, grey, ``_COARSE`` pixels to the mm."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grid = np.array([[1 / _COARSE, 0, -REACH], [0, 1 / _COARSE, -REACH], [0, 0, 1]])
    wanted = tuple(round((mm + 2 * REACH) * _COARSE) + 1 for mm in size)
    near = float(np.hypot(*rough[:2, 0])) / _COARSE
    if near > 2:
        grey = cv2.blur(grey, (int(near), int(near)))
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(grey, rough @ grid, wanted, flags=way), np.float32)


def _edge(board: NDArray[np.float32], length: float) -> tuple[float, float] | None:
    """Return the upper edge as (offset at the left corner, slope), in mm, or None if unseen."""
    rows = round(2 * REACH * _COARSE)
    first, last = round((REACH + 3) * _COARSE), round((REACH + length - 3) * _COARSE)
    band = cv2.blur(np.ascontiguousarray(board[: rows + 1, first:last]), (9, 1))
    steep = np.abs(np.diff(band, axis=0))
    at = (steep.argmax(0) + 0.5) / _COARSE - REACH
    x = np.arange(first, last) / _COARSE - REACH
    strong = steep.max(0) > 12  # levels in a fifth of a mm, smoothed along: more than a guilloche
    if strong.sum() < 20:
        return None
    slope, offset = _line(x[strong], at[strong])
    near = np.abs(at - (offset + slope * x)) < _NEAR
    if (near & strong).mean() < _SEEN:
        return None
    slope, offset = np.polyfit(x[near & strong], at[near & strong], 1)
    return float(offset), float(slope)


def _line(x: Points, y: Points) -> tuple[float, float]:
    """Return (slope, offset) of the line most samples lie on: medians, so that outliers do not."""
    half = len(x) // 2
    slope = float(np.median((y[half : 2 * half] - y[:half]) / (x[half : 2 * half] - x[:half])))
    return slope, float(np.median(y - slope * x))


def _corners(lines: list[tuple[float, float]], width: float, height: float) -> Points:
    """Return the corners, clockwise from the top left, where the four edges meet, in mm."""
    (a, up), (b, right), (c, low), (d, left) = lines
    # Each edge as a point and a direction; each was seen with its outside up, its start left.
    starts = np.array([[0, a], [width - b, 0], [width, height - c], [d, height]])
    ways = np.array([[1, up], [-right, 1], [-1, -low], [left, -1]])
    corners = []
    for k in range(4):
        p, r, q, s = starts[k - 1], ways[k - 1], starts[k], ways[k]
        t = np.linalg.solve(np.stack([r, -s], 1), q - p)[0]
        corners.append(p + t * r)
    return np.array(corners)


def _laid_out(image: Image, to_pixels: Points, size: tuple[float, float], near: float) -> Image:
    step = int(near / SCALE)
    if step >= 2:  # shrunk by areas first: a warp alone would alias
        whole = (image.shape[1] // step * step, image.shape[0] // step * step)
        small = (whole[0] // step, whole[1] // step)
        image = np.asarray(
            cv2.resize(image[: whole[1], : whole[0]], small, interpolation=cv2.INTER_AREA), np.uint8
        )
        shrink = np.array([[1, 0, (1 - step) / 2], [0, 1, (1 - step) / 2], [0, 0, step]]) / step
        to_pixels = shrink @ to_pixels
    middle = np.array([[1 / SCALE, 0, 0.5 / SCALE], [0, 1 / SCALE, 0.5 / SCALE], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wanted = tuple(round(mm * SCALE) for mm in size)
    laid = cv2.warpPerspective(
        image, to_pixels @ middle, wanted, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(laid, np.uint8)


def _mapped(matrix: Points, points: Points) -> Points:
    lifted = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:])


def _area(corners: Points) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
