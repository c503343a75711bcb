"""How long to wait before trying again: doubling, bounded, jittered so that lanes do not march."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits of ``first``, 2 × ``first``, … up to ``most`` seconds, each shortened by up to half."""

    def __init__(
        self,
        first: float = 0.5,
        most: float = 8.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._most = most
        self._jitter = jitter
        self._next = first

    def wait(self) -> float:
        """Return the seconds to wait now, and wait longer next time."""
        wait, self._next = self._next, min(self._next * 2, self._most)
        return wait * (1 - self._jitter() / 2)

    def reset(self) -> None:
        """Start from the shortest wait again: it worked."""
        self._next = self._first
