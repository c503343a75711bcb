"""The gain follows the air in front of every item, within bounds."""

from dataclasses import replace

import numpy as np
import pytest

from edge.scanner.calibration import WANTED_RESIDUAL, calibrate
from edge.scanner.drift import MOST, STEP, follow
from edge.scanner.moments import Moments
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts

PIXELS = 640


def references(detector, lines=400):
    return dark_counts(lines, detector, 11), air_counts(lines, detector, 12)


def moments(raw):
    found = Moments()
    found.add(raw)
    return found


def drifting(detector, by, items, lines=400):
    """Yield the air in front of every item while each module's gain goes its own way."""
    rng = np.random.default_rng(5)
    steps = np.repeat(rng.normal(1, by, (2, PIXELS // 64)), 64, axis=1)
    for item in range(items):
        detector.gain[:] *= steps
        yield air_counts(lines, detector, 100 + item)


def test_the_gain_follows_the_air_between_items():
    detector = make_detector(PIXELS, seed=3, dead=0)
    fixed = followed = calibrate(*references(detector), at=0)
    for air in drifting(detector, by=0.001, items=12):
        followed = follow(followed, moments(air))
    fresh = air_counts(400, detector, 300)
    assert fixed.residual(fresh) > 2 * WANTED_RESIDUAL
    assert followed.residual(fresh) <= WANTED_RESIDUAL
    assert followed.trouble == ""
    assert followed.at == fixed.at  # it gets no younger by it


def test_what_lies_in_front_of_the_detector_is_not_learned():
    detector = make_detector(PIXELS, seed=3, dead=0)
    made = calibrate(*references(detector), at=0)
    tau = np.zeros((2, 200, PIXELS), np.float32)
    tau[..., 100:104] = 0.2
    few = follow(made, moments(raw_counts(tau, detector, 5)))
    assert few.trouble == ""
    assert few.gain[:, 100:104] == pytest.approx(made.gain[:, 100:104])
    tau[..., 100:160] = 0.2
    many = follow(made, moments(raw_counts(tau, detector, 5)))
    assert "is the belt empty" in many.trouble
    assert many.gain == pytest.approx(made.gain)
    assert not many.fresh(1.0, within=60)


def test_a_drift_without_end_is_bounded_and_told():
    detector = make_detector(PIXELS, seed=3, dead=0)
    made = calibrate(*references(detector), at=0)
    for item in range(12):
        detector.gain[:, :64] *= 1 - STEP / 2
        made = follow(made, moments(air_counts(400, detector, item)))
    assert np.abs(made.gain / made.reference - 1).max() <= MOST + 1e-6
    assert "drifted" in made.trouble or "changed" in made.trouble
    assert not made.fresh(1.0, within=60)
    assert replace(made, trouble="").fresh(1.0, within=60)


@pytest.mark.parametrize("air_pixels", [0, 24])
def test_a_tube_that_grows_weaker_is_left_to_the_free_edges(air_pixels):
    detector = make_detector(PIXELS, seed=3, dead=0)
    made = calibrate(*references(detector), at=0, air_pixels=air_pixels)
    detector.gain[:] *= 0.97  # of the tube: all pixels alike
    found = follow(made, moments(air_counts(400, detector, 9)))
    assert bool(found.trouble) == (not air_pixels)
    if air_pixels:
        assert np.median(found.gain / made.gain) == pytest.approx(1, abs=0.001)
        assert found.normalise(air_counts(50, detector, 10)).mean() == pytest.approx(1, abs=0.01)


def test_too_little_air_moves_nothing():
    detector = make_detector(PIXELS, seed=3, dead=0)
    made = calibrate(*references(detector), at=0)
    assert follow(made, moments(air_counts(8, detector, 1))) is made
    assert follow(made, Moments()) is made
