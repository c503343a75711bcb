"""A scanner at work: hears its devices, walks the table, performs what the table asks.

1. Everything here runs in the agent's loop; devices work in their own threads.
2. What was found is on disk before the belt moves on its account.
3. A command that a device refuses is a fault: the table turns the beam off and stops the belt.
4. After a restart the items that were on the belt are ended as held; an operator looks at them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.command import Command, Execution, Verb
from contract.inspection import Disposition
from drivers.conveyor.conveyor import Diverter
from drivers.conveyor.registers import ConveyorState
from edge.runtime.clock import Clock
from edge.runtime.engine import Engine
from edge.runtime.hands import Hands
from edge.runtime.lane import Lane
from edge.runtime.orders import close_lane, open_lane
from edge.runtime.worker import Condition, Happening, Post, Seen
from edge.scanner import devices
from edge.scanner.config import ScannerConfig, thresholds_of
from edge.scanner.deciding import Deciding
from edge.scanner.devices import SourceState
from edge.scanner.dose import DoseBook
from edge.scanner.evidence.keeper import kept_beside
from edge.scanner.examining import examinations
from edge.scanner.exposures import Exposures
from edge.scanner.identifying import Identifier
from edge.scanner.inspection import INSPECTION, LEVELS, LIMITS, SCANS, Do, Event, Phase
from edge.scanner.items import Items
from edge.scanner.likeness import Memory
from edge.scanner.lookout import Lookout
from edge.scanner.machinery import BeltStands, Machinery
from edge.scanner.orders import decide
from edge.scanner.projecting import Projecting
from edge.scanner.self_test import SelfTestDuty
from edge.scanner.story import DAY, Recorder, Story
from edge.scanner.working_up import WorkingUp
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer
from edge.uplink.outbox import Outbox
from models.catalogue import Card

_OPENABLE = {Phase.CLOSED, Phase.FAULT}
_MAKING_SAFE = {*_OPENABLE, Phase.PREPARING}


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
        self._clock, self._changed = clock, changed
        self.lane = Lane(outbox, clock, lambda: self._engine.phase, models)
        policy, limits = config.policy, LIMITS | config.policy.limits
        scores = thresholds_of(config)
        self._book = DoseBook.opened(config.dose, outbox.state().get(DAY), clock.now().date())
        self._workers = devices.workers(config.devices, config.geometry, post)
        for worker in self._workers.all():
            self.lane.add(worker)
        keeper = kept_beside(self.lane, config, spool, clock, post)
        self._recorder = Recorder(self.lane, spool, card, scores.both, self._book, keeper)
        self._exposures = Exposures(
            self.lane, self._workers, self._recorder, policy, config.geometry, scores, clock
        )
        self._engine: Engine[Phase, Event, Do] = Engine(
            INSPECTION,
            levels=LEVELS,
            limits=limits,
            timed_out=Event.TIMED_OUT,
            clock=clock,
            holds=self._holds,
            perform=lambda effect: self._EFFECTS[effect](self),
            entered=self._entered,
            stretch=lambda: self._machinery.patience(self.phase, limits[Phase.WARMING]),
        )
        self._hands: Hands[Event] = Hands(
            self.lane, self._engine.happen, self._engine.look, lambda: self.phase in _MAKING_SAFE
        )
        self._duty = SelfTestDuty(config.self_test, config.data, clock)
        self._deciding = Deciding(
            self.lane,
            self._recorder,
            examinations(config.examinations, config.hardware == "real"),
            self._duty,
            Memory(config.data),
            config.geometry.pitch,
            clock,
        )
        self._identifier = Identifier(config, self._workers, clock)
        tube = WorkingUp(config.devices.xray_source, self.lane)
        self._machinery = Machinery(self._workers, self._hands, tube, clock)
        self._lookout = Lookout(config, self._workers, self.lane, clock)
        self._items = Items(self._recorder, clock, lambda: self._lookout.radiates)
        self._projecting = Projecting(
            config, self.lane, spool, clock, noise=lambda: self._exposures.noise
        )

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
        self._items.exposed(self._lookout.left(self._book))
        self._end_held()
        self.lane.stop()

    def handle(self, happening: Happening) -> None:
        """Take in what a device said."""
        self.lane.notice(happening)
        self._identifier.hear(happening)
        match happening:
            case Seen(devices.CONVEYOR, ConveyorState() as state):
                self._items.exposed(self._lookout.belt(state, self._book))
                self._follow_belt(state)
            case Seen(devices.SOURCE, SourceState() as state):
                self._items.exposed(self._lookout.tube(state, self._book))
                self._machinery.follow(self.phase, state)
                self._engine.stretch_now()
            case Condition(device, _, error) if error is not None:
                self._lookout.lost(device)
        self._engine.look()

    def tick(self) -> None:
        """Look at limits, conditions and the disk."""
        self._book.turn(self._clock.now().date())
        self._identifier.tick()
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
                held = self._items.at_hand if self.phase is Phase.HELD else None
                how, why = decide(command, held, self.lane, self._engine.happen)
                return how, why or f"{self.phase}"
        return Execution.REFUSED, f"a scanner does not know {command.verb}"

    def _holds(self, level: Event) -> bool:
        if level is Event.BEAM_IS_ON and self._machinery.works_up(self.phase):
            return False
        now = self._lookout.conditions(
            self.phase,
            self._duty,
            obeys=self._hands.obeys,
            air_fresh=self._exposures.air_fresh,
            astray=self._machinery.astray(self.phase, self._lookout.source),
        )
        return now.holds(level)

    def _follow_belt(self, state: ConveyorState) -> None:
        self._machinery.follow_belt(self._lookout.tracked, state.position, self._config.geometry)
        if self._machinery.stands(state):
            self.lane.trouble(devices.CONVEYOR, BeltStands("the belt stood though told to run"))
            if self.phase in SCANS:  # its lines show one place many times
                self._engine.happen(Event.SCAN_FAILED)

    # Effects

    def _belt_run(self) -> None:
        geometry, story = self._config.geometry, self._items.at_hand
        if self.phase not in SCANS:
            self._machinery.run(geometry.move_speed)
            return
        assert story is not None
        past = self._lookout.tracked.front_past(self._lookout.position)
        story.to_beam = geometry.entry_to_beam - past
        self._exposures.expect(story.to_beam)
        self._lookout.motion.watch(scanning=True)
        self._machinery.run(geometry.scan_speed)

    def _point(self, where: Diverter, disposition: Disposition) -> None:
        self._machinery.point(where)
        self._items.sent(disposition)

    def _begin(self) -> None:
        self._items.begin(self._identifier.unknown, moves_on=self._moves_on())

    def _begin_test(self) -> None:
        self._items.begin_test(self.phase, moves_on=self._moves_on())
        self._recorder.phantom_begins()

    def _moves_on(self) -> bool:
        """Take the next item; return whether the one before it is leaving."""
        before = self._lookout.tracked
        self._lookout.tracked = before.begun()
        return before.scanned

    def _take_lines(self) -> None:
        self._exposures.begin()
        self._hands.begin(self._exposures.begun(), Event.SCAN_FAILED)
        self._hands.begin(self._exposures.broken(), Event.SCAN_FAILED)

    async def _ask(self, story: Story) -> Event:
        story.known = await self._identifier.identify()
        return Event.IDENTIFIED

    def _scanned(self) -> Story:
        story = self._at_hand()
        self._lookout.tracked = replace(self._lookout.tracked, scanned=True)
        story.stages["scan"] = round((self._clock.monotonic() - story.began) * 1000, 1)
        return story

    def _judge_test(self) -> None:
        judging = self._deciding.judge(self._scanned(), self._exposures.analyse)
        self._hands.begin(judging, Event.TEST_FAILED)

    def _at_hand(self) -> Story:
        assert self._items.at_hand is not None
        return self._items.at_hand

    def _refer(self) -> None:
        self._hands.drop()  # what comes too late is no finding
        self._items.refer("the analysis came too late or failed")

    def _left(self) -> None:
        self._lookout.tracked = self._lookout.tracked.left()
        if (story := self._items.left()) is not None:
            self._projecting.left(story)
            self._hands.begin(self._deciding.remember(story), Event.HOLD)  # which changes nothing

    def _end_held(self) -> None:
        self._hands.drop()
        self._exposures.give_up()
        self._items.held(self.phase)

    _EFFECTS: dict[Do, Callable[[ScannerUnit], None]] = {  # noqa: RUF012 never changed
        Do.BEAM_ON: lambda self: self._machinery.beam_on(self.phase),
        Do.BEAM_OFF: lambda self: self._machinery.beam_off(),
        Do.BELT_RUN: _belt_run,
        Do.BELT_STOP: lambda self: self._machinery.stop(),
        Do.POINT_AHEAD: lambda self: self._point(Diverter.RELEASE, Disposition.RELEASE),
        Do.POINT_ASIDE: lambda self: self._point(Diverter.DIVERT, Disposition.DIVERT),
        Do.POINT_HOLD: lambda self: self._machinery.point(Diverter.HOLD),
        Do.ACKNOWLEDGE: lambda self: self._machinery.acknowledge(),
        Do.EMPTY: lambda self: self._lookout.empty(),
        Do.EMPTIED: lambda self: self._lookout.emptied(),
        Do.TAKE_DARK: lambda self: self._hands.begin(
            self._exposures.take_dark(), Event.CALIBRATION_FAILED
        ),
        Do.TAKE_AIR: lambda self: self._hands.begin(
            self._exposures.take_air(), Event.CALIBRATION_FAILED
        ),
        Do.BEGIN: _begin,
        Do.BEGIN_TEST: _begin_test,
        Do.IDENTIFY: lambda self: self._hands.begin(self._ask(self._at_hand()), Event.IDENTIFIED),
        Do.TAKE_LINES: _take_lines,
        Do.ANALYSE: lambda self: self._hands.begin(
            self._exposures.analyse(self._scanned()), Event.ANALYSIS_FAILED
        ),
        Do.DECIDE: lambda self: self._hands.begin(
            self._deciding.decide(self._at_hand()), Event.ANALYSIS_FAILED
        ),
        Do.JUDGE_TEST: _judge_test,
        Do.REFER: _refer,
        Do.ALARM: lambda _: None,  # a scanner has no buzzer: the fault is the alarm
        Do.END_LEFT: _left,
        Do.END_HELD: _end_held,
    }

    def _entered(self, phase: Phase) -> None:
        if phase not in SCANS:
            self._lookout.motion.watch(scanning=False)
        if phase is Phase.CLOSED:
            self.lane.closing = False
        if phase is Phase.FAULT:
            self.lane.stopped(self._engine.cause)
        elif phase in (Phase.CLOSED, Phase.PREPARING):
            self.lane.reopened()
        self.lane.tick()
        self._changed(self._engine.version)
