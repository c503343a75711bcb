"""Whether lines can be what a detector saw, by their raw counts alone.

1. Photons come with noise: a line equal, bit for bit, to the good one before it is no new line, the
   detector froze. A line with nothing between 0 and the rail has no noise to be told by: it is
   black or saturated, and counted as such (edge/scanner/processing.py).
2. A line looks like the one before it; with the bytes of its pixels exchanged it does not, as the
   noise becomes the high byte. Steps from line to line that are much larger than with exchanged
   bytes are of lines whose bytes were exchanged. Many one after the other that are no smaller are
   of lines that have nothing to do with each other. No scene is like that: an edge is one step,
   and at most three times as large.
3. Some pixels of a line tell all this; only lines that agree in these are compared as a whole. The
   last line is kept, so that it does not matter where blocks end.
"""

from __future__ import annotations

import numpy as np

from edge.scanner.moments import RAIL, Counts, Mask, Values

SAMPLE = 128  # pixels of a line that are looked at
SWAPPED = 4.0  # times larger than with its bytes exchanged: no step of an X-ray picture is
UNLIKE = 0.5  # of the step with exchanged bytes; photon noise is a fiftieth of it
MANY = 8  # such steps in a row: a quarter of the range each, more than any edge has


class Plausibility:
    """Follows the lines block by block."""

    def __init__(self) -> None:
        self.frozen = 0  # lines
        self.scrambled = False
        self._last: Counts | None = None  # (energies, pixels)
        self._unlike = 0  # steps until now, one after the other

    def add(self, counts: Counts, good: Mask) -> Mask:
        """Take a block (energies, n, pixels); return which of its ``good`` lines are frozen."""
        frozen = np.zeros(len(good), np.bool_)
        came = np.flatnonzero(good)
        if self._last is None and came.size:
            self._last, came = counts[:, came[0]].copy(), came[1:]
        if self._last is None or not came.size:
            return frozen
        step = max(1, counts.shape[-1] // SAMPLE)
        few = np.concatenate([self._last[:, None, ::step], counts[:, came, ::step]], axis=1)
        self._judge(few)
        for index in np.flatnonzero((few[:, 1:] == few[:, :-1]).all((0, 2))):
            before = counts[:, came[index - 1]] if index else self._last
            frozen[came[index]] = _same(counts[:, came[index]], before)
        self._last = counts[:, came[-1]].copy()
        self.frozen += int(np.count_nonzero(frozen))
        return frozen

    @property
    def trouble(self) -> list[str]:
        """Why nothing can be said about the lines, if so."""
        why = "the detector's pixels are scrambled: bytes exchanged, or noise; start it anew"
        return [why] if self.scrambled else []

    def _judge(self, few: Counts) -> None:
        """Look at the steps from line to line of some pixels (energies, n, pixels)."""
        steps, exchanged = _steps(few), _steps(few.byteswap())
        self.scrambled |= bool((steps > SWAPPED * exchanged).any())
        for unlike in (steps > UNLIKE * exchanged).tolist():
            self._unlike = self._unlike + 1 if unlike else 0
            self.scrambled |= self._unlike >= MANY


def _steps(few: Counts) -> Values:
    """Return the mean change from each line to the next, in counts."""
    return np.asarray(np.abs(np.diff(few.astype(np.int32), axis=1)).mean((0, 2)))


def _same(line: Counts, before: Counts) -> bool:
    return np.array_equal(line, before) and bool(((line > 0) & (line < RAIL)).any())
