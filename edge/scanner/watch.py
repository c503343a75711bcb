"""Watches over what guards the beam: is it heard, does the belt move.

1. A beam is wanted only while conveyor, generator and detector are heard: it is noted in the
   device's own thread, so that a busy loop is not taken for a silent line, nor a thread that waits
   for an answer for one that has it. One lost frame is not silence; ``silent_for`` is.
2. A belt that runs through a scan and then stands by its own encoder is a jam, long before its
   controller calls it one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from drivers.conveyor.registers import ConveyorState

STANDS_FOR = 0.1  # s without a step of the encoder
STEP = 0.5  # mm that are a step; 1 ms at scanning speed
CLOCK = time.monotonic  # the one of the device threads


@dataclass
class Pulse:
    """When a device was last heard. Written in its thread, read in the loop."""

    at: float = field(default_factory=CLOCK)

    def beat(self) -> None:
        """Note that the device answers."""
        self.at = CLOCK()

    def silent_for(self) -> float:
        """Return the seconds since it was last heard."""
        return CLOCK() - self.at


class Motion:
    """Whether the belt, having moved, stands in the middle of a scan."""

    def __init__(self) -> None:
        self._watching = False
        self._position: float | None = None
        self._moved_at: float | None = None

    def watch(self, scanning: bool) -> None:
        """Begin with a scan, or look away from what the belt does otherwise."""
        self._watching = scanning
        self._position = self._moved_at = None

    def stands(self, state: ConveyorState, now: float) -> bool:
        """Return whether the belt has moved and does not any more; ``now`` in monotonic s."""
        if not self._watching:
            return False
        if self._position is None:
            self._position = state.position
        if abs(state.position - self._position) >= STEP:
            self._position, self._moved_at = state.position, now
        return self._moved_at is not None and now - self._moved_at >= STANDS_FOR
