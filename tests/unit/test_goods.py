"""Rendered goods: the same seed gives the same scene, and the truth is true."""

import ast
import time
from pathlib import Path

import numpy as np
import pytest

from models.xray.projection import make_detector
from simulators.world.goods import OPEN, Container, hidden_pose, raw_counts, scene
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_cargo import LOADS, Cargo, consignment
from simulators.world.goods_harmless import FILLING, LOOKALIKES, NEGATIVES, any_pose
from simulators.world.goods_shapes import body, box, ellipse, plate, wire
from simulators.world.goods_threats import DRAW, Threat
from simulators.world.goods_unseen import UNSEEN


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


@pytest.mark.parametrize("kind", Threat)
def test_every_threat_has_a_shape_that_training_never_sees(kind):
    known, strange = small(7, threat=kind), small(7, threat=kind, unseen=True)
    assert strange.boxes[0].kind is kind
    assert UNSEEN[kind] is not DRAW[kind]
    assert (known.tau != strange.tau).any()


def test_training_knows_no_unseen_shape():
    folder = Path(__file__).parents[2] / "models/training"
    used = [path.name for path in folder.glob("*.py") if "goods_unseen" in code_of(path)]
    assert used == []


def code_of(path: Path) -> str:
    return "".join(f"{ast.unparse(n)}\n" for n in ast.walk(ast.parse(path.read_text()))
                   if isinstance(n, ast.Import | ast.ImportFrom))  # fmt: skip


@pytest.mark.parametrize("cargo", Cargo)
def test_every_class_of_cargo_is_packed_and_its_things_are_counted(cargo):
    canvas = Canvas(140, 128, 0.25)
    rng = np.random.default_rng(4)
    count = consignment(canvas, rng, cargo, Pose(256, 280), 400, 400)
    assert 0 <= count <= 44
    assert canvas.tau()[1].max() > 0.02
    assert LOADS[cargo].things


def test_a_pallet_tells_its_class_and_others_have_none():
    pallets = [small(seed, container=Container.CARGO) for seed in range(12)]
    assert len({goods.cargo for goods in pallets}) > 3
    assert small(1, container=Container.BAG).cargo is None
    assert small(1, container=Container.BAG).things >= 2


def test_a_threat_shows_half_its_face():
    for seed in range(6):
        assert hidden_pose(Canvas(60, 60, 0.2), np.random.default_rng(seed)).tilt <= np.pi / 3


@pytest.mark.parametrize("container", Container)
def test_pictures_are_the_optical_depth_with_noise(container):
    goods = small(3, container=container)
    assert goods.container is container
    for picture, tau in ((goods.low, goods.tau[0]), (goods.high, goods.tau[1])):
        assert picture.dtype == np.uint16
        assert np.abs(picture / OPEN - np.exp(-tau)).mean() < 0.02
    assert (goods.tau[0] >= goods.tau[1] - 1e-3).all()


EVERYTHING = [*FILLING, *LOOKALIKES, *NEGATIVES, *DRAW.values(), *UNSEEN.values()]


@pytest.mark.parametrize("draw", EVERYTHING)
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
    begun = time.process_time()  # a busy machine is no fault of the scene
    scene(11, lines=1000, pixels=512, threat=True)
    assert time.process_time() - begun < 2.0  # 0.2 s of work; 0.5 s is wanted
