"""Where the lit part of a scan ends.

1. A scan is what the beam showed: behind the last line that it lit, the picture ends. A line within
   that was not lit is lost like one that never came.
2. Lines that never came directly behind the last lit one may have been lit: they are lost too, and
   belong to the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Trailing:
    """Follows the lines block by block."""

    def __init__(self) -> None:
        self._lines = 0  # behind the last lit line
        self._open = True  # no line has come since that was not lit
        self.lost = 0  # of the lines behind the last lit one: those that may have been lit

    def add(self, present: Mask, beam_on: Mask) -> tuple[int, int]:
        """Take a block; return how many lines before it, and of it, belong to the picture."""
        lit = np.flatnonzero(present & beam_on)
        within = int(lit[-1]) + 1 if lit.size else 0
        before = self._lines if within else 0
        if within:
            self._lines, self._open, self.lost = 0, True, 0
        rest = present[within:]
        if self._open:
            self._open = not rest.any()
            self.lost += int(rest.argmax()) if rest.any() else len(rest)
        self._lines += len(rest)
        return before, within
