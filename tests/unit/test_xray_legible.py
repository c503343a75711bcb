"""What a picture shows: doubts about it, and energies that are exchanged."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.scanner.images import ImageError, load
from edge.scanner.legible import doubts, exchanged
from simulators.world.goods import scene

CROPS = Path(__file__).parents[2].parent / "shared/data/xray/gdxray_objects"


def stack(*planes):
    return np.stack(planes).astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_exchanged_goods_are_noticed_and_true_ones_are_not(seed):
    goods = scene(seed, 150, 200, threat=bool(seed % 2), pitch_mm=3.0)
    low, high = goods.low / 65_535, goods.high / 65_535
    for shape in (np.s_[:], np.s_[50:110, 60:140]):  # the whole, and goods without air
        for share in (1.0, 0.6):  # calibrated, and counts of different air
            assert not exchanged(stack(low[shape] * share, high[shape]))
            assert not exchanged(stack(low[shape], high[shape] * share))
    assert exchanged(stack(high, low))
    assert exchanged(stack(high, low * 0.6))
    eight = np.rint(stack(high, low) * 255) / np.float32(255)
    assert exchanged(eight)


def test_what_shows_no_goods_is_never_exchanged():
    rng = np.random.default_rng(1)
    air = (0.9 + 0.007 * rng.standard_normal((2, 90, 120))).astype(np.float32)
    ramp = np.linspace(0, 1, 90 * 120).reshape(90, 120)
    assert not exchanged(air)
    assert not exchanged(stack(ramp, ramp))
    assert not exchanged(stack(ramp * 0.9, ramp))
    assert not exchanged(np.zeros((2, 90, 120), np.float32))
    assert not exchanged(np.ones((2, 1, 1), np.float32))
    assert not exchanged(air[:1])


def test_pages_in_the_wrong_order_are_refused(tmp_path):
    goods = scene(5, 100, 150, pitch_mm=3.0)
    for name, pages in (("good", (goods.low, goods.high)), ("bad", (goods.high, goods.low))):
        assert cv2.imwritemulti(str(tmp_path / f"{name}.tif"), list(pages))
    assert load(tmp_path / "good.tif").transmission.shape == (2, 100, 150)
    with pytest.raises(ImageError, match="first page"):
        load(tmp_path / "bad.tif")


def test_air_cut_at_its_mean_is_told_but_not_blind():
    noise = np.random.default_rng(1).standard_normal((200, 200))
    picture = np.minimum(1 + 0.007 * noise, 1)[None].astype(np.float32)
    picture[:, 50:100, 50:100] *= 0.4
    (doubt,) = doubts(picture)
    assert "46% of the picture at the top" in doubt.words
    assert not doubt.blind


def test_a_blade_on_an_empty_belt_is_no_flat_picture():
    noise = np.random.default_rng(1).standard_normal((1, 600, 600))
    belt = (0.92 + 0.007 * noise).astype(np.float32)
    (flat,) = doubts(belt)
    assert flat.words.startswith("flat")
    assert flat.blind
    belt[:, 300:322, 300:343] *= 0.6
    assert list(doubts(belt)) == []


def test_ten_bits_in_sixteen_are_dark_and_a_named_depth_is_not():
    picture = np.linspace(0.01, 1, 60 * 80, dtype=np.float32).reshape(1, 60, 80) / 4
    (doubt,) = doubts(picture, guessed=True)
    assert "fewer bits" in doubt.words
    assert doubt.blind
    assert [doubt.blind for doubt in doubts(picture)] == []


def test_real_crops_are_not_blind():
    if not CROPS.is_dir():
        pytest.skip("the real crops are not on this machine")
    paths = sorted(CROPS.glob("*/*.jpg"))[::6]
    assert len(paths) > 100
    for path in paths:
        image = load(path)
        assert image.readable, (path.name, image.remarks)
        assert image.pitch_mm is None
