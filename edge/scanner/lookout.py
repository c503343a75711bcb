"""What the scanner's devices said last: where items are, and what conditions hold.

1. A device that is away has no state. A controller that answers while its programme stands still is
   as good as away.
2. Nothing is done here: it is looked at by the unit's table.
"""

from __future__ import annotations

from drivers.conveyor.registers import ConveyorState
from drivers.xray_source.source import ReadBack
from edge.runtime.clock import Clock
from edge.runtime.controller import ControllerWatch
from edge.runtime.lane import Lane
from edge.scanner import devices
from edge.scanner.conditions import Conditions
from edge.scanner.config import ScannerConfig
from edge.scanner.devices import SourceState, Workers
from edge.scanner.dose import DoseBook, Exposed, Meter
from edge.scanner.inspection import BEAM, SCANS, Phase
from edge.scanner.self_test import SelfTestDuty
from edge.scanner.tracking import Span, Tracked
from edge.scanner.watch import Motion


class Lookout:
    """The lane as its devices show it. It lives in the agent's loop."""

    def __init__(self, config: ScannerConfig, workers: Workers, lane: Lane, clock: Clock) -> None:
        self._config = config
        self._workers = workers
        self._lane = lane
        self._clock = clock
        self._heart = ControllerWatch(devices.CONVEYOR, lane, clock)
        tube = config.devices.xray_source
        self._meter = Meter(ReadBack(tube.kilovolts, tube.milliamperes, 0.0), clock.monotonic())
        self._stands = False
        self.motion = Motion()
        self.conveyor: ConveyorState | None = None
        self.source: SourceState | None = None
        self.tracked = Tracked()

    @property
    def position(self) -> float:
        """Where the belt is, in mm."""
        return 0.0 if self.conveyor is None else self.conveyor.position

    @property
    def radiates(self) -> bool:
        """Whether the beam is on, for all that was heard: it was, and has not been seen off."""
        return self._meter.on

    def belt(self, state: ConveyorState, book: DoseBook) -> Exposed:
        """Take in what the conveyor says; return what the beam of a generator that is away did."""
        now = self._clock.monotonic()
        self.tracked = self.tracked.follow(self.conveyor, state)
        self.conveyor = state if self._heart.alive(state.controller_beat) else None
        self._stands = self.motion.stands(state, now)
        away = self.source is None
        return self._meter.relay(book, now, permits=state.beam_permitted, away=away)

    def tube(self, state: SourceState, book: DoseBook) -> Exposed:
        """Take in what the generator says; return what its beam did since it last spoke."""
        self.source = state
        now, on = self._clock.monotonic(), state.status.beam_on
        return self._meter.seen(book, now, state.read_back, on=on)

    def left(self, book: DoseBook) -> Exposed:
        """Take in that the beam was turned off as the programme ends; return what it did."""
        return self._meter.relay(book, self._clock.monotonic(), permits=False, away=True)

    def lost(self, device: str) -> None:
        """Take in that ``device`` is away."""
        if device == devices.CONVEYOR:
            self.conveyor = None
        elif device == devices.SOURCE:
            self.source = None

    def empty(self) -> None:
        """Whatever is behind the entry barrier now has to leave the belt."""
        self.tracked = Tracked(Span(self.position, self.position))

    def emptied(self) -> None:
        """Nothing is on the belt any more."""
        self.tracked = Tracked()

    def conditions(
        self, phase: Phase, duty: SelfTestDuty, *, obeys: bool, air_fresh: bool, astray: bool
    ) -> Conditions:
        """Return all that the table's levels are computed from."""
        silent = self._workers.silent_for() > self._config.policy.silent_for
        return Conditions(
            conveyor=self.conveyor,
            source=self.source,
            detector_well=self._lane.connected(devices.DETECTOR),
            lane_obeys=obeys,
            silent=silent and phase in BEAM,
            astray=astray,
            stands=self._stands and phase in SCANS,
            disk_full=self._lane.disk_full,
            closing=self._lane.closing,
            air_fresh=air_fresh,
            test_due=duty.due,
            test_overdue=duty.overdue,
            tracked=self.tracked,
            geometry=self._config.geometry,
            kilovolts=self._config.devices.xray_source.kilovolts,
        )
