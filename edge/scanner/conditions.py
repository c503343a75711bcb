"""The scanner's conditions: which of the table's levels hold, given what the devices said last.

The beam is *proved* allowed when the interlock is closed by the conveyor's latest word, nobody is
near, every device is well and has just been heard, and the air reference is accepted and fresh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.conveyor.registers import ConveyorState, Fault
from edge.scanner.config import Geometry
from edge.scanner.devices import AT_LEVEL, SourceState
from edge.scanner.phases import Event
from edge.scanner.tracking import Tracked

TAIL_MARGIN = 60.0  # mm behind the item that are scanned too


@dataclass(frozen=True)
class Conditions:
    """All that a level is computed from. A device's state is None while it is away."""

    conveyor: ConveyorState | None
    source: SourceState | None
    detector_well: bool
    lane_obeys: bool  # no command was refused since the lane was last opened
    silent: bool  # a device that guards the beam has not been heard for too long
    astray: bool  # the beam is on though it was turned off a while ago
    stands: bool  # the belt stands in the middle of a scan
    disk_full: bool
    closing: bool
    air_fresh: bool  # there are references, they were accepted, and they are fresh
    test_due: bool  # the self-test, before the next item
    test_overdue: bool  # so long that even an item that waits has to wait for it
    tracked: Tracked
    geometry: Geometry
    kilovolts: float

    def holds(self, level: Event) -> bool:
        """Return whether ``level`` holds now."""
        return _RULES[level](self)


def _away(now: Conditions) -> bool:
    return now.conveyor is None or now.source is None or not now.detector_well


def _faulty(now: Conditions) -> bool:
    source_fault = now.source is not None and now.source.status.fault
    conveyor_fault = now.conveyor is not None and bool(now.conveyor.faults & ~Fault.JAM)
    return not now.lane_obeys or source_fault or conveyor_fault


def _jammed(now: Conditions) -> bool:
    return now.stands or (now.conveyor is not None and Fault.JAM in now.conveyor.faults)


def _safe(now: Conditions) -> bool:
    if now.conveyor is None or now.source is None:
        return False
    belt = now.conveyor
    well = not belt.faults and not now.source.status.fault and now.detector_well
    near = belt.person_in_zone or belt.emergency_stop
    return well and belt.interlock_closed and not near and not now.source.status.beam_on


def _test_due(now: Conditions) -> bool:
    return now.test_overdue or (now.test_due and not now.tracked.arrived)


def _beam_is_on(now: Conditions) -> bool:
    if now.source is None:
        return False
    return now.source.status.beam_on and now.source.read_back.kv >= AT_LEVEL * now.kilovolts


def _on_belt(rule: Callable[[Conditions, ConveyorState], bool]) -> Callable[[Conditions], bool]:
    return lambda now: now.conveyor is not None and rule(now, now.conveyor)


_RULES: dict[Event, Callable[[Conditions], bool]] = {
    Event.EMERGENCY: _on_belt(lambda _, belt: belt.emergency_stop),
    Event.PERSON_IN_ZONE: _on_belt(lambda _, belt: belt.person_in_zone),
    Event.INTERLOCK_OPEN: _on_belt(lambda _, belt: not belt.interlock_closed),
    Event.JAMMED: _jammed,
    Event.LANE_FAULT: _faulty,
    Event.DEVICE_FAILED: _away,
    Event.LINK_SILENT: lambda now: now.silent,
    Event.BEAM_ASTRAY: lambda now: now.astray,
    Event.DISK_FULL: lambda now: now.disk_full,
    Event.CLOSE_LANE: lambda now: now.closing,
    Event.CALIBRATION_STALE: lambda now: not now.air_fresh,
    Event.SELF_TEST_DUE: _test_due,
    Event.BEAM_LOST: lambda now: not _beam_is_on(now),
    Event.SAFE: _safe,
    Event.PROVED: lambda now: _safe(now) and now.air_fresh,
    Event.BEAM_IS_ON: _beam_is_on,
    Event.ITEM_GONE: _on_belt(
        lambda now, belt: now.tracked.gone_by(belt.position, now.geometry.entry_to_end)
    ),
    Event.ITEM_ARRIVED: lambda now: now.tracked.arrived,
    Event.ITEM_TOO_LONG: _on_belt(
        lambda now, belt: now.tracked.front_past(belt.position) >= now.geometry.entry_to_diverter
    ),
    Event.ITEM_SCANNED: _on_belt(
        lambda now, belt: now.tracked.scanned_by(
            belt.position, now.geometry.entry_to_beam + TAIL_MARGIN
        )
    ),
}
