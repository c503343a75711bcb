"""People at a real agent on a simulated gate: what travellers are told and ask; officers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from contract.command import Execution, Verb
from drivers.badge_reader.messages import Colour
from drivers.badge_reader.reader import CardRead, Format, new_key
from edge.config import EGateConfig, ScannerConfig, read
from edge.display.screens import TEXTS
from edge.egate.badge import hashed
from edge.egate.passage import LIMITS, Phase
from edge.lanes import display_of
from settings.files import ConfigError
from simulators.badge_reader.device import FakeBadgeReader
from simulators.chip.faults import ChipFaults
from simulators.lanes.egate import Left
from simulators.serve import on_pty
from simulators.world.travellers import Story
from tests.system.gate_world import REST, GateWorld, bring, decide, gate_world
from tests.system.lanes import until, written

pytestmark = pytest.mark.realtime

URLS = dict.fromkeys(
    ("gate", "document_reader", "chip_reader", "page_camera", "face_camera"), "/dev/null"
)


@pytest.fixture(scope="module")
def running_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateWorld]:
    with gate_world(tmp_path_factory.mktemp("egate")) as world:
        yield world


@pytest.fixture
def gate(running_gate: GateWorld) -> Iterator[GateWorld]:
    """The module's gate, idle, and made idle again behind the test."""
    running_gate.mend()
    yield running_gate
    running_gate.mend()


# What the traveller is told


def shows(gate: GateWorld, screen: str) -> None:
    display = gate.lane.unit._display
    until(
        lambda: display.now()["screen"] == screen, why=lambda: f"{display.now()['screen']}, not it"
    )


@contextmanager
def screens(gate: GateWorld) -> Iterator[list[str]]:
    """Note every screen that is shown while the block runs, however briefly."""
    display = gate.lane.unit._display
    shown: list[str] = []
    tell = display._tell

    def noted() -> None:
        shown.append(str(display.now()["screen"]))
        tell()

    with patch.object(display, "_tell", noted):
        yield shown


def test_a_page_that_lies_badly_is_told_so_and_read_when_it_lies_well(gate: GateWorld) -> None:
    who = gate.who()
    badly = {light: seen[:500] for light, seen in who.pages.items()}
    with gate.laid(replace(who, pages=badly)):
        gate.lane.reaches("reading")
        until(lambda: gate.lane.unit._display.now()["tone"] == "change", why="it lies wrong")
        assert gate.lane.phase == "reading", "looked at again, not referred"
        gate.sim.on_glass = who.pages
        gate.lane.reaches("entering")
    shows(gate, "walk_in")


def test_a_chip_that_takes_its_time_is_told(gate: GateWorld) -> None:
    silent = ChipFaults(mute=1000)
    with (
        patch("edge.egate.reading.SLOW_AFTER", 0.1),
        screens(gate) as shown,
        gate.laid(gate.who(), faults=silent),
    ):
        gate.lane.reaches("referred_at_entry")
    assert "bit_longer" in shown
    shows(gate, "wait_for_officer")


def test_two_at_once_are_told_to_come_one_at_a_time(gate: GateWorld) -> None:
    bring(gate, "returning")
    shows(gate, "one_at_a_time")


def test_a_gate_at_fault_sends_elsewhere_only_while_it_is_empty(gate: GateWorld) -> None:
    bring(gate, "referred_inside")
    bring(gate, "fault")
    until(lambda: gate.lane.unit._gate, why="the controller is back, and counts one inside")
    shows(gate, "wait_for_officer")
    gate.mend()
    bring(gate, "fault")
    shows(gate, "other_gate")


def test_a_forgotten_document_is_told_of(gate: GateWorld) -> None:
    with gate.laid(gate.who(Story.EXPIRED)):
        gate.lane.reaches("referred_at_entry")
        shows(gate, "wait_for_officer")
        decide(gate, "refuse")
        gate.lane.reaches("idle")
        shows(gate, "take_document")
    shows(gate, "place_document")


def test_who_walks_in_without_the_document_is_told(gate: GateWorld) -> None:
    with patch("edge.egate.unit.TAKES", 0.3), gate.laid(gate.who()):
        gate.lane.reaches("entering")
        shows(gate, "take_document")
    shows(gate, "walk_in")


# What the traveller asks for


