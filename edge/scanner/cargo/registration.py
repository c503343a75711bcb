"""Lay a scan over the picture of the same thing: shift, speed, skew, and the belt's slow wander.

1. Coarse: the picture is averaged into a few bands across the belt; for every speed in 0.95–1.05
   one phase-free correlation along the belt gives the shift. Ribs repeat, so the whole length
   decides, not the nearest rib.
2. Fine: ECC (Evangelidis & Psarakis 2008) refines an affine map on a reduced picture, sub-pixel.
   What is far darker or lighter than the reference around is held to it: goods must not pull.
3. Wander: strip by strip along the belt, least squares on the gradient gives what shift is left;
   it is interpolated between strips. Strips without structure keep the shift of their neighbours.
4. The correlation, block by block, says whether the two show the same thing: the median of the
   blocks that have structure, so that what was hidden in one of them does not decide.

A map takes pixels of the reference to pixels of the scan; a scan is sampled once, linearly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

CEILING = 4.0  # optical depth; what is darker is noise and would decide everything
BANDS = 12
SPEEDS = np.linspace(0.95, 1.05, 101)
ECC_PIXELS = 60_000.0
ECC_STEPS = 40
SLACK = 0.1  # optical depth
STRIP = 48  # lines
LEAST_CORRELATION = 0.85


class Unregistered(Exception):
    """A scan that cannot be laid over the reference; the message says how far apart they are."""


@dataclass(frozen=True)
class Registered:
    """A scan in the reference's frame; ``seen`` is where the scan reaches.

    ``to_x`` and ``to_y`` say which pixel of the scan lies at each pixel of the reference.
    """

    tau: Image = field(repr=False)
    seen: Mask = field(repr=False)
    to_x: Image = field(repr=False)
    to_y: Image = field(repr=False)
    correlation: float
    shift: float  # pixels along the belt, at the reference's middle
    speed: float  # scan lines per reference line
    aside: float  # pixels across the belt


def register(scan: Image, reference: Image, least: float = LEAST_CORRELATION) -> Registered:
    """Return ``scan`` (lines, pixels) in the frame of ``reference`` (lines', pixels).

    Raises Unregistered where the two do not show the same thing.
    """
    if abs(scan.shape[1] - reference.shape[1]) > 0.02 * reference.shape[1]:
        raise Unregistered(
            f"the scan is {scan.shape[1]} pixels wide, the empty {reference.shape[1]}; "
            "they come from different detectors"
        )
    flat_scan, flat = _flat(scan), _flat(reference)
    coarse = _coarse(flat_scan, flat)
    near = _sample(flat_scan, *_map(coarse, reference.shape))
    warp = _chain(coarse, _fine(_held(near, flat), flat))
    to_x, to_y = _map(warp, reference.shape)
    for _ in range(2):
        seen = _sample(flat_scan, to_x, to_y)
        to_y += _wander(seen, flat)[:, None].astype(np.float32)
    correlation = _correlation(_sample(flat_scan, to_x, to_y), flat)
    if correlation < least:
        raise Unregistered(
            f"the scan does not lie on the empty (correlation {correlation:.2f}, wanted {least}); "
            "another type, or far from empty"
        )
    middle = reference.shape[0] // 2, reference.shape[1] // 2
    return Registered(
        tau=_sample(scan, to_x, to_y),
        seen=_inside(to_x, to_y, scan.shape),
        to_x=to_x,
        to_y=to_y,
        correlation=correlation,
        shift=float(to_y[middle] - middle[0]),
        speed=float(warp[1, 1]),
        aside=float(to_x[middle] - middle[1]),
    )


def _flat(tau: Image) -> Image:
    return np.minimum(tau, np.float32(CEILING))


def _coarse(scan: Image, reference: Image) -> Floats:
    """Return a 2×3 map of the best speed and shift."""
    ours, theirs = _bands(reference), _bands(scan)
    length = 1 << int(np.ceil(np.log2(len(reference) + len(scan) * SPEEDS[-1] + 2)))
    spectrum = np.conj(np.fft.rfft(ours, length))
    best = (-np.inf, 1.0, 0.0)
    for speed in SPEEDS:
        at = np.arange(0, theirs.shape[1] - 1, speed)
        stretched = np.stack([np.interp(at, np.arange(theirs.shape[1]), band) for band in theirs])
        match = np.fft.irfft((spectrum * np.fft.rfft(stretched, length)).sum(0), length)
        score = match / np.sqrt(max(float((stretched**2).sum()), 1e-9))
        peak = int(score.argmax())
        if score[peak] > best[0]:
            shift = peak if peak < length // 2 else peak - length
            best = (float(score[peak]), float(speed), float(shift) * speed)
    return np.array([[1.0, 0.0, 0.0], [0.0, best[1], best[2]]])


def _bands(tau: Image) -> Floats:
    """Return (bands, lines): the mean of each band, each without its own mean."""
    parts = np.array_split(tau, BANDS, axis=1)
    means = np.stack([part.mean(1) for part in parts]).astype(np.float64)
    centred: Floats = means - means.mean(1, keepdims=True)
    return centred


def _held(near: Image, reference: Image) -> Image:
    """Return ``near`` held to what the reference shows within two pixels, and a little more."""
    square = np.ones((5, 5), np.uint8)
    least, most = cv2.erode(reference, square) - SLACK, cv2.dilate(reference, square) + SLACK
    return np.asarray(np.clip(near, least, most), np.float32)


def _chain(first: Floats, then: Floats) -> Floats:
    """Return the 2×3 map that applies ``then`` and after it ``first``."""
    whole: Floats = first @ np.vstack([then, [0.0, 0.0, 1.0]])
    return whole


def _fine(scan: Image, reference: Image) -> Floats:
    """Return the small 2×3 map that ECC finds; the identity where it finds nothing believable."""
    none = np.eye(2, 3)
    scale = min(1.0, float(np.sqrt(ECC_PIXELS / reference.size)))
    small, ours = (_reduced(picture, scale) for picture in (scan, reference))
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_STEPS, 1e-5)
    start, every = none.astype(np.float32), np.full(small.shape, 255, np.uint8)
    try:
        _, found = cv2.findTransformECC(ours, small, start, cv2.MOTION_AFFINE, until, every, 3)
    except cv2.error:
        return none
    refined = np.asarray(found, np.float64)
    refined[:, 2] /= scale
    believable = np.abs(refined[:, :2] - none[:, :2]).max() < 0.02
    return refined if believable else none


def _reduced(picture: Image, scale: float) -> Image:
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def _map(warp: Floats, shape: tuple[int, ...]) -> tuple[Image, Image]:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    to_x, to_y = (row[0] * x + row[1] * y + row[2] for row in warp.astype(np.float32))
    return to_x, to_y


def _sample(picture: Image, to_x: Image, to_y: Image) -> Image:
    return np.asarray(
        cv2.remap(picture, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def _wander(seen: Image, reference: Image) -> Floats:
    """Return (lines,): how much further along the scan each line of the reference lies."""
    lines = len(reference)
    slope = np.zeros_like(seen)
    slope[1:-1] = (seen[2:] - seen[:-2]) / 2
    error = np.clip(reference - seen, -0.5, 0.5)  # a hidden object must not pull
    weight = (slope * slope).sum(1, dtype=np.float64)
    pull = (slope * error).sum(1, dtype=np.float64)
    edges = np.append(np.arange(0, max(lines - STRIP // 2, 1), STRIP), lines)
    weight, pull = (np.add.reduceat(sums, edges[:-1]) for sums in (weight, pull))
    enough = weight > 0.05 * max(float(np.median(weight)), 1e-9)
    if not enough.any():
        return np.zeros(lines)
    shift = np.clip(pull / np.maximum(weight, 1e-9), -1.5, 1.5)
    centres = (edges[:-1] + edges[1:]) / 2
    found: Floats = np.interp(np.arange(lines), centres[enough], shift[enough])
    return found


def _inside(to_x: Image, to_y: Image, shape: tuple[int, ...]) -> Mask:
    across = (to_x > -1) & (to_x < shape[1])  # a pixel aside is no loss
    return np.asarray(across & (to_y >= 0) & (to_y <= shape[0] - 1))


def _correlation(one: Image, other: Image) -> float:
    """Return the median correlation of the blocks in which ``other`` has structure."""
    found = [
        _of_block(one[rows, columns], other[rows, columns])
        for rows in _cuts(other.shape[0], 12)
        for columns in _cuts(other.shape[1], 4)
    ]
    structure = np.array([spread for _, spread in found])
    kept = structure >= 0.5 * np.median(structure)
    return float(np.median(np.array([value for value, _ in found])[kept]))


def _cuts(length: int, parts: int) -> list[slice]:
    edges = np.linspace(0, length, parts + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def _of_block(one: Image, other: Image) -> tuple[float, float]:
    a, b = one - one.mean(), other - other.mean()
    spread = float(b.std())
    return float((a * b).mean()) / max(float(a.std()) * spread, 1e-6), spread
