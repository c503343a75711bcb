"""What to tell the traveller of how the document lies: one thing at a time, long enough to be read.

What is seen comes several times a second and wavers; what is told must not.
"""

from __future__ import annotations

from edge.egate.placement import Placement, Problem

__all__ = ["Advice"]


class Advice:
    """Which problem to tell the traveller of: one at a time, and long enough to be read.

    A problem is told when it was seen twice running, or once beyond doubt; it then stays for
    ``LASTS`` seconds at least, unless the document lies well.
    """

    LASTS = 2.5  # s; a sentence of twelve words is read in about that
    SURE = 0.9

    def __init__(self) -> None:
        self._last = Problem.GOOD
        self._told: Problem | None = None
        self._since = 0.0

    def update(self, placement: Placement, now: float) -> Problem | None:
        """Take in what is seen at ``now`` (monotonic s); return what to tell, if anything."""
        seen, before = placement.problem, self._last
        self._last = seen
        if seen is Problem.GOOD:
            self._told = None
            return None
        certain = seen is before or placement.confidence >= self.SURE
        over = self._told is None or now - self._since >= self.LASTS
        if certain and over and seen is not self._told:
            self._told, self._since = seen, now
        return self._told
