"""What an e-gate asks of its gate: leaves, lamps and buzzer.

1. A command that the gate refuses, or does not answer, is a fault (edge.runtime.hands).
2. In a phase in which nothing may be open, a leaf that means to be open is told to close again,
   once a second: the first command may have been lost.
3. In an emergency commands are withdrawn. A fire holds the exit by hardware, which refuses to close
   it; that command is withdrawn when the fire is over.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.gate.gate import Gate
from drivers.gate.registers import GateState, Leaf
from edge.egate.lamps import LAMPS
from edge.egate.passage import Event, Phase
from edge.runtime.clock import Clock
from edge.runtime.hands import Hands
from edge.runtime.worker import Worker

CLOSE_AGAIN_EVERY = 1.0  # s
_NOTHING_OPEN = frozenset({Phase.CLOSED, Phase.FAULT})
_MEANS_TO_BE_OPEN = frozenset({Leaf.OPENING, Leaf.OPEN})


class Leaves:
    """The gate's worker, and what is asked of it."""

    def __init__(self, gate: Worker[Gate], hands: Hands[Event], clock: Clock) -> None:
        self._gate = gate
        self._hands = hands
        self._clock = clock
        self._closed_at = float("-inf")

    def open_entry(self) -> None:
        """Open the entry."""
        self._tell(lambda gate: gate.command_entry(open=True))

    def open_exit(self) -> None:
        """Open the exit."""
        self._tell(lambda gate: gate.command_exit(open=True))

    def close(self) -> None:
        """Close both."""
        self._closed_at = self._clock.monotonic()
        self._tell(lambda gate: gate.command_entry(open=False))
        self._tell(lambda gate: gate.command_exit(open=False))

    def withdraw(self, state: GateState | None) -> None:
        """Take back every command, but not the exit's while there is a fire."""
        self._tell(lambda gate: gate.command_entry(open=False))
        if state is None or not state.fire:
            self._tell(lambda gate: gate.command_exit(open=False))

    def keep_closed(self, phase: Phase, state: GateState) -> None:
        """Close again what should be closed and means to be open."""
        astray = _MEANS_TO_BE_OPEN & {state.entry, state.exit}
        due = self._clock.monotonic() >= self._closed_at + CLOSE_AGAIN_EVERY
        if phase in _NOTHING_OPEN and astray and due and not state.fire:
            self.close()

    def acknowledge(self) -> None:
        """Clear the gate's latched faults."""
        self._hands.trust_again()
        self._tell(Gate.acknowledge_fault)

    def light(self, phase: Phase) -> None:
        """Show the lamps of ``phase``; the buzzer falls silent when the gate is ready again."""
        lamps = LAMPS[phase]
        self._gate.ask(lambda gate: gate.lamps(lamps))
        if phase is Phase.IDLE:
            self._gate.ask(lambda gate: gate.buzzer(on=False))

    def alarm(self) -> None:
        """Sound the buzzer."""
        self._gate.ask(lambda gate: gate.buzzer(on=True))

    def _tell(self, verb: Callable[[Gate], None]) -> None:
        self._hands.tell(self._gate, verb)
