"""One motorised leaf: a position between closed (0) and open (1), and what it wants.

1. Without power springs pull it open; without springs it stays. A forced leaf (fire) opens whatever
   else holds.
2. An emergency stop or a latched fault stops it where it is.
3. It never closes on a body: with its curtain broken it gives way, and closes when it is clear.
4. Wanting for longer than it may take to arrive latches a fault.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.gate.registers import Leaf

TRAVEL = 0.6  # s from closed to open
LATE = 2.0  # s after which a leaf that has not arrived is faulty


@dataclass
class MovingLeaf:
    """The physics of one leaf."""

    position: float = 0.0
    wanted: bool = False
    forced: bool = False
    springs: bool = True
    jammed: bool = False
    faulty: bool = False
    obstructed: bool = False
    _late: float = 0.0

    def tick(self, seconds: float, *, broken: bool, powered: bool, stopped: bool) -> None:
        """Let ``seconds`` pass; ``broken`` is the curtain in its plane."""
        free = self.forced or (self.springs and not powered)
        target = 1.0 if self.wanted or free else 0.0
        self.obstructed = broken and target == 0.0 and self.position > 0.0
        if self.obstructed:
            target = 1.0
        if not self.jammed and (free or (powered and not (stopped or self.faulty))):
            self._move(target, seconds / TRAVEL)
        self._watch(target, seconds, counting=powered and not stopped and not self.obstructed)

    def acknowledge(self) -> None:
        """Forget the fault, unless its cause is still there."""
        self.faulty &= self.jammed
        self._late = 0.0

    @property
    def state(self) -> Leaf:
        """What the controller reports."""
        if self.faulty:
            return Leaf.FAULT
        if self.obstructed:
            return Leaf.OBSTRUCTED
        target = 1.0 if self.wanted or self.forced else 0.0
        if self.position == 1.0 and target:
            return Leaf.OPEN
        if self.position == 0.0 and not target:
            return Leaf.CLOSED
        return Leaf.OPENING if target else Leaf.CLOSING

    @property
    def shut(self) -> bool:
        """Whether it is closed and means to stay so."""
        return self.position == 0.0 and not self.wanted

    @property
    def passable(self) -> bool:
        """Whether a person fits through."""
        return self.position >= 0.6

    def _move(self, target: float, step: float) -> None:
        self.position += max(-step, min(step, target - self.position))

    def _watch(self, target: float, seconds: float, *, counting: bool) -> None:
        moving = counting and self.position != target
        self._late = self._late + seconds if moving else 0.0
        self.faulty = self.faulty or self._late > LATE
