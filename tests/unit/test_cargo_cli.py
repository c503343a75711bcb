"""`border-edge xray empty`: a template that a lane's examination takes, or a reason for none."""

import numpy as np
import pytest
from imagecodecs import tiff_encode
from typer.testing import CliRunner

from contract.inspection import Finding
from edge.scanner.cargo.cli import depth
from edge.scanner.cargo.empty import examine_empty
from edge.scanner.cargo.template import load
from edge.scanner.cli import app
from simulators.world import empties
from simulators.world.empties import Empty


def transmission(unit, more=0.0):
    tau = empties.depth(empties.empty(Empty.TRAY, unit), unit) + more
    return np.exp(-tau).astype(np.float32)


def write(folder, unit):
    path = folder / f"{unit}.tif"
    whole = np.rint(np.clip(transmission(unit), 0, 1) * 65_535).astype(np.uint16)
    path.write_bytes(tiff_encode(whole))
    return str(path)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    images = [write(folder, unit) for unit in range(6)]
    to = folder / "tray.npz"
    said = CliRunner().invoke(app, ["empty", *images, "--to", str(to), "--name", "tray"])
    assert said.exit_code == 0, said.output
    assert "tray, 6 scans" in said.output
    return load(to)


def test_what_was_learned_knows_an_empty_tray_from_one_that_holds_something(learned):
    now = learned.at + 1
    assert examine_empty(depth(transmission(7)[None]), learned, now).finding is Finding.CLEAR
    block = np.zeros(transmission(7).shape, np.float32)
    middle = tuple(slice(side // 2 - 20, side // 2 + 20) for side in block.shape)
    block[middle] = 0.5
    held = depth(transmission(7, block)[None])
    assert examine_empty(held, learned, now).finding is Finding.SUSPECT


def test_too_few_scans_and_unreadable_ones_are_refused(tmp_path):
    few = [write(tmp_path, unit) for unit in range(2)]
    rest = ["--to", str(tmp_path / "x.npz"), "--name", "tray"]
    said = CliRunner().invoke(app, ["empty", *few, *rest])
    assert said.exit_code == 1
    assert "at least 5 are needed" in said.output
    (tmp_path / "torn.tif").write_bytes(b"II*\0torn")
    said = CliRunner().invoke(app, ["empty", *few, str(tmp_path / "torn.tif"), *rest])
    assert said.exit_code == 1
    assert "torn.tif: " in said.output
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize(
    ("shape", "small"), [((300, 400), (300, 400)), ((5000, 2600), (1250, 650))]
)
def test_scans_are_made_small_as_a_lanes_items_are(shape, small):
    made = depth(np.full((2, *shape), np.exp(-1.0), np.float32))
    assert made.shape == small
    assert made == pytest.approx(1.0, abs=1e-3)
