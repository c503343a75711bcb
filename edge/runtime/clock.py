"""Time is an argument: the two clocks of a machine, so that a test can hand in its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the agent asks of time."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow, from an arbitrary start."""

    def now(self) -> datetime:
        """Return the wall clock's idea of UTC. It may jump; nothing is ordered by it."""


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Return CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the system's UTC."""
        return datetime.now(UTC)
