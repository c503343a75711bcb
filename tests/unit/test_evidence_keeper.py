"""The lane's evidence beside it: which items, what a restart leaves, a disk that refuses."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.blob import Picture
from contract.command import Command, Verb
from contract.inspection import Disposition, Ended, Finding, Resolved, Scanned
from contract.names import Address
from contract.projection import Made
from contract.signing import Purpose, create_private_key, key_id, only, public_text, seal
from contract.topics import Stream
from drivers.radiation.codec import Background, OccupancyEnd, Ray, Scan
from drivers.radiation.verdict import Thresholds
from edge.runtime.lane import CALM, Lane
from edge.runtime.worker import Happening, Trouble
from edge.scanner.config import ScannerConfig
from edge.scanner.evidence import keeper as module
from edge.scanner.evidence.keeper import EvidenceKeeper
from edge.scanner.evidence.shelf import SPARE, Shelf
from edge.scanner.formats.evidence_check import verify
from edge.scanner.orders import decide
from edge.scanner.pictures import MEDIA_TYPE, render
from edge.scanner.portal import PortalWatch
from edge.scanner.story import Story
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import Answer, CommandGate, obey, under_way
from edge.uplink.outbox import Outbox

SOON = 30.0  # s; a deadline, not a wait
LINES = np.random.default_rng(1).integers(0, 65_536, (2, 40, 30)).astype(np.uint16)
CENTRAL = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY_ID = key_id(CENTRAL.public_key())
DEVICES = ["conveyor", "xray_source", "detector"]
RELEASE, HOLD, DIVERT = Disposition.RELEASE, Disposition.HOLD, Disposition.DIVERT


class Time:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.at


def until(what: Callable[[], Any]) -> Any:
    deadline, turn = time.monotonic() + SOON, threading.Event()
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        turn.wait(0.005)
    return found


@dataclass
class Desk:
    """A lane's stores, and a keeper that may be started again."""

    folder: Path
    of: str = "held"
    free: list[int] = field(default_factory=lambda: [1 << 40])

    def __post_init__(self) -> None:
        self.clock = Time()
        self.key = create_private_key(self.folder / "unit.pem")
        self.outbox = Outbox(self.folder / "outbox.db", Address(site="s", unit="u"), self.clock)
        self.spool = BlobSpool(self.folder / "pictures")
        self.gate = CommandGate(self.outbox, CENTRAL.public_key(), self.clock)
        self.troubles: list[Trouble] = []
        self.made()

    def made(self) -> None:
        key = public_text(self.key.public_key())
        config = ScannerConfig.model_validate(
            {
                "site": "s", "unit": "u", "kind": "scanner", "data": self.folder,
                "central": {"broker": "mqtt://h:1", "blobs": "http://h:2", "key": key},
                "devices": {name: {"url": "x"} for name in DEVICES},
                "evidence": {"of": self.of},
            }
        )  # fmt: skip
        shelf = Shelf(self.folder / "evidence", config.evidence, lambda _: self.free[0])
        self.keeper = EvidenceKeeper(config, self.outbox, self.spool, self.clock, self._post, shelf)

    def _post(self, happening: Happening) -> None:
        assert isinstance(happening, Trouble)
        self.troubles.append(happening)

    def pictures(self) -> list[Picture]:
        """Spool an item's pictures as the recorder does."""
        return [
            self._spooled(part.kind, part.content, part.width, part.height)
            for part in render(LINES, 0)
        ]

    def _spooled(self, kind: str, content: bytes, width: int, height: int) -> Picture:
        blob = self.spool.put(content, MEDIA_TYPE, personal=False)
        self.keeper.take(blob.sha256, content)
        return Picture(kind=kind, blob=blob, width=width, height=height, bits=16, personal=False)

    def scanned(self, name: str, disposition: Disposition, pictures: list[Picture]) -> None:
        finding = Finding.CLEAR if disposition is RELEASE else Finding.SUSPECT
        scanned = Scanned(
            inspection=name, item="MSKU1234565", finding=finding, disposition=disposition,
            threshold=0.5, pictures=pictures, stages_ms={},
        )  # fmt: skip
        self.outbox.record(Stream.DECISION, "inspection.scanned", scanned)

    def ended(self, name: str, disposition: Disposition) -> None:
        ended = Ended(
            inspection=name, disposition=disposition, seconds=9.0, beam_on_s=1.0, stages_ms={}
        )
        self.outbox.record(Stream.DECISION, "inspection.ended", ended)

    def decide(self, name: str, disposition: Disposition, act: bool = True) -> bytes:
        """Have an operator decide on the item that is held, through central; return the command."""
        held, lane = Story(0.0, name), Lane(self.outbox, self.clock, lambda: "held", {})

        async def execute(command: Command) -> Answer:
            return decide(command, held, lane, lambda _: None)

        command = Command(
            id=f"c-{name}-{disposition}", unit="u", verb=Verb.DECIDE_INSPECTION,
            args={"inspection": name, "disposition": disposition, "reason": "looked"},
            challenge=self.gate.challenge().nonce,
            not_after=self.clock.now() + timedelta(minutes=1), operator="alice",
        )  # fmt: skip
        message = seal(Purpose.COMMAND, command.model_dump_json().encode(), CENTRAL)
        if act:
            asyncio.run(obey(self.gate, message, execute))
        else:  # the power goes between the act and its result
            assert self.gate.admit(message) == command
            asyncio.run(execute(command))
        return message

    def central_has_all(self) -> None:
        for held in self.spool.pending():
            self.spool.erase(held.blob.sha256)
        last = self.outbox.position(Stream.DECISION).last
        self.outbox.acknowledged(Stream.DECISION, self.outbox.epoch, last)

    @property
    def bundles(self) -> list[Path]:
        return sorted((self.folder / "evidence").glob("*.zip"))

    @property
    def left_open(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "evidence" / "open").iterdir())

    def stop(self) -> None:
        if self.keeper._thread.ident is not None:
            self.keeper.stop()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(module, "RETRY", 0.01)
    made = Desk(tmp_path)
    yield made
    made.stop()
    made.outbox.close()


