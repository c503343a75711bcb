"""The gate as the rest of the software sees it: read, command, light, keep alive.

1. One read is one question on the wire and returns everything.
2. A command returns when the controller agrees, not when the leaf has moved.
3. The controller decides what is safe. Its refusal is asked for by name and raised as Refused.
4. Commands are refused until the first heartbeat, and again when heartbeats stop for longer than
   the watchdog time: the host must beat at least twice as often.
"""

from __future__ import annotations

import time

from drivers.errors import Garbled, Refused
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
from drivers.modbus import ModbusMaster, ModbusRefused
from drivers.patience import Clock, Patience

BAUDRATE = 115_200


class Gate:
    """A gate controller on Modbus RTU. Blocking: one thread owns one gate.

    Every verb raises NoAnswer, Garbled, Refused or LinkLost.
    """

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=0.2),  # noqa: B008 frozen
        *,
        unit: int = 1,
        clock: Clock = time.monotonic,
    ) -> None:
        self._master = ModbusMaster(link, unit, patience, name="gate", clock=clock)

    def read(self) -> GateState:
        """Return all that the controller sees now."""
        registers = self._master.input_registers(0, len(Input))
        try:
            return decode(registers)
        except ValueError as error:
            raise Garbled(f"gate: {error}; check docs/devices/gate.md") from error

    def command_entry(self, open: bool) -> None:
        """Ask the entry leaf to open or to close."""
        self._command(Holding.ENTRY, open, f"to {'open' if open else 'close'} the entry")

    def command_exit(self, open: bool) -> None:
        """Ask the exit leaf to open or to close."""
        self._command(Holding.EXIT, open, f"to {'open' if open else 'close'} the exit")

    def lamps(self, lamps: Lamps) -> None:
        """Show these colours."""
        self._master.write_registers(Holding.LAMP_ENTRY, [lamps.entry, lamps.exit, lamps.inside])

    def buzzer(self, on: bool) -> None:
        """Sound the buzzer, or stop it."""
        self._master.write_register(Holding.BUZZER, on)

    def heartbeat(self, n: int) -> None:
        """Tell the controller that the host lives; ``n`` must change from beat to beat."""
        self._master.write_register(Holding.HEARTBEAT, n & 0xFFFF)

    def watchdog(self, seconds: float) -> None:
        """Set how long the controller bears a silent host (0.5 to 10 s; 2 s when it starts)."""
        self._master.write_register(Holding.WATCHDOG, round(seconds * 1000))

    def acknowledge_fault(self) -> None:
        """Clear latched faults; Refused while their cause is still there."""
        self._command(Holding.ACKNOWLEDGE, ACKNOWLEDGE, "to acknowledge its fault")

    def close(self) -> None:
        """Let go of the link."""
        self._master.close()

    def _command(self, register: Holding, value: int, what: str) -> None:
        try:
            self._master.write_register(register, value)
        except ModbusRefused as refused:
            raise Refused(f"gate refused {what}: {self._reason(refused)}") from refused

    def _reason(self, refused: ModbusRefused) -> str:
        code = self._master.input_registers(Input.REFUSAL, 1)[0]
        if code in Refusal._value2member_map_ and code != Refusal.NONE:
            return Refusal(code).name.lower().replace("_", " ")
        return str(refused)


__all__ = ["BAUDRATE", "Gate", "GateState"]
