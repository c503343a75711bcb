"""A controller whose port answers while its programme stands still is as good as away."""

from __future__ import annotations

from edge.runtime.clock import Clock
from edge.runtime.lane import Lane

STOPPED_AFTER = 1.0  # s without a beat of the controller's own counter: its programme stands still


class ControllerWatch:
    """Watches the counter that the programme of controller ``name`` counts up by itself."""

    def __init__(self, name: str, lane: Lane, clock: Clock) -> None:
        self._name = name
        self._lane = lane
        self._clock = clock
        self._beat: int | None = None
        self._since = clock.monotonic()

    def alive(self, beat: int) -> bool:
        """Return whether the programme runs, given its counter now; tell if it does not."""
        now = self._clock.monotonic()
        if beat != self._beat:
            self._beat, self._since = beat, now
        still = now - self._since
        if still <= STOPPED_AFTER:
            self._lane.faults.clear(self._name, "ControllerStopped")
            return True
        detail = f"the {self._name}'s controller answers but has stood still for {still:.1f} s"
        self._lane.faults.raise_(self._name, "ControllerStopped", detail)
        return False
