"""A suspect item is diverted: its sealed bundle lies in the lane's folder and is sound."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from contract.inspection import Finding
from contract.signing import load_private_key, public_text
from drivers.conveyor.registers import Diverter
from edge.__main__ import app
from edge.scanner import exposures
from edge.scanner.formats import n42_portal
from simulators.lanes.scanner import ScannerLane
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing
from tests.system.test_scanner_lane import Found, ended

pytestmark = pytest.mark.realtime

PORTAL = "[identification.radiation]\nwithin = 3.0\n"
NUMBER = "CSQU3054383"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanner")


@pytest.fixture(scope="module")
def scanner(folder: Path) -> Iterator[ScannerWorld]:
    sim = ScannerLane(pace=2.0, identifies=True)
    with scanner_world(folder, more=PORTAL, sim=sim) as world:
        until(lambda: len(world.lane.unit._identifier._portal._tracker.backgrounds) == 2)
        yield world


def bundles(folder: Path) -> list[Path]:
    return sorted((folder / "data" / "evidence").glob("*.zip"))


def open_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "data" / "evidence" / "open").iterdir())


def verified(file: Path, key: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(
        app, ["xray", "evidence", "verify", str(file), "--key", key, "--json"]
    )
    return done.exit_code, json.loads(done.output)


def test_a_diverted_item_has_a_bundle_that_verifies(scanner: ScannerWorld, folder: Path) -> None:
    since = scanner.lane.last
    scanner.sim.announced(NUMBER, 1000.0)
    with patch.object(exposures, "analyse", Found(Finding.SUSPECT)):
        gone = scanner.comes(thing(threat=True))
        scanner.lane.reaches("held", within=40)
    # Central has the pictures before an operator decides: the spool lets go of them.
    spool = scanner.lane.unit._recorder._spool
    for held in spool.pending():
        spool.erase(held.blob.sha256)
    scanner.decide("divert")
    assert gone.result(60) is Diverter.DIVERT
    end = ended(scanner, since)
    [file] = until(lambda: bundles(folder))
    key = public_text(load_private_key(folder / "data" / "unit.pem").public_key())
    code, said = verified(file, key)
    assert (code, said["problems"]) == (0, [])
    assert said["about"]["inspection"] == end["inspection"]
    assert said["about"]["item"] == NUMBER
    assert file.name.startswith(end["inspection"]), "and nothing of whose it is"
    assert NUMBER not in file.name
    with zipfile.ZipFile(file) as bundle:
        holds_what_was_recorded(bundle, scanner, since)
    until(lambda: not open_files(folder), why="what was taken is let go")


def holds_what_was_recorded(bundle: zipfile.ZipFile, scanner: ScannerWorld, since: int) -> None:
    trail = [json.loads(line) for line in bundle.read("trail/events.jsonl").splitlines()]
    assert trail == scanner.lane.events(after=since)
    assert [e["type"].split(".")[1] for e in trail] == ["scanned", "resolved", "ended"]
    for picture in trail[0]["data"]["pictures"]:
        content = bundle.read(f"images/{picture['kind']}.jxl")
        assert hashlib.sha256(content).hexdigest() == picture["blob"]["sha256"]
    occupancy, began = n42_portal.decode(bundle.read("radiation/portal.n42"))
    assert occupancy.number == trail[0]["data"]["radiation"]["occupancy"]
    assert began.isoformat() < trail[0]["time"]


def test_a_released_item_leaves_nothing_behind(scanner: ScannerWorld, folder: Path) -> None:
    before, since = bundles(folder), scanner.lane.last
    scanner.sim.announced(NUMBER, 1000.0)
    with patch.object(exposures, "analyse", Found(Finding.CLEAR)):
        assert scanner.comes(thing()).result(40) is Diverter.RELEASE
    ended(scanner, since)
    until(lambda: not open_files(folder), why="what was taken is let go")
    assert bundles(folder) == before


def test_a_bundle_that_was_touched_is_told(scanner: ScannerWorld, folder: Path) -> None:
    [file, *_] = bundles(folder)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    touched = folder / "touched.zip"
    touched.write_bytes(content)
    key = public_text(load_private_key(folder / "data" / "unit.pem").public_key())
    code, said = verified(touched, key)
    assert code == 1
    assert said["problems"]
