"""What the scene network is trained and judged on: the same goods twice, and fair figures."""

import numpy as np
import pytest

from models.training import xray_scene_tiles as tiles
from models.training.xray_scene_judge import (
    Seen,
    figures,
    item,
    judged,
    of_scene,
    per_object,
    threshold,
)
from models.training.xray_scene_things import Shelf, thing
from models.xray.scenes import CHANNELS, KINDS, MASK_STRIDE, SURE_STRIDE, working
from models.xray.spectrum import depth_from_bins
from simulators.world.goods import Container, pack, scene
from simulators.world.goods_canvas import Canvas
from simulators.world.goods_threats import DRAW, Threat


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "SHARD", 2)
        tiles.render(folder, seed=5, shards=1)
    return tiles.load(folder, 5, 1)


def tile_of(scenes):
    return scenes[0][0][:, 60:188, 60:188].astype(np.float32)


def test_a_scene_kept_in_bins_is_the_scene_as_it_was_drawn(scenes):
    canvas = Canvas(tiles.LINES, tiles.PIXELS, 1.0)
    rng = np.random.default_rng([5, 77, 0, 1])
    pack(canvas, rng, list(Container)[int(rng.integers(len(Container)))])
    kept = np.exp(-depth_from_bins(scenes[0][1].astype(np.float32)))
    drawn = working(np.exp(-canvas.tau()), 1.0)
    assert np.abs(kept - drawn).max() < 0.1, (
        "edges within a pixel, where the beam's mean is not µ's"
    )
    assert np.abs(kept - drawn).mean() < 0.002


def test_rendered_shards_are_not_rendered_again(tmp_path, monkeypatch):
    (tmp_path / "5-0.npy").write_bytes(b"kept")
    monkeypatch.setattr(tiles, "_scene", None)
    tiles.render(tmp_path, seed=5, shards=1)
    assert (tmp_path / "5-0.npy").read_bytes() == b"kept"


def test_a_thing_laid_in_a_scene_adds_itself_and_nothing_else(scenes):
    tile, rng = tile_of(scenes), np.random.default_rng(2)
    blade = thing(DRAW[Threat.STAR], np.random.default_rng(1))
    found = next(f for f in (tiles.laid(tile, blade, rng) for _ in range(50)) if f)
    more = found[0] - tile
    assert more.min() >= 0
    assert found[1].any()
    assert (more[-1][found[1]] > 0).all()
    assert more[-1][~found[1]].max() < 0.2, "outside there is its rim at most"


def test_what_does_not_show_is_not_asked_for():
    lead = np.full((8, 128, 128), 30, np.float32)
    blade = thing(DRAW[Threat.RAZOR], np.random.default_rng(1))
    assert tiles.laid(lead, blade, np.random.default_rng(2)) is None


def test_a_shelf_keeps_what_it_drew_and_draws_anew():
    shelf = Shelf(np.random.default_rng(3))
    taken = [shelf.threat() for _ in range(300)]
    assert {kind for _, kind in taken} == set(range(len(KINDS)))
    assert all(one.shape[0] == 8 and np.isfinite(one).all() for one, _ in taken)
    assert len({id(one) for one, _ in taken}) > 200
    assert shelf.harmless().any()


def test_recordings_differ_and_keep_the_mask_on_the_threat(scenes):
    tile, rng = tile_of(scenes), np.random.default_rng(1)
    knife = thing(DRAW[Threat.KNIFE], rng)
    whole, mask = next(f for f in (tiles.laid(tile, knife, rng) for _ in range(50)) if f)
    kind, views = KINDS.index("knife"), []
    for _ in range(40):
        view, masks = tiles.recorded(whole, mask, kind, rng)
        assert view.shape == (CHANNELS, 128, 128)
        assert masks.shape == (len(KINDS), 128 // MASK_STRIDE, 128 // MASK_STRIDE)
        assert np.isfinite(view).all()
        assert masks[kind].any()
        assert not np.delete(masks, kind, 0).any()
        views.append(view)
    assert len({view.tobytes() for view in views}) == 40
    assert any(not view[3].any() for view in views), "one energy never came"
    assert any(view[3].any() for view in views)


def test_a_thin_threat_leaves_a_mark_in_the_mask():
    mask = np.zeros((128, 128), np.bool_)
    mask[40, 40:60] = True  # a blade on edge: a quarter of no cell
    tile = np.zeros((8, 128, 128), np.float32)
    _, masks = tiles.recorded(tile, mask, KINDS.index("razor"), np.random.default_rng(1))
    assert masks.sum() >= 4


def test_judged_items_are_the_scanners_own_and_follow_from_the_seed():
    one, again = item(100_003, threat=True), item(100_003, threat=True)
    assert (one.passed == again.passed).all()
    assert one.passed.shape == (2, 560, 512)
    assert one.kind in set(Threat)
    assert item(100_003, threat=False).box is None


def test_an_alarm_elsewhere_is_no_hit():
    goods = of_scene(scene(100_004, 560, 512, threat=Threat.BAR))
    left, top, wide, high = goods.box
    middle = (top + high / 2, left + wide / 2)
    away = (280 - middle[0], 256 - middle[1])
    assert abs(away[0] - middle[0]) + abs(away[1] - middle[1]) > 40
    (on,) = judged([goods], sees(middle))
    (off,) = judged([goods], sees(away))
    assert (on.score, on.found) == (pytest.approx(0.9), pytest.approx(0.9))
    assert (off.score, off.found) == (pytest.approx(0.9), 0)


def sees(where):
    """Return a network that is sure of one spot, in working pixels."""

    def run(view):
        rows, columns = view.shape[2:]
        masks = np.zeros((1, len(KINDS), rows // MASK_STRIDE, columns // MASK_STRIDE), np.float32)
        sure = np.zeros((1, 7, rows // SURE_STRIDE, columns // SURE_STRIDE), np.float32)
        sure[0, 0, int(where[0]) // SURE_STRIDE, int(where[1]) // SURE_STRIDE] = 0.9
        return masks, sure

    return run


def test_figures_of_known_scores():
    good = [Seen(score / 1000, 0, "", 10, (score / 1000,)) for score in range(1000)]
    at = threshold(good, 0.004)
    assert 0.994 < at < 0.997
    bad = [Seen(0.999, 0.999, "bar", 9, (0.999,)), Seen(0.999, 0.1, "knife", 9, (0.999, 0.1))]
    made = figures(bad, good, at, "x")
    assert made["x_hits"] == 0.5
    assert made["x_alarms"] == pytest.approx(0.004, abs=0.001)
    assert made["x_auc"] == pytest.approx(1, abs=1e-3)
    assert per_object(good, at) == pytest.approx(4 / 10_000, abs=1e-4)
