"""Lines that no detector can have seen: frozen and scrambled ones, whatever the scene."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.plausibility import MANY, Plausibility
from models.xray.projection import dark_counts, make_detector, raw_counts

PIXELS = 300
DETECTOR = make_detector(PIXELS, seed=1, dead=0.01)


def scene(seed: int, lines: int = 200) -> np.ndarray:
    """Return counts of air, bars, edges all across, and steel that lets nothing through."""
    rng = np.random.default_rng(seed)
    tau = np.zeros((2, lines, PIXELS), np.float32)
    for _ in range(rng.integers(0, 8)):
        top, left = rng.integers(0, lines), rng.integers(0, PIXELS) * rng.integers(0, 2)
        high, wide = rng.integers(1, 80), rng.integers(1, PIXELS)
        tau[:, top : top + high, left : left + wide] += rng.choice([0.1, 1.0, 5.0, 20.0])
    return raw_counts(tau, DETECTOR, seed)


def followed(raw: np.ndarray, good: np.ndarray | None = None, size: int = 32):
    """Return the frozen lines of ``raw`` and what followed them, ``size`` lines at a time."""
    good = np.ones(raw.shape[1], bool) if good is None else good
    watch = Plausibility()
    some = [slice(at, at + size) for at in range(0, raw.shape[1], size)]
    frozen = np.concatenate([watch.add(raw[:, part], good[part]) for part in some])
    assert watch.frozen == frozen.sum()
    return np.flatnonzero(frozen).tolist(), watch


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 90), st.sets(st.integers(0, 199)))
def test_what_a_detector_sees_is_plausible(seed, size, lost):
    good = np.ones(200, bool)
    good[list(lost)] = False
    frozen, watch = followed(scene(seed), good, size)
    assert (frozen, watch.trouble) == ([], [])


def test_so_is_the_dark():
    frozen, watch = followed(dark_counts(200, DETECTOR, 3))
    assert (frozen, watch.trouble) == ([], [])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1000), st.integers(1, 90), st.integers(0, 190), st.integers(1, 100),
    st.sets(st.integers(0, 199)),
)  # fmt: skip
def test_a_frozen_line_is_found_wherever_blocks_end_and_lines_are_lost(seed, size, at, count, lost):
    raw = scene(seed)
    raw[:, at : at + count] = raw[:, at, None]
    good = np.ones(200, bool)
    good[list(lost)] = False
    raw[:, ~good] = 0
    frozen, _ = followed(raw, good, size)
    assert frozen == [n for n in range(at, min(at + count, 200)) if good[n]][1:]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 90), st.integers(0, 190), st.integers(2, 200))
def test_exchanged_bytes_are_found(seed, size, at, count):
    raw = scene(seed)
    raw[:, at : at + count] = raw[:, at : at + count].byteswap()
    _, watch = followed(raw, size=size)
    edges = np.abs(np.diff(scene(seed).astype(np.int32), axis=1)).mean((0, 2)) > 3000
    if count > MANY or not edges[at : at + count - 1].all():
        assert watch.trouble


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 90), st.integers(0, 200 - MANY - 1))
def test_noise_is_found(seed, size, at):
    raw = scene(seed)
    noise = np.random.default_rng(seed).integers(0, 65536, (2, MANY + 1, PIXELS), np.uint16)
    raw[:, at : at + MANY + 1] = noise
    assert followed(raw, size=size)[1].trouble


@pytest.mark.parametrize("value", [0, 65_535])
def test_black_and_saturated_lines_are_not_frozen(value):
    raw = scene(1)
    raw[:, 50:90] = value
    raw[:, 50:90, 7] = 65_535  # a pixel that is stuck
    frozen, watch = followed(raw)
    assert (frozen, watch.trouble) == ([], [])


def test_a_single_pixel_that_moves_is_no_freeze():
    raw = scene(1)
    raw[:, 50:90] = raw[:, 50, None]
    raw[1, 50:90, 1] = np.arange(40)  # not among those that are looked at first
    assert followed(raw)[0] == []
