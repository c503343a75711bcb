"""Which frame is taken, when, and what the traveller is asked: scripted frames, time handed in."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from drivers.camera.camera import Frame
from drivers.errors import Garbled, NoAnswer
from edge.egate.face.capture import Capture
from edge.egate.face.look import Looking, look
from models.face.geometry import Face
from models.face.pack import FacePack
from models.face.quality import Instruction
from simulators.world.faces import Look, Pictured, at_gate

GOOD = at_gate(2, Look(), 640, 640)
AWAY = at_gate(2, Look(yaw=32), 640, 640)
SLIGHTLY_AWAY = at_gate(2, Look(yaw=22), 640, 640)
NOBODY = np.full((640, 640, 3), 110, np.uint8)


def face_of(picture: Pictured) -> Face:
    return Face(picture.box, picture.landmarks, 0.9)


def detect(image: np.ndarray) -> list[Face]:
    """Find the faces of the scripted frames by what the frames are."""
    for picture in (GOOD, AWAY, SLIGHTLY_AWAY):
        if np.array_equal(image, picture.image):
            return [face_of(picture)]
    if np.array_equal(image, TWO):
        face = face_of(GOOD)
        return [face, Face((0, 0, face.box[2], face.box[3]), face.landmarks, 0.8)]
    return []


TWO = GOOD.image.copy()
TWO[0, 0] = 1


def capture(**more: object) -> Capture:
    return Capture(100.0, detect, **more)  # type: ignore[arg-type]


def test_a_good_frame_ends_it_once_enough_were_seen() -> None:
    it = capture(enough=2)
    assert it.frame(GOOD.image, 100.1) is None
    assert not it.done
    assert it.frame(GOOD.image, 100.3) is None
    assert it.done
    found = it.result()
    assert (found.frames, found.seen, found.timed_out) == (2, 2, False)
    assert found.portrait is not None
    assert found.portrait.shape == (600, 480, 3)


def test_every_frame_says_what_to_do() -> None:
    it = capture()
    assert it.frame(NOBODY, 100.1) is Instruction.STEP_INTO_VIEW
    assert it.frame(AWAY.image, 100.2) is Instruction.LOOK_AT_CAMERA
    assert it.frame(TWO, 100.3) is Instruction.ONE_PERSON
    assert it.result().most_faces == 2


@pytest.mark.parametrize(("pad", "within"), [(None, 7.0), (lambda *_: 0.1, 10.0)])
def test_when_time_is_up_the_best_picture_is_released(pad: object, within: float) -> None:
    it = capture(pad=pad)
    it.frame(AWAY.image, 100.1)
    it.frame(SLIGHTLY_AWAY.image, 101.0)
    it.frame(AWAY.image, 102.0)
    assert not it.tick(100 + within - 0.01)
    assert it.tick(100 + within)
    found = it.result()
    assert found.timed_out
    assert found.image is not None
    assert np.array_equal(found.image, SLIGHTLY_AWAY.image)


def test_nobody_came() -> None:
    it = capture(within=2.0)
    it.frame(NOBODY, 101)
    assert it.frame(NOBODY, 102.5) is Instruction.STEP_INTO_VIEW
    found = it.result()
    assert it.done
    assert (found.image, found.seen, found.pad) == (None, 0, None)


def test_a_frame_after_the_end_changes_nothing() -> None:
    it = capture(enough=1)
    it.frame(GOOD.image, 100.1)
    assert it.frame(AWAY.image, 100.2) is None
    assert it.result().frames == 1


def test_an_alarm_keeps_the_picture_and_tells_the_traveller_nothing() -> None:
    it = capture(pad=lambda *_: 0.99, enough=2)
    assert it.frame(GOOD.image, 100.1) is None
    assert it.frame(GOOD.image, 100.2) is None
    found = it.result()
    assert found.pad == pytest.approx(0.99, abs=1e-3)
    assert found.image is not None


def test_a_photograph_between_two_looks_at_a_face_is_not_covered_by_them() -> None:
    def pad(image: np.ndarray, _: Face) -> float:
        return 0.95 if image is GOOD.image else 0.01

    it = capture(pad=pad, enough=3)
    for picture in (SLIGHTLY_AWAY, SLIGHTLY_AWAY, GOOD):
        it.frame(picture.image, 100.1)
    found = it.result()
    assert found.image is GOOD.image
    assert found.pad == pytest.approx(0.95)


def test_what_cannot_be_judged_is_not_taken_as_good() -> None:
    it = capture(pad=lambda *_: None, enough=1)
    it.frame(GOOD.image, 100.1)
    found = it.result()
    assert (found.pad, found.pad_looked) == (None, True)
    assert capture(enough=1).result().pad_looked is False


def test_forgetting_overwrites_the_pictures() -> None:
    it = capture(enough=1)
    frame = GOOD.image.copy()
    it.frame(frame, 100.1)
    found = it.result()
    portrait = found.portrait
    assert portrait is not None
    found.forget()
    assert not frame.any()
    assert not portrait.any()
    assert found.image is None


@dataclass
class Scripted:
    """A camera that shows a list, one frame each 0.2 s, then nobody."""

    frames: list[np.ndarray | Exception]
    now: float = 0.0
    given: Iterator[np.ndarray | Exception] = field(init=False)

    def __post_init__(self) -> None:
        self.given = iter(self.frames)

    def frame(self, timeout: float = 1.0) -> Frame:
        assert timeout > 0
        self.now += 0.2
        shown = next(self.given, NOBODY)
        if isinstance(shown, Exception):
            raise shown
        return Frame(shown, 1, self.now)


PACK = FacePack(detect, None, {})


def test_looking_tells_each_change_once_and_clears_the_screen() -> None:
    camera = Scripted([NOBODY, NOBODY, NOBODY, AWAY.image, *[GOOD.image] * 3])
    told: list[Instruction | None] = []
    found = look(camera, Looking(PACK), told.append, clock=lambda: camera.now)
    assert found is not None
    assert found.image is not None
    assert told == [Instruction.STEP_INTO_VIEW, Instruction.LOOK_AT_CAMERA, None]


def test_a_torn_frame_is_passed_over_and_a_dead_camera_is_the_driver_s_error() -> None:
    torn = Scripted([NOBODY, Garbled("torn"), GOOD.image, GOOD.image, GOOD.image])
    found = look(torn, Looking(PACK), clock=lambda: torn.now)
    assert found is not None
    assert found.seen == 3
    dead = Scripted([NOBODY, NoAnswer("no frame")])
    with pytest.raises(NoAnswer):
        look(dead, Looking(PACK), clock=lambda: dead.now)


def test_looking_ends_in_time_and_needs_a_detector() -> None:
    empty = Scripted([])
    found = look(empty, Looking(PACK), clock=lambda: empty.now)
    assert found is not None
    assert found.timed_out
    assert empty.now < 8
    assert look(empty, Looking(FacePack(None, None, {}))) is None
