"""What the traveller asks for at the screen, and what the lane makes of it.

1. More time makes every limit of the passage longer, the running one too. Who asks for a lower
   camera is looked at by it from then on, where the gate has one.
2. Who asks for help gets an officer: the passage is referred as soon as it can be, and the officer
   who approves it has answered. The reason says whether it was asked in silence; nothing else does.
   Asked while an officer is waited for, it joins the reasons that the officer reads.
3. What is asked for where no passage can be referred is told as a fault that clears itself; asked
   in front of the gate, it counts for the passage that then begins.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.display.display import Display
from edge.display.requests import Asked, Kind
from edge.egate.officers import REFERRED
from edge.egate.passage import Do, Event, Phase
from edge.egate.story import Recorder, Story
from edge.runtime.engine import Engine
from edge.runtime.lane import Lane

SCREEN = "display"  # the name under which what is asked for outside a passage is told
ASSISTANCE, SAFEGUARDING = "assistance", "safeguarding"
_FLAGS = {Phase.READING: Event.DOCUMENT_FLAGGED, Phase.DECIDING: Event.FLAGGED}
_ON_THE_WAY = frozenset({Phase.ENTERING, Phase.SECURING})  # the decision inside will refer it


class Assistance(Exception):
    """A traveller asks for help."""


class Safeguarding(Exception):
    """A traveller asks for help in silence."""


class Requests:
    """The requests of one gate's screen."""

    def __init__(
        self,
        lane: Lane,
        engine: Engine[Phase, Event, Do],
        display: Display,
        story: Callable[[], Story | None],
        recorder: Recorder,
        lower_camera: Callable[[], None],
    ) -> None:
        self._lane = lane
        self._engine = engine
        self._display = display
        self._story = story
        self._recorder = recorder
        self._lower_camera = lower_camera
        self._early: list[str] = []
        display.on_request(self.hear)

    def hear(self, asked: Asked) -> None:
        """Take in one request."""
        if asked.kind is Kind.MORE_TIME:
            self._engine.stretch_now()
        elif asked.kind is Kind.LOWER_CAMERA:
            self._lower_camera()
        elif asked.kind is Kind.HELP:
            self._help(SAFEGUARDING if asked.safeguarding else ASSISTANCE)

    def begin(self, story: Story) -> None:
        """Take what was asked for in front of the gate into ``story``."""
        if self._display.wishes.help:
            story.asked = self._early
        self._early = []

    def _help(self, reason: str) -> None:
        story, phase = self._story(), self._engine.phase
        if story is None:
            self._early = [reason]
        elif phase in REFERRED:  # an officer is asked already, decides once, and is to know of it
            self._recorder.asked(story, reason)
        else:
            story.asked = [*story.asked, reason]
        if story is not None and phase in _FLAGS:
            self._engine.happen(_FLAGS[phase])
        elif story is None or phase not in _ON_THE_WAY:
            self._tell(reason)

    def _tell(self, reason: str) -> None:
        error = Safeguarding if reason == SAFEGUARDING else Assistance
        self._lane.trouble(SCREEN, error("a traveller asks for an officer at this gate"))
