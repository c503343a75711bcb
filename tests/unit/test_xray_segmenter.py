"""The recogniser: real crops it never saw, pictures of any size, and nonsense."""

import tracemalloc
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalogue import Grade, card
from models.training.xray_figures import auc, hits_at
from models.xray.segmenter import KINDS, NAME, BadPicture, Region, inspect
from models.xray.view import CHANNELS, STRIDE, TILE, channels, corners, reduced, tiles

CROPS = Path(__file__).parents[2].parent / "shared/data/xray/gdxray_objects"
THREATS = ("handgun", "shuriken", "razor_blade")


def scores(name: str) -> np.ndarray:
    pictures = (cv2.imread(str(path), 0) for path in sorted((CROPS / name).glob("*.jpg")))
    return np.array(
        [inspect(picture.astype(np.float32) / 255, threads=2).score for picture in pictures]
    )


@pytest.mark.skipif(not CROPS.is_dir(), reason="the real crops are not on this machine")
def test_real_threats_score_above_real_harmless_things():
    good = scores("other")
    found = {name: scores(name) for name in THREATS}
    assert len(good) + sum(map(len, found.values())) == 690
    every = np.concatenate(list(found.values()))
    assert auc(every, good) >= 0.90
    claimed = card(NAME).metrics
    assert auc(every, good) == pytest.approx(claimed["gdxray_auc"], abs=0.01)
    for name in THREATS:
        assert auc(found[name], good) == pytest.approx(claimed[f"gdxray_auc_{name}"], abs=0.015)


def test_the_card_is_modest():
    entry = card(NAME)
    assert entry.grade is Grade.SIMULATION
    assert "rendered" in entry.trained_on
    assert len(entry.limits) > 100


def dark_is_a_razor(batch):
    """Stand in for the network: whatever is dark is a razor blade, for certain."""
    side = TILE // STRIDE
    depth = batch[:, 0].reshape(len(batch), side, STRIDE, side, STRIDE).mean((2, 4))
    masks = np.zeros((len(batch), len(KINDS), side, side), np.float32)
    masks[:, KINDS.index("razor")] = 0.9 * (depth > 0.3)
    return masks, np.ones((len(batch), len(KINDS) + 1), np.float32)


def with_a_dark(rows: slice, columns: slice, shape: tuple[int, int]) -> np.ndarray:
    picture = np.ones(shape, np.float32)
    picture[rows, columns] = 0.1
    return picture


def test_regions_are_where_the_heat_is():
    picture = with_a_dark(slice(40, 56), slice(80, 104), (128, 128))
    found = inspect(picture, run=dark_is_a_razor)
    assert found.regions == (Region(80, 40, 24, 16, pytest.approx(0.9), "razor"),)
    assert found.score == pytest.approx(1)
    y, x = np.unravel_index(found.heat.argmax(), found.heat.shape)
    assert 40 <= y < 56
    assert 80 <= x < 104


def test_regions_are_in_pixels_of_the_picture_not_of_the_view():
    picture = with_a_dark(slice(128, 192), slice(64, 128), (512, 256))
    (region,) = inspect(picture, run=dark_is_a_razor).regions
    assert (region.x, region.y, region.w, region.h) == (64, 128, 64, 64)


def test_regions_across_tiles_are_one():
    picture = with_a_dark(slice(200, 260), slice(60, 940), (512, 1000))
    (region,) = inspect(picture, pitch_mm=1.5, run=dark_is_a_razor).regions
    assert (region.x, region.y, region.w, region.h) == (60, 200, 880, 60)


def test_a_known_pitch_gives_more_tiles_and_the_same_frame():
    goods = np.full((512, 1000), 0.5, np.float32)
    seen = []

    def run(batch):
        seen.append(len(batch))
        return dark_is_a_razor(batch)

    assert inspect(goods, pitch_mm=1.0, run=run).heat.shape == (512, 1000)
    assert sum(seen) > 10
    assert max(seen) <= 16


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 300), st.integers(1, 300), st.booleans(), st.sampled_from([None, 0.5, 3.0]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_size_and_content_gives_a_finding(rows, columns, two, pitch, seed):
    rng = np.random.default_rng(seed)
    picture = rng.random((2, rows, columns) if two else (rows, columns), np.float32)
    found = inspect(picture, pitch)
    assert 0 <= found.score <= 1
    assert found.heat.shape == (rows, columns)
    assert found.heat.dtype == np.float32
    assert ((found.heat >= 0) & (found.heat <= 1)).all()
    for region in found.regions:
        assert 0 <= region.x < region.x + region.w <= columns
        assert 0 <= region.y < region.y + region.h <= rows
        assert region.kind in KINDS


@pytest.mark.parametrize("level", [0.0, 1e-9, 0.5, 1.0, 7.0, -1.0])
def test_pictures_without_contrast_are_quiet(level):
    assert inspect(np.full((90, 120), level, np.float32)).score < 0.5


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (3, 8, 8), (8,), (1, 2, 8, 8)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(BadPicture, match="a picture is"):
        inspect(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_refused(value):
    picture = np.ones((8, 8), np.float32)
    picture[2, 3] = value
    with pytest.raises(BadPicture, match="not numbers"):
        inspect(picture)


def test_memory_stays_bounded_on_a_large_picture():
    picture = np.ones((4000, 3000), np.float32)
    tracemalloc.start()
    inspect(picture, pitch_mm=2.0, run=dark_is_a_razor)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250e6  # the heat alone is 48 MB


def test_exposure_and_window_hardly_change_the_contrast_channel():
    tau = np.random.default_rng(2).random((1, 60, 60), np.float32)
    plain, dark = channels(np.exp(-tau)), channels(np.exp(-tau * 1.5 - 0.2))
    assert plain.shape == (CHANNELS, 60, 60)
    assert np.abs(plain[1] - dark[1]).max() < 0.05
    assert not plain[3].any()


def test_two_energies_fill_the_material_channel():
    view = channels(np.exp(-np.stack([np.full((9, 9), 1.3), np.eye(9) + 0.1]).astype(np.float32)))
    assert view[3].any()


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_tiles_cover_everything(rows, columns):
    places = corners(rows, columns)
    for side, length in ((0, rows), (1, columns)):
        starts = sorted({place[side] for place in places})
        assert starts[0] == 0
        assert starts[-1] + TILE >= length
        assert all(b - a <= TILE for a, b in pairwise(starts))
        assert all(start % STRIDE == 0 for start in starts)


def test_tiles_hold_the_view():
    view = np.random.default_rng(1).random((CHANNELS, 150, 333), np.float32)
    for places, batch in tiles(view, 3):
        assert len(batch) <= 3
        for (top, left), tile in zip(places, batch, strict=True):
            part = view[:, top : top + TILE, left : left + TILE]
            assert (tile[:, : part.shape[1], : part.shape[2]] == part).all()


def test_pictures_are_reduced_never_magnified():
    assert reduced(np.ones((1, 30, 40), np.float32), 128).shape == (1, 30, 40)
    assert reduced(np.ones((2, 300, 400), np.float32), 128).shape == (2, 96, 128)
    assert reduced(np.ones((1, 1, 4000), np.float32), 128).shape == (1, 1, 128)


def test_figures_of_known_scores():
    bad, good = np.array([0.9, 0.8, 0.4]), np.array([0.1, 0.2, 0.4, 0.5])
    assert auc(bad, good) == pytest.approx((4 + 4 + 2.5) / 12)
    assert hits_at(bad, good, 0.25) == pytest.approx(2 / 3)
