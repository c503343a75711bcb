"""How a document lies on the reader, from the picture of the page: what a traveller can mend.

A reader is lit from below: nothing comes back from where nothing lies, so that bare glass is dark,
and what stands off the glass is dim and out of focus. A page lies right with its zone at the lower
edge, its text upright in the picture. The first of these that holds is the answer:

1. ABSENT      hardly anything comes back.
2. MOVED       a document lay there before, and the two pictures do not agree.
3. UPSIDE_DOWN the zone was read, and its text stands on its head.
4. SKEWED      the zone's text, or with no zone the page's edge, leans; or the page hangs over a
               side of the picture and leaves glass free at the opposite one.
5. GLARE       the zone is not whole, and a patch is white with a sharp rim.
6. NOT_FLAT    the zone is not whole, and print is out of focus.
7. WRONG_PAGE  the page is in order, and no zone is on it.
8. GOOD        none of these.

A zone that was read with all its check digits is not spoilt by glare or by a bent page: nobody is
asked to mend what works. Pure: pictures in, an answer out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.page import PageReading

__all__ = ["Placement", "Problem", "judge"]

Image = NDArray[np.uint8]
Grey = NDArray[np.float32]

SIDE = 256  # pixels of the picture's longer side in which shapes are judged
FINE = 960  # and in which sharpness is judged: a zone's stroke is then about two pixels wide
DARK = 64  # of 255: bare glass gives less
BARE = 0.10  # share of the picture that a document covers at least; ceiling lamps cover less
AGREE = 0.7  # correlation under which two pictures are of two positions; noise alone leaves 0.9
LEAN = 8.0  # degrees that a page may lean
GAP = 0.12  # share of the picture that may stay free at the side opposite an overhang
PATCH = 0.006  # share of the picture that glare has at least
RIM = 18.0  # of 255: how far brightness falls just outside a patch of glare
SOFT = 0.22  # of the contrast, per pixel: edges less steep are out of focus
CELL = 40  # pixels: a square in which edges are looked for
PRINT = 60.0  # of 255: contrast that print has at least


class Problem(StrEnum):
    """What is wrong with how a document lies, or nothing."""

    GOOD = auto()
    ABSENT = auto()
    MOVED = auto()
    UPSIDE_DOWN = auto()
    SKEWED = auto()
    GLARE = auto()
    NOT_FLAT = auto()
    WRONG_PAGE = auto()


@dataclass(frozen=True, slots=True)
class Placement:
    """What is seen, and how far it is past its limit: 0.5 at the limit, towards 1 beyond."""

    problem: Problem
    confidence: float


def judge(image: Image, reading: PageReading, previous: Image | None = None) -> Placement:
    """Return how the page of ``image`` lies.

    ``image`` is (height, width, 3) BGR or (height, width), 8 bit, as the reader's camera gave it;
    ``reading`` what was read in it; ``previous`` an earlier picture of the same document, if there
    is one. Raises ValueError for an array that is no picture.
    """
    seen = _Seen.of(image)
    if not seen.covered:
        return Placement(Problem.ABSENT, _past(BARE, max(seen.share, 1e-3)))
    if previous is not None and (moved := _moved(seen, _Seen.of(previous))):
        return moved
    if reading.quad and (turned := _turned(reading.rotation)):
        return turned
    if reading.valid:
        return Placement(Problem.GOOD, 1.0)
    looks: tuple[Callable[[_Seen, PageReading], Placement | None], ...]
    looks = (_misplaced, _glare, _bent)
    found = (look(seen, reading) for look in looks)
    return next((it for it in found if it), _without_fault(reading))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture made small, and which of its pixels show a document."""

    image: Image
    small: Grey
    document: NDArray[np.uint8]  # 0 or 1

    @staticmethod
    def of(image: Image) -> _Seen:
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or min(image.shape[:2]) < 16:
            raise ValueError(f"a page is uint8, 16 pixels or more, not {image.dtype} {image.shape}")
        colour = image.ndim == 3
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if colour else image, np.uint8)
        small = _fit(grey, SIDE).astype(np.float32)
        lit = (cv2.GaussianBlur(small, (0, 0), 2) > DARK) | (_roughness(small) > 6)
        closed = cv2.morphologyEx(lit.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        return _Seen(grey, small, _largest(np.asarray(closed, np.uint8)))

    @property
    def share(self) -> float:
        return float(self.document.mean())

    @property
    def covered(self) -> bool:
        return self.share >= BARE


def _fit(grey: Image, side: int) -> Image:
    factor = side / max(grey.shape)
    size = max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=way), np.uint8)


def _roughness(small: Grey) -> Grey:
    """Return the deviation of each pixel's neighbourhood."""
    mean = cv2.blur(small, (7, 7))
    return np.sqrt(np.maximum(cv2.blur(small * small, (7, 7)) - mean * mean, 0))


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the largest connected part of ``mask``."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == largest, np.uint8)


def _past(value: float, limit: float) -> float:
    """Return how far ``value`` is past ``limit``: 0.5 at the limit, towards 1 beyond."""
    return round(value**2 / (value**2 + limit**2), 3)


