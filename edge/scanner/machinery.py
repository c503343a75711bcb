"""What a scanner asks of its generator and its conveyor.

1. The beam is turned off two ways at once: at the generator, and by the conveyor's permission
   relay. It is turned on one after the other: permission, then, its loop closed, the generator.
2. A beam that is on in a phase that wants none is turned off again, twice a second: the first
   command may have been lost.
3. A belt that stands though it was told to run, as after its controller's watchdog, is asked again;
   the unit tells of it. While it is being scanned an item must not stand.
4. A command that a device refuses, or does not answer, is a fault (edge.runtime.hands).
"""

from __future__ import annotations

from drivers.conveyor.conveyor import Conveyor, Diverter
from drivers.conveyor.registers import Belt, ConveyorState
from drivers.errors import DriverError
from drivers.xray_source.source import XraySource
from edge.runtime.clock import Clock
from edge.runtime.hands import Hands
from edge.scanner.devices import SourceState, Workers
from edge.scanner.inspection import Event, Phase

OFF_AGAIN_EVERY = 0.5  # s
_BEAM = frozenset({Phase.WARMING, Phase.AIRING, Phase.ARMING, Phase.SCANNING})
STANDS_AFTER = 1.0  # s from the command to run; a belt starts sooner
OFF_WITHIN = 2.0  # s that stopping waits for the generator and the belt


class BeltStands(Exception):
    """The belt stood though it was told to run."""


class Machinery:
    """Generator and conveyor, and what is asked of them."""

    def __init__(self, workers: Workers, hands: Hands[Event], clock: Clock) -> None:
        self._workers = workers
        self._hands = hands
        self._clock = clock
        self._beam_wanted = False
        self._wish = 0  # counts them, so that a late answer cannot revive an old one
        self._off_at = float("-inf")
        self._speed: float | None = None  # of the belt that is to run
        self._run_at = 0.0

    def beam_on(self) -> None:
        """Permit the beam; it comes when the generator says that its loop is closed."""
        self._beam_wanted = True
        self._wish += 1
        self._hands.tell(self._workers.conveyor, lambda conveyor: conveyor.permit_beam(on=True))

    def beam_off(self) -> None:
        """Turn the beam off, both ways."""
        self._beam_wanted = False
        self._wish += 1
        self._off_at = self._clock.monotonic()
        self._hands.tell(self._workers.source, _beam_off)
        self._hands.tell(self._workers.conveyor, lambda conveyor: conveyor.permit_beam(on=False))

    def follow(self, phase: Phase, source: SourceState) -> None:
        """Do what the generator's report calls for: on when permitted, off when unwanted."""
        if self._beam_wanted and source.status.interlock_closed:
            self._beam_wanted = False
            wish = self._wish
            self._hands.tell(self._workers.source, _beam_on, lambda: self._cold(wish))
        due = self._clock.monotonic() >= self._off_at + OFF_AGAIN_EVERY
        if source.status.beam_on and phase not in _BEAM and due:
            self.beam_off()

    def run(self, speed: float) -> None:
        """Run the belt forward at ``speed`` mm/s."""
        self._speed, self._run_at = speed, self._clock.monotonic()
        self._hands.tell(self._workers.conveyor, lambda conveyor: conveyor.run(speed))

    def stands(self, conveyor: ConveyorState) -> bool:
        """Return whether the belt stands though it was told to run; then ask it again."""
        if self._speed is None or conveyor.belt is not Belt.STOPPED:
            return False
        if self._clock.monotonic() < self._run_at + STANDS_AFTER:
            return False
        self.run(self._speed)
        return True

    def stop(self) -> None:
        """Stop the belt."""
        self._speed = None
        self._hands.tell(self._workers.conveyor, Conveyor.stop)

    def point(self, where: Diverter) -> None:
        """Set the diverter."""
        self._hands.tell(self._workers.conveyor, lambda conveyor: conveyor.divert(where))

    def acknowledge(self) -> None:
        """Clear latched faults of both."""
        self._hands.trust_again()
        self._hands.tell(self._workers.conveyor, Conveyor.acknowledge_fault)
        self._hands.tell(self._workers.source, XraySource.reset_faults)

    def leave(self) -> None:
        """Turn the beam off and stop the belt, and wait for it: the programme ends."""
        for answer in (
            self._workers.source.ask(_beam_off),
            self._workers.conveyor.ask(Conveyor.stop),
        ):
            try:
                answer.result(timeout=OFF_WITHIN)
            except (DriverError, TimeoutError):
                continue  # the controllers' own watchdogs do the same a moment later

    def _cold(self, wish: int) -> None:
        """Ask a tube that is still warming up again at its next report, if that is still wanted."""
        self._beam_wanted = wish == self._wish


def _beam_off(source: XraySource) -> None:
    source.beam(on=False)


def _beam_on(source: XraySource) -> None:
    source.beam(on=True)
