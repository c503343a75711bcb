"""The conveyor controller's register map, version 1 (docs/devices/conveyor.md). Numbers, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

MAP_VERSION = 1
ACKNOWLEDGE = 0xACED  # the only value the acknowledge register takes
SLOWEST, FASTEST = 50, 1000  # mm/s


class Input(IntEnum):
    """Input registers (function 04)."""

    MAP = 0
    BELT = 1
    SPEED = 2  # mm/s, without sign
    POSITION_HIGH = 3  # encoder, tenths of a millimetre, signed 32 bit
    POSITION_LOW = 4
    BARRIERS = 5
    SAFETY = 6
    DIVERTER = 7
    FAULTS = 8
    REFUSAL = 9
    HEARTBEAT = 10
    CONTROLLER_BEAT = 11
    ITEMS_IN = 12
    ITEMS_OUT = 13


class Holding(IntEnum):
    """Holding registers (functions 03, 06, 16)."""

    SPEED = 0  # in front of the belt, so that one write sets it first
    BELT = 1
    DIVERTER = 2
    BEAM_PERMISSION = 3
    HEARTBEAT = 4
    WATCHDOG = 5  # ms of silence the controller bears, 200–10 000
    ACKNOWLEDGE = 6


class Belt(IntEnum):
    """What the belt does, or is to do."""

    STOPPED = 0
    FORWARD = 1
    REVERSE = 2


class Diverter(IntEnum):
    """Where the gate behind the scanner stands, or is to stand."""

    RELEASE = 0
    HOLD = 1
    DIVERT = 2
    MOVING = 3  # reported only


class Barrier(IntFlag):
    """Light barriers that are broken."""

    ENTRY = 1
    EXIT = 2


class Safety(IntFlag):
    """Safety inputs and what follows from them."""

    EMERGENCY_STOP = 1
    PERSON_IN_ZONE = 2
    DOOR_OPEN = 4
    INTERLOCK_CLOSED = 8  # none of the above
    BEAM_PERMITTED = 16  # the relay in the generator's hard-wired loop
    HOST_SILENT = 32


class Fault(IntFlag):
    """Faults, latched until acknowledged."""

    JAM = 1  # driven, and not moving
    ENTRY_BARRIER = 2  # broken for longer than any item is long
    EXIT_BARRIER = 4
    DIVERTER = 8


class Refusal(IntEnum):
    """Why the controller last refused a command."""

    NONE = 0
    INTERLOCK_OPEN = 1
    EMERGENCY_STOP = 2
    HOST_SILENT = 3
    FAULT_LATCHED = 4
    FAULT_STILL_THERE = 5


@dataclass(frozen=True, slots=True)
class ConveyorState:
    """All that the controller sees, in one poll."""

    belt: Belt
    speed: float  # mm/s, without sign
    position: float  # mm of belt since the controller started, forward positive
    entry_barrier: bool  # broken
    exit_barrier: bool
    emergency_stop: bool
    person_in_zone: bool
    door_open: bool
    interlock_closed: bool
    beam_permitted: bool
    host_silent: bool
    diverter: Diverter
    faults: Fault
    heartbeat: int
    controller_beat: int  # tenths of a second: stands still when the controller does
    items_in: int  # past the entry and exit barrier since the start; wrap at 65 536
    items_out: int


def decode(registers: Sequence[int]) -> ConveyorState:
    """Return the state that the input registers from address 0 describe.

    Raises ValueError on another map version or a value outside its table.
    """
    if registers[Input.MAP] != MAP_VERSION:
        raise ValueError(f"conveyor speaks register map {registers[Input.MAP]}, not {MAP_VERSION}")
    barriers, safety = Barrier(registers[Input.BARRIERS]), Safety(registers[Input.SAFETY])
    tenths = registers[Input.POSITION_HIGH] << 16 | registers[Input.POSITION_LOW]
    return ConveyorState(
        belt=Belt(registers[Input.BELT]),
        speed=float(registers[Input.SPEED]),
        position=(tenths - (tenths >> 31 << 32)) / 10,
        entry_barrier=Barrier.ENTRY in barriers,
        exit_barrier=Barrier.EXIT in barriers,
        emergency_stop=Safety.EMERGENCY_STOP in safety,
        person_in_zone=Safety.PERSON_IN_ZONE in safety,
        door_open=Safety.DOOR_OPEN in safety,
        interlock_closed=Safety.INTERLOCK_CLOSED in safety,
        beam_permitted=Safety.BEAM_PERMITTED in safety,
        host_silent=Safety.HOST_SILENT in safety,
        diverter=Diverter(registers[Input.DIVERTER]),
        faults=Fault(registers[Input.FAULTS]),
        heartbeat=registers[Input.HEARTBEAT],
        controller_beat=registers[Input.CONTROLLER_BEAT],
        items_in=registers[Input.ITEMS_IN],
        items_out=registers[Input.ITEMS_OUT],
    )
