"""A gate made of arithmetic: two leaves, people, and a controller that knows what is safe.

The controller's rules, in the order it applies them:
1. Fire opens the exit in hardware and keeps it open; power loss lets springs open both leaves; or
   neither, where the cabinet is wired so. It reports how it is wired.
2. A host silent for longer than the watchdog time: both leaves close, lamps turn red, and opening
   is refused until it beats again. A controller that was never spoken to is in that state.
3. Closing is never refused, except the exit during a fire. Opening is refused, with the reason in
   a register: no power, fire (entry), emergency stop, silent host, latched fault, other leaf open.
4. A curtain broken for longer than any traveller takes, a late leaf, and an occupancy sensor that
   contradicts the crossing counters are faults, latched until acknowledged.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from drivers.gate.registers import (
    ALLOWED,
    MAP_VERSION,
    Curtain,
    Fault,
    Holding,
    Input,
    Lamp,
    OnFire,
    OnPowerLoss,
    Power,
    Refusal,
    Safety,
)
from simulators.cable import exclusive
from simulators.faults import LineFaults
from simulators.gate.leaf import MovingLeaf
from simulators.gate.people import ARRIVES_FROM, GONE_IN, GONE_OUT, LENGTH, People, Person
from simulators.gate.sensors import SensorWatch
from simulators.modbus import DEVICE_FAILURE, ILLEGAL_VALUE, Denied, RtuServer

_STEP = 0.02  # s of physics at a time


@dataclass
class GateFaults(LineFaults):
    """The menu: the line's faults and the gate's own."""

    jam_entry: bool = False
    jam_exit: bool = False
    stuck_entry_curtain: bool = False  # reports broken
    stuck_exit_curtain: bool = False
    stuck_occupancy: bool = False  # keeps its last count
    halt: bool = False  # the controller's program stands still; its port still answers
    refuse: int = 0  # writes answered with an exception


@dataclass
class FakeGate:
    """The physics and the manners of an automated gate."""

    faults: GateFaults = field(default_factory=GateFaults)
    entry: MovingLeaf = field(default_factory=MovingLeaf)
    exit: MovingLeaf = field(default_factory=MovingLeaf)
    people: People = field(default_factory=People)
    fire: bool = False
    emergency_stop: bool = False
    power: Power = Power.MAINS
    on_fire: OnFire = OnFire.EXIT_OPENS
    on_power_loss: OnPowerLoss = OnPowerLoss.LEAVES_OPEN
    pace: float = 1.0  # how much faster than life its time passes; a host's silence does not
    latched: Fault = field(default_factory=lambda: Fault(0))
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._server = RtuServer(self)
        self._holdings = [0] * len(Holding)
        self._holdings[Holding.WATCHDOG] = 2000
        self._refusal = Refusal.NONE
        self._silent_for = float("inf")
        self._sensors = SensorWatch()
        self._time = 0.0
        self._occupancy = 0
        self._show_red()

    # What the world does ----------------------------------------------------------------------

    @exclusive
    def person_enters(self, followers: int = 0) -> None:
        """Somebody walks to the entry and in as soon as it is open; ``followers`` tailgate."""
        for place in range(followers + 1):
            self.people.arrive(behind=0.5 * place)

    @exclusive
    def person_leaves(self) -> bool:
        """Send the one furthest ahead out through the exit; say whether there is one."""
        return self.people.send(GONE_IN)

    @exclusive
    def person_turns_back(self) -> bool:
        """Send the one furthest ahead back out through the entry; say whether there is one."""
        return self.people.send(GONE_OUT)

    @exclusive
    def person_comes_from_behind(self) -> None:
        """Somebody walks in through the exit against the direction, once it is open."""
        self.people.everybody.append(Person(LENGTH - ARRIVES_FROM, LENGTH / 2))

    @exclusive
    def set_fire(self, on: bool) -> None:
        """Set the fire input."""
        self.fire = on

    @exclusive
    def set_emergency_stop(self, on: bool) -> None:
        """Press or release the emergency stop."""
        self.emergency_stop = on

    @exclusive
    def set_power(self, power: Power) -> None:
        """Change what the gate runs on."""
        self.power = power

    # Physics ----------------------------------------------------------------------------------

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        while seconds > 0:
            self._step(min(_STEP, seconds))
            seconds -= _STEP

    def _step(self, seconds: float) -> None:
        self.people.tick(seconds, self.entry.passable, self.exit.passable)
        if not self.faults.stuck_occupancy:
            self._occupancy = len(self.people.inside)
        self._jam()
        self.exit.forced = self._holds_exit
        self.entry.springs = self.exit.springs = self.on_power_loss is OnPowerLoss.LEAVES_OPEN
        powered = self.power is not Power.OFF
        if not self.faults.halt:
            self._time += seconds
            self._watch_host(seconds)
            self._watch_sensors(seconds)
            for leaf, broken in (
                (self.entry, self._entry_curtain),
                (self.exit, self._exit_curtain),
            ):
                leaf.tick(seconds, broken=broken, powered=powered, stopped=self.emergency_stop)

    @property
    def _holds_exit(self) -> bool:
        return self.fire and self.on_fire is OnFire.EXIT_OPENS

    def _jam(self) -> None:
        self.entry.jammed, self.exit.jammed = self.faults.jam_entry, self.faults.jam_exit

    def _watch_host(self, seconds: float) -> None:
        was_silent = self._host_silent
        self._silent_for += seconds / self.pace
        if self._host_silent:
            self.entry.wanted = self.exit.wanted = False
        if self._host_silent and not was_silent:
            self._show_red()

    def _watch_sensors(self, seconds: float) -> None:
        agree = self._occupancy == self._counted
        self._sensors.tick(seconds, self._entry_curtain, self._exit_curtain, agree)
        self.latched |= self._present_faults

    @property
    def _present_faults(self) -> Fault:
        return self._sensors.faults | (
            Fault(self.entry.faulty * Fault.ENTRY_LEAF | self.exit.faulty * Fault.EXIT_LEAF)
        )

    @property
    def _counted(self) -> int:
        seen = self.people.crossings
        return seen.entry_in - seen.entry_out + seen.exit_in - seen.exit_out

    @property
    def _entry_curtain(self) -> bool:
        return self.faults.stuck_entry_curtain or self.people.breaks(0.0)

    @property
    def _exit_curtain(self) -> bool:
        return self.faults.stuck_exit_curtain or self.people.breaks(LENGTH)

    @property
    def _host_silent(self) -> bool:
        return self._silent_for > self._holdings[Holding.WATCHDOG] / 1000

    def _show_red(self) -> None:
        self._holdings[Holding.LAMP_ENTRY : Holding.BUZZER] = [Lamp.RED] * 3

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
        crossings = self.people.crossings
        curtains = self._entry_curtain * Curtain.ENTRY | self._exit_curtain * Curtain.EXIT
        values = {
            Input.MAP: MAP_VERSION,
            Input.ENTRY_LEAF: self.entry.state,
            Input.EXIT_LEAF: self.exit.state,
            Input.CURTAINS: curtains,
            Input.OCCUPANCY: self._occupancy,
            Input.SAFETY: self._safety,
            Input.POWER: self.power,
            Input.FAULTS: self.latched,
            Input.REFUSAL: self._refusal,
            Input.HEARTBEAT: self._holdings[Holding.HEARTBEAT],
            Input.CONTROLLER_BEAT: int(self._time * 10),
            Input.LAMP_ENTRY: self._holdings[Holding.LAMP_ENTRY],
            Input.LAMP_EXIT: self._holdings[Holding.LAMP_EXIT],
            Input.LAMP_INSIDE: self._holdings[Holding.LAMP_INSIDE],
            Input.BUZZER: self._holdings[Holding.BUZZER],
            Input.ENTRY_IN: crossings.entry_in,
            Input.ENTRY_OUT: crossings.entry_out,
            Input.EXIT_OUT: crossings.exit_out,
            Input.EXIT_IN: crossings.exit_in,
            Input.ON_FIRE: self.on_fire,
            Input.ON_POWER_LOSS: self.on_power_loss,
        }
        return [values[register] & 0xFFFF for register in Input]

    def holdings(self) -> list[int]:
        """Return the holding registers."""
        return self._holdings

    def write(self, address: int, value: int) -> None:
        """Take one holding register, or raise Denied."""
        register = Holding(address)
        if self.faults.take("refuse"):
            raise Denied(DEVICE_FAILURE)
        if value not in ALLOWED[register]:
            raise Denied(ILLEGAL_VALUE)
        self._obey(register, value)
        self._holdings[register] = value

    def _obey(self, register: Holding, value: int) -> None:
        match register:
            case Holding.ENTRY:
                self._command(self.entry, self.exit, bool(value))
            case Holding.EXIT:
                self._command(self.exit, self.entry, bool(value))
            case Holding.HEARTBEAT if value != self._holdings[register]:
                self._silent_for = 0.0
            case Holding.ACKNOWLEDGE:
                self._acknowledge()

    def _command(self, leaf: MovingLeaf, other: MovingLeaf, open_it: bool) -> None:
        reason = self._why_not_open(leaf, other) if open_it else self._why_not_close(leaf)
        self._refuse_if(reason)
        leaf.wanted = open_it

    def _why_not_open(self, leaf: MovingLeaf, other: MovingLeaf) -> Refusal:
        own = Fault.ENTRY_LEAF | Fault.ENTRY_CURTAIN
        if leaf is self.exit:
            own = Fault.EXIT_LEAF | Fault.EXIT_CURTAIN
        reasons = (
            (self.power is Power.OFF, Refusal.NO_POWER),
            (self.fire and leaf is self.entry, Refusal.FIRE),
            (self.emergency_stop, Refusal.EMERGENCY_STOP),
            (self._host_silent, Refusal.HOST_SILENT),
            (bool(self.latched & own), Refusal.FAULT_LATCHED),
            (not (other.shut or self.fire), Refusal.OTHER_LEAF_NOT_CLOSED),
        )
        return next((reason for holds, reason in reasons if holds), Refusal.NONE)

    def _why_not_close(self, leaf: MovingLeaf) -> Refusal:
        return Refusal.FIRE if self._holds_exit and leaf is self.exit else Refusal.NONE

    def _acknowledge(self) -> None:
        self._jam()
        self.entry.acknowledge()
        self.exit.acknowledge()
        self.latched = self._present_faults
        self._refuse_if(Refusal.FAULT_STILL_THERE if self.latched else Refusal.NONE)

    def _refuse_if(self, reason: Refusal) -> None:
        self._refusal = reason
        if reason is not Refusal.NONE:
            raise Denied(DEVICE_FAILURE)

    @property
    def _safety(self) -> int:
        return (
            self.emergency_stop * Safety.EMERGENCY_STOP
            | self.fire * Safety.FIRE
            | self._host_silent * Safety.WATCHDOG
        )