def sound(desk: Desk, file: Path) -> bool:
    with file.open("rb") as opened:
        return verify(opened, only(desk.key.public_key())).problems == ()


@pytest.mark.parametrize(
    ("of", "found", "end", "kept"),
    [
        ("held", HOLD, DIVERT, True),
        ("held", HOLD, RELEASE, True),
        ("held", RELEASE, HOLD, True),
        ("held", RELEASE, RELEASE, False),
        ("all", RELEASE, RELEASE, True),
    ],
)
def test_which_items_are_kept(
    desk: Desk, of: str, found: Disposition, end: Disposition, kept: bool
) -> None:
    desk.of = of
    desk.made()
    desk.keeper.start()
    pictures = desk.pictures()
    desk.scanned("a1", found, pictures)
    desk.central_has_all()
    desk.ended("a1", end)
    desk.keeper.stop()
    assert [sound(desk, file) for file in desk.bundles] == [True] * kept
    assert desk.left_open == []
    assert desk.troubles == []
    if kept:
        assert desk.bundles[0].name == "a1-20260101T000000Z.zip"
        with zipfile.ZipFile(desk.bundles[0]) as bundle:
            for picture in pictures:
                content = bundle.read(f"images/{picture.kind}.jxl")
                assert hashlib.sha256(content).hexdigest() == picture.blob.sha256


def test_a_full_disk_is_told_waited_for_and_then_it_is_kept(desk: Desk) -> None:
    desk.free[0] = SPARE
    desk.keeper.start()
    desk.scanned("a1", HOLD, desk.pictures())
    desk.ended("a1", DIVERT)
    until(lambda: len(desk.troubles) > 2)
    assert {(t.device, type(t.error).__name__) for t in desk.troubles} == {("evidence", "DiskFull")}
    assert desk.bundles == []
    desk.central_has_all()
    desk.free[0] = 1 << 40
    [file] = until(lambda: desk.bundles)
    assert sound(desk, file)


