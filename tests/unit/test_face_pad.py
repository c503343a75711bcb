"""Signs of a picture held up: rendered faces and attacks, and real portraits where they are."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.egate.face.verify import PAD_ALARM
from edge.face_images import load
from models.face.geometry import Face
from models.face.pack import open_pack
from models.face.pad import SIGNS, depth, open_pad, over_frames, score, signs
from simulators.world.faces import Look, Pictured, at_gate
from simulators.world.faces_attacks import Attack, Held, held_up

SHARED = Path(__file__).parents[2].parent / "shared"
WALL = np.full((560, 560, 3), 128, np.uint8)


def face_of(picture: Pictured) -> Face:
    return Face(picture.box, picture.landmarks, 0.9)


def through_camera(image: np.ndarray, seed: int) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 2, image.shape)
    _, coded = cv2.imencode(
        ".jpg", np.clip(image + grain, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90]
    )
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


@cache
def bona_fide(seed: int) -> float | None:
    picture = at_gate(seed, Look(yaw=4), 560, 560)
    return score(through_camera(picture.image, seed), face_of(picture))


@cache
def attack(kind: Attack, seed: int, strength: float = 0.6) -> float | None:
    how = Held(tilt=6, lean=3, height=0.95, pitch=2.7, strength=strength)
    picture = held_up(kind, seed, Look(), how, WALL)
    return score(through_camera(picture.image, seed), face_of(picture))


def test_rendered_travellers_do_not_alarm() -> None:
    scores = [bona_fide(seed) for seed in range(100, 110)]
    assert all(found is not None and found < PAD_ALARM for found in scores)


@pytest.mark.parametrize("kind", list(Attack))
def test_rendered_attacks_do(kind: Attack) -> None:
    scores = [attack(kind, seed) for seed in range(200, 205)]
    assert all(found is not None and found >= PAD_ALARM for found in scores)


def test_a_score_is_never_yes_or_no() -> None:
    scores = [bona_fide(seed) for seed in range(100, 110)]
    scores += [attack(kind, 200, strength) for kind in Attack for strength in (0.0, 0.1, 0.2)]
    assert all(found is not None and 0 <= found <= 1 for found in scores)
    assert len({round(found, 4) for found in scores if found is not None}) > 5


def test_a_raster_is_the_more_a_sign_the_more_there_is_of_it() -> None:
    faint, plain = (
        held_up(Attack.SCREEN, 200, Look(), Held(lean=2, strength=s), WALL) for s in (0.05, 0.9)
    )
    found = [signs(through_camera(p.image, 1), face_of(p)) for p in (faint, plain)]
    peak = SIGNS.index("peak")
    assert found[0] is not None
    assert found[1] is not None
    assert found[1][peak] > found[0][peak] + 0.2


def test_what_only_saw_rendered_attacks_does_not_judge_travellers() -> None:
    assert open_pad() is score
    assert open_pad(real_hardware=True) is None


def test_a_small_a_cut_or_a_colourless_face_is_not_judged() -> None:
    small = at_gate(2, Look(), 200, 200)
    assert score(small.image, face_of(small)) is None
    picture = at_gate(2, Look(), 560, 560)
    grey = cv2.cvtColor(cv2.cvtColor(picture.image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert score(grey, face_of(picture)) is None
    x = int(picture.landmarks[2, 0])
    assert score(picture.image[:, x:], Face(picture.box, picture.landmarks - [x, 0], 1.0)) is None


def test_jpeg_blocks_are_no_raster() -> None:
    picture = at_gate(2, Look(), 560, 560)
    _, coded = cv2.imencode(".jpg", picture.image, [cv2.IMWRITE_JPEG_QUALITY, 30])
    found = score(cv2.imdecode(coded, cv2.IMREAD_COLOR), face_of(picture))
    assert found is not None
    assert found < PAD_ALARM


def test_depth_is_what_a_plane_cannot_do() -> None:
    level, turned = (face_of(at_gate(2, Look(yaw=yaw), 560, 560)) for yaw in (0, 14))
    assert depth([level, turned]) > 0.04
    matrix = np.array([[0.8, 0.1], [-0.2, 1.1]], np.float32)
    moved = Face(level.box, level.landmarks @ matrix + 30, 0.9)
    assert depth([level, moved]) < 1e-3
    assert depth([level]) == 0


def test_frames_are_weighed_together_and_depth_never_clears_alone() -> None:
    level, turned = (face_of(at_gate(2, Look(yaw=yaw), 560, 560)) for yaw in (0, 20))
    assert over_frames([0.2, None, 0.9, 0.3], [level]) == pytest.approx(0.3)
    assert over_frames([None, None], [level]) is None
    assert over_frames([], []) is None
    seen = over_frames([0.99], [level, turned])
    assert seen is not None
    assert 0.9 < seen < 0.99


def test_real_portraits_do_not_alarm() -> None:
    folder = SHARED / "data" / "faces"
    if not folder.is_dir():
        pytest.skip("the portraits in shared/data/faces are not here")
    detect = open_pack(SHARED / "weights").detect
    assert detect is not None
    judged = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png", ".jp2")):
        image = load(path)
        judged += [score(image, face) for face in detect(image)[:1]]
    scores = [found for found in judged if found is not None]
    assert len(scores) >= 6
    assert max(scores) < PAD_ALARM
