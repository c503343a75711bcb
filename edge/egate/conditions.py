"""The gate's conditions: which of the table's levels hold, given what the devices said last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.gate.registers import GateState, Leaf, Power
from edge.egate.passage import Event


@dataclass(frozen=True)
class Conditions:
    """All that a level is computed from. ``gate`` is None while its controller is away."""

    gate: GateState | None
    gate_obeys: bool  # no command was refused since the lane was last opened
    readers_well: bool
    disk_full: bool
    closing: bool
    document_waits: bool  # one lies on the reader that no passage has used

    def holds(self, level: Event) -> bool:
        """Return whether ``level`` holds now."""
        rule = _RULES.get(level)
        if rule is not None:
            return rule(self)
        return self.gate is not None and _GATE_RULES[level](self.gate)


def _both_closed(gate: GateState) -> bool:
    return gate.entry is Leaf.CLOSED and gate.exit is Leaf.CLOSED


def _faulty(gate: GateState) -> bool:
    return bool(gate.faults) or Leaf.FAULT in (gate.entry, gate.exit)


_RULES: dict[Event, Callable[[Conditions], bool]] = {
    Event.DEVICE_FAILED: lambda now: now.gate is None,
    Event.GATE_FAULT: lambda now: (
        not now.gate_obeys or (now.gate is not None and _faulty(now.gate))
    ),
    Event.DISK_FULL: lambda now: now.disk_full,
    Event.READER_FAILED: lambda now: not now.readers_well,
    Event.READERS_WELL: lambda now: now.readers_well and not now.disk_full,
    Event.CLOSE_LANE: lambda now: now.closing,
    Event.DOCUMENT_PLACED: lambda now: now.document_waits,
}

_GATE_RULES: dict[Event, Callable[[GateState], bool]] = {
    Event.EMERGENCY: lambda gate: gate.fire or gate.emergency_stop or gate.power is Power.OFF,
    Event.ALL_CLEAR: lambda gate: not (gate.fire or gate.emergency_stop or gate.power is Power.OFF),
    Event.ENTRY_ASTRAY: lambda gate: gate.entry is not Leaf.CLOSED,
    Event.EXIT_ASTRAY: lambda gate: gate.exit is not Leaf.CLOSED,
    Event.CROWDED: lambda gate: gate.occupancy >= 2,
    Event.CONFINED: lambda gate: gate.occupancy >= 1 and _both_closed(gate),
    Event.SECURED: lambda gate: gate.occupancy == 1 and _both_closed(gate),
    Event.OCCUPIED: lambda gate: gate.occupancy == 1,
    Event.SETTLED: lambda gate: gate.occupancy == 0 and _both_closed(gate) and not _faulty(gate),
    Event.EMPTY: lambda gate: gate.occupancy == 0,
}
