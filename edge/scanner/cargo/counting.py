"""How many like packages are seen, as a grid, and how sure that is.

1. Where air runs from end to end between packages, the picture has dark lines in which nothing at
   all lies: inside a package its walls would cross them. Parts of like size between such lines are
   packages.
2. Packages that touch still repeat: the normalised autocorrelation of the picture's detail has a
   peak at a package's width and one at its height. The shortest lag whose peak nearly reaches the
   highest is the period; the extent over it is the number. What repeats within a package (bottles
   in a case) looks the same.
3. Where both ways give one number it is sure; where they differ it is a guess, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.cargo.seen import Seen
from edge.scanner.cargo.usable import Image

LEAST_PEAK = 0.35  # of an autocorrelation, to be a repetition
NEARLY = 0.85  # of the highest peak
DETAIL_MM = 120.0  # what varies more slowly than this is shape, not detail
LEAST_MM = 40.0  # smaller packages are not counted
GAP = 0.4  # of what columns usually hold: less is air
LIKE = 0.35  # how far sizes may be from their median
UNSURE = 0.4  # of a number on which the two ways of counting differ
MOST_SIDE = 512  # pixels that are looked at along a side


@dataclass(frozen=True, slots=True)
class Count:
    """A grid of ``across`` × ``up`` at ``box`` (x, y, w, h) in pixels; ``sure`` is 0 to 1.

    ``parts`` is the grid that air lines alone make: a part may hold several packages.
    """

    across: int
    up: int
    sure: float
    box: tuple[int, int, int, int]
    parts: tuple[int, int] = (1, 1)

    @property
    def number(self) -> int:
        """Return how many are seen."""
        return self.across * self.up


def count(item: Seen) -> Count:
    """Return the packages of ``item``; one with ``sure`` 0 where nothing repeats."""
    x, y, w, h = (int(v) for v in cv2.boundingRect(_stacked(item).astype(np.uint8)))
    part = item.tau[y : y + h, x : x + w]
    step = max(1, max(part.shape) // MOST_SIDE)
    pitch = (item.pitch_mm[0] * step, item.pitch_mm[1] * step)
    part = part[::step, ::step]
    detail = _detail(part, pitch)
    parts = _parts(part, LEAST_MM / pitch[1]), _parts(part.T, LEAST_MM / pitch[0])
    repeats = _along(detail, LEAST_MM / pitch[1]), _along(detail.T, LEAST_MM / pitch[0])
    across, up = (one if one > 1 else other for one, other in zip(parts, repeats, strict=True))
    sure = 1.0 if parts == repeats and across * up > 1 else UNSURE
    lines = max(1, parts[0]), max(1, parts[1])
    return Count(across, up, sure if across * up > 1 else 0.0, (x, y, w, h), lines)


def _parts(part: Image, least: float) -> int:
    """Return how many parts of like size lie between air lines along the pixels; 0 if unlike."""
    profile = np.percentile(part, 99, axis=0)
    solid = np.concatenate([[False], profile > GAP * np.median(profile), [False]])
    edges = np.flatnonzero(np.diff(solid.astype(np.int8)))
    sizes = edges[1::2] - edges[::2]
    sizes = sizes[sizes >= max(2, least / 2)]
    like = sizes.size and bool((np.abs(sizes / np.median(sizes) - 1) < LIKE).all())
    return int(sizes.size) if like else 0


def _stacked(item: Seen) -> NDArray[np.bool_]:
    """Return the goods without the pallet under them: a lighter band at the lower end."""
    lines = np.flatnonzero(item.goods.any(1))
    profile = np.where(item.goods, item.tau, 0).sum(1) / np.maximum(item.goods.sum(1), 1)
    flat = np.where(item.goods, np.abs(np.gradient(item.tau, axis=1)), 0).sum(1)
    flat = flat / np.maximum(item.goods.sum(1), 1)
    usual, rough = np.median(profile[lines]), np.median(flat[lines])
    end = int(lines[-1]) + 1
    most = end - int(0.45 * lines.size)
    while end > most and profile[end - 1] < 0.75 * usual and flat[end - 1] < rough:
        end -= 1
    kept: NDArray[np.bool_] = item.goods.copy()
    kept[end:] = False
    return kept if kept.any() else item.goods


def _detail(part: Image, pitch: tuple[float, float]) -> Image:
    shape = np.sqrt(np.clip(part, 0, 6))
    sigma = DETAIL_MM / pitch[1], DETAIL_MM / pitch[0]
    slow = cv2.GaussianBlur(shape, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
    return np.asarray(shape - slow, np.float32)


def _along(detail: Image, least: float) -> int:
    """Return how often ``detail`` repeats along its pixels."""
    length = detail.shape[1]
    match = _autocorrelation(detail)
    first, last = max(2, int(least)), int(length * 0.72)
    if last - first < 3:
        return 1
    inner = match[first:last]
    peaks = [
        lag + first
        for lag in range(1, len(inner) - 1)
        if inner[lag] >= inner[lag - 1] and inner[lag] > inner[lag + 1]
    ]
    peaks = [lag for lag in peaks if match[lag] >= LEAST_PEAK]
    if not peaks:
        return 1
    highest = max(float(match[lag]) for lag in peaks)
    period = next(lag for lag in peaks if match[lag] >= NEARLY * highest)
    number: int = max(1, round(length / period))
    return number


def _autocorrelation(detail: Image) -> NDArray[np.float64]:
    """Return (lags,): the correlation of the picture with itself moved along its pixels."""
    length = detail.shape[1]
    spectrum = np.fft.rfft(detail.astype(np.float64), 2 * length, axis=1)
    sums = np.fft.irfft((np.abs(spectrum) ** 2).sum(0), 2 * length)[:length]
    energy = np.square(detail, dtype=np.float64).sum(0)
    head, tail = np.cumsum(energy)[::-1], np.cumsum(energy[::-1])[::-1]
    found: NDArray[np.float64] = sums / np.maximum(np.sqrt(head * tail), 1e-9)
    return found
