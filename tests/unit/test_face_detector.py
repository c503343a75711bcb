"""Our own detector: rendered people, empty scenes, edges, odd sizes, made-up networks."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.face_images import load
from models.catalogue import WEIGHTS, card, verified_bytes
from models.face.geometry import Face
from models.face.heat_map import detect_with
from models.face.landmarks import PLACES, VIEW, refined
from models.face.pack import FacePack, open_pack
from models.slots import Role, SlotError, fill, known
from simulators.world.faces import Look, at_gate, identity, picture, place

SHARED = Path(__file__).parents[2].parent / "shared"
FIRST = 1 << 45  # people whom no training saw


@pytest.fixture(scope="module")
def own() -> FacePack:
    return open_pack()


def found(pack: FacePack, image: np.ndarray) -> list[Face]:
    assert pack.detect is not None
    return pack.detect(image)


@pytest.mark.parametrize("roll", [0.0, 15.0])
def test_people_at_the_gate_are_found_with_their_landmarks(own: FacePack, roll: float) -> None:
    for seed in range(FIRST, FIRST + 4):
        shown = at_gate(seed, Look(yaw=8, pitch=-4, roll=roll), 540, 720)
        faces = found(own, shown.image)
        assert len(faces) == 1
        gap = np.linalg.norm(shown.landmarks[1] - shown.landmarks[0])
        off = np.linalg.norm(faces[0].landmarks - shown.landmarks, axis=1) / gap
        assert off[:3].max() < 0.12
        assert off.max() < 0.25


def test_two_people_are_two_faces(own: FacePack) -> None:
    scene = np.full((480, 800, 3), 150, np.uint8)
    for x, seed in ((230, FIRST), (560, FIRST + 1)):
        scene = place(identity(seed), Look(), scene, np.float32([x, 240]), 100.0).image
    faces = found(own, scene)
    assert len(faces) == 2
    assert {round(face.landmarks[2, 0] / 100) for face in faces} == {2, 6}


def test_a_face_is_found_at_any_size(own: FacePack) -> None:
    for height in (160, 480, 1400):
        shown = picture(identity(FIRST), Look(), 480, 360)
        image = cv2.resize(shown.image, (height * 3 // 4, height), interpolation=cv2.INTER_AREA)
        faces = found(own, image)
        assert len(faces) == 1
        assert np.abs(faces[0].landmarks - shown.landmarks * height / 480).max() < 0.03 * height


@pytest.mark.parametrize("shape", [(16, 16, 3), (17, 640, 3), (640, 31, 3), (200, 300, 3)])
def test_where_nobody_is_nobody_is_found(own: FacePack, shape: tuple[int, ...]) -> None:
    assert found(own, np.full(shape, 120, np.uint8)) == []
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    assert found(own, noise) == []


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), high=st.integers(2, 12), wide=st.integers(2, 12))
def test_whatever_the_networks_say_faces_come_out_finite(seed: int, high: int, wide: int) -> None:
    rng = np.random.default_rng(seed)

    def network(grey: np.ndarray) -> np.ndarray:
        return rng.normal(0, 4, (15, grey.shape[2] // 8, grey.shape[3] // 8)).astype(np.float32)

    def regress(_: np.ndarray) -> np.ndarray:
        return rng.normal(0, 2, 11).astype(np.float32)

    image = np.zeros((high * 13, wide * 13, 3), np.uint8)
    for face in detect_with(network, regress, image, 0.0):
        assert np.isfinite([*face.box, face.score, *face.landmarks.ravel()]).all()
        assert 0 <= face.score <= 1


def test_landmarks_that_fall_together_are_no_face() -> None:
    face = Face((10, 10, 40, 40), PLACES, 0.9)
    grey = np.zeros((VIEW, VIEW), np.uint8)
    assert refined(lambda _: np.zeros(11, np.float32), grey, face) is None


@pytest.mark.parametrize("name", ["face_detector", "face_landmarks", "face_embedding", "face_pad"])
def test_cards_are_true(name: str) -> None:
    entry = card(name)
    assert verified_bytes(entry)
    assert entry.metrics
    assert entry.grade == "simulation"
    assert (WEIGHTS / f"{name}.onnx").stat().st_size < 2_000_000


def test_our_embedding_can_show_both_rates_of_the_standard() -> None:
    calibration = known()["face_embedding"].calibration
    assert calibration is not None
    assert calibration.threshold(0.001) < calibration.threshold(0.0001) < 1
    assert calibration.pairs >= 100_000


def test_an_added_detector_finds_the_real_portraits_and_no_silhouette() -> None:
    faces = SHARED / "data" / "faces"
    if not faces.is_dir() or not (SHARED / "weights").is_dir():
        pytest.skip("the portraits and weights in shared are not here")
    added = open_pack(SHARED / "weights")
    assert added.names[Role.FACE_DETECTOR].startswith("face_detection_yunet")
    for path in sorted(p for p in faces.iterdir() if p.suffix in (".jpg", ".png", ".jp2")):
        expected = 0 if path.stem == "no_face_silhouette" else 1
        assert len(found(added, load(path))) == expected, path.name


def test_a_model_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    own = fill(Role.FACE_EMBEDDING, None)
    assert own is not None
    (tmp_path / "wrong.onnx").write_bytes(own.content)
    text = (WEIGHTS / "face_embedding.toml").read_text()
    text = text.replace('"face_embedding"', '"wrong"').replace(
        '"face-embedding"', '"face-detector"'
    )
    (tmp_path / "wrong.toml").write_text('family = "embedding"\n' + text)
    with pytest.raises(SlotError, match="cannot find faces"):
        open_pack(tmp_path)
