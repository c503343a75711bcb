"""Quality and its instructions, on rendered faces with their true landmarks."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from models.face.geometry import Face
from models.face.quality import Instruction, Limits, judge
from simulators.world.faces import Look, Pictured, at_gate


@cache
def shown(look: Look = Look(), seed: int = 2) -> Pictured:  # noqa: B008 - frozen
    return at_gate(seed, look, 640, 640)


def face_of(picture: Pictured) -> Face:
    return Face(picture.box, picture.landmarks, 0.9)


def asked(image: np.ndarray, *faces: Face) -> Instruction | None:
    return judge(image, faces).instruction


def spoilt(what: str) -> np.ndarray:
    picture = shown()
    image, points = picture.image.copy(), picture.landmarks
    if what == "dark":
        return (image * 0.15).astype(np.uint8)
    if what == "glaring":
        return np.clip(image.astype(int) * 2 + 90, 0, 255).astype(np.uint8)
    if what == "shaken":
        return cv2.blur(image, (41, 5))
    gap = int(points[1, 0] - points[0, 0])
    if what == "sunglasses":
        for x, y in points[:2].astype(int):
            cv2.ellipse(image, (x, y), (gap // 3, gap // 4), 0, 0, 360, (25, 25, 25), -1)
    if what == "mask":
        x, y = points[3:].mean(0).astype(int)
        image[y - gap // 2 : y + gap, x - gap : x + gap] = (200, 190, 180)
    return image


def test_somebody_who_looks_at_the_camera_is_asked_for_nothing() -> None:
    quality = judge(shown().image, [face_of(shown())])
    assert quality.good
    assert quality.score > 0.8


@pytest.mark.parametrize(
    ("what", "instruction"),
    [
        ("dark", Instruction.MORE_LIGHT),
        ("glaring", Instruction.LESS_LIGHT),
        ("shaken", Instruction.STAND_STILL),
        ("sunglasses", Instruction.REMOVE_GLASSES),
        ("mask", Instruction.UNCOVER_FACE),
    ],
)
def test_what_is_wrong_is_said_plainly(what: str, instruction: Instruction) -> None:
    assert asked(spoilt(what), face_of(shown())) is instruction


def test_looking_away_is_seen() -> None:
    away = shown(Look(yaw=30))
    assert asked(away.image, face_of(away)) is Instruction.LOOK_AT_CAMERA


def test_too_far_and_too_near() -> None:
    far = at_gate(2, Look(), 260, 260)
    assert asked(far.image, face_of(far)) is Instruction.COME_CLOSER
    cut = shown().image[int(shown().box[1]) + 20 :]
    higher = replace(
        face_of(shown()),
        box=(shown().box[0], -20.0, *shown().box[2:]),
        landmarks=shown().landmarks - np.float32([0, shown().box[1] + 20]),
    )
    assert asked(cut, higher) is Instruction.STEP_BACK


def test_nobody_and_two_people() -> None:
    assert asked(shown().image) is Instruction.STEP_INTO_VIEW
    face = face_of(shown())
    other = replace(face, box=(0.0, 0.0, face.box[2] * 0.8, face.box[3] * 0.8))
    passer_by = replace(face, box=(0.0, 0.0, face.box[2] * 0.2, face.box[3] * 0.2))
    assert asked(shown().image, face, other) is Instruction.ONE_PERSON
    assert judge(shown().image, [face, other]).faces == 2
    assert asked(shown().image, face, passer_by) is None


def test_limits_are_data() -> None:
    strict = Limits(eyes_apart=500)
    assert judge(shown().image, [face_of(shown())], strict).instruction is Instruction.COME_CLOSER


def test_light_is_not_judged_by_the_skin() -> None:
    darkest = min(range(40), key=lambda seed: sum(shown_skin(seed)))
    picture = shown(seed=darkest)
    assert asked(picture.image, face_of(picture)) is None


def shown_skin(seed: int) -> tuple[float, float, float]:
    from simulators.world.faces import identity

    return identity(seed).skin


def test_a_worse_picture_scores_less() -> None:
    good = judge(shown().image, [face_of(shown())]).score
    for what in ("dark", "glaring", "shaken", "sunglasses", "mask"):
        assert judge(spoilt(what), [face_of(shown())]).score < good
