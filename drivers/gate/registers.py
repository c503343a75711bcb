"""The gate controller's register map, version 2 (docs/devices/gate.md). Numbers, no I/O.

Input registers are what the controller sees; holding registers are what the host asks. Every
write sets a wanted state, so that writing it twice does what writing it once does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

MAP_VERSION = 2
ACKNOWLEDGE = 0xACED  # the only value the acknowledge register takes: no stray write clears a fault


class Input(IntEnum):
    """Input registers (function 04)."""

    MAP = 0
    ENTRY_LEAF = 1
    EXIT_LEAF = 2
    CURTAINS = 3
    OCCUPANCY = 4
    SAFETY = 5
    POWER = 6
    FAULTS = 7
    REFUSAL = 8
    HEARTBEAT = 9
    CONTROLLER_BEAT = 10
    LAMP_ENTRY = 11
    LAMP_EXIT = 12
    LAMP_INSIDE = 13
    BUZZER = 14
    ENTRY_IN = 15
    ENTRY_OUT = 16
    EXIT_OUT = 17
    EXIT_IN = 18
    ON_FIRE = 19
    ON_POWER_LOSS = 20


class Holding(IntEnum):
    """Holding registers (functions 03, 06, 16)."""

    ENTRY = 0
    EXIT = 1
    LAMP_ENTRY = 2
    LAMP_EXIT = 3
    LAMP_INSIDE = 4
    BUZZER = 5
    HEARTBEAT = 6
    WATCHDOG = 7  # ms of silence the controller bears, 500–10 000
    ACKNOWLEDGE = 8


class Leaf(IntEnum):
    """What a leaf does."""

    CLOSED = 0
    OPENING = 1
    OPEN = 2
    CLOSING = 3
    OBSTRUCTED = 4  # something stands in the curtain: the leaf gave way and waits
    FAULT = 5  # it should have arrived and has not: latched until acknowledged


class Lamp(IntEnum):
    """What a lamp shows."""

    OFF = 0
    RED = 1
    GREEN = 2
    YELLOW = 3
    WHITE = 4
    BLUE = 5


class Power(IntEnum):
    """What the gate runs on. With OFF the motors are dead; `OnPowerLoss` says what that means."""

    MAINS = 0
    BATTERY = 1
    OFF = 2


class OnFire(IntEnum):
    """What the controller's wiring does with the exit when the fire input is active."""

    EXIT_OPENS = 0
    EXIT_STAYS = 1


class OnPowerLoss(IntEnum):
    """What both leaves do without power: springs or a brake, chosen in the cabinet."""

    LEAVES_OPEN = 0
    LEAVES_STAY = 1


class Curtain(IntFlag):
    """Light curtains that are broken."""

    ENTRY = 1
    EXIT = 2


class Safety(IntFlag):
    """Safety inputs that are active."""

    EMERGENCY_STOP = 1
    FIRE = 2
    WATCHDOG = 4  # the host has been silent: lane closed, lamps red, commands refused


class Fault(IntFlag):
    """Faults, latched until acknowledged."""

    ENTRY_LEAF = 1
    EXIT_LEAF = 2
    ENTRY_CURTAIN = 4  # broken for longer than any traveller takes
    EXIT_CURTAIN = 8
    OCCUPANCY = 16  # the sensor contradicts the crossing counters


class Refusal(IntEnum):
    """Why the controller last refused a command."""

    NONE = 0
    OTHER_LEAF_NOT_CLOSED = 1
    EMERGENCY_STOP = 2
    FIRE = 3
    HOST_SILENT = 4
    FAULT_LATCHED = 5
    NO_POWER = 6
    FAULT_STILL_THERE = 7


# What the controller takes; anything else is an illegal data value.
ALLOWED: dict[Holding, range | frozenset[int]] = {
    Holding.ENTRY: range(2),
    Holding.EXIT: range(2),
    Holding.LAMP_ENTRY: range(len(Lamp)),
    Holding.LAMP_EXIT: range(len(Lamp)),
    Holding.LAMP_INSIDE: range(len(Lamp)),
    Holding.BUZZER: range(2),
    Holding.HEARTBEAT: range(0x10000),
    Holding.WATCHDOG: range(500, 10_001),
    Holding.ACKNOWLEDGE: frozenset((ACKNOWLEDGE,)),
}


@dataclass(frozen=True, slots=True)
class Lamps:
    """Colours over the entry, over the exit, and inside."""

    entry: Lamp = Lamp.OFF
    exit: Lamp = Lamp.OFF
    inside: Lamp = Lamp.OFF


@dataclass(frozen=True, slots=True)
class Crossings:
    """People through each leaf since the controller started, by direction; wraps at 65 536.

    ``entry_in`` and ``exit_out`` are the right way; ``entry_out`` walked back, ``exit_in`` came
    from behind.
    """

    entry_in: int = 0
    entry_out: int = 0
    exit_out: int = 0
    exit_in: int = 0


@dataclass(frozen=True, slots=True)
class GateState:
    """All that the controller sees, in one poll."""

    entry: Leaf
    exit: Leaf
    entry_curtain: bool  # broken
    exit_curtain: bool
    occupancy: int
    emergency_stop: bool
    fire: bool
    host_silent: bool  # the controller's watchdog has tripped
    power: Power
    faults: Fault
    lamps: Lamps
    buzzer: bool
    heartbeat: int  # the host's last, echoed
    controller_beat: int  # counts tenths of a second: stands still when the controller does
    crossings: Crossings
    on_fire: OnFire = OnFire.EXIT_OPENS
    on_power_loss: OnPowerLoss = OnPowerLoss.LEAVES_OPEN


def decode(registers: Sequence[int]) -> GateState:
    """Return the state that the input registers from address 0 describe.

    Raises ValueError on another map version or a value outside its table.
    """
    if registers[Input.MAP] != MAP_VERSION:
        raise ValueError(f"gate speaks register map {registers[Input.MAP]}, not {MAP_VERSION}")
    curtains, safety = Curtain(registers[Input.CURTAINS]), Safety(registers[Input.SAFETY])
    return GateState(
        entry=Leaf(registers[Input.ENTRY_LEAF]),
        exit=Leaf(registers[Input.EXIT_LEAF]),
        entry_curtain=Curtain.ENTRY in curtains,
        exit_curtain=Curtain.EXIT in curtains,
        occupancy=registers[Input.OCCUPANCY],
        emergency_stop=Safety.EMERGENCY_STOP in safety,
        fire=Safety.FIRE in safety,
        host_silent=Safety.WATCHDOG in safety,
        power=Power(registers[Input.POWER]),
        faults=Fault(registers[Input.FAULTS]),
        lamps=Lamps(*(Lamp(value) for value in registers[Input.LAMP_ENTRY : Input.BUZZER])),
        buzzer=bool(registers[Input.BUZZER]),
        heartbeat=registers[Input.HEARTBEAT],
        controller_beat=registers[Input.CONTROLLER_BEAT],
        crossings=Crossings(*registers[Input.ENTRY_IN : Input.EXIT_IN + 1]),
        on_fire=OnFire(registers[Input.ON_FIRE]),
        on_power_loss=OnPowerLoss(registers[Input.ON_POWER_LOSS]),
    )
