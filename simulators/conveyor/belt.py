"""The belt and what lies on it. Millimetres and seconds; no bytes.

Items enter at 0 and move with the belt: past the entry barrier, through the beam, past the exit
barrier, to the diverter. There they pass, are held (the belt slips under them, and those behind
close up), or are diverted.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from drivers.conveyor.registers import Barrier, Diverter

ENTRY, BEAM, EXIT, DIVERTER, END = 600.0, 1200.0, 1800.0, 2400.0, 3000.0  # mm
ACCELERATION = 1000.0  # mm/s²
GAP = 20.0  # mm; as close as two items come


@dataclass
class Item:
    """One thing on the belt: its leading edge is at ``front``."""

    tag: str
    length: float
    front: float = 0.0

    def covers(self, place: float) -> bool:
        """Whether it lies over ``place``."""
        return self.front - self.length <= place <= self.front


@dataclass
class MovingBelt:
    """The physics of the belt."""

    wanted: float = 0.0  # mm/s, negative is backward
    speed: float = 0.0
    position: float = 0.0
    jammed: bool = False
    items: list[Item] = field(default_factory=list)  # the first is furthest ahead
    gone: deque[tuple[Item, Diverter]] = field(default_factory=lambda: deque(maxlen=1000))
    items_in: int = 0
    items_out: int = 0

    def tick(self, seconds: float, diverter: Diverter) -> None:
        """Let ``seconds`` pass."""
        reach = ACCELERATION * seconds
        target = 0.0 if self.jammed else self.wanted
        self.speed += max(-reach, min(reach, target - self.speed))
        if self.jammed:
            self.speed = 0.0
        before = self.broken
        self.position += self.speed * seconds
        self._carry(self.speed * seconds, diverter)
        self._count(before & ~self.broken)
        self._leave(diverter)

    def place(self, item: Item) -> None:
        """Lay ``item`` on the belt's beginning, behind what is there."""
        behind = min((other.front - other.length for other in self.items), default=GAP)
        item.front = min(0.0, behind - GAP)
        self.items.append(item)

    @property
    def broken(self) -> Barrier:
        """The barriers that an item breaks."""
        entry = any(item.covers(ENTRY) for item in self.items) * Barrier.ENTRY
        return Barrier(entry | any(item.covers(EXIT) for item in self.items) * Barrier.EXIT)

    @property
    def in_beam(self) -> tuple[Item, float] | None:
        """The item in the beam, and how many mm behind its front the beam is."""
        return next(((i, i.front - BEAM) for i in self.items if i.covers(BEAM)), None)

    def _carry(self, distance: float, diverter: Diverter) -> None:
        limit = DIVERTER if diverter in (Diverter.HOLD, Diverter.MOVING) else float("inf")
        for item in self.items:
            stop = limit if item.front <= limit else float("inf")
            item.front = min(item.front + distance, stop) if distance > 0 else item.front + distance
            limit = min(limit, item.front - item.length - GAP) if item.front <= DIVERTER else limit

    def _count(self, cleared: Barrier) -> None:
        """Count what has left a barrier forward: backward it may come again."""
        if self.speed > 0:
            self.items_in += Barrier.ENTRY in cleared
            self.items_out += Barrier.EXIT in cleared

    def _leave(self, diverter: Diverter) -> None:
        for item in list(self.items):
            diverted = diverter is Diverter.DIVERT and item.covers(DIVERTER)
            if diverted or item.front - item.length >= END:
                self.items.remove(item)
                self.gone.append((item, Diverter.DIVERT if diverted else Diverter.RELEASE))
