"""Offset, gain, dead pixels, wobble, age: on counts of a simulated detector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.calibration import (
    FLOOR,
    WANTED_RESIDUAL,
    CalibrationError,
    calibrate,
    dead_pixels,
    lost_lines,
)
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts, transmission
from simulators.world.goods import scene

PIXELS = 640


def references(detector, lines=400):
    return dark_counts(lines, detector, 11), air_counts(lines, detector, 12)


def test_residual_is_below_the_vendors_figure():
    detector = make_detector(PIXELS, seed=3)
    made = calibrate(*references(detector), at=0)
    before = air_counts(400, detector, 12).mean(1)
    assert (before.std(1) / before.mean(1)).max() > 0.05
    assert made.residual(air_counts(400, detector, 13)) <= WANTED_RESIDUAL


def test_residual_sees_a_gain_that_drifted():
    detector = make_detector(PIXELS, seed=3, dead=0)
    made = calibrate(*references(detector), at=0)
    detector.gain[:, 100:200] *= 1.03
    assert made.residual(air_counts(400, detector, 14)) > WANTED_RESIDUAL


@pytest.mark.parametrize("seed", range(5))
def test_every_dead_pixel_is_found_and_hardly_a_live_one(seed):
    detector = make_detector(2048, seed=seed, dead=0.01)
    found = dead_pixels(*references(detector, 128))
    assert found[detector.dead].all()
    assert (found & ~detector.dead).mean() <= 0.001


def test_rendered_goods_come_back_as_their_transmission():
    goods = scene(4, lines=200, pixels=PIXELS)
    detector = make_detector(PIXELS, seed=5, photons=1e6, spread=0.0)
    made = calibrate(*references(detector), at=0)
    found = made.normalise(raw_counts(goods.tau, detector, 6))
    true = transmission(goods.tau)
    assert found.dtype == np.float32
    assert found.shape == true.shape
    assert found.min() > 0
    assert found.max() <= 1
    live = ~detector.dead
    error = np.abs(found - np.minimum(true, 1)).mean(1)
    assert error[live].mean() < 0.005
    # Dead pixels are guessed from their neighbours: coarse, but no stripe.
    assert error[detector.dead].mean() < 0.05


def test_wobble_is_taken_out_by_the_free_edges():
    detector = make_detector(PIXELS, seed=7, dead=0, wobble=0.05, photons=1e6)
    references_ = references(detector)
    shaky = air_counts(300, detector, 8)
    left = []
    for air_pixels in (0, 16):
        made = calibrate(*references_, at=0, air_pixels=air_pixels)
        shown = made._unclipped(shaky)
        left.append(shown.mean(2).std())
    assert left[1] < 0.13 * left[0]  # Rogers et al. remove 87 %


def test_lost_lines_are_marked_and_black():
    detector = make_detector(64, seed=1)
    made = calibrate(*references(detector, 64), at=0)
    raw = air_counts(30, detector, 2)
    raw[:, 7] = 0
    raw[1, 9] = 65_535
    picture = made.picture(raw)
    assert list(np.flatnonzero(picture.lost)) == [7, 9]
    assert (picture.transmission[:, [7, 9]] == np.float32(FLOOR)).all()
    assert (picture.transmission[:, [6, 8, 10]] > 0.5).all()


def test_lost_lines_do_not_spoil_the_references():
    detector = make_detector(64, seed=1, dead=0)
    dark, air = references(detector, 64)
    clean = calibrate(dark, air, at=0)
    dark[:, 3], air[:, 5] = 0, 0
    again = calibrate(dark, air, at=0)
    assert again.gain == pytest.approx(clean.gain, rel=0.01)


def test_saturated_pixels_are_marked():
    detector = make_detector(64, seed=1, dead=0)
    made = calibrate(*references(detector, 64), at=0)
    raw = air_counts(4, detector, 2)
    raw[1, 2, 10] = 65_535
    assert np.argwhere(made.picture(raw).saturated).tolist() == [[1, 2, 10]]


def test_one_energy_works_like_two():
    detector = make_detector(PIXELS, seed=3)
    dark, air = references(detector)
    both, high = calibrate(dark, air, at=0), calibrate(dark[1], air[1], at=0)
    raw = air_counts(20, detector, 4)
    assert high.normalise(raw[1]) == pytest.approx(both.normalise(raw)[1])


@pytest.mark.parametrize(
    ("now", "fresh"), [(99.0, False), (100.0, True), (160.0, True), (161.0, False)]
)
def test_age_is_told_by_the_clock_handed_in(now, fresh):
    detector = make_detector(64, seed=1)
    made = calibrate(*references(detector, 64), at=100.0)
    assert made.age(now) == now - 100
    assert made.fresh(now, within=60) is fresh


def test_references_that_cannot_be_right_are_refused():
    detector = make_detector(64, seed=1)
    dark, air = references(detector, 64)
    with pytest.raises(CalibrationError, match="beam is on"):
        calibrate(dark, dark, at=0)
    with pytest.raises(CalibrationError, match="good lines"):
        calibrate(dark[:, :3], air, at=0)
    with pytest.raises(CalibrationError, match="different detectors"):
        calibrate(dark[..., :32], air, at=0)
    with pytest.raises(CalibrationError, match="uint16"):
        calibrate(dark.astype(np.float32), air, at=0)
    broken = air.copy()
    broken[..., :40] = 65_535
    with pytest.raises(CalibrationError, match="dead"):
        calibrate(dark, broken, at=0)
    with pytest.raises(CalibrationError, match="recalibrate"):
        calibrate(dark, air, at=0).normalise(air[..., :10])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(1, 6))
def test_any_lines_give_a_transmission_or_a_reason(seed, pixels, lines):
    rng = np.random.default_rng(seed)
    dark = rng.integers(0, 65_536, (20, pixels)).astype(np.uint16)
    air = rng.integers(0, 65_536, (20, pixels)).astype(np.uint16)
    raw = rng.integers(0, 65_536, (lines, pixels)).astype(np.uint16)
    try:
        shown = calibrate(dark, air, at=0).normalise(raw)
    except CalibrationError:
        return
    assert ((shown > 0) & (shown <= 1)).all()
    assert lost_lines(raw).shape == (lines,)
