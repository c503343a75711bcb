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
    lost_lines,
)
from edge.scanner.dead_pixels import BLIND, dead_pixels, widest
from edge.scanner.moments import Moments
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts, transmission
from simulators.world.goods import scene

PIXELS = 640


def references(detector, lines=400):
    return dark_counts(lines, detector, 11), air_counts(lines, detector, 12)


def moments(raw, block=50):
    found = Moments()
    for start in range(0, raw.shape[-2], block):
        found.add(raw[..., start : start + block, :])
    return found


def test_moments_are_those_of_all_the_lines_at_once():
    raw = air_counts(230, make_detector(64, seed=1), 2)
    found = moments(raw)
    assert found.lines == 230
    assert found.mean == pytest.approx(raw.mean(-2))
    assert found.spread == pytest.approx(raw.std(-2), abs=1e-6)
    assert (found.railed == (raw == 65_535).mean(-2)).all()


def test_the_noise_of_a_pixel_has_no_wobble_in_it():
    for wobble in (0.0, 0.05):
        detector = make_detector(PIXELS, seed=3, dead=0, photons=1e4, wobble=wobble)
        found = moments(air_counts(200, detector, 4))
        share = found.noise / (45_000 * np.median(detector.gain, -1))
        assert share == pytest.approx([0.01, 0.01], rel=0.1)  # 1/√photons


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


@pytest.mark.parametrize(("photons", "lines", "pixels"), [(20_000, 128, 5000), (400, 1024, 640)])
def test_the_residual_of_noisy_pixels_is_below_the_vendors_figure(photons, lines, pixels):
    """As long as the lane's references are: the longer, the fewer the photons."""
    detector = make_detector(pixels, seed=9, photons=photons, wobble=0.01)
    made = calibrate(*references(detector, lines), at=0)
    assert made.residual(air_counts(2 * lines, detector, 13)) <= WANTED_RESIDUAL


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("photons", [400, 20_000])
def test_every_dead_pixel_is_found_and_hardly_a_live_one(seed, photons):
    detector = make_detector(5000, seed=seed, dead=0.01, photons=photons)
    dark, air = (moments(raw) for raw in references(detector, 128))
    found = dead_pixels(dark, air)
    assert found[detector.dead].all()
    assert (found & ~detector.dead).mean() <= 0.001


def test_a_deaf_module_is_found_although_its_neighbours_are_deaf_too():
    detector = make_detector(PIXELS, seed=1, dead=0)
    detector.gain[:, 64:94] *= 0.15
    dark, air = (moments(raw) for raw in references(detector, 128))
    assert dead_pixels(dark, air)[:, 64:94].all()
    with pytest.raises(CalibrationError, match="30 dead pixels lie side by side"):
        calibrate(dark, air, at=0)


def test_the_widest_gap():
    dead = np.zeros((2, 40), bool)
    assert widest(dead) == 0
    dead[0, :3], dead[1, 30:35], dead[1, 39] = True, True, True
    assert widest(dead) == 5
    assert BLIND > 5


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


def wobble_left(detector, raw, air_pixels):
    made = calibrate(*references(detector), at=0, air_pixels=air_pixels)
    shown = made.unclipped(raw)
    return shown[..., 100:-100].mean(2).std()


@pytest.mark.parametrize("photons", [20_000, 1_000_000])
def test_wobble_is_taken_out_by_the_free_edges(photons):
    detector = make_detector(PIXELS, seed=7, dead=0, wobble=0.03, photons=photons)
    shaky = air_counts(300, detector, 8)
    before, after = (wobble_left(detector, shaky, pixels) for pixels in (0, 24))
    print(f"wobble removed at {photons} photons: {1 - after / before:.1%}")
    assert after < 0.13 * before  # Rogers et al. remove 87 %


def test_energies_that_wobble_each_on_its_own_are_kept_apart():
    detector = make_detector(PIXELS, seed=7, dead=0, wobble=0.0, photons=20_000)
    made = calibrate(*references(detector), at=0, air_pixels=24)
    raw = air_counts(100, detector, 8)
    dimmed = raw.copy()
    dimmed[0] = raw[0] * 0.97
    assert made.normalise(dimmed)[0].mean() == pytest.approx(
        made.normalise(raw)[0].mean(), abs=0.002
    )


@pytest.mark.parametrize("side", [slice(0, 30), slice(-30, None)])
def test_a_covered_edge_is_not_taken_for_wobble(side):
    detector = make_detector(PIXELS, seed=7, dead=0, wobble=0.03, photons=20_000)
    tau = np.zeros((2, 300, PIXELS), np.float32)
    tau[..., side] = 0.1
    shaky = raw_counts(tau, detector, 8)
    assert wobble_left(detector, shaky, 24) < 0.13 * wobble_left(detector, shaky, 0)


def test_two_covered_edges_leave_a_line_as_it_is():
    detector = make_detector(PIXELS, seed=7, dead=0, photons=20_000)
    tau = np.full((2, 50, PIXELS), 0.7, np.float32)
    raw = raw_counts(tau, detector, 8)
    made = calibrate(*references(detector), at=0, air_pixels=24)
    assert made.normalise(raw).mean() == pytest.approx(np.exp(-0.7), rel=0.01)


# What is marked ----------------------------------------------------------------------------------


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


def test_a_second_look_at_the_air_checks_a_calibration():
    detector = make_detector(PIXELS, seed=3)
    dark, air = (moments(raw) for raw in references(detector, 128))
    made = calibrate(dark, air, at=0)
    made.check(moments(air_counts(128, detector, 20)), air.lines)
    detector.gain[:, 100:200] *= 1.02
    with pytest.raises(CalibrationError, match="still differ by"):
        made.check(moments(air_counts(128, detector, 21)), air.lines)


def test_a_second_look_in_weak_light_is_not_taken_for_unevenness():
    detector = make_detector(PIXELS, seed=3, photons=400)
    dark, air = (moments(raw) for raw in references(detector, 1024))
    calibrate(dark, air, at=0).check(moments(air_counts(128, detector, 20)), air.lines)
