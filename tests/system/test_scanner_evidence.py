"""A suspect item is diverted: its sealed bundle lies in the lane's folder and is sound."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import imagecodecs
import numpy as np
import pydicom
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from contract.command import Command, Verb
from contract.inspection import Finding
from contract.signing import Purpose, load_private_key, public_text, seal
from drivers.conveyor.registers import Diverter
from edge.__main__ import app
from edge.scanner import exposures
from edge.scanner.formats import dicos_dx, dicos_tdr, n42_portal, uff
from edge.scanner.formats.record import Verdict
from edge.uplink.commands import CommandGate, obey
from simulators.lanes.scanner import ScannerLane
from tests.system.lanes import until
from tests.system.scanner_world import ScannerWorld, scanner_world, thing
from tests.system.test_scanner_lane import Found, ended

pytestmark = pytest.mark.realtime

PORTAL = "[identification.radiation]\nwithin = 3.0\n"
NUMBER = "CSQU3054383"
CENTRAL = Ed25519PrivateKey.from_private_bytes(bytes(32))


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


def unit_key(folder: Path) -> str:
    return public_text(load_private_key(folder / "data" / "unit.pem").public_key())


def verified(file: Path, key: str, *more: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(
        app, ["xray", "evidence", "verify", str(file), "--key", key, "--json", *more]
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
    sealed_decision(scanner, "divert")
    assert gone.result(60) is Diverter.DIVERT
    end = ended(scanner, since)
    [file] = until(lambda: bundles(folder))
    code, said = verified(file, unit_key(folder))
    assert (code, said["problems"]) == (0, [])
    assert said["about"]["inspection"] == end["inspection"]
    assert said["about"]["item"] == NUMBER
    assert file.name.startswith(end["inspection"]), "and nothing of whose it is"
    assert NUMBER not in file.name
    with zipfile.ZipFile(file) as bundle:
        holds_what_was_recorded(bundle, scanner, since)
    until(lambda: not open_files(folder), why="what was taken is let go")


def sealed_decision(scanner: ScannerWorld, disposition: str) -> None:
    """Have an operator decide by a sealed command, as central sends it."""
    lane = scanner.lane.unit.lane
    gate = CommandGate(lane.outbox, CENTRAL.public_key(), lane.clock)
    until(lambda: scanner.story is not None and scanner.story.recorded)
    asked = {"inspection": scanner.story.inspection, "disposition": disposition, "reason": "looked"}
    command = Command(
        id="c-sealed", unit=lane.outbox.address.unit, verb=Verb.DECIDE_INSPECTION, args=asked,
        challenge=gate.challenge().nonce, not_after=lane.clock.now() + timedelta(minutes=1),
        operator="officer-1",
    )  # fmt: skip
    message = seal(Purpose.COMMAND, command.model_dump_json().encode(), CENTRAL)
    done = obey(gate, message, scanner.lane.unit.execute)
    asyncio.run_coroutine_threadsafe(done, scanner.lane.loop).result(30)


def test_the_operators_decision_is_proved_offline(scanner: ScannerWorld, folder: Path) -> None:
    [file, *_] = bundles(folder)
    code, said = verified(file, unit_key(folder), "--central", public_text(CENTRAL.public_key()))
    assert code == 0
    [told] = said["decided"]
    assert told.startswith("divert by operator officer-1: proved: sealed by central")
    code, said = verified(file, unit_key(folder))
    assert code == 0, "for want of central's key it was not checked; the rest is sound"
    assert "not checked" in said["decided"][0]


def converted(file: Path, out: Path, key: str) -> list[Path]:
    done = CliRunner().invoke(app, ["xray", "convert", str(file), str(out), "--key", key])
    assert done.exit_code == 0, done.output
    return [Path(line) for line in done.stdout.splitlines()]


def pictures_in(file: Path) -> list[np.ndarray]:
    """Return low and high energy as the lane's own JPEG XL files have them."""
    with zipfile.ZipFile(file) as bundle:
        return [imagecodecs.jpegxl_decode(bundle.read(f"images/{e}.jxl")) for e in ("low", "high")]


