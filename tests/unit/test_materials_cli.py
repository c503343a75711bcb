"""The doors ``xray wedges`` and ``xray colours``."""

import json

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edge.scanner.calibration import calibrate
from edge.scanner.materials.cli import colours, wedges
from edge.scanner.materials.wedges import load
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from simulators.world.goods import scene
from simulators.world.wedges import PIXELS
from simulators.world.wedges import wedges as things


@pytest.fixture
def app():
    door = typer.Typer()
    door.command("wedges")(wedges)
    door.command("colours")(colours)
    return lambda *words: CliRunner().invoke(door, [str(word) for word in words])


@pytest.fixture
def scanned(tmp_path):
    """Write the wedges' picture and places; return their paths."""
    detector, there = make_detector(PIXELS, seed=8), things()
    made = calibrate(dark_counts(64, detector, 1), air_counts(256, detector, 2), 0.0, 12)
    low, high = made.normalise(raw_counts(there.tau, detector, 3))
    for name, plane in (("low", low), ("high", high)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.rint(plane * 65_535).astype(np.uint16))
    places = [{"material": p.material, "zeff": p.zeff, "areal": p.areal, "region": p.region}
              for p in there.places]  # fmt: skip
    (tmp_path / "places.json").write_text(json.dumps(places))
    return tmp_path


def test_wedges_are_measured_kept_and_used(app, scanned):
    file = scanned / "wedges.json"
    done = app("wedges", scanned / "high.png", scanned / "places.json", "--low",
               scanned / "low.png", "--to", file, "--scanner", "lane-1")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert (load(file).scanner, load(file).origin) == ("lane-1", "measured")
    bag = scene(3, lines=80, pixels=120)
    for name, plane in (("bag", bag.high), ("bag-low", bag.low)):
        cv2.imwrite(str(scanned / f"{name}.png"), plane)
    done = app("colours", scanned / "bag.png", "--low", scanned / "bag-low.png", "--wedges", file,
               "--to", scanned / "out.png", "--only", "metal")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "measured, 0.0 days old" in done.output
    assert cv2.imread(str(scanned / "out.png")).shape == (80, 120, 3)


def test_only_one_kind_stays_in_colour(app, scanned):
    high, low = scanned / "high.png", scanned / "low.png"
    seen = {}
    for only in ("all", "organic", "inorganic", "metal"):
        to = scanned / f"{only}.png"
        done = app("colours", high, "--low", low, "--to", to, "--only", only)
        assert done.exit_code == 0, done.output
        seen[only] = to.read_bytes()
    assert len(set(seen.values())) == 4
    assert app("colours", high, "--low", low, "--to", high, "--only", "green").exit_code == 2


def test_what_cannot_be_used_is_named(app, scanned):
    high, low, to = scanned / "high.png", scanned / "low.png", scanned / "w.json"
    (scanned / "bad.json").write_text('[{"material": "iron"}]')
    for places in (scanned / "bad.json", scanned / "none.json"):
        done = app("wedges", high, places, "--low", low, "--to", to, "--scanner", "x")
        assert done.exit_code == 1
        assert not to.exists()
    single = app("colours", high, "--to", scanned / "out.png")
    assert single.exit_code == 1
    assert "both energies" in single.output
    foreign = app("colours", high, "--low", low, "--wedges", high, "--to", scanned / "out.png")
    assert foreign.exit_code == 1
    assert not (scanned / "out.png").exists()
