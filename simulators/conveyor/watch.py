"""What the controller of a conveyor calls a fault, and how long it takes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.conveyor.registers import Barrier, Fault
from simulators.conveyor.belt import MovingBelt

JAM_AFTER = 0.5  # s driven and not moving
LONGEST_ITEM = 1500.0  # mm


@dataclass
class FaultWatch:
    """Latches faults; millimetres and seconds."""

    latched: Fault = field(default_factory=lambda: Fault(0))
    _stalled: float = 0.0
    _entry_length: float = 0.0
    _exit_length: float = 0.0
    _diverter_late: bool = False

    def tick(
        self, seconds: float, belt: MovingBelt, barriers: Barrier, diverter_late: bool
    ) -> None:
        """Let ``seconds`` pass."""
        stalled = belt.wanted != 0 and belt.speed == 0
        self._stalled = self._stalled + seconds if stalled else 0.0
        passed = abs(belt.speed) * seconds
        self._entry_length = self._entry_length + passed if Barrier.ENTRY in barriers else 0.0
        self._exit_length = self._exit_length + passed if Barrier.EXIT in barriers else 0.0
        self._diverter_late = diverter_late
        self.latched |= self._present

    def acknowledge(self, jammed: bool) -> bool:
        """Forget what has gone; say whether anything is still there."""
        self.latched = self._present | (Fault.JAM if jammed else Fault(0))
        return bool(self.latched)

    @property
    def _present(self) -> Fault:
        return Fault(
            (self._stalled > JAM_AFTER) * Fault.JAM
            | (self._entry_length > LONGEST_ITEM) * Fault.ENTRY_BARRIER
            | (self._exit_length > LONGEST_ITEM) * Fault.EXIT_BARRIER
            | self._diverter_late * Fault.DIVERTER
        )
