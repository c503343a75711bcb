"""Bad pictures: whatever comes, each examination answers with a reason, and never with clear."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from contract.inspection import Finding, Region
from edge.scanner.cargo.empty import examine_empty
from edge.scanner.cargo.manifest import Declaration, check_manifest
from edge.scanner.cargo.reduced import enlarged, factor, reduced, reduced_depth, reduced_marks
from edge.scanner.cargo.seen import seen
from edge.scanner.cargo.similar import look_alike, remember
from edge.scanner.cargo.template import learn
from edge.scanner.cargo.usable import Unusable, mended, usable
from models.xray.similar import describe
from models.xray.similar_index import SimilarIndex
from simulators.world.cargo import consignment
from simulators.world.empties import Empty, depth, empty

GOOD = np.random.default_rng(1).uniform(0.2, 2, (120, 150)).astype(np.float32)


def torn(share):
    out = GOOD.copy()
    out[: int(len(out) * share)] = 11.09
    return out


BAD = {
    "nan": (np.full((120, 150), np.nan, np.float32), "not numbers"),
    "one nan": (np.where(np.arange(150) == 7, np.nan, GOOD), "not numbers"),
    "infinite": (np.full((120, 150), np.inf), "not numbers"),
    "one pixel": (np.ones((1, 1), np.float32), "1×1"),
    "one line": (np.ones((1, 500), np.float32), "500×1"),
    "empty": (np.ones((0, 0), np.float32), "0×0"),
    "black": (np.full((120, 150), 11.09, np.float32), "lost"),
    "nearly black": (np.where(np.arange(150) < 5, 1.0, 11.09) * np.ones((120, 1)), "black"),
    "saturated": (np.zeros((120, 150), np.float32), "saturated"),
    "torn": (torn(0.3), "36 of 120 lines are lost"),
    "negative": (GOOD - 5, "not calibrated"),
    "counts": (np.ones((120, 150), np.uint16), "wanted optical depth"),
    "three energies": (np.ones((3, 120, 150), np.float32), "wanted optical depth"),
}


@pytest.fixture(scope="module")
def tray():
    return learn("tray", [depth(empty(Empty.TRAY, unit), unit) for unit in range(5)], at=0.0)


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_with_the_reason(name, tray, tmp_path):
    tau, why = BAD[name]
    with pytest.raises(Unusable, match=why):
        usable(tau)
    found = examine_empty(tau, tray, now=1.0)
    assert found.finding is Finding.UNREADABLE
    assert why in found.detail
    try:
        item = seen(tau, (4.0, 4.0))
    except Unusable as error:
        item = error
    for weighed in (None, 30.0):  # the weighbridge needs no picture, and sees nothing either
        result = check_manifest(Declaration("17", 30.0, 29.0, 3, True), item, weighed)
        assert result.finding is Finding.UNREADABLE
        assert result.score is None
    with SimilarIndex(tmp_path) as index:
        alike = look_alike(tau, "17", index)
        assert alike.hits == ()
        assert alike.detail


def test_two_energies_are_looked_at_by_their_high_one():
    assert (usable(np.stack([GOOD * 1.3, GOOD])) == GOOD).all()


def test_marks_of_another_scan_are_refused():
    with pytest.raises(Unusable, match="another scan"):
        usable(GOOD, np.zeros(7, np.bool_))


def test_a_few_lost_lines_are_mended_to_lay_the_scan():
    gone = np.zeros(120, np.bool_)
    gone[[0, 50, 119]] = True
    plane = np.where(gone[:, None], np.float32(11), np.linspace(0, 1, 120, dtype="f4")[:, None])
    out = mended(np.repeat(plane, 40, 1), gone)
    assert out[50] == pytest.approx(50 / 119, abs=0.01)
    assert out.max() <= 1
    assert mended(GOOD, np.zeros(120, np.bool_)) is GOOD


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"zeff": np.ones((3, 3))}, "map of Zeff"),
        ({"areal": np.ones((3, 3))}, "map of areal"),
        ({"areal": np.full_like(GOOD, np.nan)}, "no weights"),
        ({"areal": -GOOD}, "no weights"),
        ({"pitch_mm": (0.0, 4.0)}, "cannot be"),
        ({"pitch_mm": (np.nan, 4.0)}, "cannot be"),
    ],
)
def test_maps_that_do_not_fit_are_refused(change, why):
    with pytest.raises(Unusable, match=why):
        seen(GOOD, **{"pitch_mm": (4.0, 4.0), **change})


pictures = arrays.arrays(
    np.float32,
    st.tuples(st.integers(30, 60), st.integers(30, 60)),
    elements=st.one_of(
        st.floats(0, 3, width=32), st.sampled_from([0.0, 11.09375, np.nan, np.inf, -1e30, 1e30])
    ),
    fill=st.sampled_from([np.float32(0), np.float32(0.5), np.float32(11.09375)]),
)


@settings(max_examples=40, deadline=None)
@given(pictures, st.sampled_from(["17", "73", "99", "x"]))
def test_no_picture_makes_an_examination_fail(tray, tau, chapter):
    found = examine_empty(tau, tray, now=1.0)
    assert found.finding is Finding.UNREADABLE  # none of these is the tray
    assert 0 < len(found.detail) <= 300
    try:
        item = seen(tau, (4.0, 4.0))
    except Unusable as error:
        item = error
    result = check_manifest(Declaration(chapter, 30.0, 29.0, 3, True), item, 30.0)
    assert 0 < len(result.detail) <= 300
    assert result.score is None or 0 <= result.score <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(32, 900), st.integers(0, 2**32 - 1), st.sampled_from(range(6)))
def test_no_scan_as_wide_as_the_tray_is_clear_by_accident(tray, lines, seed, way):
    rng, scan = np.random.default_rng(seed), depth(empty(Empty.TRAY, 9), 9)
    width = scan.shape[1]
    tau = (
        rng.uniform(0, 3, (lines, width)),
        np.full((lines, width), rng.uniform(0.02, 8)),
        scan[: min(lines, 380)],
        np.roll(scan, int(rng.choice([-1, 1]) * rng.integers(130, 300)), 0),
        scan * rng.uniform(1.3, 3),
        scan[::-1] * np.linspace(0.5, 2, width),
    )[way]
    found = examine_empty(tau.astype(np.float32), tray, now=1.0)
    assert found.finding is not Finding.CLEAR, found.detail


def test_similar_cargo_informs_and_never_raises(tmp_path):
    loads = [consignment(seed, "25") for seed in range(3)]
    with SimilarIndex(tmp_path) as index:
        for load in loads:
            assert remember(index, "25", f"load-{load.packages}-{load.kilograms:.3f}", 1.0,
                            describe(load.tau))  # fmt: skip
        found = look_alike(loads[0].tau, "25", index)
        assert len(found.hits) == 3
        assert found.hits[0].likeness > 0.98
        assert "3 earlier pictures of chapter 25" in found.detail
        own = found.hits[0].picture
        assert own not in {hit.picture for hit in look_alike(loads[0].tau, "25", index, own).hits}
        assert "two digits" in look_alike(loads[0].tau, "2501", index).detail
    assert look_alike(loads[0].tau, "25", index).hits == ()  # closed: says so, does not raise


def test_large_pictures_are_reduced_and_regions_are_brought_back():
    by = factor(20_000, 600)
    assert by == 3
    assert factor(100, 100) == 1
    whole = np.linspace(0, 1, 2 * 90 * 61, dtype=np.float32).reshape(2, 90, 61)
    small = reduced(whole, by)
    assert small.shape == (2, 30, 21)  # the last column as well
    assert small[1, 4, 5] == pytest.approx(whole[1, 12:15, 15:18].mean())
    depth = reduced_depth(-np.log(whole[1] + 1e-3), by)
    assert np.exp(-depth) == pytest.approx(small[1] + 1e-3, abs=1e-4)
    marks = np.zeros(10, np.bool_)
    marks[[5, 9]] = True
    assert reduced_marks(marks, by).tolist() == [False, True, False, True]
    (back,) = enlarged([Region(x=4, y=5, w=2, h=1, score=0.5)], by)
    assert (back.x, back.y, back.w, back.h) == (12, 15, 6, 3)
