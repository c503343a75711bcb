"""A safety controller with one of our register maps: what gate and conveyor have in common.

1. One read is one question on the wire and returns everything.
2. A command returns when the controller agrees. Its refusal is asked for by name and raised as
   Refused: the controller decides what is safe.
3. Commands are refused until the first heartbeat, and again when heartbeats stop for longer than
   the watchdog time: the host must beat at least twice as often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

from drivers.errors import Garbled, Refused
from drivers.modbus import ModbusMaster, ModbusRefused

StateT = TypeVar("StateT")


@dataclass(frozen=True)
class Map(Generic[StateT]):
    """Where a register map has what every controller has, and how its inputs are read."""

    name: str
    inputs: int  # registers from address 0
    decode: Callable[[Sequence[int]], StateT]
    refusal: int  # input register of the last refusal
    refusals: type[IntEnum]
    heartbeat: int  # holding registers
    watchdog: int
    acknowledge: int
    acknowledgement: int  # the value that acknowledges


class Controller(Generic[StateT]):
    """A controller on Modbus. Blocking: one thread owns one controller.

    Every verb raises NoAnswer, Garbled, Refused or LinkLost.
    """

    def __init__(self, master: ModbusMaster, where: Map[StateT]) -> None:
        self._master = master
        self._map = where

    def read(self) -> StateT:
        """Return all that the controller sees now."""
        registers = self._master.input_registers(0, self._map.inputs)
        try:
            return self._map.decode(registers)
        except ValueError as error:
            name = self._map.name
            raise Garbled(f"{name}: {error}; check docs/devices/{name}.md") from error

    def heartbeat(self, n: int) -> None:
        """Tell the controller that the host lives; ``n`` must change from beat to beat."""
        self._master.write_register(self._map.heartbeat, n & 0xFFFF)

    def watchdog(self, seconds: float) -> None:
        """Set how long the controller bears a silent host; its sheet has the bounds."""
        self._master.write_register(self._map.watchdog, round(seconds * 1000))

    def acknowledge_fault(self) -> None:
        """Clear latched faults; Refused while their cause is still there."""
        value = self._map.acknowledgement
        self._command(self._map.acknowledge, [value], "to acknowledge its fault")

    def close(self) -> None:
        """Let go of the link."""
        self._master.close()

    def _command(self, register: int, values: list[int], what: str) -> None:
        try:
            self._master.write_registers(register, values)
        except ModbusRefused as refused:
            name = self._map.name
            raise Refused(f"{name} refused {what}: {self._reason(refused)}") from refused

    def _reason(self, refused: ModbusRefused) -> str:
        code = self._master.input_registers(self._map.refusal, 1)[0]
        known = {reason.value: reason.name for reason in self._map.refusals if reason.value}
        return known[code].lower().replace("_", " ") if code in known else str(refused)
