"""An item that passes portal, weighbridge and camera first, and has papers: what holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from contract.inspection import Finding
from drivers.conveyor.registers import Diverter
from edge.scanner import exposures
from simulators.lanes.scanner import ScannerLane
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing
from tests.system.test_scanner_lane import Found

pytestmark = pytest.mark.realtime

NUMBER, OTHER = "CSQU3054383", "MWCU6059784"
SECTIONS = """
[identification.radiation]
within = 3.0
[identification.weight]
within = 6.0
[identification.container]
within = 2.0
[examinations]
manifests = "manifests"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scanner")
    (folder / "manifests").mkdir()
    papers = {"id": "MRN-7", "gross_kg": 1000.0, "net_kg": 900.0, "chapter": "69"}
    (folder / "manifests" / f"{NUMBER}.json").write_text(json.dumps(papers))
    (folder / "manifests" / f"{OTHER}.json").write_text("{")
    return folder


@pytest.fixture(scope="module")
def running_scanner(folder: Path) -> Iterator[ScannerWorld]:
    sim = ScannerLane(pace=2.0, identifies=True)
    sim.weighbridge.increment = 1.0
    with scanner_world(folder, more=SECTIONS, sim=sim) as world:
        until(lambda: world.lane.unit.lane.connected("container-camera", "weighbridge"))
        until(lambda: len(world.lane.unit._identifier._portal._tracker.backgrounds) == 2)
        yield world


@pytest.fixture
def scanner(running_scanner: ScannerWorld) -> Iterator[ScannerWorld]:
    running_scanner.mend()
    with patch.object(exposures, "analyse", Found(Finding.CLEAR)):
        yield running_scanner
        running_scanner.mend()


def inspected(world: ScannerWorld) -> dict[str, Any]:
    """Return what was recorded of an item that comes now, once it is held or has left."""
    since = world.lane.last
    gone = world.comes(thing())
    [found] = until(lambda: world.lane.told(since, "inspection.scanned"), within=40)
    if found["disposition"] == "hold":
        world.decide("divert")
    where = gone.result(60)
    print(found["finding"], found["notes"], found["checks"], world.lane.faults)
    assert where is (Diverter.DIVERT if found["disposition"] == "hold" else Diverter.RELEASE)
    return dict(found)


def checks(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["finding"] for check in found["checks"]}


def test_everything_that_is_known_is_recorded(scanner: ScannerWorld) -> None:
    scanner.sim.announced(NUMBER, 1000.0)
    found = inspected(scanner)
    identity = {"container": NUMBER, "declared": "MRN-7", "chapter": "69", "weight_kg": 1000.0}
    assert found["identity"] == identity
    assert found["descriptor"], "so that central finds cargo that looks like it"
    assert found["item"] == NUMBER
    assert found["radiation"]["occupancy"] is not None
    assert checks(found)["radiation"] == "clear"
    assert checks(found)["manifest"] != "unreadable", "the weighbridge agrees with the papers"


def test_an_alarm_of_the_portal_holds_what_the_picture_would_let_go(scanner: ScannerWorld) -> None:
    scanner.sim.announced(NUMBER, 1000.0, gamma=5000.0)
    found = inspected(scanner)
    assert checks(found)["recogniser"] == "clear"
    assert checks(found)["radiation"] == "suspect"
    assert found["radiation"]["alarms"] == ["gamma"]
    assert (found["finding"], found["disposition"]) == ("suspect", "hold")


def test_an_undetermined_passage_holds(scanner: ScannerWorld) -> None:
    scanner.sim.portal.faults.lost_end = 1
    scanner.sim.announced(NUMBER, 1000.0)
    found = inspected(scanner)
    assert checks(found)["radiation"] == "unreadable"
    assert found["disposition"] == "hold"


def test_a_passage_whose_first_scan_was_garbled_holds(scanner: ScannerWorld) -> None:
    with scanner.sim.portal.lock:  # the next line that it says is the first scan
        scanner.sim.announced(NUMBER, 1000.0)
        scanner.sim.portal.faults.truncate = 1
    found = inspected(scanner)
    [radiation] = [check for check in found["checks"] if check["name"] == "radiation"]
    assert radiation["finding"] == "unreadable"
    assert "spoilt or not heard" in radiation["detail"]
    assert found["radiation"]["occupancy"] is not None, "its end was heard"
    assert found["disposition"] == "hold"


def test_what_is_missing_is_told_and_decided_by_policy(scanner: ScannerWorld) -> None:
    scanner.sim.camera.container_leaves()
    scanner.sim.weighbridge.drive_off()
    found = inspected(scanner)  # and nothing passed the portal either
    assert checks(found)["radiation"] == "unreadable", "by default no word of the portal holds"
    assert found["identity"]["container"] is None
    notes = " ".join(found["notes"])
    assert "container-number is not known" in notes
    assert "manifest is not known" in notes
    assert found["disposition"] == "hold"


def test_papers_that_cannot_be_read_are_not_papers_that_are_missing(scanner: ScannerWorld) -> None:
    scanner.sim.announced(OTHER, 1000.0)
    found = inspected(scanner)
    assert checks(found)["manifest"] == "unreadable"
    assert found["disposition"] == "hold"
