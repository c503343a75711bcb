"""The controller watches its own sensors: what stays broken, or contradicts itself, too long."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.gate.registers import Fault

CURTAIN_LATE = 15.0  # s; nobody stands in a doorway for that long
OCCUPANCY_LATE = 3.0  # s of contradiction before the sensor is called faulty


@dataclass
class SensorWatch:
    """How long each sensor has looked wrong (seconds)."""

    entry_broken: float = 0.0
    exit_broken: float = 0.0
    contradicted: float = 0.0

    def tick(self, seconds: float, entry_broken: bool, exit_broken: bool, agree: bool) -> None:
        """Let ``seconds`` pass; ``agree``: occupancy matches the crossing counters."""
        self.entry_broken = self.entry_broken + seconds if entry_broken else 0.0
        self.exit_broken = self.exit_broken + seconds if exit_broken else 0.0
        self.contradicted = 0.0 if agree else self.contradicted + seconds

    @property
    def faults(self) -> Fault:
        """What is wrong now."""
        return Fault(
            (self.entry_broken > CURTAIN_LATE) * Fault.ENTRY_CURTAIN
            | (self.exit_broken > CURTAIN_LATE) * Fault.EXIT_CURTAIN
            | (self.contradicted > OCCUPANCY_LATE) * Fault.OCCUPANCY
        )
