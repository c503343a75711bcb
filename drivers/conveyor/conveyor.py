"""The conveyor as the rest of the software sees it: read, run, divert, permit the beam.

1. One read is one question on the wire and returns everything.
2. A command returns when the controller agrees; its refusal is asked for by name and Refused.
3. The beam permission is a relay in the generator's hard-wired loop. The controller drops it by
   itself with the interlock chain, and does not give it back unasked.
4. Commands are refused until the first heartbeat, and again when heartbeats stop: then the belt
   stops and the permission is gone.
"""

from __future__ import annotations

import time

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
from drivers.errors import Garbled, Refused
from drivers.link import Link
from drivers.modbus import ModbusMaster, ModbusRefused
from drivers.patience import Clock, Patience

BAUDRATE = 115_200


class Conveyor:
    """A conveyor and interlock controller on Modbus RTU. Blocking: one thread owns one conveyor.

    Every verb raises NoAnswer, Garbled, Refused or LinkLost.
    """

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=0.1),  # noqa: B008 frozen
        *,
        unit: int = 2,
        clock: Clock = time.monotonic,
    ) -> None:
        self._master = ModbusMaster(link, unit, patience, name="conveyor", clock=clock)

    def read(self) -> ConveyorState:
        """Return all that the controller sees now."""
        registers = self._master.input_registers(0, len(Input))
        try:
            return decode(registers)
        except ValueError as error:
            raise Garbled(f"conveyor: {error}; check docs/devices/conveyor.md") from error

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

    def heartbeat(self, n: int) -> None:
        """Tell the controller that the host lives; ``n`` must change from beat to beat."""
        self._master.write_register(Holding.HEARTBEAT, n & 0xFFFF)

    def watchdog(self, seconds: float) -> None:
        """Set how long the controller bears a silent host (0.2 to 10 s; 1 s when it starts)."""
        self._master.write_register(Holding.WATCHDOG, round(seconds * 1000))

    def acknowledge_fault(self) -> None:
        """Clear latched faults; Refused while their cause is still there."""
        self._command(Holding.ACKNOWLEDGE, [ACKNOWLEDGE], "to acknowledge its fault")

    def close(self) -> None:
        """Let go of the link."""
        self._master.close()

    def _drive(self, belt: Belt, speed: float) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"{speed} mm/s is outside {SLOWEST}–{FASTEST} mm/s")
        self._command(Holding.SPEED, [round(speed), belt], f"to run {belt.name.lower()}")

    def _command(self, register: Holding, values: list[int], what: str) -> None:
        try:
            self._master.write_registers(register, values)
        except ModbusRefused as refused:
            raise Refused(f"conveyor refused {what}: {self._reason(refused)}") from refused

    def _reason(self, refused: ModbusRefused) -> str:
        code = self._master.input_registers(Input.REFUSAL, 1)[0]
        if code in Refusal._value2member_map_ and code != Refusal.NONE:
            return Refusal(code).name.lower().replace("_", " ")
        return str(refused)


__all__ = ["BAUDRATE", "Belt", "Conveyor", "ConveyorState", "Diverter"]
