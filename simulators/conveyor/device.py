"""A conveyor made of arithmetic: a belt with items, and a controller that guards the beam.

The controller's rules, in the order it applies them:
1. The interlock chain is closed when no emergency stop is pressed, nobody is in the zone and no
   door is open. When it opens, the beam permission drops, and must be asked for again.
2. A host silent for longer than the watchdog time: the belt stops and the permission drops.
3. An emergency stop or a latched jam stops the belt. Stopping and taking back are never refused.
4. Driven and not moving, a barrier broken for longer than any item is long, a diverter that does
   not arrive: faults, latched until acknowledged.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from drivers.conveyor.registers import (
    ACKNOWLEDGE,
    FASTEST,
    MAP_VERSION,
    SLOWEST,
    Barrier,
    Belt,
    Diverter,
    Fault,
    Holding,
    Input,
    Refusal,
    Safety,
)
from simulators.cable import exclusive
from simulators.conveyor.belt import Item, MovingBelt
from simulators.conveyor.watch import FaultWatch
from simulators.faults import LineFaults
from simulators.modbus import DEVICE_FAILURE, ILLEGAL_VALUE, Denied, RtuServer

DIVERTS_IN = 0.4  # s
_STEP = 0.01  # s of physics at a time: 10 mm at full speed


@dataclass
class ConveyorFaults(LineFaults):
    """The menu: the line's faults and the conveyor's own."""

    jam: bool = False
    stuck_entry_barrier: bool = False  # reports broken
    stuck_exit_barrier: bool = False
    stuck_diverter: bool = False
    frozen_encoder: bool = False  # keeps its position while the belt runs
    halt: bool = False  # the controller's program stands still; its port still answers


@dataclass
class FakeConveyor:
    """The physics and the manners of a conveyor."""

    faults: ConveyorFaults = field(default_factory=ConveyorFaults)
    belt: MovingBelt = field(default_factory=MovingBelt)
    emergency_stop: bool = False
    person_in_zone: bool = False
    door_open: bool = False
    beam_permitted: bool = False
    diverter: Diverter = Diverter.RELEASE
    pace: float = 1.0  # how much faster than life its time passes; a host's silence does not
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._server = RtuServer(self, unit=2)
        self._holdings = [0] * len(Holding)
        self._holdings[Holding.WATCHDOG], self._holdings[Holding.SPEED] = 1000, 200
        self._refusal = Refusal.NONE
        self._silent_for = float("inf")
        self._time = self._diverting = self._encoder = 0.0
        self._watch = FaultWatch()

    # What the world does ----------------------------------------------------------------------

    @exclusive
    def place(self, tag: str, length: float) -> None:
        """Lay an item of ``length`` mm on the belt's beginning."""
        self.belt.place(Item(tag, length))

    @exclusive
    def set_emergency_stop(self, on: bool) -> None:
        """Press or release the emergency stop."""
        self.emergency_stop = on
        self._guard()

    @exclusive
    def set_person_in_zone(self, inside: bool) -> None:
        """Let somebody enter or leave the guarded zone."""
        self.person_in_zone = inside
        self._guard()

    @exclusive
    def set_door(self, opened: bool) -> None:
        """Open or close a door or curtain of the chain."""
        self.door_open = opened
        self._guard()

    # Physics ----------------------------------------------------------------------------------

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        while seconds > 0:
            self._step(min(_STEP, seconds))
            seconds -= _STEP

    def _step(self, seconds: float) -> None:
        self.belt.jammed = self.faults.jam
        self.belt.tick(seconds, self.diverter)
        if not self.faults.frozen_encoder:
            self._encoder = self.belt.position
        if self.faults.halt:
            return
        self._time += seconds
        self._silent_for += seconds / self.pace
        self._move_diverter(seconds)
        self._watch.tick(seconds, self.belt, self._barriers, self._diverter_late)
        self._guard()

    def _guard(self) -> None:
        """Apply rules 1 to 3: at once, for they are wired."""
        if not self._chain_closed or self._host_silent:
            self.beam_permitted = False
        if self.emergency_stop or self._host_silent or self._watch.latched & Fault.JAM:
            self.belt.wanted = 0.0

    def _move_diverter(self, seconds: float) -> None:
        wanted = self._holdings[Holding.DIVERTER]
        if self.diverter is Diverter.MOVING:
            self._diverting += seconds
            if self._diverting >= DIVERTS_IN and not self.faults.stuck_diverter:
                self.diverter = Diverter(wanted)
        elif self.diverter != wanted:
            self.diverter, self._diverting = Diverter.MOVING, 0.0

    @property
    def _diverter_late(self) -> bool:
        return self.diverter is Diverter.MOVING and self._diverting > 3 * DIVERTS_IN

    @property
    def _chain_closed(self) -> bool:
        return not (self.emergency_stop or self.person_in_zone or self.door_open)

    @property
    def _host_silent(self) -> bool:
        return self._silent_for > self._holdings[Holding.WATCHDOG] / 1000

    @property
    def _barriers(self) -> Barrier:
        return Barrier(
            self.belt.broken
            | self.faults.stuck_entry_barrier * Barrier.ENTRY
            | self.faults.stuck_exit_barrier * Barrier.EXIT
        )

    # Manners ----------------------------------------------------------------------------------

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return what the controller says to ``data``."""
        return b"".join(self.faults.spoil(answer) for answer in self._server.feed(data))

    def transmit(self) -> bytes:
        """Return nothing: a Modbus device speaks when asked."""
        return b""

    def inputs(self) -> list[int]:
        """Return the input registers."""
        tenths = round(self._encoder * 10) & 0xFFFFFFFF
        speed = self.belt.speed
        belt = Belt.STOPPED if speed == 0 else Belt.FORWARD if speed > 0 else Belt.REVERSE
        values = {
            Input.MAP: MAP_VERSION,
            Input.BELT: belt,
            Input.SPEED: round(abs(speed)),
            Input.POSITION_HIGH: tenths >> 16,
            Input.POSITION_LOW: tenths,
            Input.BARRIERS: self._barriers,
            Input.SAFETY: self._safety,
            Input.DIVERTER: self.diverter,
            Input.FAULTS: self._watch.latched,
            Input.REFUSAL: self._refusal,
            Input.HEARTBEAT: self._holdings[Holding.HEARTBEAT],
            Input.CONTROLLER_BEAT: int(self._time * 10),
            Input.ITEMS_IN: self.belt.items_in,
            Input.ITEMS_OUT: self.belt.items_out,
        }
        return [values[register] & 0xFFFF for register in Input]

    def holdings(self) -> list[int]:
        """Return the holding registers."""
        return self._holdings

    def write(self, address: int, value: int) -> None:
        """Take one holding register, or raise Denied."""
        register = Holding(address)
        if value not in _ALLOWED[register]:
            raise Denied(ILLEGAL_VALUE)
        self._refusal = self._why_not(register, value)
        if self._refusal is not Refusal.NONE:
            raise Denied(DEVICE_FAILURE)
        if register is Holding.HEARTBEAT and value != self._holdings[register]:
            self._silent_for = 0.0
        self._holdings[register] = value
        self._obey(register, value)

    def _why_not(self, register: Holding, value: int) -> Refusal:
        if register is Holding.ACKNOWLEDGE:
            still = self._watch.acknowledge(self.faults.jam)
            return Refusal.FAULT_STILL_THERE if still else Refusal.NONE
        if register not in (Holding.BELT, Holding.BEAM_PERMISSION) or not value:
            return Refusal.NONE
        starts = register is Holding.BELT
        reasons = (
            (self.emergency_stop, Refusal.EMERGENCY_STOP),
            (not starts and not self._chain_closed, Refusal.INTERLOCK_OPEN),
            (self._host_silent, Refusal.HOST_SILENT),
            (starts and bool(self._watch.latched & Fault.JAM), Refusal.FAULT_LATCHED),
        )
        return next((reason for holds, reason in reasons if holds), Refusal.NONE)

    def _obey(self, register: Holding, value: int) -> None:
        match register:
            case Holding.BELT:
                speed = self._holdings[Holding.SPEED]
                self.belt.wanted = {Belt.FORWARD: speed, Belt.REVERSE: -speed}.get(Belt(value), 0)
            case Holding.BEAM_PERMISSION:
                self.beam_permitted = bool(value)

    @property
    def _safety(self) -> int:
        return (
            self.emergency_stop * Safety.EMERGENCY_STOP
            | self.person_in_zone * Safety.PERSON_IN_ZONE
            | self.door_open * Safety.DOOR_OPEN
            | self._chain_closed * Safety.INTERLOCK_CLOSED
            | self.beam_permitted * Safety.BEAM_PERMITTED
            | self._host_silent * Safety.HOST_SILENT
        )


_ALLOWED: dict[Holding, range | frozenset[int]] = {
    Holding.SPEED: range(SLOWEST, FASTEST + 1),
    Holding.BELT: range(3),
    Holding.DIVERTER: range(3),
    Holding.BEAM_PERMISSION: range(2),
    Holding.HEARTBEAT: range(0x10000),
    Holding.WATCHDOG: range(200, 10_001),
    Holding.ACKNOWLEDGE: frozenset((ACKNOWLEDGE,)),
}
