"""The daily self-test at a real agent: out of service until the phantom has been measured well."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from drivers.conveyor.registers import Diverter
from simulators.world.phantom import phantom_item
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing

pytestmark = pytest.mark.realtime

REQUIRED = """
[self_test]
required = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanner")


@pytest.fixture
def scanner(folder: Path) -> Iterator[ScannerWorld]:
    with scanner_world(folder, threshold=1.0, more=REQUIRED, idle="testing") as world:
        yield world


def self_tests(world: ScannerWorld) -> list[dict[str, object]]:
    events = world.lane.events("audit")
    return [event["data"] for event in events if event["type"] == "inspection.tested"]


def refused(world: ScannerWorld) -> Future[Diverter | None]:
    """Lay goods down, which are no phantom; again where the lane stopped before it saw that."""
    for _ in range(4):
        gone = world.comes(thing())
        world.lane.reaches("fault", within=60)
        if self_tests(world):
            return gone
        world.lane.open("testing")
        gone.result(60)
    raise AssertionError("the lane stopped four times")


def measured(world: ScannerWorld) -> Diverter | None:
    """Lay the phantom down; again where a busy machine stopped the lane in the middle of it."""
    for _ in range(4):
        gone = world.comes(phantom_item())
        world.lane.reaches("test_scanning", "fault", within=30)
        world.lane.reaches("idle", "fault", within=30)
        if world.lane.phase == "idle":
            return gone.result(60)
        world.lane.open("testing")
        gone.result(60)
    raise AssertionError(f"the phantom was not measured: {self_tests(world)[-1:]}")


def test_the_lane_is_out_of_service_until_the_phantom_was_measured_well(
    scanner: ScannerWorld,
) -> None:
    assert str(scanner.lane.unit.lane.report().service) == "out-of-service"
    gone = refused(scanner)
    [failed] = self_tests(scanner)
    assert not failed["passed"]
    assert not scanner.lane.told(0, "inspection.scanned"), "nothing was judged"
    scanner.lane.tells("lane", "TestFailed")
    scanner.lane.open("testing")
    assert gone.result(60) is Diverter.DIVERT, "whatever it was, it was not judged"
    assert measured(scanner) is Diverter.DIVERT
    passed = self_tests(scanner)[-1]
    assert passed["passed"], passed["detail"]
    assert len(passed["measures"]) > 5  # type: ignore[arg-type]
    until(lambda: str(scanner.lane.unit.lane.report().service) == "in-service")
    scanner.lets_pass(thing())


def test_a_test_that_was_passed_is_remembered(folder: Path) -> None:
    with scanner_world(folder, threshold=1.0, more=REQUIRED) as again:
        assert again.lane.phase == "idle"
