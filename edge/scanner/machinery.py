"""What a scanner asks of its generator and its conveyor.

1. The beam is turned off two ways at once: at the generator, and by the conveyor's permission
   relay. It is turned on one after the other: permission, then, its loop closed, the generator.
2. A beam that is on in a phase that wants none is turned off again, twice a second: the first
   command may have been lost.
3. A belt that stands though it was told to run, as after its controller's watchdog, is asked again;
   the unit tells of it. While it is being scanned an item must not stand.
4. A command that a device refuses, or does not answer, is a fault (edge.runtime.hands).
5. Behind an item that leaves while the next is begun, the diverter is shut as soon as its tail is
   through: the next one comes to a closed diverter, long before it is there.
6. Before the air reference the tube is worked up, if it rested (edge/scanner/working_up.py).
   Voltage and current are set anew in any case: the generator may have been off in between.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.conveyor.conveyor import Conveyor, Diverter
from drivers.conveyor.registers import Belt, ConveyorState
from drivers.errors import DriverError
from drivers.xray_source.source import XraySource
from edge.runtime.clock import Clock
from edge.runtime.hands import Hands
from edge.scanner.config import Geometry
from edge.scanner.devices import SourceState, Workers
from edge.scanner.inspection import BEAM, Event, Phase
from edge.scanner.tracking import Tracked
from edge.scanner.working_up import WorkingUp

OFF_AGAIN_EVERY = 0.5  # s
STANDS_AFTER = 1.0  # s from the command to run; a belt starts sooner
ASTRAY_AFTER = 1.0  # s that a beam may stay on in a phase that wants none; it is asked off twice
SHUT_BEHIND = 100.0  # mm behind the diverter from which it may close
OFF_WITHIN = 2.0  # s that stopping waits for the generator and the belt


class BeltStands(Exception):
    """The belt stood though it was told to run."""


class Machinery:
    """Generator and conveyor, and what is asked of them."""

    def __init__(
        self, workers: Workers, hands: Hands[Event], tube: WorkingUp, clock: Clock
    ) -> None:
        self._workers = workers
        self._hands = hands
        self._tube = tube
        self._clock = clock
        self._beam_wanted = False
        self._wish = 0  # counts them, so that a late answer cannot revive an old one
        self._off_at = float("-inf")
        self._speed: float | None = None  # of the belt that is to run
        self._run_at = 0.0
        self._points: Diverter | None = None
        self._astray_since: float | None = None

    def patience(self, phase: Phase, limit: float) -> float:
        """Return how many times ``limit`` ``phase`` may last: as long again as the tube worked up.

        So a beam that goes away in the middle of it is missed after ``limit`` and not after all.
        """
        return 1 + self._tube.worked / limit if phase is Phase.WARMING else 1.0

    def works_up(self, phase: Phase) -> bool:
        """Return whether the tube is not yet where it can be used."""
        return phase is Phase.WARMING and self._tube.unfinished

    def beam_on(self, phase: Phase) -> None:
        """Permit the beam; it comes when the generator says that its loop is closed."""
        if phase is Phase.WARMING and not self._tube.begin():
            return
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
        warming = phase is Phase.WARMING
        if (stage := self._tube.follow(source, warming=warming)) is not None:
            self._hands.tell(self._workers.source, _at(stage.kv, stage.ma))
        if self._beam_wanted and source.status.interlock_closed:
            self._beam_wanted = False
            wish = self._wish
            if warming:
                self._hands.tell(self._workers.source, _at(*self._tube.points))
            self._hands.tell(self._workers.source, _beam_on, lambda: self._cold(wish))
        due = self._clock.monotonic() >= self._off_at + OFF_AGAIN_EVERY
        if source.status.beam_on and phase not in BEAM and due:
            self.beam_off()

    def astray(self, phase: Phase, source: SourceState | None) -> bool:
        """Return whether the beam stays on in phases that want none."""
        now = self._clock.monotonic()
        if source is None or not source.status.beam_on or phase in BEAM:
            self._astray_since = None
        elif self._astray_since is None:
            self._astray_since = now
        return self._astray_since is not None and now - self._astray_since >= ASTRAY_AFTER

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
        self._points = where
        self._hands.tell(self._workers.conveyor, lambda conveyor: conveyor.divert(where))

    def follow_belt(self, tracked: Tracked, position: float, geometry: Geometry) -> None:
        """Shut the diverter behind an item that leaves."""
        through = geometry.entry_to_diverter + SHUT_BEHIND
        ahead = tracked.ahead
        passed = ahead is not None and ahead.tail_past(position) >= through
        if passed and self._points is not Diverter.HOLD:
            self.point(Diverter.HOLD)

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


def _at(kv: float, ma: float) -> Callable[[XraySource], None]:
    def program(source: XraySource) -> None:
        source.set_kv(kv)
        source.set_ma(ma)

    return program


def _beam_off(source: XraySource) -> None:
    source.beam(on=False)


def _beam_on(source: XraySource) -> None:
    source.beam(on=True)
