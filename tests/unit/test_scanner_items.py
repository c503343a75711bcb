import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from contract.inspection import Check, Disposition, Finding
from contract.names import Address
from contract.topics import Stream
from edge.runtime.lane import Lane
from edge.scanner.analysis import Analysis
from edge.scanner.config import DoseEstimate
from edge.scanner.dose import DoseBook, Exposed
from edge.scanner.identify import Known
from edge.scanner.items import Items
from edge.scanner.story import DAY, Recorder, Story
from edge.uplink.blobs import BlobSpool
from edge.uplink.outbox import Outbox
from models.catalogue import card


class Time:
    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Desk:
    """A recorder on a disk of its own, and what it wrote."""

    folder: Path

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.folder / "outbox.db", Address(site="s", unit="u"), Time())
        self.lane = Lane(self.outbox, Time(), lambda: "idle", {})
        book = DoseBook.opened(DoseEstimate(), None, date(2026, 1, 1))
        spool = BlobSpool(self.folder / "pictures")
        self.recorder = Recorder(self.lane, spool, card("xray_anomaly"), 0.5, book)
        self.radiates = False
        self.items = Items(self.recorder, Time(), lambda: self.radiates)

    def told(self) -> list[tuple[str, str, str]]:
        """Return what was recorded: what, of which item, and its disposition."""
        return [(kind, data["inspection"], data["disposition"]) for kind, data in self.events()]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        rows = self.outbox.pending(Stream.DECISION, 0, 100)
        bodies = [json.loads(row.body) for row in rows]
        return [(body["type"].split(".")[1], body["data"]) for body in bodies]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.outbox.close()


def found(desk: Desk, story: Story, finding: Finding = Finding.CLEAR) -> None:
    story.analysis = Analysis(finding, 0.2, [], [], ["a note"], {"recognise": 1.0}, 0.5)
    assert desk.recorder.scanned(story, [Check(name="recogniser", finding=finding)], finding)


def begun(desk: Desk, *, moves_on: bool = False, known: Known | None = None) -> Story:
    return desk.items.begin(known or Known(), moves_on=moves_on)


def test_an_item_from_beginning_to_end(desk: Desk) -> None:
    story = begun(desk, known=Known(notes=("no weight",)))
    desk.items.exposed(Exposed(1.5, 30.0))
    found(desk, story)
    desk.items.sent(Disposition.RELEASE)
    desk.items.left()
    [(_, scanned), (_, ended)] = desk.events()
    assert scanned["disposition"] == "release"
    assert scanned["notes"] == ["a note", "no weight"]
    assert scanned["checks"][0]["name"] == "recogniser"
    assert (ended["beam_on_s"], ended["dose_estimate_ugy"]) == (1.5, 30.0)
    assert ended["day"]["items"] == 1
    assert json.loads(desk.outbox.state()[DAY])["items"] == 1


def test_two_items_end_in_their_order_each_with_its_own_disposition(desk: Desk) -> None:
    first = begun(desk)
    found(desk, first)
    desk.items.sent(Disposition.RELEASE)
    second = begun(desk, moves_on=True)
    desk.items.exposed(Exposed(1.0, 1.0))
    desk.items.left()
    assert desk.told()[-1] == ("ended", first.inspection, "release")
    assert first.exposed.seconds == 0, "what the beam does now is the next one's"
    found(desk, second, Finding.SUSPECT)
    desk.items.sent(Disposition.DIVERT)
    desk.items.left()
    assert desk.told()[-1] == ("ended", second.inspection, "divert")
    assert desk.items.at_hand is None


def test_a_fault_holds_both_and_says_of_the_unjudged_one_that_it_is(desk: Desk) -> None:
    first = begun(desk)
    found(desk, first)
    second = begun(desk, moves_on=True)
    desk.items.held("fault")
    desk.items.held("fault")  # nothing is left to end
    assert desk.told()[1:] == [
        ("ended", first.inspection, "hold"),
        ("scanned", second.inspection, "hold"),
        ("ended", second.inspection, "hold"),
    ]


def test_the_end_of_an_item_waits_until_the_beam_is_seen_off_and_tells_of_it(desk: Desk) -> None:
    story = begun(desk)
    desk.radiates = True
    desk.items.exposed(Exposed(1.0, 10.0))
    desk.items.held("fault")
    assert desk.told() == [("scanned", story.inspection, "hold")]
    assert desk.items.at_hand is None
    desk.items.exposed(Exposed(0.05, 0.5))
    desk.items.held("closed")  # an officer closes the lane meanwhile
    desk.radiates = False
    desk.items.exposed(Exposed(0.05, 0.5))
    desk.items.exposed(Exposed())
    [_, (kind, ended)] = desk.events()
    assert (kind, ended["disposition"]) == ("ended", "hold")
    assert (ended["beam_on_s"], ended["dose_estimate_ugy"]) == (1.1, 11.0)
    assert ended["day"]["items"] == 1


def test_after_a_restart_an_item_whose_beam_was_not_seen_off_is_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    story = begun(desk)
    desk.radiates = True
    desk.items.held("fault")
    desk.outbox.close()
    again = Desk(tmp_path)
    again.recorder.recover(0.0)
    assert again.told()[-1] == ("ended", story.inspection, "hold")
    again.outbox.close()


def test_an_item_that_waits_for_new_references_is_begun_once(desk: Desk) -> None:
    assert begun(desk) is begun(desk)


def test_a_phantom_is_no_item(desk: Desk) -> None:
    waiting = begun(desk)
    desk.items.begin_test("idle", moves_on=False)
    desk.items.left()
    desk.items.begin_test("idle", moves_on=False)
    desk.items.held("fault")
    assert {name for _, name, _ in desk.told()} == {waiting.inspection}


def test_referring_tells_why_and_keeps_what_the_portal_said(desk: Desk) -> None:
    alarm = Check(name="radiation", finding=Finding.SUSPECT)
    story = begun(desk, known=Known(checks=(alarm,)))
    story.trouble = "NoAnswer: not one line"
    desk.items.refer("late")
    desk.items.refer("late")
    [(kind, scanned)] = desk.events()
    assert (kind, scanned["finding"], scanned["notes"]) == (
        "scanned",
        "unreadable",
        [story.trouble],
    )
    assert scanned["checks"][0]["name"] == "radiation"


@pytest.mark.parametrize("judged", [False, True])
def test_after_a_restart_both_items_are_ended_as_held(tmp_path: Path, judged: bool) -> None:
    desk = Desk(tmp_path)
    first = begun(desk)
    found(desk, first)
    second = begun(desk, moves_on=True)
    if judged:
        found(desk, second)
    before = len(desk.told())
    desk.outbox.close()
    again = Desk(tmp_path)
    again.recorder.recover(0.0)
    again.recorder.recover(0.0)
    unjudged = [] if judged else [("scanned", second.inspection, "hold")]
    assert again.told()[before:] == [
        ("ended", first.inspection, "hold"),
        *unjudged,
        ("ended", second.inspection, "hold"),
    ]
    again.outbox.close()
