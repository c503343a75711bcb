"""Mean, spread and saturation of every pixel over lines that go by: what a reference is made of.

1. Lines are added in blocks and forgotten: memory is that of a few lines, however many they are.
2. The sums are taken about the first line, so that no digits are lost.
3. ``noise`` is a pixel's own: what all pixels of a line share, the tube's wobble, is not in it. It
   is seen in the differences of neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint16]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

RAIL = 65_535


class Moments:
    """Sums over lines of raw counts (…, lines, pixels)."""

    def __init__(self) -> None:
        self.lines = 0
        self._free = 0  # degrees of freedom of the noise
        self._base = self._sum = self._square = self._railed = self._rough = np.zeros(0)

    def add(self, raw: Counts) -> None:
        """Add good lines, (…, n, pixels); all blocks must be of one shape but for n."""
        count = raw.shape[-2]
        if not count:
            return
        if not self.lines:
            self._begin(raw[..., 0, :].astype(np.float64))
        about = raw - self._base[..., None, :]
        self._sum += about.sum(-2)
        self._square += np.square(about).sum(-2)
        self._railed += (raw >= RAIL).sum(-2)
        if about.shape[-1] > 1:
            steps = np.diff(about, axis=-1)
            self._rough += np.median(np.square(steps - steps.mean(-2, keepdims=True)).sum(-2), -1)
            self._free += count - 1
        self.lines += count

    def _begin(self, base: Values) -> None:
        self._base = base
        self._sum, self._square, self._railed = (np.zeros_like(base) for _ in range(3))
        self._rough = np.zeros(base.shape[:-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one line, (…, pixels)."""
        return self._base.shape

    @property
    def mean(self) -> Values:
        """Mean counts (…, pixels)."""
        return np.asarray(self._base + self._sum / self.lines)

    @property
    def spread(self) -> Values:
        """Standard deviation (…, pixels), wobble included."""
        mean = self._sum / self.lines
        return np.sqrt(np.maximum(self._square / self.lines - mean * mean, 0))

    @property
    def railed(self) -> Values:
        """Share of the lines in which a pixel was at the rail (…, pixels)."""
        return np.asarray(self._railed / self.lines)

    @property
    def noise(self) -> Values:
        """Standard deviation of a usual pixel (…), wobble left out."""
        return np.asarray(np.sqrt(self._rough / (2 * max(self._free, 1))))


def lost_lines(raw: Counts) -> Mask:
    """Return which lines (lines,) never arrived: every pixel of any energy at 0 or at the rail."""
    gone = (raw == 0).all(-1) | (raw == RAIL).all(-1)
    return np.asarray(gone if raw.ndim == 2 else gone.any(tuple(range(raw.ndim - 2))))
