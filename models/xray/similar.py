"""What a load looks like, in 192 numbers: near ones belong to pictures that look alike.

1. In comes optical depth (lines, pixels), or (2, …) with low energy first. The picture is cut to
   what lies in the beam; where that is nothing, or the picture is no picture, it is refused.
2. Five groups of numbers, each of unit length and weighted, so that the product of two descriptors
   is the weighted mean of how alike they are in each:
   depth      histogram of the optical depth, and of its ratio low/high weighted by depth;
   texture    local binary patterns (Ojala 2002: uniform, rotation invariant), two distances;
   edges      oriented gradients in four zones at two scales (as HOG, Dalal and Triggs 2005);
   period     the spectrum in rings and sectors: how often and along which direction it repeats;
   layout     mean depth in 4 × 4 zones, shape and fill.
3. Neither the exposure nor the resolution decides: depth is absolute, the rest is normalised, and
   everything is measured on a picture reduced to ``SIDE`` pixels.

A descriptor travels and is kept as 192 bytes (``quantised``), in messages as base64 (``packed``).

numpy only: central computes and compares descriptors as well, and touches no image library.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int8]

VERSION = 1
LENGTH = 192
SCALE = 250.0  # of int8; only of a picture that shows next to nothing a number exceeds a half
SIDE = 96
MOST_SIDE = 1024  # pixels that are looked at along a side; of larger pictures every n-th
LEAST_SIDE = 16
AIR = 0.06  # optical depth below which nothing lies in the beam
CEILING = 6.0
WEIGHTS = {"depth": 1.0, "ratio": 1.0, "texture": 1.0, "edges": 0.8, "period": 0.7, "layout": 0.5}


class SimilarError(Exception):
    """A picture nothing can be compared by, or an index that cannot be used."""


def describe(tau: NDArray[np.floating]) -> Floats:
    """Return the descriptor (192,), float32 of unit length, of optical depth (1 or 2, H, W).

    Raises SimilarError where the picture is none, or shows nothing.
    """
    planes = _cut(_planes(tau))
    depth = planes[-1]
    small = np.stack([_shrunk(plane, SIDE) for plane in planes])
    shape = np.sqrt(small[-1])
    groups = {
        "depth": _depth(depth),
        "ratio": _ratio(small),
        "texture": np.concatenate([_patterns(shape, step) for step in (1, 3)]),
        "edges": np.concatenate([_edges(shape), _edges(_shrunk(shape, SIDE // 3))]),
        "period": _period(shape),
        "layout": _layout(small[-1], depth.shape),
    }
    parts = [_unit(group) * WEIGHTS[name] for name, group in groups.items()]
    return _unit(np.concatenate(parts))


def quantised(descriptor: NDArray[np.floating]) -> Rows:
    """Return a descriptor (192,) as int8; raise SimilarError for what is none."""
    if descriptor.shape != (LENGTH,) or not np.isfinite(descriptor).all():
        raise SimilarError(f"no descriptor: {LENGTH} numbers are wanted, got {descriptor.shape}")
    row: Rows = np.clip(np.rint(descriptor * SCALE), -127, 127).astype(np.int8)
    return row


def packed(descriptor: NDArray[np.floating]) -> str:
    """Return a descriptor as 256 characters of base64, for a message."""
    return base64.b64encode(quantised(descriptor).tobytes()).decode("ascii")


def unpacked(text: str) -> Floats:
    """Return the descriptor of ``packed``; raise SimilarError where the text is none."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SimilarError(f"no descriptor: {error}") from error
    if len(content) != LENGTH:
        raise SimilarError(f"no descriptor: {LENGTH} bytes are wanted, got {len(content)}")
    return np.frombuffer(content, np.int8).astype(np.float32) / np.float32(SCALE)


