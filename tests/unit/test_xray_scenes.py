"""A picture of known pitch: its channels, blocks that do not show, and regions."""

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue import card
from models.training.xray_scene_judge import figures, item, judged
from models.xray import scenes
from models.xray.scenes import KINDS, Cells, channels, look, spots, working
from models.xray.segmenter import CLOSE_UP, NAME, catalogued, close_up
from simulators.world.goods import OPEN, scene


def test_channels_are_absolute_and_one_energy_leaves_two_empty():
    low, high = np.full((9, 9), 2.0), np.full((9, 9), 1.0)
    view = channels(np.exp(-np.stack([low, high])).astype(np.float32))
    assert view[:, 4, 4] == pytest.approx([0.5, 0.4**0.5, 0, 0.5, 0.5], abs=1e-5)
    alone = channels(np.exp(-high[None]).astype(np.float32))
    assert alone[:, 4, 4] == pytest.approx([0.5, 0.4**0.5, 0, 0, 0], abs=1e-5)
    assert not channels(np.full((2, 9, 9), 1.02, np.float32)).any()


def test_the_ratio_fades_where_it_means_nothing():
    thin = np.exp(-np.full((2, 9, 9), 0.01)).astype(np.float32) * np.array([[[0.98]], [[1]]])
    thick = np.exp(-np.array([8.0, 5.0]))[:, None, None] * np.ones((2, 9, 9))
    for picture in (thin, thick):
        assert np.abs(channels(picture.astype(np.float32))[3]).max() < 0.11


def test_a_part_of_a_picture_is_seen_as_in_the_whole():
    picture = np.random.default_rng(1).uniform(0.1, 1, (2, 60, 80)).astype(np.float32)
    whole, part = channels(picture), channels(picture[:, :30])
    reach = scenes.AROUND // 2 + 1
    assert np.allclose(whole[:, : 30 - reach], part[:, : 30 - reach], atol=1e-3)


def test_pitch_decides_the_size():
    picture = np.ones((2, 100, 200), np.float32)
    for pitch, shape in ((1.0, (50, 100)), (2.0, (100, 200)), (5.0, (250, 500)), (99, (400, 800))):
        assert working(picture, pitch).shape == (2, *shape)
    with patch.object(scenes, "MOST", 1e5):
        assert 0.9e5 < working(np.ones((1, 800, 800), np.float32), 2.0).size <= 1.01e5


@given(st.integers(1, 9000))
def test_parts_follow_each_other_to_the_end(length):
    parts = scenes._parts(length)
    assert parts[0][0] == 0
    assert parts[-1][1] - length in range(scenes.MASK_STRIDE)
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(0 < end - start <= scenes.BLOCK * 1.5 + 32 for start, end in parts)
    assert all(start % scenes.ALIGN == 0 for start, _ in parts)


def test_blocks_see_what_the_whole_picture_sees():
    goods = scene(4, 1400, 900, threat=True)
    picture = np.stack([goods.low, goods.high]).astype(np.float32) / np.float32(OPEN)
    small, run = working(picture, goods.pitch_mm), catalogued(NAME, "scene", 1)
    whole = look(small, run)
    with patch.object(scenes, "BLOCK", 256):
        assert len(scenes._parts(700)) == 3
        parts = look(small, run)
    assert np.abs(parts.sure - whole.sure).max() < 0.02
    assert np.abs(parts.mask - whole.mask).max() < 0.02


def test_single_energy_is_looked_at_as_well():
    goods = scene(4, 400, 400)
    small = working(goods.high[None].astype(np.float32) / np.float32(OPEN), goods.pitch_mm)
    assert look(small, catalogued(NAME, "scene", 1)).sure.shape == (50, 50)


def cells(sure: np.ndarray, mask: np.ndarray) -> Cells:
    kind = np.full(sure.shape, KINDS.index("bar"), np.uint8)
    return Cells(sure.astype(np.float32), mask.astype(np.float32), kind)


def test_a_region_is_drawn_in_to_its_mask():
    sure, mask = np.zeros((20, 20)), np.zeros((20, 20))
    sure[4:12, 4:12], mask[6:8, 5:10] = 0.8, 0.9
    (spot,) = spots(cells(sure, mask), 0.4)
    assert (spot.x, spot.y, spot.w, spot.h) == (5, 6, 5, 2)
    assert (spot.score, KINDS[spot.kind]) == (pytest.approx(0.8), "bar")


def test_a_region_without_a_mask_stays_and_two_stay_two():
    sure = np.zeros((20, 20))
    sure[0:4, 0:4], sure[12:16, 8:12] = 0.8, 0.6
    found = spots(cells(sure, np.zeros((20, 20))), 0.4)
    assert sorted((s.x, s.y, s.w, s.h) for s in found) == [(0, 0, 4, 4), (8, 12, 4, 4)]
    assert spots(cells(sure, sure), 0.9) == []
    heat = cells(sure, sure).heat
    assert heat[0, 0] == pytest.approx(0.8 * 0.9)


@pytest.fixture(scope="module")
def fresh():
    first, count = 300_000, 24
    return [[item(first + n, threat=threat) for n in range(count)] for threat in (True, False)]


@pytest.mark.parametrize(("name", "adds"), [(NAME, None), (CLOSE_UP, close_up(1))])
def test_the_shipped_networks_are_about_as_good_as_their_cards_say(fresh, name, adds):
    bad, good = (judged(items, catalogued(NAME, "scene", 1), adds) for items in fresh)
    found = figures(bad, good, card(name).threshold, "fresh")["fresh_auc"]
    assert found > card(name).metrics["items_auc"] - 0.12  # three standard errors of so few
