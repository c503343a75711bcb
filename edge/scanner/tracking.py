"""Where the items are on the belt. Pure: what the conveyor says in, millimetres out.

1. An item begins where the entry barrier breaks and ends where it is whole again. One that passes
   between two looks is seen by the controller's counter.
2. In doubt the front is assumed further on, and the tail further back, than they may be: the
   margin is what the belt did between two looks.
3. Items that follow so closely that the barrier breaks again before the scan is over are scanned,
   and judged, as one. What comes after that is another item, and has not been scanned.
4. One item may still leave while the next is begun: it is ``ahead``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.conveyor.registers import ConveyorState


@dataclass(frozen=True)
class Span:
    """Positions of the belt (mm) when an item's front and tail were at the entry barrier."""

    front_at: float
    tail_at: float | None = None

    def front_past(self, position: float) -> float:
        """Return how many mm the front is past the entry barrier, at most."""
        return position - self.front_at

    def tail_past(self, position: float) -> float:
        """Return how many mm the tail is past the entry barrier, at least; -1 if it is not."""
        return -1.0 if self.tail_at is None else position - self.tail_at


@dataclass(frozen=True)
class Tracked:
    """The item at hand, the one before that leaves, and the one that came behind the scan."""

    item: Span | None = None
    scanned: bool = False  # nothing is added to this item any more
    ahead: Span | None = None
    behind: Span | None = None

    @property
    def arrived(self) -> bool:
        """Whether an item is there that has not been scanned."""
        return (self.behind if self.scanned else self.item) is not None

    def follow(self, before: ConveyorState | None, now: ConveyorState) -> Tracked:
        """Return where the items are, now that the conveyor says ``now``."""
        passed = before is not None and (
            now.items_in != before.items_in or (before.entry_barrier and not now.entry_barrier)
        )
        if not (passed or now.entry_barrier):
            return self
        was = self.behind if self.scanned else self.item
        front = was.front_at if was is not None else (before or now).position
        span = Span(front, None if now.entry_barrier else now.position)
        return replace(self, behind=span) if self.scanned else replace(self, item=span)

    def begun(self) -> Tracked:
        """Return this with the next item at hand, the scanned one leaving."""
        if not self.scanned:
            return self
        return Tracked(item=self.behind, ahead=self.item)

    def left(self) -> Tracked:
        """Return this without the item that has left."""
        if self.ahead is not None:
            return replace(self, ahead=None)
        return Tracked(item=self.behind if self.scanned else None)

    def front_past(self, position: float) -> float:
        """Return how many mm the item's front is past the entry barrier, at most."""
        return 0.0 if self.item is None else self.item.front_past(position)

    def scanned_by(self, position: float, place: float) -> bool:
        """Return whether the item's tail is ``place`` mm past the barrier and nothing is ahead."""
        if self.item is None or self.ahead is not None:
            return False
        return self.item.tail_past(position) >= place

    def gone_by(self, position: float, place: float) -> bool:
        """Return whether the tail of the item that leaves is ``place`` mm past the barrier."""
        leaves = self.ahead or self.item
        return leaves is not None and leaves.tail_past(position) >= place
