"""An e-gate at work: hears its devices, walks the table, performs what the table asks.

1. Everything here runs in the agent's loop; devices work in their own threads.
2. A decision is on disk before a door moves on its account: only a recorded clearance is CLEARED.
3. A command the gate refuses is a fault: the table then closes the leaves and calls an officer.
4. After a restart the passage that was open is ended as a fault; nothing of it is known any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from contract.command import Command, Execution, Verb
from contract.passage import OfficerDecision, Outcome, Resolved, Verdict
from contract.topics import Stream
from drivers.document_reader.codec import Placed, Removed, Unreadable
from drivers.gate.gate import Gate
from drivers.gate.registers import GateState
from edge.config import EGateConfig
from edge.display.server import Display
from edge.egate import devices
from edge.egate.checks import document_checks, inside_checks
from edge.egate.conditions import Conditions, ControllerWatch
from edge.egate.decision import SELF_SERVICE, decide
from edge.egate.lamps import LAMPS
from edge.egate.passage import LEVELS, LIMITS, PASSAGE, Do, Event, Phase
from edge.egate.reading import Authenticate, read_document, take_face
from edge.egate.story import OPEN_PASSAGE, Recorder, Story
from edge.runtime.clock import Clock
from edge.runtime.engine import Engine
from edge.runtime.lane import Lane
from edge.runtime.worker import Condition, Happening, Post, Seen
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer
from edge.uplink.outbox import Outbox

_OUTCOMES = {
    Do.END_CROSSED: Outcome.CROSSED,
    Do.END_REFUSED: Outcome.REFUSED,
    Do.END_ABANDONED: Outcome.ABANDONED,
    Do.END_EVACUATED: Outcome.EVACUATED,
    Do.END_FAULT: Outcome.FAULT,
}


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
        models: dict[str, str],
        changed: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._display = display
        self._authenticate = authenticate
        self._changed = changed
        self.lane = Lane(outbox, clock, lambda: self._engine.phase, models)
        self._recorder = Recorder(self.lane, spool)
        self._workers = devices.workers(config.devices, config.policy.chip_within, post)
        for worker in vars(self._workers).values():
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
        )
        self._gate: GateState | None = None
        self._heart = ControllerWatch(clock)
        self._obeys = True
        self._lines: tuple[str, ...] | None = None
        self._story: Story | None = None
        self._task: asyncio.Task[None] | None = None

    # The agent's view

    @property
    def phase(self) -> Phase:
        """Where the passage stands."""
        return self._engine.phase

    def start(self) -> None:
        """End what a restart left open; start the devices."""
        if left := self.lane.outbox.state().get(OPEN_PASSAGE):
            self._recorder.ended(Story(self._clock.monotonic(), left), Outcome.FAULT)
        self._display.show(self.phase)
        self.lane.start()

    def stop(self) -> None:
        """Stop the devices; an open passage ends as a fault."""
        self._stop_reading()
        self._end(Outcome.FAULT)
        self.lane.stop()

    def handle(self, happening: Happening) -> None:
        """Take in what a device said."""
        self.lane.notice(happening)
        match happening:
            case Seen(devices.GATE, GateState() as state):
                self._gate = state
                self._watch_controller(state)
            case Condition(devices.GATE, _, error) if error is not None:
                self._gate = None
            case Seen(devices.DOCUMENT_READER, Placed(lines)):
                self._placed(lines)
            case Seen(devices.DOCUMENT_READER, Unreadable()):
                self._placed(None)
            case Seen(devices.DOCUMENT_READER, Removed()):
                self._engine.happen(Event.DOCUMENT_REMOVED)
        self._engine.look()

    def tick(self) -> None:
        """Look at limits, conditions and the disk."""
        self._engine.look()
        self.lane.tick()

    async def execute(self, command: Command) -> Answer:
        """Obey ``command``, which has been believed already."""
        match command.verb:
            case Verb.OPEN_LANE:
                return self._open_lane()
            case Verb.CLOSE_LANE:
                self.lane.closing = True
                self._engine.look()
                return Execution.DONE, f"{self.phase}"
            case Verb.DECIDE_PASSAGE:
                return self._decide_referral(command)
        return Execution.REFUSED, f"an e-gate does not know {command.verb}"

    # Officers

    def _open_lane(self) -> Answer:
        if self.phase not in (Phase.CLOSED, Phase.FAULT):
            return (
                Execution.REFUSED,
                f"the lane is {self.phase}: it is open already, or not yet safe",
            )
        self.lane.closing = False
        self._engine.happen(Event.OPEN_LANE)
        return Execution.DONE, f"{self.phase}"

    def _decide_referral(self, command: Command) -> Answer:
        story = self._story
        referred = self.phase in (Phase.REFERRED_AT_ENTRY, Phase.REFERRED_INSIDE)
        if story is None or not referred or command.args.get("passage") != story.passage:
            return Execution.REFUSED, "this passage waits for no officer any more"
        resolved = Resolved(
            passage=story.passage,
            decision=OfficerDecision(str(command.args.get("decision"))),
            operator=command.operator,
            reason=str(command.args.get("reason", ""))[:300],
        )
        if not self.lane.record(Stream.DECISION, "passage.resolved", resolved):
            return Execution.FAILED, "the decision could not be recorded; the lane stays as it is"
        approved = resolved.decision is OfficerDecision.APPROVE
        story.evidence.approved_by = command.operator if approved else None
        self._engine.happen(Event.APPROVED if approved else Event.REFUSED)
        return Execution.DONE, f"{self.phase}"

    # Conditions

    def _conditions(self) -> Conditions:
        return Conditions(
            gate=self._gate,
            gate_obeys=self._obeys,
            readers_well=self.lane.connected(*devices.READERS),
            disk_full=self.lane.disk_full,
            closing=self.lane.closing,
        )

    def _watch_controller(self, state: GateState) -> None:
        if (stopped := self._heart.stopped_for(state.controller_beat)) is None:
            self.lane.faults.clear(devices.GATE, "ControllerStopped")
            return
        self._gate = None
        detail = f"the gate's controller answers but has stood still for {stopped:.1f} s"
        self.lane.faults.raise_(devices.GATE, "ControllerStopped", detail)

    # Effects

    def _perform(self, effect: Do) -> None:
        if effect in _OUTCOMES:
            self._end(_OUTCOMES[effect])
        else:
            self._EFFECTS[effect](self)

    def _begin(self) -> None:
        self._story = Story(self._clock.monotonic())
        self._recorder.started(self._story)

    def _read_document(self) -> None:
        assert self._story is not None
        self._run(self._read(self._story, self._lines), Event.DOCUMENT_FLAGGED)

    async def _read(self, story: Story, lines: tuple[str, ...] | None) -> None:
        stages = await read_document(story.evidence, lines, self._workers, self._authenticate)
        story.stages |= stages
        story.checks = document_checks(story.evidence, self._clock.now().date())
        decision = decide(story.checks, SELF_SERVICE)
        story.reasons = decision.reasons
        clear = decision.verdict is Verdict.CLEAR
        self._engine.happen(Event.DOCUMENT_ACCEPTED if clear else Event.DOCUMENT_FLAGGED)

    def _decide(self) -> None:
        assert self._story is not None
        self._run(self._judge(self._story), Event.FLAGGED)

    async def _judge(self, story: Story) -> None:
        story.stages |= await take_face(story.evidence, self._workers)
        inside = inside_checks(story.evidence)
        decision = decide(inside, SELF_SERVICE)
        story.checks = [*story.checks, *inside]
        document_stands = not story.reasons or story.evidence.approved_by is not None
        if not (decision.verdict is Verdict.CLEAR and document_stands):
            story.reasons = story.reasons + decision.reasons
            self._engine.happen(Event.FLAGGED)
        elif self._recorder.decided(story, Verdict.CLEAR):
            self._engine.happen(Event.CLEARED)

    def _refer(self) -> None:
        assert self._story is not None
        if not self._story.reasons:
            self._story.reasons = (f"{self.phase}.too-slow",)
        self._recorder.decided(self._story, Verdict.REFER)

    def _end(self, outcome: Outcome) -> None:
        if self._story is not None:
            self._recorder.ended(self._story, outcome)
        self._story = None
        self._lines = None

    def _placed(self, lines: tuple[str, ...] | None) -> None:
        if self.phase is Phase.IDLE:
            self._lines = lines
        self._engine.happen(Event.DOCUMENT_PLACED)

    def _stop_reading(self) -> None:
        if self._task is not None and self._task is not _current_task():
            self._task.cancel()
            self._task = None

    def _close_leaves(self) -> None:
        self._tell_gate(lambda gate: gate.command_entry(open=False))
        self._tell_gate(lambda gate: gate.command_exit(open=False))

    def _withdraw(self) -> None:
        self._tell_gate(lambda gate: gate.command_entry(open=False))

    def _acknowledge(self) -> None:
        self._obeys = True
        self._tell_gate(Gate.acknowledge_fault)

    def _alarm(self) -> None:
        self._workers.gate.ask(lambda gate: gate.buzzer(on=True))

    _EFFECTS: dict[Do, Callable[[EGateUnit], None]] = {  # noqa: RUF012 never changed
        Do.BEGIN: _begin,
        Do.READ_DOCUMENT: _read_document,
        Do.STOP_READING: _stop_reading,
        Do.OPEN_ENTRY: lambda self: self._tell_gate(lambda gate: gate.command_entry(open=True)),
        Do.OPEN_EXIT: lambda self: self._tell_gate(lambda gate: gate.command_exit(open=True)),
        Do.CLOSE_LEAVES: _close_leaves,
        Do.ACKNOWLEDGE: _acknowledge,
        Do.WITHDRAW: _withdraw,
        Do.DECIDE: _decide,
        Do.REFER: _refer,
        Do.ALARM: _alarm,
    }

    # Doing

    def _entered(self, phase: Phase) -> None:
        if phase is Phase.CLOSED:
            self.lane.closing = False
        self._display.show(phase, self._story.issuing_state if self._story else "")
        lamps = LAMPS[phase]
        self._workers.gate.ask(lambda gate: gate.lamps(lamps))
        if phase is Phase.IDLE:
            self._workers.gate.ask(lambda gate: gate.buzzer(on=False))
        self.lane.tick()
        self._changed(self._engine.version)

    def _tell_gate(self, verb: Callable[[Gate], None]) -> None:
        loop = asyncio.get_running_loop()
        answer = self._workers.gate.ask(verb)
        answer.add_done_callback(lambda done: loop.call_soon_threadsafe(self._gate_answered, done))

    def _gate_answered(self, answer: Future[None]) -> None:
        if answer.cancelled() or (error := answer.exception()) is None:
            return
        self.lane.faults.raise_(devices.GATE, type(error).__name__, str(error))
        if self.phase not in (Phase.CLOSED, Phase.FAULT, Phase.EVACUATING, Phase.RECOVERING):
            self._obeys = False
        self._engine.look()

    def _run(self, work: Coroutine[Any, Any, None], otherwise: Event) -> None:
        self._stop_reading()
        self._task = asyncio.get_running_loop().create_task(self._guard(work, otherwise))

    async def _guard(self, work: Coroutine[Any, Any, None], otherwise: Event) -> None:
        """Do ``work``; if it fails in a way nobody foresaw, tell it and let an officer look."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 the supervisor of this lane's own work
            self.lane.faults.raise_("lane", type(error).__name__, str(error))
            if self._story is not None:
                self._story.reasons = ("lane.aborted",)
            self._engine.happen(otherwise)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs: the agent is stopping
        return None