def test_the_fault_has_a_name_and_ends_by_itself(desk: Desk) -> None:
    lane = Lane(desk.outbox, desk.clock, lambda: "idle", {})
    desk.free[0] = SPARE
    desk.keeper.start()
    desk.scanned("a1", HOLD, [])
    desk.ended("a1", DIVERT)
    lane.notice(until(lambda: desk.troubles)[0])
    assert [(f.device, f.name) for f in lane.faults.all] == [("evidence", "DiskFull")]
    assert lane.report().devices == []
    desk.clock.seconds += CALM
    lane.tick()
    assert lane.faults.all == []


def test_what_waits_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(5):
        desk.scanned(f"a{number}", HOLD, [])
    assert len(desk.keeper._todo) == 3
    assert [type(t.error).__name__ for t in desk.troubles] == ["NotKept"] * 3


def test_a_picture_that_the_spool_has_sent_already_is_kept_too(desk: Desk) -> None:
    desk.keeper.start()
    [one, *_] = render(LINES, 0)
    sha256 = hashlib.sha256(one.content).hexdigest()
    desk.keeper.take(sha256, one.content)
    assert desk.keeper._open.picture(sha256) == one.content


def test_a_restart_in_the_middle_costs_no_evidence(desk: Desk) -> None:
    desk.keeper.start()
    desk.scanned("a1", HOLD, desk.pictures())
    desk.keeper.stop()
    desk.central_has_all()
    (desk.folder / "evidence" / "open" / ("0" * 64 + ".jxl")).write_bytes(b"of no item")
    desk.made()
    desk.ended("a1", HOLD)  # as the lane does at its start
    desk.keeper.start()
    [file] = until(lambda: desk.bundles)
    assert sound(desk, file)
    until(lambda: desk.left_open == [])


def test_an_end_that_was_recorded_and_not_taken_is_taken_at_the_next_start(desk: Desk) -> None:
    desk.scanned("a1", HOLD, desk.pictures())  # the thread never ran: the power went
    desk.made()
    desk.ended("a1", DIVERT)
    desk.keeper.start()
    [file] = until(lambda: desk.bundles)
    assert sound(desk, file)
    desk.keeper.stop()
    file.unlink()
    desk.made()  # the events are still in the outbox, and are not taken for new ones
    desk.keeper.start()
    desk.keeper.stop()
    assert desk.bundles == []


def test_an_item_whose_picture_is_lost_is_told_and_holds_up_no_other(desk: Desk) -> None:
    desk.keeper.start()
    lost = desk.pictures()
    desk.keeper.forget([picture.blob.sha256 for picture in lost])
    desk.scanned("a1", HOLD, lost)
    desk.ended("a1", DIVERT)
    until(lambda: desk.troubles)
    assert type(desk.troubles[0].error).__name__ == "NotKept"
    desk.scanned("b2", HOLD, [])
    desk.ended("b2", DIVERT)
    [file] = until(lambda: desk.bundles)
    assert file.name.startswith("b2-")
    until(lambda: desk.left_open == [])


def test_every_passage_of_an_item_is_in_its_bundle(desk: Desk) -> None:
    portal = PortalWatch(Thresholds(), lambda: 97.0)
    for ray, counts in ((Ray.GAMMA, (770,) * 4), (Ray.NEUTRON, (3,) * 4)):
        portal.feed(Background(ray, counts))
    for number in (7, 8):
        for _ in range(6):
            portal.feed(Scan(Ray.GAMMA, (150,) * 4))
            portal.feed(Scan(Ray.NEUTRON, (0,) * 4))
        portal.feed(OccupancyEnd(number, (3080,)))
    desk.keeper.start()
    desk.keeper.passed("a1", portal._passed)
    desk.scanned("a1", HOLD, [])
    desk.ended("a1", DIVERT)
    desk.keeper.stop()
    with zipfile.ZipFile(desk.bundles[0]) as bundle:
        found = [name for name in bundle.namelist() if name.startswith("radiation/")]
        assert sorted(found) == ["radiation/portal-2.n42", "radiation/portal.n42"]
        assert b"occupancy 7" in bundle.read("radiation/portal.n42")
        began = (desk.clock.now() - timedelta(seconds=3)).isoformat().encode()
        assert began in bundle.read("radiation/portal.n42")


