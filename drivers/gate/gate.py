"""The gate as the rest of the software sees it: read, command, light, keep alive.

1. A command returns when the controller agrees, not when the leaf has moved.
2. What every controller does, its heartbeat and its refusals, is in drivers/controller.py.
"""

from __future__ import annotations

import time

from drivers.controller import Controller, Map
from drivers.gate.registers import (
    ACKNOWLEDGE,
    GateState,
    Holding,
    Input,
    Lamps,
    Refusal,
    decode,
)
from drivers.link import Link
from drivers.modbus import ModbusMaster
from drivers.patience import Clock, Patience

BAUDRATE = 115_200
_MAP = Map(
    name="gate",
    inputs=len(Input),
    decode=decode,
    refusal=Input.REFUSAL,
    refusals=Refusal,
    heartbeat=Holding.HEARTBEAT,
    watchdog=Holding.WATCHDOG,
    acknowledge=Holding.ACKNOWLEDGE,
    acknowledgement=ACKNOWLEDGE,
)


class Gate(Controller[GateState]):
    """A gate controller on Modbus RTU; it bears a silent host for 0.5 to 10 s, 2 s at start."""

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=0.2),  # noqa: B008 frozen
        *,
        unit: int = 1,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(ModbusMaster(link, unit, patience, name="gate", clock=clock), _MAP)

    def command_entry(self, open: bool) -> None:
        """Ask the entry leaf to open or to close."""
        self._command(Holding.ENTRY, [open], f"to {'open' if open else 'close'} the entry")

    def command_exit(self, open: bool) -> None:
        """Ask the exit leaf to open or to close."""
        self._command(Holding.EXIT, [open], f"to {'open' if open else 'close'} the exit")

    def lamps(self, lamps: Lamps) -> None:
        """Show these colours."""
        self._master.write_registers(Holding.LAMP_ENTRY, [lamps.entry, lamps.exit, lamps.inside])

    def buzzer(self, on: bool) -> None:
        """Sound the buzzer, or stop it."""
        self._master.write_register(Holding.BUZZER, on)


__all__ = ["BAUDRATE", "Gate", "GateState"]
