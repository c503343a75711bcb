"""A lane that projects: behind an item's end, and never a part of the lane's work."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from contract.inspection import Finding
from drivers.conveyor.registers import Diverter
from edge.scanner import exposures
from edge.scanner.tip.projector import Projector
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing
from tests.system.test_scanner_lane import Found

MINE = ("inspection.scanned", "inspection.ended", "projection.sealed", "projection.made")


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScannerWorld]:
    folder = tmp_path_factory.mktemp("projecting")
    with (
        patch.object(exposures, "analyse", Found(Finding.CLEAR)),
        scanner_world(folder, more="tip_share = 1.0\n") as world,
    ):
        yield world


def kinds(world: ScannerWorld, since: int) -> list[str]:
    return [event["type"] for event in world.lane.events(after=since)]


def test_a_threat_is_projected_once_the_item_has_left(scanner: ScannerWorld) -> None:
    since = scanner.lane.last
    assert scanner.comes(thing(4)).result(30) is Diverter.RELEASE
    [made] = until(lambda: scanner.lane.told(since, "projection.made"), 30.0)
    assert kinds(scanner, since) == list(MINE)
    [ended] = scanner.lane.told(since, "inspection.ended")
    assert (ended["disposition"], ended["inspection"] in str(made)) == ("release", False)
    for picture in made["pictures"]:
        assert scanner.spooled(picture["blob"]["sha256"])
    assert scanner.lane.faults == set()


def test_what_goes_wrong_with_a_projection_is_no_matter_of_the_lane(
    scanner: ScannerWorld,
) -> None:
    since = scanner.lane.last
    with patch.object(Projector, "project", side_effect=RuntimeError("unforeseen")) as project:
        for seed in (4, 5):
            assert scanner.comes(thing(seed)).result(30) is Diverter.RELEASE
        until(lambda: len(scanner.lane.told(since, "inspection.ended")) == 2, 30.0)
        until(lambda: project.called, 30.0)
    until(lambda: '"projection.failed"' in scanner.lane.log.getvalue())
    assert set(kinds(scanner, since)) == {"inspection.scanned", "inspection.ended"}
    assert scanner.lane.faults == set()
    assert scanner.lane.phase == "idle"