def signatures(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as bundle:
        names = [name for name in bundle.namelist() if name.startswith("signatures/")]
        return {name: bundle.read(name) for name in names}


def decided(desk: Desk, file: Path) -> tuple[str, ...]:
    """Return what ``verify`` says of who decided, with both keys."""
    with file.open("rb") as opened:
        outcome = verify(opened, only(desk.key.public_key()), only(CENTRAL.public_key()))
    assert outcome.problems == ()
    return outcome.decided


def test_an_operators_sealed_command_is_in_the_bundle_and_proved(desk: Desk) -> None:
    desk.keeper.start()
    desk.scanned("a1", HOLD, desk.pictures())
    desk.scanned("b2", HOLD, [])  # the next one, decided before the first has left
    message, *others = [desk.decide("a1", HOLD), desk.decide("b2", RELEASE)]
    last = desk.decide("a1", DIVERT)
    assert under_way(desk.outbox) == [], "what is done with is let go"
    desk.central_has_all()
    desk.ended("a1", DIVERT)
    desk.ended("b2", RELEASE)
    desk.keeper.stop()
    first, second = desk.bundles
    assert signatures(first) == {
        "signatures/command.bc1": message, "signatures/command-2.bc1": last,
    }  # fmt: skip
    assert signatures(second) == {"signatures/command.bc1": others[0]}
    assert all(told.endswith("(key " + KEY_ID + ")") for told in decided(desk, first))
    assert decided(desk, first)[0].startswith("divert by operator alice: proved")
    assert desk.left_open == []
    assert desk.troubles == []


def test_what_the_lane_decided_itself_has_no_command_and_says_so(desk: Desk) -> None:
    desk.keeper.start()
    desk.scanned("a1", HOLD, [])
    desk.ended("a1", HOLD)
    desk.keeper.stop()
    assert signatures(desk.bundles[0]) == {}
    assert decided(desk, desk.bundles[0]) == (
        "decided by the lane itself: there is no operator's command",
    )


def test_a_decision_that_a_crash_cut_off_keeps_its_command(desk: Desk) -> None:
    desk.scanned("a1", HOLD, [])  # the thread never ran: the power went
    message = desk.decide("a1", DIVERT, act=False)
    desk.made()
    desk.gate.recover()
    desk.ended("a1", DIVERT)
    desk.keeper.start()
    [file] = until(lambda: desk.bundles)
    assert signatures(file) == {"signatures/command.bc1": message}


def test_a_decision_that_came_without_a_command_is_kept_and_that_is_told(desk: Desk) -> None:
    desk.keeper.start()
    desk.scanned("a1", HOLD, [])
    desk.outbox.record(
        Stream.DECISION, "inspection.resolved",
        Resolved(inspection="a1", disposition=DIVERT, operator="bob", reason=""),
    )  # fmt: skip
    desk.ended("a1", DIVERT)
    desk.keeper.stop()
    assert decided(desk, desk.bundles[0]) == (
        "divert by operator bob: its sealed command is not in the bundle",
    )


def test_a_projected_picture_is_no_items(desk: Desk) -> None:
    desk.keeper.start()
    made = Made(
        projection="p1", pictures=desk.pictures(), seal="0" * 64, reveal_by=desk.clock.now()
    )
    desk.outbox.record(Stream.DECISION, "projection.made", made)
    until(lambda: desk.left_open == [])


def test_an_item_that_is_never_heard_of_again_goes_with_its_age(desk: Desk) -> None:
    desk.keeper.start()
    desk.scanned("a1", HOLD, desk.pictures())
    desk.keeper.stop()
    assert "a1.jsonl" in desk.left_open
    desk.clock.at += timedelta(days=91)
    desk.central_has_all()
    desk.made()
    desk.keeper.start()
    until(lambda: desk.left_open == [])
