"""Items at a real agent on a simulated scanner: released, held, diverted; and every threat."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import imagecodecs
import numpy as np
import pytest

from contract.command import Execution, Verb
from contract.inspection import Finding
from drivers.conveyor.registers import Diverter
from edge.scanner import exposures
from edge.scanner.analysis import Analysis
from edge.scanner.analysis import analyse as real_analyse
from edge.scanner.pictures import as_counts
from simulators.lanes.scanner import REFERENCE_LINES
from simulators.world.goods import raw_counts
from simulators.world.items import Item
from tests.system.lanes import OFFICER, until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing

pytestmark = pytest.mark.realtime

BEAM_OFF_WITHIN = 0.5  # s; generous for a busy machine, 0.2 is wanted


@pytest.fixture(scope="module")
def running_scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScannerWorld]:
    with scanner_world(tmp_path_factory.mktemp("scanner")) as world:
        yield world


@pytest.fixture
def scanner(running_scanner: ScannerWorld) -> Iterator[ScannerWorld]:
    running_scanner.mend()
    yield running_scanner
    running_scanner.mend()


class Found:
    """The real analysis with a finding of the test's own, so that no network decides the test."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding

    def __call__(self, *what: Any) -> Analysis:
        analysis = real_analyse(*what)
        if analysis.finding is Finding.UNREADABLE:
            return analysis
        return replace(analysis, finding=self.finding)


@pytest.fixture
def clear() -> Iterator[Found]:
    with patch.object(exposures, "analyse", Found(Finding.CLEAR)) as found:
        yield found


@pytest.fixture
def suspect() -> Iterator[Found]:
    with patch.object(exposures, "analyse", Found(Finding.SUSPECT)) as found:
        yield found


def scanned(world: ScannerWorld, since: int) -> dict[str, Any]:
    [found] = until(lambda: world.lane.told(since, "inspection.scanned"))
    return dict(found)


def ended(world: ScannerWorld, since: int) -> dict[str, Any]:
    [found] = until(lambda: world.lane.told(since, "inspection.ended"))
    return dict(found)


def test_a_clear_item_is_released_and_seen_whole(scanner: ScannerWorld, clear: Found) -> None:
    since, goods = scanner.lane.last, thing()
    assert scanner.comes(goods).result(60) is Diverter.RELEASE
    found, end = scanned(scanner, since), ended(scanner, since)
    assert (found["finding"], found["disposition"]) == ("clear", "release")
    assert found["lost_lines"] == 0
    assert end["disposition"] == "release"
    assert end["beam_on_s"] > 0
    print(f"stages {found['stages_ms']}; beam {end['beam_on_s']:.2f} s")
    assert contains(pictures_of(scanner, found), expected(scanner, goods))


def pictures_of(world: ScannerWorld, found: dict[str, Any]) -> Any:
    """Return the item's pictures (energies, lines, pixels), low energy first, as they travel."""
    files = [world.spooled(picture["blob"]["sha256"]) for picture in found["pictures"]]
    return np.stack([imagecodecs.jpegxl_decode(file) for file in files])


def expected(world: ScannerWorld, goods: Item) -> Any:
    """Return what the pictures of ``goods`` are, by the calibration that the lane has now."""
    calibration = world.lane.unit._exposures._calibration
    return as_counts(calibration.normalise(raw_counts(goods.scene, world.sim._model)))


def contains(seen: Any, item: Any) -> bool:
    """Whether every line of the item, its first and last included, is in the pictures."""
    lines = {line.tobytes() for line in seen.transpose(1, 0, 2)}
    present = [line.tobytes() in lines for line in item.transpose(1, 0, 2)]
    assert len(present) > REFERENCE_LINES
    # The simulated belt moves by whole millimetres only nearly: a line here and there is skipped.
    assert any(present[:8]), "the item's front was not inspected"
    assert any(present[-8:]), "the item's tail was not inspected"
    return float(np.mean(present)) > 0.8


