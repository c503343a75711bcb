"""Alignment to the five points, derotated crops, landmarks and boxes of the detector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.geometry import TEMPLATE, Face, align, eye_distance, similarity, upright
from models.face.quality import pose
from simulators.world.faces import Look, at_gate


def moved(points: np.ndarray, scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    turn = np.radians(degrees)
    way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(scale * points @ way.T + [x, y], np.float32)


@given(
    scale=st.floats(0.1, 20),
    degrees=st.floats(-170, 170),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
)
def test_a_similarity_is_found_again_whatever_it_was(
    scale: float, degrees: float, x: float, y: float
) -> None:
    given_points = moved(TEMPLATE, scale, degrees, x, y)
    matrix = similarity(given_points, TEMPLATE)
    back = given_points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - TEMPLATE).max() < 0.05


def test_points_that_fall_together_are_refused() -> None:
    with pytest.raises(ValueError, match="fall together"):
        similarity(np.zeros((5, 2), np.float32), TEMPLATE)


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    flipped = TEMPLATE * np.float32([-1, 1])
    matrix = similarity(flipped.astype(np.float32), TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("roll", [0.0, 25.0])
def test_aligned_eyes_lie_where_the_template_has_them(roll: float) -> None:
    shown = at_gate(3, Look(roll=roll), 480, 480)
    dotted = shown.image.copy()
    for x, y in np.rint(shown.landmarks[:2]).astype(int):
        dotted[y - 3 : y + 4, x - 3 : x + 4] = (255, 0, 255)
    cut = align(dotted, shown.landmarks).astype(int)
    marked = np.argwhere((cut[..., 0] > 200) & (cut[..., 1] < 90) & (cut[..., 2] > 200))
    for eye in TEMPLATE[:2]:
        assert np.abs(marked - eye[::-1]).sum(1).min() < 4


def test_a_crop_is_upright_with_the_eyes_a_quarter_of_the_width_apart() -> None:
    shown = at_gate(3, Look(roll=20), 480, 480)
    face = Face(shown.box, shown.landmarks, 1.0)
    cut = upright(shown.image, face)
    assert cut.shape == (600, 480, 3)
    straight = at_gate(3, Look(), 480, 480)
    again = upright(straight.image, Face(straight.box, straight.landmarks, 1.0))
    assert np.abs(cut.astype(int) - again).mean() < 12


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (18, 0, 0), (-18, 0, 5), (0, 14, -12)]
)
def test_pose_follows_the_head(yaw: float, pitch: float, roll: float) -> None:
    level = at_gate(5, Look(), 480, 480)
    turned = at_gate(5, Look(yaw=yaw, pitch=pitch, roll=roll), 480, 480)
    still = pose(Face(level.box, level.landmarks, 1.0))
    found = pose(Face(turned.box, turned.landmarks, 1.0))
    assert found[0] - still[0] == pytest.approx(yaw, abs=6)
    assert found[1] - still[1] == pytest.approx(pitch, abs=6)
    assert found[2] == pytest.approx(roll, abs=3)


def test_eye_distance_and_size() -> None:
    face = Face((0, 0, 20, 80), np.float32([[0, 0], [30, 40], [0, 0], [0, 0], [0, 0]]), 1.0)
    assert eye_distance(face) == 50
    assert face.size == 40
