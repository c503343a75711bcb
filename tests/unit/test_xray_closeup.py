"""The second look: where it looks, what it cuts out, and what it may change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.xray import closeup, scenes
from models.xray.closeup import LEAST, VIEW, Peak, closer, cut, moved, peaks
from models.xray.scenes import MASK_STRIDE, Cells

SIDE = 40  # cells of MASK_STRIDE


def sure_at(*places: tuple[int, int, float]) -> np.ndarray:
    """Return certainty that is ``value`` in the double cell at row, column and low elsewhere."""
    sure = np.full((SIDE, SIDE), 0.001, np.float32)
    for row, column, value in places:
        sure[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = value
    return sure


def cells_of(sure: np.ndarray) -> Cells:
    return Cells(sure, np.ones_like(sure), np.zeros(sure.shape, np.uint8))


def test_a_peak_is_the_strongest_of_its_neighbours_and_in_the_middle_of_its_cell():
    found = peaks(sure_at((4, 5, 0.9), (5, 6, 0.6), (12, 12, 0.3), (16, 2, LEAST / 2)))
    assert [(peak.x, peak.y) for peak in found] == [(44, 36), (100, 100)]
    assert found[0].logit == pytest.approx(np.log(9), abs=1e-3)


def test_what_is_cut_out_lies_in_the_middle_with_air_around_the_picture():
    picture = np.full((2, 300, 200), 0.5, np.float32)
    picture[:, 100, 60] = 0.1
    view = cut(picture, (60.0, 100.0), 1.0)
    assert view.shape == (2, VIEW, VIEW)
    assert view[1, VIEW // 2, VIEW // 2] == np.float32(0.1)
    assert (view[:, :, : VIEW // 2 - 60] == 1).all()
    assert (view[:, :, VIEW // 2 - 60 :][view[:, :, VIEW // 2 - 60 :] != 0.5] == 0.1).all()


@pytest.mark.parametrize("pitch", [0.4, 1.0, 1.6])
def test_what_is_cut_out_has_its_true_size(pitch):
    picture = np.ones((1, round(400 / pitch), round(400 / pitch)), np.float32)
    half = round(20 / pitch)
    middle = picture.shape[1] // 2
    picture[:, middle - half : middle + half, middle - half : middle + half] = 0.2
    view = cut(picture, (float(middle), float(middle)), pitch)
    assert (view < 0.6).sum() == pytest.approx(40 * 40, rel=0.1)


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 300), st.integers(8, 300), st.floats(-400, 700), st.floats(-400, 700),
       st.floats(0.05, 1.99))  # fmt: skip
def test_any_place_of_any_picture_can_be_cut_out(rows, columns, x, y, pitch):
    view = cut(np.full((1, rows, columns), 0.5, np.float32), (x, y), pitch)
    assert view.shape == (1, VIEW, VIEW)
    assert np.isfinite(view).all()


def test_a_cell_is_moved_by_what_was_said_of_the_nearest_peak():
    sure = sure_at((4, 4, 0.5), (4, 5, 0.3), (14, 14, 0.5))
    added = np.array([2.0, -2.0], np.float32)
    out = moved(sure, [Peak(36, 36, 0.0), Peak(116, 116, 0.0)], added)
    assert out[8, 8] == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-4)
    assert out[8, 10] == pytest.approx(1 / (1 + 0.7 / 0.3 * np.exp(-2)), abs=1e-4)
    assert out[28, 28] == pytest.approx(1 / (1 + np.exp(2)), abs=1e-4)
    assert (out[sure < LEAST] == sure[sure < LEAST]).all()


def test_the_strongest_places_are_looked_at_and_no_more_than_time_allows():
    rows = [(4 * n + 1, 4 * m + 1, 0.3 + 0.01 * (5 * n + m)) for n in range(5) for m in range(5)]
    asked = []

    def adds(views: np.ndarray) -> np.ndarray:
        asked.extend(views)
        return np.full(len(views), 3.0, np.float32)

    side = SIDE * MASK_STRIDE * 2  # pixels of 1 mm
    sure = sure_at(*rows)
    out = closer(cells_of(sure), np.ones((2, side, side), np.float32), 1.0, adds).sure
    allowed = int(np.ceil(closeup.DENSE * side * side / 1e6))
    assert len(asked) == allowed < len(rows)
    assert (out > sure + 0.01).sum() == 4 * allowed


def test_where_nothing_is_finer_there_is_no_second_look():
    def adds(_views: np.ndarray) -> np.ndarray:
        raise AssertionError("asked")

    cells = cells_of(sure_at((4, 4, 0.9)))
    assert closer(cells, np.ones((2, 160, 160), np.float32), 2.0, adds) is cells
    empty = cells_of(sure_at())
    assert (closer(empty, np.ones((1, 320, 320), np.float32), 1.0, adds).sure == empty.sure).all()


def test_a_picture_too_large_for_its_true_size_is_looked_at_in_the_right_place(monkeypatch):
    monkeypatch.setattr(scenes, "MOST", 1600.0)  # of 160 × 160 working pixels, 40 × 40 are left
    picture = np.full((1, 320, 320), 0.5, np.float32)
    picture[:, 92:108, 92:108] = 0.1  # the middle of the cell below, eight pixels a working one
    seen = []

    def adds(views: np.ndarray) -> np.ndarray:
        seen.extend(views)
        return np.zeros(len(views), np.float32)

    sure = np.full((10, 10), 0.001, np.float32)
    sure[2:4, 2:4] = 0.9
    closer(cells_of(sure), picture, 1.0, adds)
    depth = seen[0][0]
    assert depth[VIEW // 2, VIEW // 2] == depth.max() > depth.min()
