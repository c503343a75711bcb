"""The story of one item: its name, its pictures, its finding, and what of it is recorded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from contract.blob import Picture
from contract.inspection import Disposition, Ended, Finding, Recogniser, Scanned
from contract.topics import Stream
from edge.runtime.lane import Lane
from edge.scanner.analysis import MEDIA_TYPE, Analysis
from edge.uplink.blobs import BlobSpool
from models.catalogue import Card

# Keys in the lane's durable state: the item that has not left, and the last one with a finding.
OPEN_INSPECTION, FOUND = "inspection", "found"

SCANNED = "inspection.scanned"


@dataclass
class Story:
    """One inspection under way."""

    began: float
    inspection: str = field(default_factory=lambda: uuid.uuid4().hex)
    beam_on_s: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    to_beam: float = 0.0  # mm from the item's front to the beam when lines began
    recorded: bool = False


class Recorder:
    """Writes a story to the lane's record."""

    def __init__(self, lane: Lane, spool: BlobSpool, card: Card, threshold: float) -> None:
        self._lane = lane
        self._spool = spool
        self._threshold = threshold
        self._recogniser = Recogniser(name=card.name, version=card.version, sha256=card.sha256)

    def started(self, story: Story) -> bool:
        """Remember on disk that an item is in the lane; return whether that is there."""
        state = {OPEN_INSPECTION: story.inspection}
        return self._lane.record(Stream.HEALTH, "health.report", self._lane.report(), state)

    def recover(self, now: float) -> None:
        """End the item that a restart left in the lane: an operator has to look at it."""
        state = self._lane.outbox.state()
        if left := state.get(OPEN_INSPECTION):
            story = Story(now, left)
            if state.get(FOUND) != left:
                self.unreadable(story, "the lane was started again while the item was in it")
            self.ended(story, Disposition.HOLD)

    def keep(self, analysis: Analysis) -> list[Picture]:
        """Put the pictures into the spool; return their addresses. Raises UplinkError."""
        return [
            Picture(
                kind=picture.kind,
                blob=self._spool.put(picture.content, MEDIA_TYPE, personal=False),
                width=picture.width,
                height=picture.height,
                bits=16,
                personal=False,
            )
            for picture in analysis.pictures
        ]

    def scanned(self, story: Story, analysis: Analysis, pictures: list[Picture]) -> bool:
        """Record what was found; return whether that is on disk."""
        clear = analysis.finding is Finding.CLEAR
        scanned = Scanned(
            inspection=story.inspection,
            item=story.inspection[:12],
            finding=analysis.finding,
            disposition=Disposition.RELEASE if clear else Disposition.HOLD,
            score=analysis.score,
            threshold=self._threshold,
            regions=analysis.regions,
            recogniser=self._recogniser,
            pictures=pictures,
            lost_lines=analysis.lost,
            notes=analysis.notes,
            stages_ms=story.stages | analysis.stages,
        )
        story.recorded = self._lane.record(Stream.DECISION, SCANNED, scanned, _found(story))
        return story.recorded

    def unreadable(self, story: Story, reason: str) -> None:
        """Record, as soon as the disk takes it, that nothing can be said: the item is held."""
        scanned = Scanned(
            inspection=story.inspection,
            item=story.inspection[:12],
            finding=Finding.UNREADABLE,
            disposition=Disposition.HOLD,
            threshold=self._threshold,
            notes=[reason[:300]],
            stages_ms=story.stages,
        )
        self._lane.owe(Stream.DECISION, SCANNED, scanned, _found(story))
        story.recorded = True

    def ended(self, story: Story, disposition: Disposition) -> None:
        """Record how ``story`` ended."""
        ended = Ended(
            inspection=story.inspection,
            disposition=disposition,
            seconds=self._lane.clock.monotonic() - story.began,
            beam_on_s=story.beam_on_s,
            stages_ms=story.stages,
        )
        self._lane.owe(Stream.DECISION, "inspection.ended", ended, {OPEN_INSPECTION: ""})


def _found(story: Story) -> dict[str, str]:
    return {OPEN_INSPECTION: story.inspection, FOUND: story.inspection}