def _planes(tau: NDArray[np.floating]) -> Floats:
    if (
        tau.dtype.kind != "f"
        or tau.ndim not in (2, 3)
        or (tau.ndim == 3 and len(tau) not in (1, 2))
    ):
        raise SimilarError(
            f"wanted optical depth (1 or 2, lines, pixels), got {tau.dtype} {tau.shape}"
        )
    planes = tau[None] if tau.ndim == 2 else tau
    if min(planes.shape[1:]) < LEAST_SIDE:
        raise SimilarError(
            f"only {planes.shape[2]}×{planes.shape[1]} pixels; nothing to compare by"
        )
    step = max(1, max(planes.shape[1:]) // MOST_SIDE)
    some = np.asarray(planes[:, ::step, ::step], np.float32)
    if not np.isfinite(some).all():
        raise SimilarError("the picture holds values that are not numbers")
    return np.clip(some, 0, CEILING)


def _cut(planes: Floats) -> Floats:
    """Return ``planes`` cut to the lines and pixels in which something lies."""
    there = planes[-1] > AIR
    if float((planes[-1] >= CEILING).mean()) > 0.95:
        raise SimilarError("the picture is black: nothing to compare by")
    lines, pixels = (np.flatnonzero(there.mean(axis) > 0.02) for axis in (1, 0))
    if lines.size < LEAST_SIDE or pixels.size < LEAST_SIDE:
        raise SimilarError("nothing lies in the beam: nothing to compare by")
    return planes[:, lines[0] : lines[-1] + 1, pixels[0] : pixels[-1] + 1]


def _shrunk(plane: Floats, side: int) -> Floats:
    """Return the means (side, side) of the cells of a plane; short sides repeat pixels."""
    for axis, length in enumerate(plane.shape):
        if length < side:
            plane = np.take(plane, np.arange(side) * length // side, axis)
    rows, columns = (np.arange(side) * length // side for length in plane.shape)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, 0), columns, 1)
    high, wide = (
        np.diff(np.append(at, length))
        for at, length in zip((rows, columns), plane.shape, strict=True)
    )
    means: Floats = (sums / (high[:, None] * wide[None, :])).astype(np.float32)
    return means


def _unit(values: NDArray[np.floating]) -> Floats:
    length = float(np.linalg.norm(values))
    return (values / max(length, 1e-9)).astype(np.float32)


def _shares(
    values: NDArray[np.floating], weights: Floats | None, low: float, high: float, bins: int
) -> Floats:
    """Return the square roots of a histogram's shares; what lies outside counts at the ends."""
    held = np.clip(values, low, high - 1e-6)
    counts, _ = np.histogram(held, bins, (low, high), weights=weights)
    shares: Floats = np.sqrt(counts / max(float(counts.sum()), 1e-9)).astype(np.float32)
    return shares


def _depth(depth: Floats) -> Floats:
    inside = depth[depth > AIR]
    return _shares(np.sqrt(inside), None, 0.2, float(np.sqrt(CEILING)), 28)


def _ratio(planes: Floats) -> Floats:
    """Return how much of the depth has which ratio; zeros for a single energy."""
    if len(planes) == 1:
        return np.zeros(20, np.float32)
    low, high = planes
    seen = (high > 0.15) & (low < CEILING)
    if not seen.any():
        return np.zeros(20, np.float32)
    return _shares(low[seen] / high[seen], high[seen], 1.0, 2.6, 20)


def _patterns(shape: Floats, step: int) -> Floats:
    """Return the shares (10,) of uniform rotation-invariant binary patterns ``step`` pixels off."""
    middle = shape[step:-step, step:-step]
    around = list(_neighbours(shape, step))
    bits = np.stack([other > middle + np.float32(0.02) for other in around])
    turns = (bits != np.roll(bits, 1, axis=0)).sum(0)
    code = np.where(turns <= 2, bits.sum(0), 9)
    return _shares(code.ravel().astype(np.float32), None, 0, 10, 10)


def _neighbours(shape: Floats, step: int) -> Iterator[Floats]:
    high, wide = shape.shape[0] - 2 * step, shape.shape[1] - 2 * step
    for down, right in ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)):
        yield shape[down * step : down * step + high, right * step : right * step + wide]


def _edges(shape: Floats) -> Floats:
    """Return (36,): nine directions in each of 2 × 2 zones, weighted by steepness."""
    down, right = np.gradient(shape)
    steep = np.hypot(down, right).astype(np.float32)
    sector = np.minimum((np.arctan2(down, right) % np.pi) / np.pi * 9, 8.999).astype(np.intp)
    half = shape.shape[0] // 2
    zones = [
        np.s_[a, b] for a in (np.s_[:half], np.s_[half:]) for b in (np.s_[:half], np.s_[half:])
    ]
    found = [np.bincount(sector[z].ravel(), steep[z].ravel(), 9) for z in zones]
    joined: Floats = np.sqrt(_unit(np.concatenate(found)))
    return joined


def _period(shape: Floats) -> Floats:
    """Return (32,): the spectrum's share in 8 rings of growing frequency × 4 directions."""
    side = shape.shape[0]
    window = np.hanning(side)[:, None] * np.hanning(side)[None, :]
    power = np.abs(np.fft.fft2((shape - shape.mean()) * window)) ** 2
    y, x = (np.fft.fftfreq(side) * side for _ in range(2))
    radius = np.hypot(y[:, None], x[None, :])
    ring = np.digitize(radius, (1.5, 2.5, 3.5, 5, 7, 10, 16, 26, 48)) - 1
    turn = np.arctan2(y[:, None], x[None, :]) + np.pi / 8  # the axes lie in the middle of a sector
    sector = ((turn % np.pi) / np.pi * 4).astype(np.intp) % 4
    kept = (ring >= 0) & (ring < 8)
    sums = np.bincount((ring * 4 + sector)[kept], power[kept], 32)
    shares: Floats = np.sqrt(sums / max(float(sums.sum()), 1e-9)).astype(np.float32)
    return shares


def _layout(small: Floats, size: tuple[int, ...]) -> Floats:
    """Return (20,): depth in 4 × 4 zones, wide or high, how full, how dark, how uneven."""
    zones = np.sqrt(_shrunk(small, 4)).ravel()
    tall = np.arctan(np.log(size[0] / size[1]))
    dark, filled = float(small.mean()), float((small > AIR).mean())
    uneven = float(small.std()) / max(dark, 1e-3)
    return np.concatenate([_unit(zones), [tall, filled, min(dark, 3) / 3, min(uneven, 2) / 2]])
