"""A lane that projects: behind an item's end, and never a part of the lane's work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from contract.inspection import Finding
from edge.scanner import exposures
from edge.scanner.tip.projector import Projector
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing
from tests.system.test_scanner_lane import Found

pytestmark = pytest.mark.realtime

MINE = ("inspection.scanned", "inspection.ended", "projection.sealed", "projection.made")


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScannerWorld]:
    folder = tmp_path_factory.mktemp("projecting")
    with (
        patch.object(exposures, "analyse", Found(Finding.CLEAR)),
        scanner_world(folder, more="tip_share = 1.0\n") as world,
    ):
        yield world


def passes(world: ScannerWorld, seed: int) -> None:
    """Let an item pass, and the lane end what it then projects."""
    world.lets_pass(thing(seed))
    until(lambda: not is_projecting(world), 60.0)


def is_projecting(world: ScannerWorld) -> bool:
    task = world.lane.unit._projecting._under_way
    return task is not None and not task.done()


def kinds(world: ScannerWorld, since: int) -> list[str]:
    return [event["type"] for event in world.lane.events(after=since)]


def projected(world: ScannerWorld) -> dict[str, Any]:
    """Let items pass until one was projected into: one that lost a line is not."""
    for seed in (4, 5, 6, 7):
        since = world.lane.last
        passes(world, seed)
        if made := world.lane.told(since, "projection.made"):
            return dict(made[0])
    raise AssertionError("no item was projected into")


def test_a_threat_is_projected_once_the_item_has_left(scanner: ScannerWorld) -> None:
    made = projected(scanner)
    assert tuple(kinds(scanner, 0)[-4:]) == MINE
    [*_, ended] = scanner.lane.told(0, "inspection.ended")
    assert (ended["disposition"], ended["inspection"] in str(made)) == ("release", False)
    for picture in made["pictures"]:
        assert scanner.spooled(picture["blob"]["sha256"])
    until(lambda: scanner.lane.faults == set())


def test_what_goes_wrong_with_a_projection_is_no_matter_of_the_lane(
    scanner: ScannerWorld,
) -> None:
    since = scanner.lane.last
    with patch.object(Projector, "project", side_effect=RuntimeError("unforeseen")) as project:
        for seed in (4, 5, 6, 7):  # one that lost a line is none to project into
            passes(scanner, seed)
            if project.called:
                break
    until(lambda: '"projection.failed"' in scanner.lane.log.getvalue())
    scanner.lane.reaches("idle")
    assert set(kinds(scanner, since)) == {"inspection.scanned", "inspection.ended"}
    assert not scanner.lane.was_told("lane", "RuntimeError")
    until(lambda: scanner.lane.faults == set())
