"""How often a refusal becomes an alarm: ten a minute for each topic, the rest as a number.

A flood costs a compromised broker nothing, and every alarm is a row in the audit trail.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_ALLOWED: Final = 10
_PERIOD: Final = 60.0  # s
_TOPICS: Final = 1000  # remembered; a flood of invented topics starts the memory anew


@dataclass(slots=True)
class _Minute:
    since: float
    count: int = 0


class Bounded:
    """Counts refusals by topic."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._minutes: dict[str, _Minute] = {}
        self._everywhere = _Minute(monotonic())

    def admit(self, topic: str, reason: str) -> str | None:
        """Return the alarm's text, or None when there were enough of them."""
        now = self._monotonic()
        if len(self._minutes) >= _TOPICS:
            self._minutes.clear()
        minute = self._minutes.setdefault(topic, _Minute(now))
        held_back = 0
        if now - minute.since >= _PERIOD:
            held_back = max(0, minute.count - _ALLOWED)
            minute.since, minute.count = now, 0
        minute.count += 1
        if minute.count > _ALLOWED or not self._room(now):
            return None
        return f"{reason} (and {held_back} more before)" if held_back else reason

    def _room(self, now: float) -> bool:
        if now - self._everywhere.since >= _PERIOD:
            self._everywhere = _Minute(now)
        self._everywhere.count += 1
        return self._everywhere.count <= _ALLOWED * 10
