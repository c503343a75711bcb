"""The four checks of a captured face: answers, limits, and what they may say."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from contract.passage import Check, Status
from edge.egate.face.capture import Captured
from edge.egate.face.verify import NAMES, FacePolicy, face_checks, no_face_models
from models.face.calibration import Calibration
from models.face.geometry import Face
from models.face.pack import FacePack
from models.face.quality import judge
from simulators.world.faces import Look, at_gate

SHOWN = at_gate(2, Look(), 640, 640)
FACE = Face(SHOWN.box, SHOWN.landmarks, 0.9)
STORED = np.full((64, 48, 3), 7, np.uint8)
TABLE = Calibration(
    pairs=100_000,
    persons=400,
    material="m",
    limits="l",
    table=((0.1, 0.1), (0.5, 0.001), (0.6, 0.0001)),
)


class Embedder:
    """Gives the chip's portrait one vector and any other picture one at ``score`` from it."""

    def __init__(self, score: float, calibration: Calibration | None = TABLE) -> None:
        self.calibration = calibration
        self.card = SimpleNamespace(threshold=None)
        self.given: list[np.ndarray] = []
        self._score = score

    def __call__(self, image: np.ndarray, _: Face) -> np.ndarray:
        stored = image is STORED
        vector = [1.0, 0.0] if stored else [self._score, (1 - self._score**2) ** 0.5]
        self.given.append(np.array(vector, np.float32))
        return self.given[-1]


def pack(score: float = 0.8, **more: Any) -> FacePack:
    there: dict[str, Any] = {"detect": lambda _: [FACE], "embed": Embedder(score), "names": {}}
    return FacePack(**(there | more))


def captured(**more: Any) -> Captured:
    there: dict[str, Any] = {
        "image": SHOWN.image,
        "face": FACE,
        "quality": judge(SHOWN.image, [FACE]),
        "pad": 0.02,
        "pad_looked": True,
        "frames": 4,
        "seen": 4,
        "most_faces": 1,
    }
    return Captured(**(there | more))


def answers(checks: list[Check]) -> dict[str, Status]:
    return {check.name: check.status for check in checks}


def detail(checks: list[Check], name: str) -> str:
    return next(check.detail for check in checks if check.name == name)


def test_the_right_traveller_passes_all_four() -> None:
    checks = face_checks(captured(), STORED, pack())
    assert answers(checks) == dict.fromkeys(NAMES, Status.SUCCESSFUL)
    told = detail(checks, "face-comparison")
    assert told == "score 0.800, FMR ≤ 0.0001; threshold 0.500 for FMR 0.001"


def test_another_s_face_fails_the_comparison_alone() -> None:
    found = answers(face_checks(captured(), STORED, pack(0.3)))
    assert found["face-comparison"] is Status.FAILED
    assert found["face-image"] is Status.SUCCESSFUL


def test_the_administrator_s_rate_moves_the_threshold() -> None:
    usual = answers(face_checks(captured(), STORED, pack(0.55)))
    strict = answers(face_checks(captured(), STORED, pack(0.55), FacePolicy(fmr=0.0001)))
    assert usual["face-comparison"] is Status.SUCCESSFUL
    assert strict["face-comparison"] is Status.FAILED


@pytest.mark.parametrize(
    ("more", "name", "status"),
    [
        ({"pad": 0.97}, "face-pad", Status.FAILED),
        ({"pad": None}, "face-pad", Status.UNDETERMINED),
        ({"pad": None, "pad_looked": False}, "face-pad", Status.NOT_SUPPORTED),
        ({"most_faces": 2}, "face-image", Status.FAILED),
        ({"image": None, "face": None}, "face-image", Status.FAILED),
        ({"image": None, "face": None}, "face-comparison", Status.UNDETERMINED),
        ({"quality": judge(SHOWN.image // 8, [FACE])}, "face-quality", Status.UNDETERMINED),
    ],
)
def test_what_goes_to_an_officer(more: dict[str, Any], name: str, status: Status) -> None:
    assert answers(face_checks(captured(**more), STORED, pack()))[name] is status


@pytest.mark.parametrize(
    ("portrait", "models", "status"),
    [
        (None, pack(), Status.UNDETERMINED),
        (STORED, pack(embed=None), Status.NOT_SUPPORTED),
        (STORED, pack(detect=lambda _: []), Status.UNDETERMINED),
        (STORED, pack(embed=Embedder(0.9, calibration=None)), Status.UNDETERMINED),
    ],
)
def test_a_comparison_that_cannot_be_made_is_never_taken_as_one(
    portrait: np.ndarray | None, models: FacePack, status: Status
) -> None:
    assert answers(face_checks(captured(), portrait, models))["face-comparison"] is status


def test_a_rate_that_cannot_be_shown_is_undetermined() -> None:
    found = face_checks(captured(), STORED, pack(), FacePolicy(fmr=1e-7))
    assert answers(found)["face-comparison"] is Status.UNDETERMINED
    assert "pairs" in detail(found, "face-comparison")


def test_an_empty_slot_is_said() -> None:
    expected = dict.fromkeys(NAMES, Status.NOT_SUPPORTED)
    assert answers(face_checks(None, STORED, pack())) == expected
    assert answers(face_checks(captured(), STORED, pack(detect=None))) == expected
    assert answers(no_face_models()) == expected


def test_templates_are_gone_when_the_checks_are_made() -> None:
    models = pack()
    face_checks(captured(), STORED, models)
    assert isinstance(models.embed, Embedder)
    assert len(models.embed.given) == 2
    assert not any(vector.any() for vector in models.embed.given)
