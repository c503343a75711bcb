"""One look at the generator: two questions, and what may happen between them."""

from __future__ import annotations

from drivers.xray_source.source import ReadBack, SourceStatus
from edge.scanner.devices import _look
from edge.scanner.watch import Pulse


class Arcs:
    """A generator whose tube arcs, and is cut, between the first question and the second."""

    def __init__(self) -> None:
        self.asked = 0

    def status(self) -> SourceStatus:
        well = self._well()
        return SourceStatus(beam_on=well, interlock_closed=True, fault=not well)

    def read_back(self) -> ReadBack:
        well = self._well()
        return ReadBack(kv=160.0 * well, ma=1.0 * well, temperature=30.0)

    def _well(self) -> bool:
        self.asked += 1
        return self.asked == 1


def test_a_fault_that_cuts_the_beam_is_not_taken_for_a_beam_that_is_merely_lost() -> None:
    state = _look(Arcs(), Pulse())  # type: ignore[arg-type]
    assert state.status.fault
