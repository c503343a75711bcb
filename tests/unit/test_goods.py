"""Rendered goods: the same seed gives the same scene, and the truth is true."""

import time

import numpy as np
import pytest

from models.xray.projection import make_detector
from simulators.world.goods import OPEN, Container, raw_counts, scene
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_harmless import FILLING, LOOKALIKES, any_pose
from simulators.world.goods_shapes import body, box, ellipse, plate, wire
from simulators.world.goods_threats import DRAW, Threat


def small(seed: int, **settings):
    return scene(seed, lines=160, pixels=240, pitch_mm=2.0, **settings)


def test_a_scene_follows_from_its_seed():
    first, again, other = small(5, threat=True), small(5, threat=True), small(6, threat=True)
    assert (first.high == again.high).all()
    assert (first.low == again.low).all()
    assert first.boxes == again.boxes
    assert (first.high != other.high).mean() > 0.5


@pytest.mark.parametrize("kind", Threat)
def test_a_threat_changes_the_scene_where_the_truth_says_and_nowhere_else(kind):
    without, with_ = small(7), small(7, threat=kind)
    changed = np.abs(with_.tau[1] - without.tau[1]) > 0.021
    assert not without.boxes
    assert not without.mask.any()
    assert with_.mask.any()
    assert not (changed & ~with_.mask).any()
    (where,) = with_.boxes
    assert where.kind is kind
    rows, columns = np.nonzero(with_.mask)
    assert (where.x, where.y) == (columns.min(), rows.min())
    assert (where.w, where.h) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


@pytest.mark.parametrize("container", Container)
def test_pictures_are_the_optical_depth_with_noise(container):
    goods = small(3, container=container)
    assert goods.container is container
    for picture, tau in ((goods.low, goods.tau[0]), (goods.high, goods.tau[1])):
        assert picture.dtype == np.uint16
        assert np.abs(picture / OPEN - np.exp(-tau)).mean() < 0.02
    assert (goods.tau[0] >= goods.tau[1] - 1e-3).all()


@pytest.mark.parametrize("draw", [*FILLING, *LOOKALIKES, *DRAW.values()])
def test_everything_can_be_drawn_in_any_pose(draw):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        canvas = Canvas(64, 96, 0.4)
        draw(canvas, any_pose(canvas, rng), rng)
        assert np.isfinite(canvas.sums).all()
        assert (canvas.sums >= -1e-4).all()


def test_a_plate_is_as_thick_as_asked_and_longer_through_when_tilted():
    for tilt, longer in ((0.0, 1.0), (1.0471975512, 2.0)):
        canvas, expected = Canvas(80, 80, 2.0), Canvas(80, 80, 2.0)
        plate(canvas, "aluminium", [box(30, 30)], 5.0, Pose(20, 20, tilt=tilt))
        expected.add("aluminium", np.full((80, 80), 5.0 * longer, np.float32), 0, 0)
        assert canvas.tau()[:, 40, 40] == pytest.approx(expected.tau()[:, 40, 40], rel=0.01)


def test_round_bodies_and_holes_have_the_right_mass():
    canvas = Canvas(200, 200, 4.0)  # 50 mm, 0.25 mm pixels
    body(canvas, "water", ellipse(10, 10, count=90), Pose(25, 25), 10.0)
    ball = Canvas(200, 200, 4.0)
    ball.add("water", np.ones((200, 200), np.float32), 0, 0)
    volume = canvas.sums[0].sum() / ball.sums[0, 0, 0] / 16  # mm³
    assert volume == pytest.approx(4 / 3 * np.pi * 1000, rel=0.05)
    hollow = Canvas(200, 200, 4.0)
    plate(hollow, "iron", [box(20, 20), box(10, 10)], 1.0, Pose(25, 25))
    assert not hollow.sums[:, 100, 100].any()
    assert hollow.sums[0, 70, 100] > 0


def test_a_wire_thinner_than_a_pixel_keeps_its_mass():
    for scale in (0.5, 2.0, 8.0):
        canvas, unit = Canvas(int(60 * scale), int(60 * scale), scale), Canvas(1, 1, scale)
        wire(canvas, "copper", np.array([[-20.0, 0], [20, 0]]), 1.0, Pose(30, 30, 0.3))
        unit.add("copper", np.ones((1, 1), np.float32), 0, 0)
        volume = canvas.sums[0].sum() / unit.sums[0, 0, 0] / scale**2
        assert volume == pytest.approx(40 * np.pi / 4, rel=0.3)


def test_raw_counts_are_what_the_detector_sends():
    goods = small(2)
    detector = make_detector(240, seed=8)
    counts = raw_counts(goods, detector)
    assert counts.shape == goods.tau.shape
    assert counts.dtype == np.uint16
    assert (counts == raw_counts(goods, detector)).all()


def test_a_scene_is_ready_for_a_demo_in_time():
    begun = time.perf_counter()
    scene(11, lines=1000, pixels=512, threat=True)
    assert time.perf_counter() - begun < 2.0  # 0.2 s on a quiet machine; 0.5 s is wanted
