"""From optical depth to counts: noise, blur, gain, dead pixels, overlay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.xray.projection import (
    FULL_SCALE,
    air_counts,
    blur,
    dark_counts,
    make_detector,
    optical_depth,
    overlay,
    photon_noise,
    raw_counts,
    transmission,
)


def test_optical_depths_add_where_transmissions_multiply():
    scene = np.full((2, 6, 8), 0.5, np.float32)
    thing = np.full((2, 2, 3), 0.25, np.float32)
    out = overlay(scene, thing, 1, 2)
    assert transmission(out)[0, 1, 2] == pytest.approx(np.exp(-0.5) * np.exp(-0.25), rel=1e-6)
    assert out.sum() == pytest.approx(scene.sum() + thing.sum(), rel=1e-6)
    assert (scene == 0.5).all()


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_overlay_cuts_off_what_falls_outside(row, column):
    out = overlay(np.zeros((6, 8), np.float32), np.ones((4, 5), np.float32), row, column)
    rows = max(0, min(row + 4, 6) - max(row, 0))
    columns = max(0, min(column + 5, 8) - max(column, 0))
    assert out.sum() == rows * columns


def test_optical_depth_undoes_transmission():
    tau = np.linspace(0, 8, 50, dtype=np.float32)
    assert optical_depth(transmission(tau)) == pytest.approx(tau, abs=1e-4)


@pytest.mark.parametrize("mean", [0.0002, 0.01, 0.5, 1.0])
def test_noise_is_poissons(mean):
    photons = 10_000.0
    passed = np.full((400, 500), mean, np.float32)
    counted = photon_noise(passed, photons, np.random.default_rng(3)) * photons
    assert counted.mean() == pytest.approx(mean * photons, rel=0.01)
    assert counted.var() == pytest.approx(mean * photons, rel=0.03)


def test_blur_keeps_the_beam_and_softens_the_edge():
    edge = np.zeros((2, 20, 40), np.float32)
    edge[..., 20:] = 1
    soft = blur(edge, 1.0)
    assert soft.mean() == pytest.approx(0.5, abs=0.01)
    # A Gaussian edge passes 16 % one standard deviation before the step.
    assert soft[0, 10, 19] == pytest.approx(0.31, abs=0.03)
    assert blur(edge, 0) is edge


def test_counts_show_gain_offset_and_dead_pixels():
    detector = make_detector(256, seed=4, dead=0.02)
    dark, air = dark_counts(200, detector, 1), air_counts(400, detector, 2)
    live = ~detector.dead
    assert dark.mean(1)[live] == pytest.approx(detector.offset[live], abs=2)
    expected = detector.open_counts * detector.gain + detector.offset
    assert air.mean(1)[live] == pytest.approx(expected[live], rel=5e-3)
    assert detector.dead.any()
    assert (np.abs(air.mean(1) - expected)[detector.dead] > 0.05 * detector.open_counts).all()


def test_wobble_is_common_to_a_line():
    detector = make_detector(512, seed=1, dead=0, wobble=0.05, photons=1e6)
    air = air_counts(300, detector, 5)[1].astype(float)
    assert (air.mean(1) / air.mean()).std() == pytest.approx(0.05, rel=0.15)


def test_counts_are_bounded_and_follow_from_the_seed():
    detector = make_detector(64, seed=2, open_counts=60_000.0)
    tau = np.zeros((2, 10, 64), np.float32)
    first, again = raw_counts(tau, detector, 9), raw_counts(tau, detector, 9)
    assert first.dtype == np.uint16
    assert first.max() == FULL_SCALE
    assert (first == again).all()
    assert (first != raw_counts(tau, detector, 10)).any()