def press(gate: GateWorld, *kinds: str) -> None:
    """Press the buttons of the page."""

    def pressed() -> None:
        display = gate.lane.unit._display
        for kind in kinds:
            if (asked := display.ask(json.dumps({"kind": kind}).encode())) is not None:
                display.hear(asked)

    gate.lane.loop.call_soon_threadsafe(pressed)


@pytest.mark.parametrize(
    ("kinds", "reason"), [(["help"], "assistance"), ([*["more-time"] * 3, "help"], "safeguarding")]
)
@pytest.mark.parametrize("phase", ["idle", "entering", "deciding"])
def test_who_asks_for_help_gets_an_officer(
    gate: GateWorld, phase: str, kinds: list[str], reason: str
) -> None:
    bring(gate, phase)
    since = gate.lane.last
    press(gate, *kinds)
    if phase == "idle":
        gate.lane.tells("display", reason.capitalize())
        bring(gate, "referred_at_entry")
    elif phase == "entering":
        gate.sim.gate.person_enters()
    gate.lane.reaches("referred_at_entry", "referred_inside")
    [decided] = until(lambda: gate.lane.told(since, "passage.decided"))
    assert decided["verdict"] == "refer"
    assert reason in decided["reasons"]
    shows(gate, "wait_for_officer")


def test_who_asks_while_an_officer_is_asked_already_is_told_of_too(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "referred_at_entry")
    until(lambda: gate.lane.told(since, "passage.decided"))
    until(lambda: ("display", "Safeguarding") not in gate.lane.faults)
    press(gate, *["more-time"] * 3, "help")
    until(lambda: ("display", "Safeguarding") in gate.lane.faults)
    shows(gate, "wait_for_officer")
    [asked] = gate.lane.told(since, "passage.asked")
    assert asked == {"passage": gate.lane.unit._story.passage, "wish": "safeguarding"}
    decide(gate, "refuse")
    assert len(gate.lane.told(since, "passage.decided")) == 1, "central takes one"


def test_an_officer_who_approves_has_answered_the_call(gate: GateWorld) -> None:
    press(gate, "help")
    gate.lane.tells("display", "Assistance")
    sent = gate.comes(Story.IN_ORDER)
    gate.lane.reaches("referred_at_entry")
    decide(gate, "approve")
    assert sent.result(60) is Left.CROSSED


def test_more_time_makes_the_limit_longer_that_is_running(gate: GateWorld) -> None:
    bring(gate, "entering")
    engine = gate.lane.unit._engine
    assert engine.left <= LIMITS[Phase.ENTERING]
    press(gate, "more-time")
    until(lambda: engine.left > 2 * LIMITS[Phase.ENTERING], why="three times as long")
    gate.mend()
    bring(gate, "entering")
    assert engine.left <= LIMITS[Phase.ENTERING], "the next traveller did not ask"


# Officers at the gate


def test_an_officer_says_that_somebody_comes(gate: GateWorld) -> None:
    answer = gate.lane.order(Verb.ASSIST, passage="nobody's")
    assert answer[0] is Execution.REFUSED, "nobody waits"
    bring(gate, "referred_at_entry")
    display, passage = gate.lane.unit._display, gate.lane.unit._story.passage
    assert gate.lane.order(Verb.ASSIST, passage="an-old-one")[0] is Execution.REFUSED
    before = gate.lane.unit._engine.version
    assert gate.lane.order(Verb.ASSIST, passage=passage) == (Execution.DONE, "referred_at_entry")
    assert display.now()["screen"] == "wait_for_officer"
    assert gate.lane.unit._engine.version == before, "nothing but the screen"
    decide(gate, "refuse")


def test_who_is_referred_again_inside_is_seen(gate: GateWorld) -> None:
    since = gate.lane.last
    with gate.laid(gate.who(Story.EXPIRED)):
        gate.lane.reaches("referred_at_entry")
        decide(gate, "approve")
        gate.lane.reaches("entering")
    gate.sim.in_front = gate.who(Story.IMPOSTOR).face
    gate.sim.gate.person_enters()
    gate.lane.reaches("referred_inside")
    first, second = until(lambda: gate.lane.told(since, "passage.decided")[1:]) and gate.lane.told(
        since, "passage.decided"
    )
    assert [picture["kind"] for picture in first["pictures"]] == ["page", "portrait"]
    assert [picture["kind"] for picture in second["pictures"]] == ["page", "portrait", "face"]
    assert first["pictures"] == second["pictures"][:2], "these the officer has already"
    decide(gate, "refuse")


SALT = "c3" * 16
BADGE_OF = {"reset": b"\x12\x34\x56", "override": b"\x65\x43\x21"}


