"""The conveyor as the rest of the software sees it: read, run, divert, permit the beam.

1. The beam permission is a relay in the generator's hard-wired loop. The controller drops it by
   itself with the interlock chain, and does not give it back unasked.
2. When heartbeats stop, the belt stops and the permission is gone.
3. What every controller does, its heartbeat and its refusals, is in drivers/controller.py.
"""

from __future__ import annotations

import time

from drivers.controller import Controller, Map
from drivers.conveyor.registers import (
    ACKNOWLEDGE,
    FASTEST,
    SLOWEST,
    Belt,
    ConveyorState,
    Diverter,
    Holding,
    Input,
    Refusal,
    decode,
)
from drivers.link import Link
from drivers.modbus import ModbusMaster
from drivers.patience import Clock, Patience

BAUDRATE = 115_200
_MAP = Map(
    name="conveyor",
    inputs=len(Input),
    decode=decode,
    refusal=Input.REFUSAL,
    refusals=Refusal,
    heartbeat=Holding.HEARTBEAT,
    watchdog=Holding.WATCHDOG,
    acknowledge=Holding.ACKNOWLEDGE,
    acknowledgement=ACKNOWLEDGE,
)


class Conveyor(Controller[ConveyorState]):
    """A conveyor and interlock controller; it bears a silent host for 0.2 to 10 s, 1 s at start."""

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=0.1),  # noqa: B008 frozen
        *,
        unit: int = 2,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(ModbusMaster(link, unit, patience, name="conveyor", clock=clock), _MAP)

    def run(self, speed: float) -> None:
        """Run forward at ``speed`` mm/s; ValueError outside the belt's range."""
        self._drive(Belt.FORWARD, speed)

    def reverse(self, speed: float) -> None:
        """Run backward at ``speed`` mm/s; ValueError outside the belt's range."""
        self._drive(Belt.REVERSE, speed)

    def stop(self) -> None:
        """Stop the belt. Never refused."""
        self._command(Holding.BELT, [Belt.STOPPED], "to stop")

    def divert(self, where: Diverter) -> None:
        """Set the gate behind the scanner to release, hold or divert."""
        self._command(Holding.DIVERTER, [where], f"to {where.name.lower()}")

    def permit_beam(self, on: bool) -> None:
        """Close or open the permission relay; Refused while the interlock chain is open."""
        self._command(Holding.BEAM_PERMISSION, [on], "to permit the beam")

    def _drive(self, belt: Belt, speed: float) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"{speed} mm/s is outside {SLOWEST}–{FASTEST} mm/s")
        self._command(Holding.SPEED, [round(speed), belt], f"to run {belt.name.lower()}")


__all__ = ["BAUDRATE", "Belt", "Conveyor", "ConveyorState", "Diverter"]
