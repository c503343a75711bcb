"""Wedges, their file, the table, maps by strips, and the pictures to look at."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.calibration import calibrate
from edge.scanner.materials.curves import monotone
from edge.scanner.materials.errors import MaterialsError
from edge.scanner.materials.maps import halo, materials, stream
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.picture import (
    ALWAYS,
    INORGANIC_ONLY,
    METAL_ONLY,
    ORGANIC_ONLY,
    PALETTE,
    coloured,
    stripped,
)
from edge.scanner.materials.table import Kind, build
from edge.scanner.materials.wedges import Place, Wedges, collect, load, measure, measured, save
from models.xray.materials import MATERIALS
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from models.xray.spectrum import areal_for, optical_depth
from simulators.world.goods import OPEN, scene
from simulators.world.wedges import PIXELS, wedges

TABLE = build(nominal(at=100.0))


@pytest.fixture(scope="module")
def scanned():
    detector = make_detector(PIXELS, seed=5)
    made = calibrate(dark_counts(128, detector, 1), air_counts(256, detector, 2), 0.0, 12)
    things = wedges()
    return made.normalise(raw_counts(things.tau, detector, seed=6)), things


@pytest.fixture(scope="module")
def bag():
    goods = scene(4, lines=150, pixels=256, threat=True)
    return np.stack([goods.low, goods.high]).astype(np.float32) / OPEN


def of(name, tau_high):
    """Return the noiseless transmission (2, 8, 8) of a material."""
    tau = optical_depth(MATERIALS[name], areal_for(MATERIALS[name], tau_high))
    return np.exp(-np.broadcast_to(tau[:, None, None], (2, 8, 8))).astype(np.float32)


# The effective atomic number.
@pytest.mark.parametrize(
    ("name", "published"),
    [("water", 7.42), ("polyethylene", 5.44), ("aluminium", 13), ("iron", 26)],
)
def test_zeff_of_common_materials_is_the_literatures(name, published):
    assert MATERIALS[name].zeff == pytest.approx(published, abs=0.01)


# Curves.
def test_the_curve_agrees_with_scipys_between_the_points():
    interpolate = pytest.importorskip("scipy.interpolate", reason="scipy is not installed")
    x, y = np.array([0.0, 1, 2.5, 3, 7]), np.array([0.0, 2, 2.2, 5, 5.5])
    at = np.linspace(1, 3, 50)  # its ends differ: ours are straight
    assert monotone(x, y, at) == pytest.approx(interpolate.PchipInterpolator(x, y)(at), abs=1e-12)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0, 10)), min_size=2, max_size=8))
def test_a_rising_curve_never_falls(steps):
    x, y = np.cumsum([s[0] for s in steps]), np.cumsum([s[1] for s in steps])
    drawn = monotone(x, y, np.linspace(x[0], x[-1], 200))
    assert (np.diff(drawn) >= -1e-9).all()
    assert monotone(x, y, x) == pytest.approx(y)


# Wedges.
def test_measured_wedges_are_what_was_scanned(scanned):
    picture, things = scanned
    found = measured(picture, things.places, "lane-1", at=10.0)
    assert (found.origin, found.age(70.0)) == ("measured", 60.0)
    for step in found.steps:
        expected = np.exp(-optical_depth(MATERIALS[step.material], step.areal))
        assert [step.low, step.high] == pytest.approx(expected, rel=0.02)
    assert found.photons == pytest.approx((20_000, 20_000), rel=0.15)


@pytest.mark.parametrize(
    ("region", "why"),
    [
        ((-1, 0, 34, 34), "outside"),
        ((500, 0, 34, 34), "outside"),
        ((24, 12, 8, 8), "inner pixels"),
        ((350, 20, 60, 60), "uneven"),
    ],
)
def test_a_region_that_is_no_step_is_refused(scanned, region, why):
    picture, _ = scanned
    with pytest.raises(MaterialsError, match=why):
        measure(picture, Place("iron", 26, 1.0, region))


def test_a_black_step_and_a_single_energy_are_refused():
    with pytest.raises(MaterialsError, match="black"):
        measure(np.full((2, 40, 40), 1e-4, np.float32), Place("iron", 26, 90, (0, 0, 40, 40)))
    with pytest.raises(MaterialsError, match="both energies"):
        measure(np.ones((1, 40, 40), np.float32), Place("iron", 26, 90, (0, 0, 40, 40)))


def test_wedges_that_no_table_can_be_made_of_are_refused():
    steps = nominal(0.0).steps
    with pytest.raises(MaterialsError, match="light materials and a metal"):
        collect("x", 0.0, [s for s in steps if s.zeff < 20])
    with pytest.raises(MaterialsError, match="steps"):
        collect("x", 0.0, [s for s in steps if s.material != "iron" or s.areal > 5])
    swapped = [s if s.material != "water" else type(s)(s.material, s.zeff, 1 / s.areal, s.low,
               s.high, s.low_spread, s.high_spread) for s in steps]  # fmt: skip
    with pytest.raises(MaterialsError, match="no less through"):
        collect("x", 0.0, swapped)


# Their file.
def test_the_file_returns_what_was_saved_with_version_hash_and_age(tmp_path):
    made, path = nominal(at=1000.0), tmp_path / "wedges.json"
    save(made, path)
    body = json.loads(path.read_text())
    assert (body["version"], body["sha256"]) == (1, made.sha256)
    assert path.stat().st_size < 20_000
    assert load(path) == made
    assert load(path).age(1060.0) == 60.0
    assert build(load(path)).sha256 == made.sha256
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("key", ["at", "scanner", "origin", "version"])
def test_a_changed_file_is_refused(tmp_path, key):
    path = tmp_path / "wedges.json"
    save(nominal(at=1000.0), path)
    body = json.loads(path.read_text())
    path.write_text(json.dumps(body | {key: 7 if key in ("at", "version") else "other"}))
    with pytest.raises(MaterialsError, match="scan the wedges"):
        load(path)


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "wedges.json"
    save(nominal(at=1000.0), path)
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(MaterialsError):
            load(path)
    with pytest.raises(MaterialsError):
        load(tmp_path / "none.json")


@given(st.recursive(st.none() | st.floats() | st.text(max_size=5),
                    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.sampled_from(
                        ["format", "version", "steps", "at", "sha256", "scanner", "origin"]), c),
                    max_leaves=12))  # fmt: skip
@settings(max_examples=60)
def test_any_json_is_refused_by_name(tmp_path_factory, body):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(body))
    with pytest.raises(MaterialsError):
        load(path)


# The table and the maps.
@pytest.mark.parametrize(
    ("name", "kind"),
    [("polyethylene", Kind.ORGANIC), ("water", Kind.ORGANIC), ("aluminium", Kind.INORGANIC),
     ("salt", Kind.INORGANIC), ("iron", Kind.METAL), ("copper", Kind.METAL), ("lead", Kind.HEAVY)],
)  # fmt: skip
@pytest.mark.parametrize("depth", [0.8, 1.5, 2.5])
def test_kinds(name, kind, depth):
    assert (materials(of(name, depth), TABLE).kind == kind).all()


def test_what_lies_beyond_the_wedges_is_ambiguous():
    assert (materials(of("iron", 6.3), TABLE).kind == Kind.THICK).all()
    odd = np.stack([np.full((8, 8), np.exp(-1.0)), np.full((8, 8), np.exp(-1.3))])
    assert (materials(odd.astype(np.float32), TABLE).kind == Kind.OUTSIDE).all()


def test_noisier_wedges_make_a_less_certain_table():
    poor = build(nominal(0.0, photons=500.0))
    for name, depth in (("water", 0.5), ("aluminium", 2.0)):
        good, bad = (materials(of(name, depth), t).confidence[4, 4] for t in (TABLE, poor))
        assert bad < good
    assert poor.kind.tolist().count(Kind.HEAVY) > TABLE.kind.tolist().count(Kind.HEAVY)


def test_a_table_without_lead_knows_no_alias():
    steps = [s for s in nominal(0.0).steps if s.material != "lead"]
    light = build(collect("x", 0.0, steps))
    assert (materials(of("lead", 1.5), light).kind == Kind.INORGANIC).all()  # and is wrong


def test_not_a_number_is_black_never_air():
    spoilt = np.full((2, 9, 9), np.nan, np.float32)
    assert (materials(spoilt, TABLE).kind == Kind.THICK).all()
    one = of("water", 0.5).copy()
    one[:, 4, 4] = np.nan
    assert Kind.AIR not in materials(one, TABLE).kind
    for value in (np.inf, -np.inf, -1, 0):
        extreme = np.full((2, 3, 3), value, np.float32)
        assert materials(extreme, TABLE).kind.max() <= Kind.UNKNOWN


def test_marked_pixels_and_their_neighbours_are_unknown():
    marked = np.zeros((8, 8), np.bool_)
    marked[3] = True
    maps = materials(of("water", 1.0), TABLE, marked)
    assert (maps.kind[2:5] == Kind.UNKNOWN).all()
    assert (maps.confidence[2:5] == 0).all()
    assert (maps.kind[[0, 1, 5, 6, 7]] == Kind.ORGANIC).all()


def test_one_pixel_is_a_picture_and_wrong_shapes_are_refused():
    assert materials(np.ones((2, 1, 1), np.float32), TABLE).kind.shape == (1, 1)
    for shape in ((1, 4, 4), (2, 4), (3, 4, 4), (2, 0, 4)):
        with pytest.raises(MaterialsError, match="both energies"):
            materials(np.ones(shape, np.float32), TABLE)
    with pytest.raises(MaterialsError, match="do not fit"):
        materials(np.ones((2, 4, 4), np.float32), TABLE, np.zeros((4, 5), np.bool_))
    with pytest.raises(MaterialsError, match="odd"):
        build(nominal(0.0), smooth=2)


@given(st.lists(st.integers(1, 60), max_size=12), st.booleans())
@settings(max_examples=25, deadline=None)
def test_strips_give_the_same_maps_as_the_whole(bag, lengths, mark):
    marked = np.zeros(bag.shape[1:], np.bool_)
    marked[70:73] = mark
    cuts = [0, *(c for c in np.cumsum(lengths) if c < bag.shape[1]), bag.shape[1]]
    strips = [(bag[:, a:b], marked[a:b]) for a, b in itertools.pairwise(cuts)]
    parts = list(stream(iter(strips), TABLE))
    whole = materials(bag, TABLE, marked)
    for field in ("zeff", "areal", "confidence", "kind", "depth"):
        joined = np.concatenate([getattr(part, field) for part in parts])
        assert np.array_equal(joined, getattr(whole, field)), field


def test_a_strip_lags_by_no_more_than_the_halo(bag):
    first = next(stream(iter([(bag[:, :50], None), (bag[:, 50:], None)]), TABLE))
    assert len(first.kind) == 50 - halo(TABLE) == 49


# Pictures.
def _lab(rgb):
    linear = np.asarray(rgb, float) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    return linear


def _difference(one, other):
    """Return CIE 1976's colour difference of two linear RGB colours."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    lab = []
    for colour in (one, other):
        xyz = to_xyz @ np.clip(colour, 0, 1) / np.array([0.9505, 1.0, 1.089])
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        lab.append(np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]))
    return float(np.linalg.norm(lab[0] - lab[1]))


