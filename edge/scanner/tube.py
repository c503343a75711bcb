"""The tube's output from line to line, seen at the belt's free edges.

1. A line's output is the mean of the edge pixels, which nothing covers: 1 is that of the reference.
2. Where left and right differ by more than their noise one of them is covered after all: the
   brighter one is believed.
3. Where both energies say the same, but for their noise, the mean of both is better: a tube's
   current wobbles for both alike. Its voltage does not, so that they may differ.
4. An output further than ``MOST`` from 1 is no wobble: then both edges are covered, or the tube
   fails, and the line is left as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Values = NDArray[np.float64]

MOST = 0.25  # a tube that wobbles by 5 % is a bad one; five of its standard deviations
NOISE = 5.0  # standard deviations that two edges differ by, rarely more
SAME = 3.0  # standard deviations that two energies differ by, hardly more
SLACK = 0.002  # what is left of the calibration's own error


def output(lines: Image, pixels: int, noise: Values) -> Image:
    """Return the tube's output (…, lines, 1) for normalised ``lines`` (…, lines, all pixels).

    ``pixels`` are free at either edge; ``noise`` (…) is that of an air pixel, as a share.
    """
    pixels = min(pixels, lines.shape[-1])
    left = lines[..., :pixels].mean(-1, keepdims=True, dtype=np.float32)
    right = lines[..., -pixels:].mean(-1, keepdims=True, dtype=np.float32)
    allowed = SLACK + NOISE * np.asarray(noise)[..., None, None] * np.sqrt(2 / pixels)
    agree = np.abs(left - right) <= allowed
    seen = np.where(agree, (left + right) / 2, np.maximum(left, right))
    seen = _together(seen, np.asarray(noise) / np.sqrt(2 * pixels))
    return np.where(np.abs(seen - 1) <= MOST, seen, 1).astype(np.float32)


def _together(seen: Image, noise: Values) -> Image:
    """Return the mean over energies of outputs (energies, lines, 1) that differ by noise only."""
    if seen.ndim < 3 or len(seen) < 2:
        return seen
    mean = seen.mean(0, keepdims=True)
    apart = np.abs(seen - mean).max(0, keepdims=True)
    return np.where(apart <= SAME * noise.max(), mean, seen)
