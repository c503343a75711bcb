"""How often an alarm may be recorded: each attempt once, a flood as a number.

Ten at once, then one every ten seconds; what is held back is counted and told with the next one,
or as soon as there is room for it. So a flood of forgeries cannot fill the outbox.
"""

from __future__ import annotations

from typing import Final

_BURST: Final = 10.0
_EVERY: Final = 10.0  # s


class RateBound:
    """A token bucket that remembers what it held back. Time is handed in."""

    def __init__(self, now: float) -> None:
        self._tokens = _BURST
        self._at = now
        self.held_back = 0

    def allows(self, now: float) -> bool:
        """Return whether one more may go; count it as held back otherwise."""
        if self._take(now):
            return True
        self.held_back += 1
        return False

    def told(self, now: float) -> int:
        """Return how many were held back, once there is room to say so; 0 otherwise."""
        if not self.held_back or not self._take(now):
            return 0
        count, self.held_back = self.held_back, 0
        return count

    def _take(self, now: float) -> bool:
        self._tokens = min(_BURST, self._tokens + (now - self._at) / _EVERY)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
