"""What the traveller is told beyond the phase: how to lay the document, that it takes a while.

1. How the document lies comes first; that its chip takes its time is said where nothing else is.
   Before that comes a boarding pass that is wanted and was not shown.
2. A new phase takes back what was told in the one before.
3. A document that was read and still lies there when its holder walks in, or when the gate is ready
   for the next, is asked to be taken.
4. In a fault "another gate" is said only while the gate counts nobody inside, and never where the
   count itself is in doubt: somebody may be waiting for help.
"""

from __future__ import annotations

from drivers.gate.registers import GateState
from edge.display.display import Display
from edge.display.storyboard import HINTS, OF_PROBLEM, Hint
from edge.egate.advice import Advice
from edge.egate.passage import Event, Phase
from edge.egate.placement import Placement, Problem
from edge.runtime.clock import Clock

TAKES = 4.0  # s in which a traveller who walks in has taken the document
_WITHOUT_IT = HINTS[Hint.FORGOTTEN][1]
Cause = tuple[Phase, Event] | None


class Guide:
    """Tells one traveller, while one document is read. It lives in the agent's loop."""

    def __init__(self, display: Display, clock: Clock) -> None:
        self._display = display
        self._clock = clock
        self._advice = Advice()
        self._problem: Problem | None = None
        self._slow = self._pass_wanted = False

    def see(self, placement: Placement) -> None:
        """Take in how the document lies."""
        self._problem = self._advice.update(placement, self._clock.monotonic())
        self._tell()

    def slow(self) -> None:
        """Take in that the chip is not read yet."""
        self._slow = True
        self._tell()

    def wants_pass(self, wanted: bool) -> None:
        """Take in whether the boarding pass is still to be shown."""
        self._pass_wanted = wanted
        self._tell()

    def _tell(self) -> None:
        hint = None if self._problem is None else OF_PROBLEM[self._problem]
        if hint is None and self._pass_wanted:
            hint = Hint.PASS_WANTED
        self._display.advise(hint or (Hint.SLOW if self._slow else None))


def hint_of(
    phase: Phase, cause: Cause, gate: GateState | None, *, forgotten: bool = False
) -> Hint | None:
    """Return what the gate itself says to do in ``phase``, which ``cause`` led to.

    ``forgotten``: a document that was read still lies on the glass.
    """
    if forgotten and phase in _WITHOUT_IT:
        return Hint.FORGOTTEN
    event = None if cause is None else cause[1]
    if phase is Phase.RETURNING and event is Event.CROWDED:
        return Hint.CROWDED
    empty = gate is not None and gate.occupancy == 0
    if phase is Phase.FAULT and empty and event is not Event.EMPTY:
        return Hint.NOBODY_INSIDE
    return None
