"""Where the phantom lies in a picture: an affine map from its millimetres to pixels.

1. Candidates are dark, round spots of a disc's size. Any two of them may be the two ends of the
   phantom's diagonal, as it lies or mirrored, on a belt that ran at any of several speeds; what
   puts the most discs on candidates is taken.
2. Each disc's centre is refined as the centre of what it absorbs; the map is then fitted to all
   that were found, at least four. An affine map also takes up a belt that ran at another speed.
3. A map that leaves more than ``WORST`` mm at a disc, or whose scale is off by more than
   ``STRETCH``, is none: NotFound says what was seen instead.

Pixels are squares: the middle of pixel i lies at i + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import degrees, pi

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.phantom.layout import Layout, Points, Rect

Image = NDArray[np.float32]

DARK = 0.3  # transmission; a disc lets through less than a hundredth
AREA = (0.45, 1.9)  # of a disc's area
ROUND = 1.6  # longest over shortest side of a spot
NEAR = 4.0  # mm from where a disc should be to the spot that may be it
FEWEST = 4  # discs
SPEEDS = (1.0, 0.96, 1.04, 0.92, 1.08, 0.88, 1.12, 0.84, 1.16)  # of the length along the belt
WORST = 1.0  # mm left at a disc
STRETCH = 0.2  # of the nominal scale, along the line and along the belt
MOST_CANDIDATES = 24  # spots; a picture with more of them is no phantom


class NotFound(ValueError):
    """No phantom in the picture; the message says what was seen instead."""


@dataclass(frozen=True)
class Placed:
    """A picture (H, W) whose pixels know where on the phantom they lie."""

    picture: Image
    matrix: NDArray[np.float64]  # (2, 3): phantom mm to pixels
    residual: float  # mm, root mean square over the discs
    pitch_mm: float

    def on(self, picture: Image) -> Placed:
        """Return the same map on another picture of the same size."""
        return Placed(picture, self.matrix, self.residual, self.pitch_mm)

    @property
    def rotation(self) -> float:
        """By how many degrees the phantom lies turned on the belt."""
        return degrees(float(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    @property
    def scale(self) -> tuple[float, float]:
        """How much longer than nominal the phantom appears: along x and along y."""
        lengths = np.linalg.norm(self.matrix[:, :2], axis=0) * self.pitch_mm
        return float(lengths[0]), float(lengths[1])

    def region(self, place: Rect) -> tuple[Image, NDArray[np.float64], NDArray[np.float64]]:
        """Return the pixels whose middle lies within ``place``: values, x mm, y mm."""
        corners = _apply(self.matrix, place.outline())
        rows, columns = self.picture.shape
        low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        high = np.minimum(np.ceil(corners.max(0)).astype(int), (columns, rows))
        if (low >= high).any():
            empty = np.zeros(0)
            return np.zeros(0, np.float32), empty, empty
        inverse = np.asarray(cv2.invertAffineTransform(self.matrix), np.float64)
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        mm = _apply(inverse, np.stack([x.ravel(), y.ravel()], 1))
        inside = (mm[:, 0] >= place.left) & (mm[:, 0] < place.right)
        inside &= (mm[:, 1] >= place.top) & (mm[:, 1] < place.bottom)
        patch = self.picture[low[1] : high[1], low[0] : high[0]].ravel()
        return patch[inside], mm[inside, 0], mm[inside, 1]


def register(picture: Image, layout: Layout, pitch_mm: float) -> Placed:
    """Return ``picture``, a transmission (H, W), with the phantom found in it; raise NotFound."""
    spots = _candidates(picture, layout, pitch_mm)
    discs = np.array(layout.discs)
    if len(spots) < FEWEST:
        raise NotFound(
            f"{len(spots)} of the {len(discs)} lead discs seen; is the phantom in the picture?"
        )
    rough = _best_pair(spots, discs, pitch_mm)
    fine, known = _refined(picture, _apply(rough, discs), layout.disc / pitch_mm)
    if known.sum() < FEWEST:
        raise NotFound(f"only {known.sum()} of the {len(discs)} lead discs are whole")
    matrix, *_ = np.linalg.lstsq(_padded(discs[known]), fine[known], rcond=None)
    left = (_padded(discs[known]) @ matrix - fine[known]) * pitch_mm
    residual = float(np.sqrt((left**2).sum(1).mean()))
    placed = Placed(picture, np.asarray(matrix.T, np.float64), residual, pitch_mm)
    _check(placed)
    return placed


def _candidates(picture: Image, layout: Layout, pitch_mm: float) -> Points:
    """Return the middles (n, 2) of the dark round spots of a disc's size, in pixels."""
    _, _, stats, middles = cv2.connectedComponentsWithStats((picture < DARK).astype(np.uint8))
    wanted = pi / 4 * (layout.disc / pitch_mm) ** 2
    share = stats[1:, cv2.CC_STAT_AREA] / wanted
    sides = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    good = (share >= AREA[0]) & (share <= AREA[1]) & (sides.max(1) <= ROUND * sides.min(1) + 1)
    if good.sum() > MOST_CANDIDATES:
        raise NotFound(f"{good.sum()} dark spots; a phantom has five lead discs")
    return np.asarray(middles[1:][good] + 0.5)


