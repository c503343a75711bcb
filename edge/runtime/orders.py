"""The orders that every lane takes: open and close."""

from __future__ import annotations

from collections.abc import Collection

from contract.command import Execution
from edge.runtime.engine import DoT, Engine
from edge.runtime.lane import Lane
from edge.runtime.machine import EventT, PhaseT
from edge.uplink.commands import Answer


def open_lane(
    lane: Lane,
    engine: Engine[PhaseT, EventT, DoT],
    opens: EventT,
    openable: Collection[PhaseT],
) -> Answer:
    """Open a lane that is closed or at fault."""
    if engine.phase not in openable:
        return Execution.REFUSED, f"the lane is {engine.phase}: it is open, or not yet safe"
    lane.closing = False
    engine.happen(opens)
    if engine.phase in openable:
        was, why = engine.cause or (engine.phase, opens)
        return Execution.FAILED, f"the lane is {engine.phase}: {why} while {was}"
    return Execution.DONE, str(engine.phase)


def close_lane(lane: Lane, engine: Engine[PhaseT, EventT, DoT]) -> Answer:
    """Close a lane as soon as nobody and nothing is in it."""
    lane.closing = True
    engine.look()
    return Execution.DONE, str(engine.phase)