@pytest.mark.parametrize(
    ("disposition", "where"),
    [("release", Diverter.RELEASE), ("divert", Diverter.DIVERT)],
)
def test_a_suspect_item_waits_for_an_operator_who_is_obeyed(
    scanner: ScannerWorld, suspect: Found, disposition: str, where: Diverter
) -> None:
    since = scanner.lane.last
    gone = scanner.comes(thing(threat=True))
    scanner.lane.reaches("held", within=30)
    assert scanned(scanner, since)["disposition"] == "hold"
    [event] = scanner.lane.events(after=since)
    late = event["mono_ns"] / 1e9 - scanner.sim.last_line_at
    print(f"{late * 1000:.0f} ms from the last line to the finding on disk")
    until(lambda: scanner.sim.conveyor.belt.wanted == 0)
    scanner.decide("hold")
    assert scanner.lane.phase == "held"
    wrong = scanner.lane.order(
        Verb.DECIDE_INSPECTION, inspection="another", disposition="release", reason=""
    )
    assert wrong[0] is Execution.REFUSED
    scanner.decide(disposition)
    assert gone.result(60) is where
    assert ended(scanner, since)["disposition"] == disposition
    said = scanner.lane.told(since, "inspection.resolved")
    assert [(s["disposition"], s["operator"]) for s in said] == [
        ("hold", OFFICER),
        (disposition, OFFICER),
    ]


@pytest.mark.parametrize(
    ("fault", "count", "finding"),
    [
        ("drop", 2, "clear"),
        ("drop", 9, "unreadable"),
        ("swap", 3, "clear"),
        ("torn", 1, "clear"),
    ],
)
def test_lines_that_are_lost_are_counted_and_too_many_are_a_hold(
    scanner: ScannerWorld, clear: Found, fault: str, count: int, finding: str
) -> None:
    since = scanner.lane.last
    with scanner.at_beam(lambda: setattr(scanner.sim.detector.faults, fault, count)):
        gone = scanner.comes(thing())
    scanner.lane.reaches("held", "releasing", within=20)
    found = scanned(scanner, since)
    assert found["finding"] == finding
    if fault in ("drop", "wrong_crc"):
        assert found["lost_lines"] == count
    assert found["notes"], "what went wrong is said"
    if finding == "unreadable":
        assert found["disposition"] == "hold"
        scanner.decide("divert")
        assert gone.result(60) is Diverter.DIVERT
    else:
        assert gone.result(60) is Diverter.RELEASE


def test_a_detector_that_stalls_turns_the_beam_off_and_holds(scanner: ScannerWorld) -> None:
    since = scanner.lane.last
    gone = scanner.comes(thing())
    scanner.lane.reaches("scanning", within=20)
    scanner.sim.detector.faults.stall = True
    scanner.lane.reaches("fault")
    found = scanned(scanner, since)
    assert (found["finding"], found["disposition"]) == ("unreadable", "hold")
    assert ended(scanner, since)["disposition"] == "hold"
    until(lambda: not scanner.sim.source.tube.on)
    scanner.lane.tells("detector", "NoAnswer")
    scanner.mend()
    assert gone.result(60) is Diverter.DIVERT, "what was not judged goes to the search table"


def test_a_detector_that_hangs_up_is_a_fault_until_it_is_back(scanner: ScannerWorld) -> None:
    since = scanner.lane.last
    gone = scanner.comes(thing())
    scanner.lane.reaches("scanning", within=20)
    scanner.sim.detector.faults.hang_up = 1
    scanner.lane.reaches("fault")
    assert ended(scanner, since)["disposition"] == "hold"
    scanner.lane.tells("detector", "LinkLost")
    scanner.mend()
    assert ("detector", "LinkLost") not in scanner.lane.faults
    assert gone.result(60) is Diverter.DIVERT