def _badges(folder: Path, url: str) -> str:
    """Write what a lane's file says of its badge reader and of two officers."""
    officers = ""
    for role, number in BADGE_OF.items():
        badge = hashed(CardRead(24, number, Format.WIEGAND), SALT)
        officers += f'[[badges.officers]]\nname = "officer-{role}"\n'
        officers += f'roles = ["{role}"]\nbadge = "{badge}"\n'
    reader = f'[devices.badge_reader]\nurl = "{url}"\nkey = "{folder / "badge.key"}"\n'
    return f'{REST}{reader}[badges]\nsalt = "{SALT}"\n{officers}'


def test_an_officer_shows_a_badge(tmp_path: Path) -> None:
    reader = FakeBadgeReader(new_key(tmp_path / "badge.key"))
    with on_pty(reader) as url, gate_world(tmp_path, _badges(tmp_path, url)) as gate:
        until(lambda: reader.secure, why="the badge reader is not reached")
        with gate.laid(gate.who(Story.EXPIRED)):
            gate.lane.reaches("referred_at_entry")
            since = gate.lane.last
            reader.show(b"\x00\x00\x01")
            gate.lane.tells("badge-reader", "UnknownBadge")
            until(lambda: (reader.light, reader.beeps) == (Colour.RED, 3), why="it says no")
            until(lambda: reader.light is Colour.OFF)
            reader.show(BADGE_OF["reset"])
            until(lambda: "badge.shown" in gate.lane.log.getvalue())
            assert gate.lane.phase == "referred_at_entry", "not this officer's to decide"
            reader.show(BADGE_OF["override"])
            gate.lane.reaches("entering")
            until(lambda: reader.light is Colour.GREEN, why="it says yes")
        [resolved] = gate.lane.told(since, "passage.resolved")
        assert (resolved["decision"], resolved["reason"]) == ("approve", "badge")
        assert resolved["operator"] == "officer-override"
        reader.open_cover()
        gate.lane.tells("badge-reader-cover", "Tamper")
        bring(gate, "fault")
        reader.show(BADGE_OF["override"])
        until(lambda: gate.lane.log.getvalue().count("badge.shown") == 3)
        assert gate.lane.phase == "fault"
        until(lambda: gate.lane.unit._gate, why="its controller is back")
        reader.show(BADGE_OF["reset"])
        gate.lane.reaches("recovering", "idle")
        assert "officer-" not in gate.lane.log.getvalue()


def test_a_lane_works_without_its_badge_reader(tmp_path: Path) -> None:
    new_key(tmp_path / "badge.key")
    with gate_world(tmp_path, _badges(tmp_path, "/dev/none")) as gate:
        assert gate.lane.phase == "idle"
        gate.lane.tells("badge-reader", "LinkLost")


def test_badges_and_their_reader_need_each_other(tmp_path: Path) -> None:
    whole = _badges(tmp_path, "/dev/null")
    assert isinstance(read(written(tmp_path, "egate", URLS, whole)), EGateConfig)
    reader, badges = whole.index("[devices.badge_reader]"), whole.index("[badges]")
    for rest in (whole[:badges], whole[:reader] + whole[badges:]):
        with pytest.raises(ConfigError, match="need each other"):
            read(written(tmp_path, "egate", URLS, rest))
    nameless = whole.replace("officer-reset", "no identifier")
    with pytest.raises(ConfigError, match="badges"):
        read(written(tmp_path, "egate", URLS, nameless))


def test_the_screens_settings_are_checked(tmp_path: Path) -> None:
    def config(display: str) -> EGateConfig | ScannerConfig:
        return read(written(tmp_path, "egate", URLS, f"[display]\n{display}"))

    texts = tmp_path / "own"
    texts.mkdir()
    with pytest.raises(ConfigError, match=r"display\.languages"):
        config('texts = "own"\nlanguages = ["en"]')
    shutil.copy(TEXTS / "en.json", texts)
    found = config('texts = "own"\nlanguages = ["en"]\nsilent = []\nsound = false')
    assert isinstance(found, EGateConfig)
    shown = display_of(found).now()
    assert shown["sound"] is False
    assert [spoken["code"] for spoken in shown["languages"]] == ["en"]  # type: ignore[attr-defined]
    for pattern in ('["more-time"]', '["language", "help"]'):
        with pytest.raises(ConfigError, match=r"display\.silent"):
            config(f"silent = {pattern}")