def _best_pair(spots: Points, discs: Points, pitch_mm: float) -> NDArray[np.float64]:
    """Return the rough map (2, 3) that puts the most discs on spots; raise NotFound."""
    best: tuple[int, float] = (0, 0.0)
    found = None
    for speed in SPEEDS:
        for first, second in product(spots, spots):
            for stretch in (speed, -speed):
                matrix = _similarity(first, second, discs, pitch_mm, stretch)
                if matrix is None:
                    continue
                gaps = np.linalg.norm(_apply(matrix, discs)[:, None] - spots[None], axis=2).min(1)
                near = gaps * pitch_mm <= NEAR
                score = (int(near.sum()), -float(gaps[near].sum()))
                if score > best:
                    best, found = score, matrix
        if best[0] == len(discs):
            break
    if found is None or best[0] < FEWEST:
        raise NotFound(f"{len(spots)} dark spots, but no four of them lie like the phantom's discs")
    return found


def _similarity(
    first: Points, second: Points, discs: Points, pitch_mm: float, stretch: float
) -> NDArray[np.float64] | None:
    """Return the map that takes discs 0 and 2 to two spots, None if they lie too near or far.

    Along the belt the phantom is ``stretch`` times as long; mirrored where that is negative.
    """
    local = discs * np.array([1.0, stretch])
    a, b = (complex(*local[i]) for i in (0, 2))
    c, d = complex(*first), complex(*second)
    turn = (d - c) / (b - a)
    if not 1 - STRETCH <= abs(turn) * pitch_mm <= 1 + STRETCH:
        return None
    shift = c - turn * a
    across, along = (turn.real, turn.imag), (-turn.imag * stretch, turn.real * stretch)
    return np.array([[across[0], along[0], shift.real], [across[1], along[1], shift.imag]])


def _refined(picture: Image, middles: Points, disc: float) -> tuple[Points, NDArray[np.bool_]]:
    """Return the centres of what the discs absorb, and which of them lie whole in the picture."""
    found, known = middles.copy(), np.zeros(len(middles), np.bool_)
    rows, columns = picture.shape
    reach = disc * 0.5 + 3.0  # pixels
    for index, (x, y) in enumerate(middles):
        left, top = round(x - reach), round(y - reach)
        right, bottom = round(x + reach), round(y + reach)
        if left < 0 or top < 0 or right > columns or bottom > rows:
            continue
        dark = np.clip(1.0 - picture[top:bottom, left:right].astype(np.float64) - 0.1, 0, None)
        if dark.sum() <= 0:
            continue
        at_y, at_x = np.mgrid[top:bottom, left:right] + 0.5
        found[index] = ((dark * at_x).sum() / dark.sum(), (dark * at_y).sum() / dark.sum())
        known[index] = bool(np.linalg.norm(found[index] - (x, y)) < reach)
    return found, known


def _check(placed: Placed) -> None:
    if placed.residual > WORST:
        raise NotFound(f"the discs lie up to {placed.residual:.1f} mm off; is the phantom bent?")
    for axis, scale in zip(("the line", "the belt"), placed.scale, strict=True):
        if abs(scale - 1) > STRETCH:
            raise NotFound(f"along {axis} the phantom is {scale:.0%} of its size; check the pitch")


def _padded(points: Points) -> Points:
    return np.hstack([points, np.ones((len(points), 1))])


def _apply(matrix: NDArray[np.float64], points: Points) -> Points:
    return np.asarray(_padded(points) @ matrix.T)
