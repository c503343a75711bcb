"""The recogniser: real crops it never saw, pictures of any size, and nonsense."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalogue import Grade, card
from models.training.xray_figures import auc, hits_at
from models.xray.scenes import MASK_STRIDE, SURE_STRIDE
from models.xray.segmenter import CLOSE_UP, CROPS, KINDS, NAME, BadPicture, Region, inspect
from models.xray.view import CHANNELS, STRIDE, TILE, channels, reduced

FOLDER = Path(__file__).parents[2].parent / "shared/data/xray/gdxray_objects"
THREATS = ("handgun", "shuriken", "razor_blade")


def scores(name: str) -> np.ndarray:
    pictures = (cv2.imread(str(path), 0) for path in sorted((FOLDER / name).glob("*.jpg")))
    return np.array(
        [inspect(picture.astype(np.float32) / 255, threads=2).score for picture in pictures]
    )


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real crops are not on this machine")
def test_real_threats_score_above_real_harmless_things():
    good = scores("other")
    found = {name: scores(name) for name in THREATS}
    assert len(good) + sum(map(len, found.values())) == 690
    every = np.concatenate(list(found.values()))
    assert auc(every, good) >= 0.97
    assert hits_at(every, good) >= 0.85
    assert auc(found["razor_blade"], good) >= 0.93
    claimed = card(CROPS).metrics
    assert auc(every, good) == pytest.approx(claimed["gdxray_auc"], abs=0.01)
    for name in THREATS:
        assert auc(found[name], good) == pytest.approx(claimed[f"gdxray_auc_{name}"], abs=0.015)


@pytest.mark.parametrize("name", [NAME, CLOSE_UP, CROPS])
def test_the_cards_are_modest(name):
    entry = card(name)
    assert entry.grade is Grade.SIMULATION
    assert "rendered" in entry.trained_on
    assert len(entry.limits) > 100


def dark_is_a_star(scene):
    """Stand in for the scene network: whatever is dark is a star, for certain."""
    rows, columns = scene.shape[2:]
    step, high, wide = MASK_STRIDE, rows // MASK_STRIDE, columns // MASK_STRIDE
    cells = scene[0, 0].reshape(high, step, wide, step)
    masks = np.zeros((1, len(KINDS), high, wide), np.float32)
    masks[0, KINDS.index("star")] = 0.9 * (cells.mean((1, 3)) > 0.3)
    ratio = SURE_STRIDE // MASK_STRIDE
    rough = masks.reshape(1, len(KINDS), rows // SURE_STRIDE, ratio, columns // SURE_STRIDE, ratio)
    sure = np.zeros((1, len(KINDS) + 1, rows // SURE_STRIDE, columns // SURE_STRIDE), np.float32)
    sure[:, 1:] = rough.max((3, 5))
    sure[:, 0] = sure[:, 1:].max(1)
    return masks, sure


def dark_is_a_razor(batch):
    """Stand in for the crop network: whatever is dark is a razor blade, for certain."""
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


def test_regions_across_blocks_are_one():
    picture = with_a_dark(slice(200, 264), slice(160, 5984), (512, 6016))
    (region,) = inspect(picture, pitch_mm=2.0, run=dark_is_a_star).regions
    assert region == Region(160, 200, 5824, 64, pytest.approx(0.9), "star")


def test_a_known_pitch_gives_the_true_size():
    picture = with_a_dark(slice(128, 192), slice(64, 128), (512, 256))
    seen = []

    def run(scene):
        seen.append(scene.shape)
        return dark_is_a_star(scene)

    (region,) = inspect(picture, pitch_mm=1.0, run=run).regions
    assert seen == [(1, 5, 256, 128)]
    assert (region.x, region.y, region.w, region.h) == (64, 128, 64, 64)
    assert inspect(picture, pitch_mm=4.0, run=run).heat.shape == (512, 256)
    assert seen[1:] == [(1, 5, 1024, 512)]


def test_the_largest_pixels_are_stretched_fourfold_at_most():
    seen = []

    def run(scene):
        seen.append(scene.shape[2:])
        return dark_is_a_star(scene)

    inspect(with_a_dark(slice(10, 20), slice(10, 20), (64, 64)), pitch_mm=100.0, run=run)
    assert seen == [(256, 256)]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(8, 300), st.integers(8, 300), st.booleans(), st.sampled_from([None, 0.5, 3.0]),
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


@pytest.mark.parametrize("pitch", [None, 1.0])
def test_an_empty_belt_is_quiet(pitch):
    noise = np.random.default_rng(3).standard_normal((2, 200, 220))
    assert inspect((1 + 0.007 * noise).astype(np.float32), pitch).score < 0.5


def noisy(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.2, 1, shape).astype(np.float32)


def spoilt(value: float) -> np.ndarray:
    picture = noisy((2, 64, 64))
    picture[0, 2, 3] = value
    return picture


NONSENSE = {
    "no rows": (np.zeros((0, 9), np.float32), "a picture is"),
    "three energies": (noisy((3, 9, 9)), "a picture is"),
    "one axis": (noisy((9,)), "a picture is"),
    "four axes": (noisy((1, 2, 9, 9)), "a picture is"),
    "one pixel": (noisy((1, 1)), "1 × 1 pixels shows nothing"),
    "a line": (noisy((2, 1, 900)), "900 × 1 pixels"),
    "nan": (spoilt(np.nan), "not numbers"),
    "inf": (spoilt(np.inf), "not numbers"),
    "minus inf": (spoilt(-np.inf), "not numbers"),
    "counts": (noisy((64, 64)) * 40_000, "divide counts by the open beam"),
    "black": (np.zeros((2, 64, 64), np.float32), "black"),
    "nearly black": (noisy((64, 64)) * 1e-5, "black"),
    "negative": (-noisy((64, 64)), "black"),
    "saturated": (np.ones((2, 64, 64), np.float32), "saturated or stuck"),
    "stuck": (np.full((64, 64), 0.4, np.float32), "saturated or stuck"),
    "far too large": (np.broadcast_to(np.float32(0.5), (20_000, 20_000)), "400 Mpix"),
}


@pytest.mark.parametrize("pitch", [None, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("what", NONSENSE)
def test_what_nothing_can_be_said_about_is_refused(what, pitch):
    picture, why = NONSENSE[what]
    with pytest.raises(BadPicture, match=why):
        inspect(picture, pitch)


def test_what_is_black_in_part_is_told():
    picture = noisy((200, 200))
    picture[:50] = 0
    assert inspect(picture, pitch_mm=1.0).black == pytest.approx(0.25, abs=0.01)
    assert inspect(picture).black == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("shape", [(10_000, 10_000), (20, 5_000_000)])
def test_memory_stays_bounded_on_100_megapixels(shape):
    picture = np.ones(shape, np.float32)
    picture[:, :8] = 0.5
    tracemalloc.start()
    found = inspect(picture, pitch_mm=1.0, run=quiet)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.score == 0
    assert peak < 450e6  # the picture itself is 400 MB


def quiet(scene):
    rows, columns = scene.shape[2:]
    assert rows * columns < 3.3e6
    return (
        np.zeros((1, len(KINDS), rows // MASK_STRIDE, columns // MASK_STRIDE), np.float32),
        np.zeros((1, len(KINDS) + 1, rows // SURE_STRIDE, columns // SURE_STRIDE), np.float32),
    )


def test_exposure_and_window_hardly_change_the_contrast_channel():
    tau = np.random.default_rng(2).random((1, 60, 60), np.float32)
    plain, dark = channels(np.exp(-tau)), channels(np.exp(-tau * 1.5 - 0.2))
    assert plain.shape == (CHANNELS, 60, 60)
    assert np.abs(plain[1] - dark[1]).max() < 0.05
    assert not plain[3].any()


def test_two_energies_fill_the_material_channel():
    view = channels(np.exp(-np.stack([np.full((9, 9), 1.3), np.eye(9) + 0.1]).astype(np.float32)))
    assert view[3].any()


def test_pictures_are_reduced_never_magnified():
    assert reduced(np.ones((1, 30, 40), np.float32), 128).shape == (1, 30, 40)
    assert reduced(np.ones((2, 300, 400), np.float32), 128).shape == (2, 96, 128)
    assert reduced(np.ones((1, 1, 4000), np.float32), 128).shape == (1, 1, 128)


def test_figures_of_known_scores():
    bad, good = np.array([0.9, 0.8, 0.4]), np.array([0.1, 0.2, 0.4, 0.5])
    assert auc(bad, good) == pytest.approx((4 + 4 + 2.5) / 12)
    assert hits_at(bad, good, 0.25) == pytest.approx(2 / 3)
