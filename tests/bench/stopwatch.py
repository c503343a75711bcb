"""How long work takes on a shared machine: the fastest of some tries, disturbed least."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(work: Callable[[], object], tries: int = 7) -> float:
    """Return the seconds of the fastest of ``tries``."""
    taken = []
    for _ in range(tries):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)