# Machado, Oliveira and Fernandes 2009, severity 1.0.
SIGHT = {
    "common": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("depth", [0.5, 1.5])
def test_kinds_are_told_apart_by_every_eye(sight, depth):
    pixels = {kind: _painted(kind, depth) for kind in
              (Kind.ORGANIC, Kind.INORGANIC, Kind.METAL, Kind.HEAVY)}  # fmt: skip
    names = list(pixels)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            pair = (SIGHT[sight] @ _lab(pixels[kind]) for kind in (one, other))
            assert _difference(*pair) > 20, (one, other)  # 2.3 is just noticeable


def _painted(kind, depth):
    maps = materials(np.full((2, 1, 1), np.exp(-depth), np.float32), TABLE)
    maps.kind[:] = kind
    return coloured(maps)[0, 0]


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.UNKNOWN])
def test_more_in_the_beam_is_darker(kind):
    light = [int(_painted(kind, depth).sum()) for depth in (0.05, 0.3, 1, 2, 4)]
    assert light == sorted(light, reverse=True)
    assert light[0] > 650
    assert light[-1] < 200


def test_stripping_keeps_what_is_wanted_and_what_is_ambiguous(bag):
    maps = materials(bag, TABLE)
    whole = coloured(maps)
    for keep in (ORGANIC_ONLY, INORGANIC_ONLY, METAL_ONLY):
        view = stripped(maps, keep)
        kept = np.isin(maps.kind, list(keep | ALWAYS))
        assert kept.any()
        assert np.array_equal(view[kept], whole[kept])
        assert (np.ptp(view[~kept].astype(int), axis=-1) <= 1).all()  # grey
        assert view[~kept].min() >= 190
    assert set(PALETTE) == set(Kind)


def test_wedges_are_plain_data():
    assert isinstance(nominal(0.0), Wedges)
    assert nominal(0.0) == nominal(0.0)