def threaten(scanner: ScannerWorld, threat: str) -> None:
    match threat:
        case "interlock":
            scanner.sim.conveyor.set_door(True)
        case "person":
            scanner.sim.conveyor.set_person_in_zone(True)
        case "stop":
            scanner.sim.conveyor.set_emergency_stop(True)
        case "jam":
            scanner.sim.conveyor.faults.jam = True


CASES = [
    ("idle", "interlock"), ("raising", "person"), ("scanning", "stop"), ("scanning", "jam"),
    ("held", "interlock"), ("diverting", "person"),
]  # fmt: skip


@pytest.mark.parametrize(("phase", "threat"), CASES)
def test_a_threat_turns_the_beam_off_stops_the_belt_and_holds(
    scanner: ScannerWorld, suspect: Found, phase: str, threat: str
) -> None:
    since, goods = scanner.lane.last, thing()
    scanner.brisk = phase not in ("raising", "diverting")  # these are over too soon otherwise
    gone = None if phase == "idle" else scanner.comes(goods)
    if phase == "diverting":
        scanner.lane.reaches("held", within=30)
        scanner.decide("divert")
    scanner.lane.reaches(phase, within=30)
    start, scanner.brisk = time.monotonic(), True
    threaten(scanner, threat)
    off = scanner.off_after(start)
    print(f"{threat} while {phase}: beam off after {off * 1000:.0f} ms")
    assert off < BEAM_OFF_WITHIN
    scanner.lane.reaches("fault")
    until(lambda: not scanner.sim.source.tube.on and scanner.sim.conveyor.belt.wanted == 0)
    assert scanner.lane.phase == "fault"
    assert not [asked for asked in scanner.asked if asked.on and asked.at > start + off]
    if gone is not None:
        assert ended(scanner, since)["disposition"] == "hold"
        scanned(scanner, since)
    scanner.mend()
    if gone is not None:
        assert gone.result(60) is Diverter.DIVERT


@pytest.mark.parametrize("fault", ["arc", "over_temperature", "mute", "off"])
def test_a_generator_with_something_wrong_stops_the_lane(scanner: ScannerWorld, fault: str) -> None:
    since = scanner.lane.last
    scanner.sim.conveyor.place("long", 900.0)  # enough for the lane to notice before it is through
    scanner.lane.reaches("scanning", within=20)
    match fault:
        case "arc":
            scanner.sim.source.faults.arc = 1
        case "over_temperature":
            scanner.sim.source.faults.over_temperature = True
        case "mute":
            scanner.sim.source.faults.mute = 40
        case "off":
            scanner.sim.source.tube.on = False  # by itself, and says nothing
    scanner.lane.reaches("fault", within=20)
    assert ended(scanner, since)["disposition"] == "hold"
    until(lambda: not scanner.sim.source.tube.on)
    names = {"mute": ("xray-source", "NoAnswer"), "off": ("lane", "BeamLost")}
    told = names.get(fault, ("lane", "LaneFault"))
    scanner.lane.tells(*told)


def test_an_analysis_that_fails_is_a_hold(scanner: ScannerWorld) -> None:
    since = scanner.lane.last
    with patch.object(exposures, "analyse", side_effect=ZeroDivisionError("secret")):
        gone = scanner.comes(thing())
        scanner.lane.reaches("held", within=20)
    found = scanned(scanner, since)
    assert (found["finding"], found["disposition"]) == ("unreadable", "hold")
    scanner.lane.tells("lane", "ZeroDivisionError")
    scanner.decide("release")
    assert gone.result(60) is Diverter.RELEASE


def test_two_items_without_a_gap_are_judged_as_one(scanner: ScannerWorld, suspect: Found) -> None:
    since = scanner.lane.last
    scanner.sim.conveyor.place("first", 250.0)
    scanner.sim.conveyor.place("second", 250.0)
    scanner.lane.reaches("held", within=30)
    scanner.decide("divert")
    scanner.lane.reaches("idle", within=20)
    assert len(scanner.lane.told(since, "inspection.scanned")) == 1
    gone = [(item.tag, where) for item, where in scanner.sim.conveyor.belt.gone][-2:]
    assert gone == [("first", Diverter.DIVERT), ("second", Diverter.DIVERT)]


