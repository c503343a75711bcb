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
from models.xray.scenes import CHANNELS, KINDS, MASK_STRIDE, SURE_STRIDE
from simulators.world.goods import scene
from simulators.world.goods_threats import Threat


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "SHARD", 2)
        tiles.render(folder, seed=5, shards=1)
    return tiles.load(folder / "5-0.npz")


def test_a_window_is_its_scene_with_a_threat_and_nothing_else(shard):
    assert (shard.kinds >= 0).sum() >= 4
    assert (shard.kinds < 0).sum() >= 2
    for window, mask, kind, (number, top, left) in zip(
        shard.windows, shard.masks, shard.kinds, shard.places, strict=True
    ):
        side = window.shape[1]
        same = shard.scenes[number][:, top : top + side, left : left + side]
        more = window[1].astype(float) - same[1].astype(float)
        assert more.min() > -0.02
        if kind >= 0:
            assert more[mask].mean() > 10 * abs(more[~mask]).mean()


def test_rendered_shards_are_not_rendered_again(tmp_path, monkeypatch):
    (tmp_path / "5-0.npz").write_bytes(b"kept")
    monkeypatch.setattr(tiles, "_shard", None)
    tiles.render(tmp_path, seed=5, shards=1)
    assert (tmp_path / "5-0.npz").read_bytes() == b"kept"


def test_recordings_differ_and_keep_the_mask_on_the_threat(shard):
    at = int(np.flatnonzero(shard.kinds >= 0)[0])
    kind, rng = int(shard.kinds[at]), np.random.default_rng(1)
    views = []
    for _ in range(40):
        view, masks = tiles.recorded(shard.windows[at], shard.masks[at], kind, rng)
        assert view.shape == (CHANNELS, 160, 160)
        assert masks.shape == (len(KINDS), 160 // MASK_STRIDE, 160 // MASK_STRIDE)
        assert np.isfinite(view).all()
        assert masks[kind].any()
        assert not np.delete(masks, kind, 0).any()
        views.append(view)
    assert len({view.tobytes() for view in views}) == 40
    assert any(not view[3].any() for view in views), "one energy never came"
    assert any(view[3].any() for view in views)


def test_judged_items_are_the_scanners_own_and_follow_from_the_seed():
    one, again = item(100_003, threat=True), item(100_003, threat=True)
    assert (one.passed == again.passed).all()
    assert one.passed.shape == (2, 280, 256)
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
