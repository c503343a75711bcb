"""The items in the lane: the one at hand, and the one before it that may still be leaving.

1. Every item that was begun ends, once. One that nobody judged ends as unreadable and held.
2. What the beam still does to an item that is held, until it is seen off, is the item's: so long it
   waits for its end.
3. The phantom of a self-test is no item: nothing is recorded of it here.
"""

from __future__ import annotations

from collections.abc import Callable

from contract.inspection import Disposition
from edge.runtime.clock import Clock
from edge.scanner.dose import Exposed
from edge.scanner.identify import Known
from edge.scanner.story import Recorder, Story


class Items:
    """The stories that are open. ``radiates``: whether the beam is on, for all that was heard."""

    def __init__(
        self, recorder: Recorder, clock: Clock, radiates: Callable[[], bool] = lambda: False
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._radiates = radiates
        self._leaving: Story | None = None
        self._lit: Story | None = None  # held, and the beam not seen off yet
        self.at_hand: Story | None = None

    def begin(self, known: Known, *, moves_on: bool) -> Story:
        """Begin the next item, the one at hand leaving if it ``moves_on``.

        An item that was begun already, and had to wait for new references, goes on.
        """
        if moves_on:
            self._leaving, self.at_hand = self.at_hand, None
        if self.at_hand is None:
            self.at_hand = Story(self._clock.monotonic(), known=known)
        leaving = None if self._leaving is None or self._leaving.phantom else self._leaving
        self._recorder.started(self.at_hand, leaving)
        return self.at_hand

    def begin_test(self, phase: str, *, moves_on: bool) -> Story:
        """Begin with the phantom."""
        if moves_on:
            self._leaving, self.at_hand = self.at_hand, None
        elif self.at_hand is not None:
            self._end_held(self.at_hand, phase)
        self.at_hand = Story(self._clock.monotonic(), phantom=True)
        return self.at_hand

    def exposed(self, exposed: Exposed) -> None:
        """Add what the beam did, until now, to the item at hand or the one that waits for that."""
        story = self._lit or self.at_hand
        if story is not None:
            story.exposed += exposed
        self._end_dark()

    def sent(self, where: Disposition) -> None:
        """Note that the diverter lets the item at hand go on, and where."""
        if self.at_hand is not None:
            self.at_hand.disposition = where

    def refer(self, reason: str) -> None:
        """Record that nothing can be said of the item at hand, if nothing was said yet."""
        story = self.at_hand
        if story is not None and not story.recorded:
            self._recorder.unreadable(story, story.trouble or reason)

    def left(self) -> Story | None:
        """End the item that has left the belt; return it."""
        if self._leaving is not None:
            story, self._leaving, leaving = self._leaving, None, True
        elif self.at_hand is not None:
            story, self.at_hand, leaving = self.at_hand, None, False
        else:
            return None
        if not story.phantom:
            self._recorder.ended(story, story.disposition, leaving=leaving)
        return story

    def held(self, phase: str) -> None:
        """End every item: whatever is on the belt stays there until somebody looks at it."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None and not leaving.phantom:
            self._recorder.ended(leaving, Disposition.HOLD, leaving=True)
        story, self.at_hand = self.at_hand, None
        if story is not None:
            self._end_held(story, phase)

    def _end_held(self, story: Story, phase: str) -> None:
        if story.phantom:
            return
        if not story.recorded:
            self._recorder.unreadable(story, story.trouble or f"the scan was not finished: {phase}")
        self._lit = story
        self._end_dark()

    def _end_dark(self) -> None:
        """End what was held, if the beam is off."""
        if self._lit is not None and not self._radiates():
            story, self._lit = self._lit, None
            self._recorder.ended(story, Disposition.HOLD)
