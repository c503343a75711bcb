"""Looking until something is so: what a person or a belt does in front of a lane."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

_LOOK = 0.05  # s between two looks


def sees(what: Callable[[], bool], within: float, stopping: Event) -> bool:
    """Return whether ``what`` holds ``within`` seconds; it gives up when ``stopping`` is set."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and not stopping.is_set():
        if what():
            return True
        stopping.wait(_LOOK)
    return False
