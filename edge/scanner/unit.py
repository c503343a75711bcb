"""A scanner at work: hears its devices, walks the table, performs what the table asks.

1. Everything here runs in the agent's loop; devices work in their own threads.
2. What was found is on disk before the belt moves on its account.
3. A command that a device refuses is a fault: the table turns the beam off and stops the belt.
4. After a restart the item that was on the belt is ended as held; an operator has to look at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.command import Command, Execution, Verb
from contract.inspection import Disposition, Resolved
from contract.topics import Stream
from drivers.conveyor.conveyor import Diverter
from drivers.conveyor.registers import ConveyorState
from edge.runtime.clock import Clock
from edge.runtime.controller import ControllerWatch
from edge.runtime.engine import Engine
from edge.runtime.hands import Hands
from edge.runtime.lane import Lane
from edge.runtime.orders import close_lane, open_lane
from edge.runtime.worker import Condition, Happening, Post, Seen
from edge.scanner import devices
from edge.scanner.conditions import Conditions
from edge.scanner.config import ScannerConfig, threshold_of
from edge.scanner.devices import SourceState
from edge.scanner.exposures import Exposures
from edge.scanner.inspection import INSPECTION, LEVELS, LIMITS, Do, Event, Phase
from edge.scanner.machinery import BeltStands, Machinery
from edge.scanner.story import Recorder, Story
from edge.scanner.tracking import Tracked
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer
from edge.uplink.outbox import Outbox
from models.catalogue import Card

_DISPOSITIONS = {
    Disposition.RELEASE: Event.RELEASE,
    Disposition.HOLD: Event.HOLD,
    Disposition.DIVERT: Event.DIVERT,
}
_OPENABLE = frozenset({Phase.CLOSED, Phase.FAULT})
_MAKING_SAFE = _OPENABLE | {Phase.PREPARING}
_ENDS = {
    Do.END_RELEASED: Disposition.RELEASE,
    Do.END_DIVERTED: Disposition.DIVERT,
    Do.END_FAULT: Disposition.HOLD,
}


class ScannerUnit:
    """One scanner. ``changed`` is called with the state's version at every change of phase."""

    def __init__(
        self,
        config: ScannerConfig,
        outbox: Outbox,
        spool: BlobSpool,
        clock: Clock,
        post: Post,
        card: Card,
        models: dict[str, str],
        changed: Callable[[int], None],
    ) -> None:
        self._config = config
        self._clock = clock
        self._changed = changed
        self.lane = Lane(outbox, clock, lambda: self._engine.phase, models)
        policy = config.policy
        threshold = threshold_of(config, card)
        self._recorder = Recorder(self.lane, spool, card, threshold)
        self._workers = devices.workers(config.devices, config.geometry, post)
        for worker in self._workers.all():
            self.lane.add(worker)
        self._exposures = Exposures(
            self.lane, self._workers, self._recorder, policy, config.geometry, threshold, clock
        )
        self._engine: Engine[Phase, Event, Do] = Engine(
            INSPECTION,
            levels=LEVELS,
            limits=LIMITS | policy.limits,
            timed_out=Event.TIMED_OUT,
            clock=clock,
            holds=lambda level: self._conditions().holds(level),
            perform=self._perform,
            entered=self._entered,
        )
        self._hands: Hands[Event] = Hands(
            self.lane, self._engine.happen, self._engine.look, lambda: self.phase in _MAKING_SAFE
        )
        self._conveyor: ConveyorState | None = None
        self._source: SourceState | None = None
        self._source_at = clock.monotonic()
        self._heart = ControllerWatch(devices.CONVEYOR, self.lane, clock)
        self._machinery = Machinery(self._workers, self._hands, clock)
        self._tracked = Tracked()
        self._story: Story | None = None

    # The agent's view

    @property
    def phase(self) -> Phase:
        """Where the inspection stands."""
        return self._engine.phase

    def start(self) -> None:
        """End what a restart left open; start the devices."""
        self._recorder.recover(self._clock.monotonic())
        self.lane.start()

    def stop(self) -> None:
        """Turn the beam off and stop the devices; an open inspection ends as held."""
        self._machinery.leave()
        self._end(Disposition.HOLD)
        self.lane.stop()

    def handle(self, happening: Happening) -> None:
        """Take in what a device said."""
        self.lane.notice(happening)
        match happening:
            case Seen(devices.CONVEYOR, ConveyorState() as state):
                self._tracked = self._tracked.follow(self._conveyor, state)
                self._conveyor = state if self._heart.alive(state.controller_beat) else None
                self._watch_belt(state)
            case Seen(devices.SOURCE, SourceState() as state):
                self._account(state)
                self._source = state
                self._machinery.follow(self.phase, state)
            case Condition(devices.CONVEYOR, _, error) if error is not None:
                self._conveyor = None
            case Condition(devices.SOURCE, _, error) if error is not None:
                self._source = None
        self._engine.look()

    def tick(self) -> None:
        """Look at limits, conditions and the disk."""
        self._engine.look()
        self.lane.tick()

    async def execute(self, command: Command) -> Answer:
        """Obey ``command``, which has been believed already."""
        match command.verb:
            case Verb.OPEN_LANE:
                return open_lane(self.lane, self._engine, Event.OPEN_LANE, _OPENABLE)
            case Verb.CLOSE_LANE:
                return close_lane(self.lane, self._engine)
            case Verb.DECIDE_INSPECTION:
                return self._decide(command)
        return Execution.REFUSED, f"a scanner does not know {command.verb}"

    # Operators

    def _decide(self, command: Command) -> Answer:
        story = self._story
        asked = command.args.get("inspection")
        if story is None or self.phase is not Phase.HELD or asked != story.inspection:
            return Execution.REFUSED, "this item waits for no decision any more"
        resolved = Resolved(
            inspection=story.inspection,
            disposition=Disposition(str(command.args.get("disposition"))),
            operator=command.operator,
            reason=str(command.args.get("reason", ""))[:300],
        )
        if not self.lane.record(Stream.DECISION, "inspection.resolved", resolved):
            return Execution.FAILED, "the decision could not be recorded; the item stays held"
        self._engine.happen(_DISPOSITIONS[resolved.disposition])
        return Execution.DONE, f"{self.phase}"

    # Conditions

    def _conditions(self) -> Conditions:
        return Conditions(
            conveyor=self._conveyor,
            source=self._source,
            detector_well=self.lane.connected(devices.DETECTOR),
            lane_obeys=self._hands.obeys,
            disk_full=self.lane.disk_full,
            closing=self.lane.closing,
            air_fresh=self._exposures.air_fresh,
            tracked=self._tracked,
            geometry=self._config.geometry,
            kilovolts=self._config.devices.xray_source.kilovolts,
        )

    def _watch_belt(self, state: ConveyorState) -> None:
        if self._machinery.stands(state):
            self.lane.trouble(devices.CONVEYOR, BeltStands("the belt stood though told to run"))
            if self.phase is Phase.SCANNING:  # its lines show one place many times
                self._engine.happen(Event.SCAN_FAILED)

    def _account(self, state: SourceState) -> None:
        """Add the time the beam was on to the item in it."""
        now = self._clock.monotonic()
        was_on = self._source is not None and self._source.status.beam_on
        if self._story is not None and was_on:
            self._story.beam_on_s += now - self._source_at
        self._source_at = now

    # Effects

    def _perform(self, effect: Do) -> None:
        if effect in _ENDS:
            self._end(_ENDS[effect])
        else:
            self._EFFECTS[effect](self)

    def _belt_run(self) -> None:
        geometry = self._config.geometry
        if self.phase is not Phase.SCANNING:
            self._machinery.run(geometry.move_speed)
            return
        assert self._story is not None
        belt = 0.0 if self._conveyor is None else self._conveyor.position
        self._story.to_beam = geometry.entry_to_beam - self._tracked.front_past(belt)
        self._machinery.run(geometry.scan_speed)

    def _empty(self) -> None:
        belt = 0.0 if self._conveyor is None else self._conveyor.position
        self._tracked = Tracked(belt, belt)

    def _emptied(self) -> None:
        self._tracked = Tracked()

    def _begin(self) -> None:
        self._story = Story(self._clock.monotonic())
        self._recorder.started(self._story)

    def _take_lines(self) -> None:
        self._exposures.begin()
        self._hands.begin(self._exposures.begun(), Event.SCAN_FAILED)
        self._hands.begin(self._exposures.broken(), Event.SCAN_FAILED)

    def _analyse(self) -> None:
        assert self._story is not None
        story = self._story
        self._tracked = replace(self._tracked, scanned=True)
        story.stages["scan"] = round((self._clock.monotonic() - story.began) * 1000, 1)
        self._hands.begin(self._exposures.analyse(story), Event.ANALYSIS_FAILED)

    def _refer(self) -> None:
        self._hands.drop()  # what comes too late is no finding
        if self._story is not None and not self._story.recorded:
            self._recorder.unreadable(self._story, "the analysis came too late or failed")

    def _end(self, disposition: Disposition) -> None:
        self._hands.drop()
        self._exposures.give_up()
        story, self._story = self._story, None
        if story is None:
            return
        if not story.recorded:
            self._recorder.unreadable(story, f"the scan was not finished: {self.phase}")
        self._recorder.ended(story, disposition)

    _EFFECTS: dict[Do, Callable[[ScannerUnit], None]] = {  # noqa: RUF012 never changed
        Do.BEAM_ON: lambda self: self._machinery.beam_on(),
        Do.BEAM_OFF: lambda self: self._machinery.beam_off(),
        Do.BELT_RUN: _belt_run,
        Do.BELT_STOP: lambda self: self._machinery.stop(),
        Do.POINT_AHEAD: lambda self: self._machinery.point(Diverter.RELEASE),
        Do.POINT_ASIDE: lambda self: self._machinery.point(Diverter.DIVERT),
        Do.POINT_HOLD: lambda self: self._machinery.point(Diverter.HOLD),
        Do.ACKNOWLEDGE: lambda self: self._machinery.acknowledge(),
        Do.EMPTY: _empty,
        Do.EMPTIED: _emptied,
        Do.TAKE_DARK: lambda self: self._hands.begin(
            self._exposures.take_dark(), Event.CALIBRATION_FAILED
        ),
        Do.TAKE_AIR: lambda self: self._hands.begin(
            self._exposures.take_air(), Event.CALIBRATION_FAILED
        ),
        Do.BEGIN: _begin,
        Do.TAKE_LINES: _take_lines,
        Do.ANALYSE: _analyse,
        Do.REFER: _refer,
        Do.ALARM: lambda _: None,  # a scanner has no buzzer: the fault is the alarm
    }

    # Doing

    def _entered(self, phase: Phase) -> None:
        if phase is Phase.CLOSED:
            self.lane.closing = False
        if phase is Phase.FAULT:
            self.lane.stopped(self._engine.cause)
        elif phase in (Phase.CLOSED, Phase.PREPARING):
            self.lane.reopened()
        self.lane.tick()
        self._changed(self._engine.version)
