"""Rendered people and attacks: the same for a seed, with their landmarks where they are seen."""

import numpy as np
import pytest

from models.face.pack import open_pack
from simulators.world.faces import Look, Pictured, at_gate, identity, picture
from simulators.world.faces_attacks import Attack, Held, held_up
from simulators.world.portraits import portrait

WALL = np.full((560, 560, 3), 128, np.uint8)


def found(image: np.ndarray) -> np.ndarray:
    detect = open_pack().detect
    assert detect is not None
    faces = detect(image)
    assert len(faces) == 1
    return faces[0].landmarks


def assert_there(shown: Pictured) -> None:
    gap = np.linalg.norm(shown.landmarks[1] - shown.landmarks[0])
    assert np.linalg.norm(found(shown.image) - shown.landmarks, axis=1).max() < 0.25 * gap
    x, y, wide, high = shown.box
    inside = (shown.landmarks > [x, y]) & (shown.landmarks < [x + wide, y + high])
    assert inside.all()


def test_a_person_is_the_same_whenever_they_are_drawn() -> None:
    assert identity(4) == identity(4)
    assert identity(4) != identity(5)
    one, again = (at_gate(4, Look(yaw=5), 300, 300) for _ in range(2))
    assert np.array_equal(one.image, again.image)
    assert not np.array_equal(one.image, at_gate(5, Look(yaw=5), 300, 300).image)


@pytest.mark.parametrize("look", [Look(), Look(yaw=-15, roll=8), Look(pitch=10, smile=0.8)])
def test_landmarks_are_where_a_detector_sees_them(look: Look) -> None:
    assert_there(at_gate(6, look, 480, 480))
    assert_there(picture(identity(6), look, 480, 360))


@pytest.mark.parametrize("kind", list(Attack))
def test_a_held_up_face_is_still_a_face(kind: Attack) -> None:
    shown = held_up(kind, 6, Look(), Held(tilt=10, lean=4, height=0.9, glare=0.0), WALL)
    assert_there(shown)
    assert np.abs(shown.image[0].astype(int) - 128).max() == 0  # the wall beside it stays


def test_a_small_portrait_and_a_large_one_show_the_same_person() -> None:
    small, large = portrait(9, 240, 180), portrait(9, 480, 360)
    assert small.shape == (240, 180, 3)
    assert large.shape == (480, 360, 3)
    assert np.abs(found(small) * 2 - found(large)).max() < 12


def test_eyes_close_and_glasses_come_off() -> None:
    wearer = next(seed for seed in range(100) if identity(seed).glasses)
    plain = at_gate(wearer, Look(), 300, 300).image.astype(int)
    assert np.abs(plain - at_gate(wearer, Look(without_glasses=True), 300, 300).image).max() > 40
    assert np.abs(plain - at_gate(wearer, Look(closed=1.0), 300, 300).image).max() > 40
