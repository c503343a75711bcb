"""Other makers' recognisers: a card and a file are enough, and nonsense is refused by name."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalogue import CatalogueError
from models.xray.aggregate import aggregate, report
from models.xray.recognisers import plugged_in
from models.xray.segmenter import BadPicture, Region, inspect
from tests.unit import tiny_onnx as tiny

CARD = """
name = "{name}"
role = "xray-anomaly"
version = "7"
sha256 = "{digest}"
grade = "simulation"
input = "see feed"
output = "see feed"
threshold = 0.6
trained_on = "nothing: it is made in the test"
recipe = "by hand"
licence = "none"
source = "the test"
limits = "sees what is dark"
metrics = {{}}

[feed]
{feed}
"""
DARK = """
channels = ["high", "low"]
pitch_mm = 2.0
mean = [1.0, 1.0]
scale = [-1.0, -1.0]
multiple = 8
answers = "heat-map"
kinds = ["dark", "darker"]
"""
BOXES = """
channels = ["tau_high"]
longest = 64
layout = "channels-last"
answers = "boxes"
kinds = ["bomb", "gun"]
"""


def plug(folder: Path, name: str, content: bytes, feed: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    (folder / f"{name}.onnx").write_bytes(content)
    (folder / f"{name}.toml").write_text(CARD.format(name=name, digest=digest, feed=feed))


def dark_cells() -> bytes:
    """Return a network whose answer is the mean of 4 × 4 pixels of what it is fed."""
    pool = tiny.node("AveragePool", ["x"], "y", kernel_shape=[4, 4], strides=[4, 4])
    return tiny.model([pool], [], [1, 2, "a", "b"])


def two_boxes(score: float = 0.9, kind: float = 1.0) -> bytes:
    """Return a network that sees the same two boxes in every picture."""
    rows = [8, 4, 24, 20, score, kind, 40, 40, 44, 44, 0.1, 0.0]
    # The input is reduced to one number ≤ −1, so that it has its part and changes nothing.
    graph = [
        tiny.node("ReduceMax", ["x"], "m", axes=[0, 1, 2, 3], keepdims=0),
        tiny.node("Min", ["m", "low"], "n"),
        tiny.node("Max", ["n", "boxes"], "y"),
    ]
    constants = [tiny.constant("low", [1], [-1.0]), tiny.constant("boxes", [2, 6], rows)]
    return tiny.model(graph, constants, [2, 6])


def picture() -> np.ndarray:
    made = np.full((2, 128, 256), 0.95, np.float32)
    made[:, 32:64, 96:160] = 0.1
    return made


def test_a_heat_map_plugs_in_by_its_card(tmp_path):
    plug(tmp_path, "dark", dark_cells(), DARK)
    (other,) = plugged_in(tmp_path)
    found = other.inspect(picture(), pitch_mm=1.0)
    assert found.score == pytest.approx(0.9, abs=0.01)
    assert found.regions == (Region(96, 32, 64, 32, pytest.approx(0.9, abs=0.01), "dark"),)
    assert found.heat.shape == (128, 256)


def test_a_heat_map_of_odd_sides_is_cut_where_the_picture_ends(tmp_path):
    plug(tmp_path, "dark", dark_cells(), DARK)
    (other,) = plugged_in(tmp_path)
    odd = picture()[:, :101, :203]
    found = other.inspect(odd, pitch_mm=2.0)
    assert found.cells.shape == (25, 51)
    (region,) = found.regions
    assert abs(region.x - 96) <= 4
    assert abs(region.y - 32) <= 4


def test_boxes_plug_in_by_their_card_and_are_scaled_back(tmp_path):
    plug(tmp_path, "boxes", two_boxes(), BOXES.replace('"channels-last"', '"channels-first"'))
    (other,) = plugged_in(tmp_path)
    found = other.inspect(picture()[1])
    assert found.score == pytest.approx(0.9)
    assert found.regions == (Region(32, 16, 64, 64, 0.9, "gun"),)
    assert found.heat[40, 60] > 0.8
    assert found.heat[100, 200] == 0


def test_ours_and_theirs_make_one_verdict(tmp_path):
    plug(tmp_path, "dark", dark_cells(), DARK)
    (other,) = plugged_in(tmp_path)
    theirs = report(other.card.name, other.card.threshold, other.inspect(picture(), pitch_mm=1.0))
    noise = np.random.default_rng(1).uniform(0.99, 1.0, picture().shape)
    ours = report("ours", 0.999, inspect((picture() * noise).astype(np.float32), pitch_mm=1.0))
    verdict = aggregate([ours, theirs])
    assert verdict.alarm
    assert "dark" in verdict.regions[0].by


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 90), columns=st.integers(1, 90), pitch=st.floats(0.1, 2.4))
def test_any_size_fits(tmp_path_factory, rows, columns, pitch):
    folder = tmp_path_factory.mktemp("any")
    plug(folder, "dark", dark_cells(), DARK)
    (other,) = plugged_in(folder)
    found = other.inspect(np.full((2, rows, columns), 0.2, np.float32), pitch)
    assert found.heat.shape == (rows, columns)
    for region in found.regions:
        assert 0 <= region.x < region.x + region.w <= columns
        assert 0 <= region.y < region.y + region.h <= rows


def test_what_the_card_needs_and_the_picture_lacks_is_said(tmp_path):
    plug(tmp_path, "dark", dark_cells(), DARK)
    (other,) = plugged_in(tmp_path)
    with pytest.raises(BadPicture, match="dark needs the pixel size"):
        other.inspect(picture())
    with pytest.raises(BadPicture, match="trained at 2 mm a pixel; this picture has 3 mm"):
        other.inspect(picture(), pitch_mm=3.0)
    with pytest.raises(BadPicture, match="dark needs two energies"):
        other.inspect(picture()[0], pitch_mm=1.0)
    with pytest.raises(BadPicture, match="not numbers"):
        other.inspect(picture() * np.nan, pitch_mm=1.0)


@pytest.mark.parametrize(
    ("content", "feed", "why"),
    [
        (two_boxes(), DARK.replace('"low"', '"ratio"'), r"answered \(2, 6\)"),
        (dark_cells(), BOXES + "\nlogits = true", "answered|failed"),
        (two_boxes(score=1.5), BOXES, "score 1.5"),
        (two_boxes(kind=4.0), BOXES, "kind 4"),
        (two_boxes(score=float("nan")), BOXES, "no numbers"),
    ],
)
def test_an_answer_that_is_not_as_the_card_says_is_refused(tmp_path, content, feed, why):
    plug(tmp_path, "odd", content, feed)
    (other,) = plugged_in(tmp_path)
    with pytest.raises(CatalogueError, match=f"odd.*({why})"):
        other.inspect(picture(), pitch_mm=1.0)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("pitch_mm = 2.0", "", "either pitch_mm or longest"),
        ("pitch_mm = 2.0", "pitch_mm = 2.0\nlongest = 64", "either pitch_mm or longest"),
        ('"heat-map"', '"a feeling"', "answers"),
        ("mean = [1.0, 1.0]", "mean = [1.0, 1.0, 1.0]", "mean has one value"),
        ("scale = [-1.0, -1.0]", "scale = [0.0]", "must not be 0"),
        ('"low"', '"middle"', "channels"),
        ("multiple = 8", "multiple = 8\nsecret = 1", "secret"),
    ],
)
def test_cards_that_make_no_sense_are_refused(tmp_path, old, new, why):
    plug(tmp_path, "dark", dark_cells(), DARK.replace(old, new))
    with pytest.raises(CatalogueError, match=why):
        plugged_in(tmp_path)


def test_files_that_are_missing_changed_or_no_models_are_refused(tmp_path):
    with pytest.raises(CatalogueError, match="no such folder"):
        plugged_in(tmp_path / "none")
    plug(tmp_path, "dark", b"no model at all", DARK)
    with pytest.raises(CatalogueError, match="not a model"):
        plugged_in(tmp_path)
    (tmp_path / "dark.onnx").write_bytes(dark_cells())
    with pytest.raises(CatalogueError, match="has sha256"):
        plugged_in(tmp_path)
    (tmp_path / "dark.onnx").unlink()
    with pytest.raises(CatalogueError, match=r"dark\.toml"):
        plugged_in(tmp_path)
