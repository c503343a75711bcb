"""Where the item is on the belt. Pure: what the conveyor says in, millimetres out.

1. An item begins where the entry barrier breaks and ends where it is whole again. One that passes
   between two looks is seen by the controller's counter.
2. In doubt the front is assumed further on, and the tail further back, than they may be: the
   margin is what the belt did between two looks.
3. Items that follow so closely that the barrier breaks again before the scan is over are scanned,
   and judged, as one. What comes after that is another item, and has not been scanned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.conveyor.registers import ConveyorState


@dataclass(frozen=True)
class Tracked:
    """Positions of the belt (mm) when the item's front and tail were at the entry barrier."""

    front_at: float | None = None
    tail_at: float | None = None
    scanned: bool = False  # nothing is added to this item any more
    followed: bool = False  # by another, after the scan

    @property
    def arrived(self) -> bool:
        """Whether an item is there that has not been scanned."""
        return self.followed if self.scanned else self.front_at is not None

    def follow(self, before: ConveyorState | None, now: ConveyorState) -> Tracked:
        """Return where the item is, now that the conveyor says ``now``."""
        passed = before is not None and (
            now.items_in != before.items_in or (before.entry_barrier and not now.entry_barrier)
        )
        if not (passed or now.entry_barrier):
            return self
        if self.scanned:
            return replace(self, followed=True)
        front = self.front_at if self.front_at is not None else (before or now).position
        return Tracked(front, None if now.entry_barrier else now.position)

    def front_past(self, position: float) -> float:
        """Return how many mm the front is past the entry barrier, at most."""
        return 0.0 if self.front_at is None else position - self.front_at

    def tail_past(self, position: float) -> float:
        """Return how many mm the tail is past the entry barrier, at least; -1 if it is not."""
        return -1.0 if self.tail_at is None else position - self.tail_at
