"""An operator's decision on the item that is held."""

from __future__ import annotations

from collections.abc import Callable

from contract.command import Command, Execution
from contract.inspection import Disposition, Resolved
from contract.topics import Stream
from edge.runtime.lane import Lane
from edge.scanner.phases import Event
from edge.scanner.story import Story
from edge.uplink.commands import Answer

_EVENTS = {
    Disposition.RELEASE: Event.RELEASE,
    Disposition.HOLD: Event.HOLD,
    Disposition.DIVERT: Event.DIVERT,
}


def decide(
    command: Command, held: Story | None, lane: Lane, happen: Callable[[Event], None]
) -> Answer:
    """Record what ``command`` says of the item that is ``held``, and act on it once it is there."""
    if held is None or command.args.get("inspection") != held.inspection:
        return Execution.REFUSED, "this item waits for no decision any more"
    resolved = Resolved(
        inspection=held.inspection,
        disposition=Disposition(str(command.args.get("disposition"))),
        operator=command.operator,
        reason=str(command.args.get("reason", ""))[:300],
    )
    if not lane.record(Stream.DECISION, "inspection.resolved", resolved):
        return Execution.FAILED, "the decision could not be recorded; the item stays held"
    happen(_EVENTS[resolved.disposition])
    return Execution.DONE, ""