def test_the_bundle_becomes_the_images_that_its_report_names(
    scanner: ScannerWorld, folder: Path, tmp_path: Path
) -> None:
    [file, *_] = bundles(folder)
    high, low, tdr = converted(file, tmp_path / "scan.dcs", unit_key(folder))
    assert [path.name for path in (high, low, tdr)] == ["scan.dcs", "scan-low.dcs", "scan-tdr.dcs"]
    for path, plane in zip((low, high), pictures_in(file), strict=True):
        image = dicos_dx.decode(path.read_bytes())
        assert np.array_equal(image.frames[0], plane)
        assert (image.item, image.pitch_mm) == (NUMBER, (1.0, 1.0))
    named = {
        item.ReferencedSOPInstanceUID
        for item in pydicom.dcmread(tdr).ReferencedStudySequence
    }  # fmt: skip
    assert {pydicom.dcmread(path).SOPInstanceUID for path in (high, low)} == named
    assert pydicom.dcmread(high).KVP == 160
    with zipfile.ZipFile(file) as bundle:
        assert tdr.read_bytes() == bundle.read("findings/report.dcs"), "the one that was sealed"
    assert dicos_tdr.decode(tdr.read_bytes()).verdict is Verdict.ALARM


def test_a_vendors_toolkit_reads_what_a_lane_scanned(
    scanner: ScannerWorld, folder: Path, tmp_path: Path
) -> None:
    pydicos = pytest.importorskip("pydicos", reason="the DICOS toolkit is not installed")
    toolkit = pytest.importorskip("pyDICOS", reason="the DICOS toolkit is not installed")
    [file, *_] = bundles(folder)
    high, low, tdr = converted(file, tmp_path / "scan.dcs", unit_key(folder))
    for path, loader in ((high, "DXLoader"), (low, "DXLoader"), (tdr, "TDRLoader")):
        found, errors = getattr(pydicos, loader)(), toolkit.ErrorLog()
        done = found.Read(toolkit.Filename(str(path)), errors, None)
        assert (done, errors.GetErrorLog().Get()) == (True, "")
        if path is high:
            assert np.array_equal(found.get_data(), pictures_in(file)[1])


def test_the_bundle_becomes_a_package_with_findings_and_radiation(
    scanner: ScannerWorld, folder: Path, tmp_path: Path
) -> None:
    [file, *_] = bundles(folder)
    [out] = converted(file, tmp_path / "scan.uff", unit_key(folder))
    scan, report = uff.read(out.read_bytes())
    assert all(np.array_equal(a, b) for a, b in zip(scan.planes, pictures_in(file), strict=True))
    assert report is not None
    with zipfile.ZipFile(file) as bundle, zipfile.ZipFile(out) as package:
        sealed = dicos_tdr.decode(bundle.read("findings/report.dcs"))
        assert report.as_json()["threats"] == sealed.as_json()["threats"]
        portal = package.read("radiation/portal.n42")
        assert portal == bundle.read("radiation/portal.n42")
    assert n42_portal.decode(portal)[0].complete
    everything = {path.name for path in converted(file, tmp_path, unit_key(folder))}
    name = scan.inspection
    assert everything == {f"{name}.dcs", f"{name}-low.dcs", f"{name}-tdr.dcs", f"{name}.n42"}


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
    code, said = verified(touched, unit_key(folder))
    assert code == 1
    assert said["problems"]
    ask = ["xray", "convert", str(touched), str(folder / "out.dcs"), "--key", unit_key(folder)]
    done = CliRunner().invoke(app, ask)
    assert done.exit_code == 1
    assert "is not sound" in done.stderr
    assert not list(folder.glob("out*"))
