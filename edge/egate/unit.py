"""An e-gate at work: hears its devices, walks the table, performs what the table asks.

1. Everything here runs in the agent's loop; devices work in their own threads.
2. A decision is on disk before a door moves on its account: only a recorded clearance is CLEARED.
   Clearance and approval stand on a reading of the gate that is younger than what led to them.
3. A command the gate refuses is a fault: the table then closes the leaves and calls an officer.
4. After a restart the passage that was open is ended as a fault; nothing of it is known any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contract.command import Command
from contract.passage import Outcome, Verdict
from drivers.badge_reader.reader import Tamper
from drivers.barcode_reader.reader import Scan
from drivers.document_reader.codec import Detected, Placed, Removed, Unreadable
from drivers.errors import DriverError
from drivers.gate.gate import Gate
from drivers.gate.registers import GateState
from edge.display.server import Display
from edge.display.storyboard import Hint
from edge.egate import devices
from edge.egate.badge_answer import BadgeAnswer
from edge.egate.codes import CheckSeal, Codes
from edge.egate.conditions import Conditions
from edge.egate.config import EGateConfig
from edge.egate.decision import profile_of
from edge.egate.examining import Examination
from edge.egate.glass import Glass
from edge.egate.guide import TAKES, hint_of
from edge.egate.judging import Judge
from edge.egate.leaves import Leaves
from edge.egate.objections import Objections
from edge.egate.officers import OPENABLE, Officers
from edge.egate.passage import LEVELS, LIMITS, PASSAGE, Do, Event, Phase
from edge.egate.reading import Authenticate
from edge.egate.recognition import Recognition
from edge.egate.standing import Standing
from edge.egate.story import OUTCOMES, Recorder, Story
from edge.egate.wishes import Requests
from edge.runtime.clock import Clock
from edge.runtime.controller import ControllerWatch
from edge.runtime.engine import Engine
from edge.runtime.hands import Hands
from edge.runtime.lane import Lane
from edge.runtime.worker import Condition, Happening, Post, Seen
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer
from edge.uplink.outbox import Outbox

_MAKING_SAFE = OPENABLE | {Phase.RECOVERING, Phase.EVACUATING}
_HINTED = frozenset({Phase.FAULT, Phase.IDLE, Phase.ENTERING})  # what is seen there changes


class EGateUnit:
    """One e-gate. ``changed`` is called with the state's version at every change of phase."""

    def __init__(
        self,
        config: EGateConfig,
        outbox: Outbox,
        spool: BlobSpool,
        clock: Clock,
        post: Post,
        display: Display,
        authenticate: Authenticate,
        check_seal: CheckSeal,
        standing: Standing,
        recognition: Recognition,
        models: dict[str, str],
        changed: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._display = display
        self._standing = standing
        self._judge = Judge(profile_of(config), standing, clock)
        self._changed = changed
        self.lane = Lane(outbox, clock, lambda: self._engine.phase, models)
        self._recorder = Recorder(self.lane, spool)
        self._workers = devices.workers(config, post)
        for worker in self._workers:
            self.lane.add(worker)
        self._engine: Engine[Phase, Event, Do] = Engine(
            PASSAGE,
            levels=LEVELS,
            limits=LIMITS | config.policy.limits,
            timed_out=Event.TIMED_OUT,
            clock=clock,
            holds=lambda level: self._conditions().holds(level),
            perform=self._perform,
            entered=self._entered,
            stretch=lambda: self._patience,
        )
        self._hands: Hands[Event] = Hands(
            self.lane, self._engine.happen, self._engine.look, lambda: self.phase in _MAKING_SAFE
        )
        self._leaves = Leaves(self._workers.gate, self._hands, clock)
        self._gate: GateState | None = None
        self._objections = Objections(standing, lambda: self._gate)
        self._heart = ControllerWatch(devices.GATE, self.lane, clock)
        self._glass = Glass()
        self._codes = Codes(config.boarding_pass, check_seal, clock)
        self._needed = devices.needed(self._workers, config.boarding_pass)
        self._examination = Examination(
            self._workers,
            authenticate,
            recognition,
            standing,
            self._codes,
            display,
            clock,
            lambda: self._engine.left,
        )
        self._more_time = config.display.more_time
        self._story: Story | None = None
        self._officers = Officers(
            self.lane,
            self._engine,
            self._hands,
            self._objections,
            display,
            lambda: self._story,
            self._look_at_gate,
            BadgeAnswer(self._workers.badge_reader),
        )
        lower = self._examination.lower_camera
        self._requests = Requests(
            self.lane, self._engine, display, lambda: self._story, self._recorder, lower
        )

    # The agent's view

    @property
    def phase(self) -> Phase:
        """Where the passage stands."""
        return self._engine.phase

    def start(self) -> None:
        """End what a restart left open; start the devices."""
        self._recorder.recover(self._clock.monotonic())
        self._display.show(self.phase)
        self.lane.start()

    def stop(self) -> None:
        """Stop the devices; an open passage ends as a fault."""
        self._hands.drop()
        self._end(Outcome.FAULT)
        self.lane.stop()

    def handle(self, happening: Happening) -> None:
        """Take in what a device said."""
        self.lane.notice(happening)
        match happening:
            case Seen(devices.GATE, GateState() as state):
                self._gate = state if self._heart.alive(state.controller_beat) else None
                self._leaves.keep_closed(self.phase, state)
            case Condition(devices.GATE, _, error):
                self._gate = None
                if error is None:  # its lamps turned red while we were away
                    self._leaves.light(self.phase)
            case Seen(_, value):
                self._take_in(value)
        self._engine.look()
        if self.phase in _HINTED:
            self._display.advise(self._hint)

    def _take_in(self, value: object) -> None:
        match value:
            case Detected() | Placed() | Unreadable() | Removed():
                if self._glass.notice(value):
                    self._engine.happen(Event.DOCUMENT_REMOVED)
            case Scan(content):
                evidence = None if self._story is None else self._story.evidence
                self._codes.notice(content, self.phase, evidence)
            case devices.Shown() | Tamper():
                self._officers.at_the_gate(value)

    def tick(self) -> None:
        """Look at limits, conditions, lists and the disk."""
        self._engine.look()
        self._standing.watch(self.lane.faults)
        self._objections.watch(self.lane.faults)
        self._codes.tick()
        self.lane.tick()

    async def execute(self, command: Command) -> Answer:
        """Obey ``command``, which has been believed already."""
        return await self._officers.execute(command)

    # Conditions

    @property
    def _patience(self) -> float:
        """How many times longer everything lasts for this traveller."""
        return self._more_time if self._display.wishes.more_time else 1.0

    def _conditions(self) -> Conditions:
        return Conditions(
            gate=self._gate,
            gate_obeys=self._hands.obeys,
            readers_well=self.lane.connected(*self._needed),
            disk_full=self.lane.disk_full,
            closing=self.lane.closing or self._objections.close,
            document_waits=self._glass.waits,
        )

    @property
    def _hint(self) -> Hint | None:
        forgotten = self._glass.used and (
            self.phase is Phase.IDLE or self._clock.monotonic() - self._engine.since >= TAKES
        )
        return hint_of(self.phase, self._engine.cause, self._gate, forgotten=forgotten)

    async def _look_at_gate(self) -> bool:
        """Take in the gate as it is now; return whether it said."""
        try:
            state = await asyncio.wrap_future(self._workers.gate.ask(Gate.read))
        except DriverError as error:
            self.lane.trouble(devices.GATE, error)
            return False
        self.handle(Seen(devices.GATE, state))
        return True

    # Effects

    def _perform(self, effect: Do) -> None:
        if effect in OUTCOMES:
            self._end(OUTCOMES[effect])
        else:
            self._EFFECTS[effect](self)

    def _begin(self) -> None:
        self._story = Story(self._clock.monotonic())
        self._requests.begin(self._story)
        self._codes.begin(self._story.evidence)
        self._recorder.started(self._story)

    def _read_document(self) -> None:
        assert self._story is not None
        self._hands.begin(self._read(self._story, self._glass.take()), Event.DOCUMENT_FLAGGED)

    async def _read(self, story: Story, lines: tuple[str, ...] | None) -> Event:
        story.stages |= await self._examination.document(story.evidence, lines)
        clear = self._judge.document(story)
        return Event.DOCUMENT_ACCEPTED if clear else Event.DOCUMENT_FLAGGED

    def _decide(self) -> None:
        assert self._story is not None
        self._hands.begin(self._look_at_traveller(self._story), Event.FLAGGED)

    async def _look_at_traveller(self, story: Story) -> Event | None:
        story.stages |= await self._examination.face(story.evidence, self._patience)
        if not await self._look_at_gate() or self.phase is not Phase.DECIDING:
            return None  # the limit, or what was seen instead, says what happens
        if not self._judge.inside(story):
            return Event.FLAGGED
        # Without a record there is no clearance: the full disk will be noticed at once.
        return Event.CLEARED if self._recorder.decided(story, Verdict.CLEAR) else None

    def _refer(self) -> None:
        assert self._story is not None
        self._judge.refer(self._story, self._engine.cause)
        self._recorder.decided(self._story, Verdict.REFER)

    def _end(self, outcome: Outcome) -> None:
        if self._story is not None:
            self._recorder.ended(self._story, outcome)
        self._story = None

    _EFFECTS: dict[Do, Callable[[EGateUnit], None]] = {  # noqa: RUF012 never changed
        Do.BEGIN: _begin,
        Do.READ_DOCUMENT: _read_document,
        Do.STOP_READING: lambda self: self._hands.drop(),
        Do.OPEN_ENTRY: lambda self: self._leaves.open_entry(),
        Do.OPEN_EXIT: lambda self: self._leaves.open_exit(),
        Do.CLOSE_LEAVES: lambda self: self._leaves.close(),
        Do.ACKNOWLEDGE: lambda self: self._leaves.acknowledge(),
        Do.WITHDRAW: lambda self: self._leaves.withdraw(self._gate),
        Do.DECIDE: _decide,
        Do.REFER: _refer,
        Do.ALARM: lambda self: self._leaves.alarm(),
    }

    def _entered(self, phase: Phase) -> None:
        if phase is Phase.CLOSED:
            self.lane.closing = False
        if phase in (Phase.FAULT, Phase.EVACUATING):
            self.lane.stopped(self._engine.cause)
        elif phase in (Phase.CLOSED, Phase.RECOVERING):
            self.lane.reopened()
        state = self._story.issuing_state if self._story else ""
        self._display.show(phase, state, self._hint)
        self._leaves.light(phase)
        self.lane.tick()
        self._changed(self._engine.version)
