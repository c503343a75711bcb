"""What officers may do at an e-gate: open and close it, decide a referral, say that they come.

1. No order opens a door: it is an event of the table, and the table says what follows.
2. A referral is decided once, by its passage's name, on a reading of the gate that is younger than
   the order; the decision is on disk before anything moves.
3. To say that somebody comes changes nothing but the screen.
4. A badge at the gate does what its officer's roles allow and no more: RESET opens a lane that is
   closed or at fault, under the same objections; OVERRIDE approves the referral that waits. The log
   names the badge by the start of its hash; who that is stands in the lane's file. The reader
   answers whether something was done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from contract.command import Command, Execution, Verb
from contract.passage import OfficerDecision, Resolved
from contract.topics import Stream
from drivers.badge_reader.reader import Tamper
from edge.display.display import Display
from edge.egate.badge import Officer, Role
from edge.egate.devices import BADGE_READER, Shown
from edge.egate.objections import Objections
from edge.egate.passage import Do, Event, Phase
from edge.egate.story import Story
from edge.runtime.engine import Engine
from edge.runtime.hands import Hands
from edge.runtime.lane import Lane
from edge.runtime.orders import close_lane, open_lane
from edge.uplink.commands import Answer

log = structlog.get_logger()

OPENABLE = frozenset({Phase.CLOSED, Phase.FAULT})
REFERRED = frozenset({Phase.REFERRED_AT_ENTRY, Phase.REFERRED_INSIDE})
_SHORT = 12  # digits of a badge's hash that tell one officer of a site from another
COVER = "badge-reader-cover"  # told apart from its reader, whose return mends nothing here
_TAMPER = "Tamper"
_NOBODY_WAITS = Execution.REFUSED, "this passage waits for no officer any more"


class UnknownBadge(Exception):
    """Somebody showed a badge that is nobody's."""


class Officers:
    """The orders of one e-gate. ``look_at_gate`` takes in the gate as it is now."""

    def __init__(
        self,
        lane: Lane,
        engine: Engine[Phase, Event, Do],
        hands: Hands[Event],
        objections: Objections,
        display: Display,
        story: Callable[[], Story | None],
        look_at_gate: Callable[[], Awaitable[bool]],
        answer: Callable[[bool], None],
    ) -> None:
        self._lane = lane
        self._engine = engine
        self._hands = hands
        self._objections = objections
        self._display = display
        self._story = story
        self._look_at_gate = look_at_gate
        self._answer = answer

    async def execute(self, command: Command) -> Answer:
        """Obey ``command``, which has been believed already."""
        match command.verb:
            case Verb.OPEN_LANE:
                return self._open()
            case Verb.CLOSE_LANE:
                return close_lane(self._lane, self._engine)
            case Verb.ASSIST:
                return self._assist(command)
            case Verb.DECIDE_PASSAGE:
                await self._look_at_gate()
                return self._decide(command)
        return Execution.REFUSED, f"an e-gate does not know {command.verb}"

    def at_the_gate(self, what: Shown | Tamper) -> None:
        """Take in what the badge reader says."""
        match what:
            case Tamper(opened=True):
                self._lane.faults.raise_(COVER, _TAMPER, "the badge reader was opened")
            case Tamper():
                self._lane.faults.clear(COVER, _TAMPER)
            case Shown(None):
                self._lane.trouble(BADGE_READER, UnknownBadge("a badge that is not listed"))
                self._answer(False)
            case Shown(Officer() as officer):
                self._obey(officer)

    def _obey(self, officer: Officer) -> None:
        phase, badge = self._engine.phase, officer.badge[:_SHORT]
        log.info("badge.shown", badge=badge, phase=phase)
        if phase in OPENABLE and officer.may(Role.RESET):
            execution, detail = self._open()
            log.info("badge.reset", badge=badge, execution=execution, detail=detail)
            self._answer(execution is Execution.DONE)
        elif phase in REFERRED and officer.may(Role.OVERRIDE):
            self._hands.begin(self._override(officer, self._waiting()), Event.FLAGGED)
        else:
            self._answer(False)

    async def _override(self, officer: Officer, story: Story | None) -> None:
        await self._look_at_gate()
        execution = Execution.REFUSED
        if story is not None and self._waiting() is story:
            execution, _ = self._resolve(story, OfficerDecision.APPROVE, officer.name, "badge")
        self._answer(execution is Execution.DONE)

    def _open(self) -> Answer:
        if (objection := self._objections.to_opening) is not None:
            return Execution.REFUSED, objection
        return open_lane(self._lane, self._engine, Event.OPEN_LANE, OPENABLE)

    def _waiting(self) -> Story | None:
        """Return the story that waits for an officer, if one does."""
        return self._story() if self._engine.phase in REFERRED else None

    def _assist(self, command: Command) -> Answer:
        story = self._waiting()
        if story is None or command.args.get("passage") != story.passage:
            return _NOBODY_WAITS
        # A referral's own screen says it: any advice that stands there is taken back.
        self._display.show(self._engine.phase, story.issuing_state)
        return Execution.DONE, f"{self._engine.phase}"

    def _decide(self, command: Command) -> Answer:
        story = self._waiting()
        if story is None or command.args.get("passage") != story.passage:
            return _NOBODY_WAITS
        decision = OfficerDecision(str(command.args.get("decision")))
        reason = str(command.args.get("reason", ""))[:300]
        return self._resolve(story, decision, command.operator, reason)

    def _resolve(
        self, story: Story, decision: OfficerDecision, operator: str, reason: str
    ) -> Answer:
        resolved = Resolved(
            passage=story.passage, decision=decision, operator=operator, reason=reason
        )
        if not self._lane.record(Stream.DECISION, "passage.resolved", resolved):
            return Execution.FAILED, "the decision could not be recorded; the lane stays as it is"
        approved = decision is OfficerDecision.APPROVE
        story.evidence.approved_by = operator if approved else None
        story.asked = []
        self._engine.happen(Event.APPROVED if approved else Event.REFUSED)
        return Execution.DONE, f"{self._engine.phase}"