def runs(world: ScannerWorld) -> bool:
    """Whether the belt has been told to run, and does: it may still coast from before."""
    belt = world.sim.conveyor.belt
    return belt.wanted > 0 and belt.speed > 0


def test_a_belt_that_its_controller_stopped_is_asked_again(
    scanner: ScannerWorld, clear: Found
) -> None:
    gone = scanner.comes(thing())
    scanner.lane.reaches("releasing", within=30)
    until(lambda: runs(scanner))
    scanner.sim.conveyor.belt.wanted = 0.0  # as its watchdog does
    scanner.lane.tells("conveyor", "BeltStands")
    assert gone.result(60) is Diverter.RELEASE


def test_an_item_that_stood_in_the_beam_is_not_judged(scanner: ScannerWorld, clear: Found) -> None:
    since, gone = scanner.lane.last, scanner.comes(thing())
    scanner.lane.reaches("scanning", within=20)
    until(lambda: runs(scanner))
    scanner.sim.conveyor.belt.wanted = 0.0
    scanner.lane.reaches("fault")
    assert scanned(scanner, since)["disposition"] == "hold"
    scanner.mend()
    assert gone.result(60) is Diverter.DIVERT


def test_the_next_item_is_scanned_while_the_one_before_leaves(
    scanner: ScannerWorld, clear: Found
) -> None:
    since = scanner.lane.last
    with scanner.at_beam():
        first = scanner.comes(thing())
    second = scanner.hands.submit(scanner.sim.follows, thing(5))
    assert first.result(60) is Diverter.RELEASE
    assert second.result(60) is Diverter.RELEASE
    scanner.lane.reaches("idle")
    kinds = [
        (event["type"], event["data"]["inspection"]) for event in scanner.lane.events(after=since)
    ]
    items = list(dict.fromkeys(name for _, name in kinds))
    assert len(items) == 2, kinds
    for name in items:
        told = [kind for kind, whose in kinds if whose == name]
        assert told == ["inspection.scanned", "inspection.ended"]
    until(lambda: not scanner.lane.faults)


def test_a_suspect_item_behind_one_that_leaves_is_diverted(
    scanner: ScannerWorld, clear: Found
) -> None:
    since = scanner.lane.last
    with scanner.at_beam():
        first = scanner.comes(thing())
    second = scanner.hands.submit(scanner.sim.follows, thing(5))
    until(lambda: scanner.lane.told(since, "inspection.scanned"))
    clear.finding = Finding.SUSPECT
    scanner.lane.reaches("held", within=30)
    assert first.result(60) is Diverter.RELEASE
    scanner.decide("divert")
    assert second.result(60) is Diverter.DIVERT


def test_stale_air_is_taken_again_before_the_next_item(tmp_path: Path) -> None:
    with scanner_world(tmp_path, fresh=1.0) as scanner:
        scanner.lane.reaches("darkening")
        scanner.lane.reaches("idle")


def test_a_restart_ends_what_was_on_the_belt_as_held(tmp_path: Path) -> None:
    with scanner_world(tmp_path) as scanner:
        scanner.comes(thing())
        scanner.lane.reaches("scanning", within=20)
        inspection = scanner.story.inspection
        scanner.lane.unit._items.held = lambda _: None  # as if the power went now
        scanner.sim.stopping.set()
    with scanner_world(tmp_path) as scanner:
        kinds = [(e["type"], e["data"]["inspection"]) for e in scanner.lane.events()]
        assert kinds == [("inspection.scanned", inspection), ("inspection.ended", inspection)]
        assert [e["data"]["disposition"] for e in scanner.lane.events()] == ["hold", "hold"]
