"""The story of one passage: its name, its evidence, its stages, and what of it is recorded.

Nothing that is recorded can identify the traveller: checks, codes and times only. The evidence and
the pictures are gone when the story ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from contract.blob import Picture
from contract.passage import Asked, Check, Decided, Ended, Outcome, Started, Verdict
from contract.topics import Stream
from edge.egate.evidence import Evidence
from edge.egate.passage import Do
from edge.egate.pictures import referral_pictures
from edge.runtime.lane import Lane
from edge.uplink.blobs import BlobSpool
from edge.uplink.errors import UplinkError

OPEN_PASSAGE = "passage"  # key in the lane's durable state: the passage that has not ended

OUTCOMES = {
    Do.END_CROSSED: Outcome.CROSSED,
    Do.END_REFUSED: Outcome.REFUSED,
    Do.END_ABANDONED: Outcome.ABANDONED,
    Do.END_EVACUATED: Outcome.EVACUATED,
    Do.END_FAULT: Outcome.FAULT,
}
"""How a passage ends, by what the table asks."""


@dataclass
class Story:
    """One passage under way."""

    began: float
    passage: str = field(default_factory=lambda: uuid.uuid4().hex)
    evidence: Evidence = field(default_factory=Evidence)
    stages: dict[str, float] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    reasons: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)  # why the traveller wants an officer
    pictures: list[Picture] = field(default_factory=list)

    @property
    def issuing_state(self) -> str:
        """The state that issued the document, empty while unknown."""
        printed = self.evidence.printed
        return "" if printed is None else printed.fields["issuing_state"].rstrip("<")

    def give_reasons(self, *more: str) -> None:
        """Add ``more`` to the reasons, and what the traveller asked for; each stands there once."""
        self.reasons = tuple(dict.fromkeys((*self.reasons, *more, *self.asked)))


class Recorder:
    """Writes a story to the lane's record."""

    def __init__(self, lane: Lane, spool: BlobSpool) -> None:
        self._lane = lane
        self._spool = spool

    def started(self, story: Story) -> bool:
        """Record that ``story`` began; return whether that is on disk."""
        started = Started(passage=story.passage)
        return self._lane.record(
            Stream.DECISION, "passage.started", started, {OPEN_PASSAGE: story.passage}
        )

    def decided(self, story: Story, verdict: Verdict) -> bool:
        """Record the lane's decision; a referral takes its pictures along.

        Who was referred at the entry already is seen inside for the first time: the face is new.
        """
        if verdict is Verdict.REFER:
            had = {picture.kind for picture in story.pictures}
            try:
                story.pictures += referral_pictures(story.evidence, self._spool, had)
            except UplinkError as error:
                self._lane.trouble("pictures", error)
        printed = story.evidence.printed
        decided = Decided(
            passage=story.passage,
            verdict=verdict,
            reasons=list(story.reasons),
            checks=list(story.checks),
            document_format=None if printed is None else printed.format.value,
            issuing_state=story.issuing_state or None,
            stages_ms=story.stages,
            pictures=story.pictures if verdict is Verdict.REFER else [],
        )
        return self._lane.record(Stream.DECISION, "passage.decided", decided)

    def asked(self, story: Story, wish: str) -> None:
        """Record that a traveller who waits for an officer asks for one."""
        asked = Asked(passage=story.passage, wish=wish)
        self._lane.owe(Stream.DECISION, "passage.asked", asked)

    def ended(self, story: Story, outcome: Outcome) -> None:
        """Record how ``story`` ended, erase its pictures and forget its evidence."""
        seconds = self._lane.clock.monotonic() - story.began
        ended = Ended(
            passage=story.passage, outcome=outcome, seconds=seconds, stages_ms=story.stages
        )
        self._lane.owe(Stream.DECISION, "passage.ended", ended, {OPEN_PASSAGE: ""})
        for picture in story.pictures:
            self._spool.erase(picture.blob.sha256)
        story.evidence.forget()

    def recover(self, now: float) -> None:
        """End the passage that a restart left open, and erase what was kept of its traveller."""
        if left := self._lane.outbox.state().get(OPEN_PASSAGE):
            self.ended(Story(now, left), Outcome.FAULT)
        for held in self._spool.pending():
            if held.personal:
                self._spool.erase(held.blob.sha256)
