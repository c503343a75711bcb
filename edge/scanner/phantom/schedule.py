"""When the lane has to test itself, and whether it may serve. Pure; times are handed in."""

from __future__ import annotations

from edge.scanner.phantom.result import Result

DAILY = 86_400.0  # s


def selftest_due(last: float | None, now: float, every: float = DAILY) -> bool:
    """Return whether a self-test is due.

    ``last`` is when the latest one was passed, in seconds since 1970, None if it failed or there
    was none. A ``last`` in the future is a clock that was set back: due.
    """
    return last is None or not 0 <= now - last < every


def passed(result: Result | None) -> bool:
    """Return whether the lane may serve after ``result``."""
    return result is not None and result.passed


def due_in(last: float | None, now: float, every: float = DAILY) -> float:
    """Return in how many seconds the next self-test is due; 0 if it is due now."""
    return 0.0 if last is None or selftest_due(last, now, every) else last + every - now