def _moved(seen: _Seen, before: _Seen) -> Placement | None:
    if not before.covered or before.small.shape != seen.small.shape:
        return None
    a, b = (
        picture.small - cv2.GaussianBlur(picture.small, (0, 0), 8) for picture in (seen, before)
    )
    agree = float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-6))
    if agree >= AGREE:
        return None
    return Placement(Problem.MOVED, _past(1 - agree, 1 - AGREE))


def _turned(rotation: float) -> Placement | None:
    lean = abs(rotation)
    if lean > 135:
        return Placement(Problem.UPSIDE_DOWN, _past(lean, 135.0 * 135 / 180))
    return Placement(Problem.SKEWED, _past(lean, LEAN)) if lean > LEAN else None


def _misplaced(seen: _Seen, reading: PageReading) -> Placement | None:
    """Say whether the page leans or hangs over a side, where no zone tells how it lies."""
    if reading.quad:
        return None
    lean = _lean(seen.document)
    if lean > LEAN:
        return Placement(Problem.SKEWED, _past(lean, LEAN))
    overhang = _overhang(seen.document)
    return Placement(Problem.SKEWED, _past(overhang, GAP)) if overhang > GAP else None


def _lean(document: NDArray[np.uint8]) -> float:
    """Return how many degrees the page's longest visible edge leans; 0 where none is in sight."""
    edge = cv2.morphologyEx(document, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edge[:3], edge[-3:], edge[:, :3], edge[:, -3:] = 0, 0, 0, 0  # the picture's own edge
    lines = cv2.HoughLines(edge, 1, np.pi / 180, SIDE // 5)
    if lines is None:
        return 0.0
    return float(abs((np.degrees(lines[0].ravel()[1]) + 45) % 90 - 45))


def _overhang(document: NDArray[np.uint8]) -> float:
    """Return the largest free share of the picture opposite a side that the page hangs over.

    A card in a corner hangs over nothing: a page does that only where it fills the other direction.
    """
    spans = [_span(document, axis) for axis in (0, 1)]
    gaps = [0.0]
    for (before, after), (left, right) in (spans, spans[::-1]):
        if left + right < GAP:
            gaps += [before if after < 0.005 else 0.0, after if before < 0.005 else 0.0]
    return max(gaps)


def _span(document: NDArray[np.uint8], axis: int) -> tuple[float, float]:
    """Return the free shares before and after the document along the other axis."""
    on, length = np.flatnonzero(document.mean(axis) > 0.3), document.shape[1 - axis]
    if not len(on):
        return 1.0, 1.0
    return on[0] / length, 1 - (on[-1] + 1) / length


def _glare(seen: _Seen, _: PageReading) -> Placement | None:
    """Say whether a patch is so bright that print is lost in it, far brighter than its rim."""
    white = ((seen.small >= 248) & (seen.document > 0)).astype(np.uint8)
    solid = cv2.morphologyEx(white, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    patch = _largest(np.asarray(solid, np.uint8))
    share = float(patch.mean())
    if not PATCH <= share <= 0.5:
        return None
    wide = cv2.dilate(patch, np.ones((13, 13), np.uint8))
    rim = seen.small[(wide > 0) & (cv2.dilate(patch, np.ones((5, 5), np.uint8)) == 0)]
    fall = 255 - float(np.median(rim)) if rim.size else 0.0
    return Placement(Problem.GLARE, _past(fall, RIM)) if fall > RIM else None


def _bent(seen: _Seen, _: PageReading) -> Placement | None:
    sharp = _sharpness(seen)
    if sharp is None or sharp >= SOFT:
        return None
    return Placement(Problem.NOT_FLAT, _past(SOFT, sharp))


def _sharpness(seen: _Seen) -> float | None:
    """Return how steep the edges are in the softer part of the page, as a share of what they part.

    None where too little is printed to tell.
    """
    fine = _fit(seen.image, FINE).astype(np.float32)
    picture: Grey = np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.8), np.float32)
    across, down = (
        cv2.Sobel(picture, -1, 1, 0, scale=1 / 8),
        cv2.Sobel(picture, -1, 0, 1, scale=1 / 8),
    )
    steep = _cells(np.asarray(cv2.magnitude(across, down), np.float32), np.max)
    parted = _cells(picture, np.ptp)
    inside = cv2.resize(seen.document, parted.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    printed = inside & (parted > PRINT)
    if printed.sum() < 6:
        return None
    return float(np.percentile(steep[printed] / parted[printed], 25))


def _cells(picture: Grey, of: Callable[..., Grey]) -> Grey:
    """Return ``of`` every square of CELL pixels."""
    rows, columns = (side // CELL for side in picture.shape)
    cut = picture[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    return np.asarray(of(cut.swapaxes(1, 2), axis=(2, 3)), np.float32)


def _without_fault(reading: PageReading) -> Placement:
    """Return the answer for a page at which nothing is wrong but that it may have no zone."""
    return Placement(Problem.GOOD, 0.5) if reading.quad else Placement(Problem.WRONG_PAGE, 0.7)
