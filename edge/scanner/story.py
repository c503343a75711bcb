"""The story of one item: its name, its pictures, its finding, and what of it is recorded.

1. Two items may be open at once: the one at hand, and the one before it that leaves.
2. What an item's beam did is recorded with its end, together with the day's total.
3. The pictures of a self-test's phantom are no item's: they stay in memory, as fine as they were
   taken, until they have been measured.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contract.blob import Blob, Picture
from contract.inspection import (
    Check,
    Disposition,
    Ended,
    Finding,
    Measure,
    Recogniser,
    Scanned,
    Tested,
)
from contract.topics import Stream
from edge.runtime.lane import Lane
from edge.scanner.analysis import Analysis
from edge.scanner.dose import DoseBook, Exposed
from edge.scanner.evidence.keeper import EvidenceKeeper
from edge.scanner.identify import Known
from edge.scanner.likeness import Likeness
from edge.scanner.pictures import MEDIA_TYPE, Rendered
from edge.uplink.blobs import BlobSpool
from edge.uplink.errors import UplinkError
from models.catalogue import Card

# Keys in the lane's durable state: the item at hand, the one before it that leaves, the last one
# with a finding (whatever leaves has one), and what the beam did today.
OPEN_INSPECTION, LEAVING, FOUND, DAY = "inspection", "leaving", "found", "beam-day"

SCANNED = "inspection.scanned"


@dataclass
class Story:
    """One inspection under way."""

    began: float
    inspection: str = field(default_factory=lambda: uuid.uuid4().hex)
    exposed: Exposed = field(default_factory=Exposed)
    stages: dict[str, float] = field(default_factory=dict)
    to_beam: float = 0.0  # mm from the item's front to the beam when lines began
    known: Known = field(default_factory=Known)
    analysis: Analysis | None = None
    trouble: str = ""  # why there is no analysis
    recorded: bool = False
    disposition: Disposition = Disposition.HOLD  # where it goes
    clear: bool = False  # every check was
    likeness: Likeness | None = None
    phantom: bool = False


class Recorder:
    """Writes a story to the lane's record."""

    def __init__(
        self,
        lane: Lane,
        spool: BlobSpool,
        card: Card,
        threshold: float,
        book: DoseBook,
        evidence: EvidenceKeeper | None = None,
    ) -> None:
        self._lane = lane
        self._spool = spool
        self._evidence = evidence
        self._threshold = threshold
        self._book = book
        self._phantom: dict[str, bytes] | None = None  # by hash; None when an item is looked at
        self._recogniser = Recogniser(name=card.name, version=card.version, sha256=card.sha256)

    def started(self, story: Story, leaving: Story | None) -> bool:
        """Remember on disk which items are in the lane; return whether that is there."""
        self._phantom = None
        before = "" if leaving is None else leaving.inspection
        state = {OPEN_INSPECTION: story.inspection, LEAVING: before}
        return self._lane.record(Stream.HEALTH, "health.report", self._lane.report(), state)

    def phantom_begins(self) -> None:
        """Keep what is taken from now on as the phantom's, until the next item is begun."""
        self._phantom = {}

    def measured(self, pictures: Sequence[Picture]) -> list[bytes]:
        """Return the files of the phantom's ``pictures``, once; KeyError for any other's."""
        phantom, self._phantom = self._phantom or {}, None
        return [phantom[picture.blob.sha256] for picture in pictures]

    def recover(self, now: float) -> None:
        """End the items that a restart left in the lane: an operator has to look at them."""
        state = self._lane.outbox.state()
        if left := state.get(LEAVING):
            self.ended(Story(now, left), Disposition.HOLD, leaving=True)
        if left := state.get(OPEN_INSPECTION):
            story = Story(now, left)
            if state.get(FOUND) != left:
                self.unreadable(story, "the lane was started again while the item was in it")
            self.ended(story, Disposition.HOLD)

    def keep(self, pictures: Iterable[Rendered]) -> list[Picture]:
        """Put pictures into the spool; return their addresses. Raises UplinkError."""
        return [
            Picture(
                kind=picture.kind,
                blob=self._spooled(picture.content),
                width=picture.width,
                height=picture.height,
                bits=16,
                personal=False,
            )
            for picture in pictures
        ]

    def _spooled(self, content: bytes) -> Blob:
        if (phantom := self._phantom) is not None:
            digest = hashlib.sha256(content).hexdigest()
            phantom[digest] = content
            address = {"sha256": digest, "size": len(content), "media_type": MEDIA_TYPE}
            return Blob.model_validate(address)
        blob = self._spool.put(content, MEDIA_TYPE, personal=False)
        if self._evidence is not None:
            self._evidence.take(blob.sha256, content)
        return blob

    def forget(self, pictures: Iterable[Picture]) -> None:
        """Erase pictures of a scan that was given up."""
        pictures = list(pictures)
        if self._evidence is not None:
            self._evidence.forget([picture.blob.sha256 for picture in pictures])
        for picture in pictures:
            with contextlib.suppress(UplinkError):  # a file more on the disk harms nobody
                self._spool.erase(picture.blob.sha256)

    def scanned(self, story: Story, checks: Sequence[Check], finding: Finding) -> bool:
        """Record what was found; return whether that is on disk."""
        analysis = story.analysis
        assert analysis is not None
        story.clear = clear = finding is Finding.CLEAR
        likeness = story.likeness
        alike = [] if likeness is None or not likeness.note else [likeness.note]
        scanned = self._of(story, finding, checks).model_copy(
            update={
                "disposition": Disposition.RELEASE if clear else Disposition.HOLD,
                "score": analysis.score,
                "regions": analysis.regions,
                "recogniser": self._recogniser,
                "pictures": analysis.pictures,
                "lost_lines": analysis.lost,
                "notes": [*analysis.notes, *story.known.notes, *alike],
                "descriptor": None if likeness is None else likeness.text,
                "stages_ms": story.stages | analysis.stages,
            }
        )
        story.recorded = self._lane.record(Stream.DECISION, SCANNED, scanned, _found(story))
        return story.recorded

    def unreadable(self, story: Story, reason: str) -> None:
        """Record, as soon as the disk takes it, that nothing can be said: the item is held."""
        scanned = self._of(story, Finding.UNREADABLE, story.known.checks).model_copy(
            update={"notes": [reason[:300], *story.known.notes]}
        )
        self._lane.owe(Stream.DECISION, SCANNED, scanned, _found(story))
        story.recorded = True

    def ended(self, story: Story, disposition: Disposition, *, leaving: bool = False) -> None:
        """Record how ``story`` ended, and the day's dose with it."""
        day = self._book.counted()
        ended = Ended(
            inspection=story.inspection,
            disposition=disposition,
            seconds=self._lane.clock.monotonic() - story.began,
            beam_on_s=story.exposed.seconds,
            dose_estimate_ugy=round(story.exposed.micrograys, 3),
            day=day,
            stages_ms=story.stages,
        )
        state = {DAY: day.model_dump_json(), LEAVING if leaving else OPEN_INSPECTION: ""}
        self._lane.owe(Stream.DECISION, "inspection.ended", ended, state)

    def tested(self, story: Story, measures: list[Measure], passed: bool, detail: str) -> bool:
        """Record what a self-test measured; return whether that is on disk."""
        self._phantom = None
        tested = Tested(
            test=story.inspection,
            passed=passed,
            measures=measures,
            detail=detail[:300],
            beam_on_s=story.exposed.seconds,
        )
        day = {DAY: self._book.day.model_dump_json()}
        story.recorded = self._lane.record(Stream.AUDIT, "inspection.tested", tested, day)
        return story.recorded

    def _of(self, story: Story, finding: Finding, checks: Sequence[Check]) -> Scanned:
        if self._evidence is not None:
            self._evidence.passed(story.inspection, story.known.passages)
        return Scanned(
            inspection=story.inspection,
            item=story.known.identity.container or story.inspection[:12],
            finding=finding,
            disposition=Disposition.HOLD,
            threshold=story.analysis.threshold if story.analysis else self._threshold,
            checks=list(checks),
            identity=story.known.identity,
            radiation=story.known.radiation,
            stages_ms=story.stages,
        )


def _found(story: Story) -> dict[str, str]:
    return {OPEN_INSPECTION: story.inspection, FOUND: story.inspection}
