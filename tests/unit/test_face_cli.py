"""``border-edge face``: our own networks on rendered people, an added pack on real portraits."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge import face_calibrate_cli  # noqa: F401 - adds its command
from edge.face_cli import app
from edge.face_images import FaceFileError, load
from models.slots import Role, fill
from simulators.world.faces import Look, at_gate, identity, picture

SHARED = Path(__file__).parents[2].parent / "shared"
PEOPLE = (3, 5, 8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Passport-like ``p<seed>.png`` and gate-like ``g<seed>.jpg`` of a few people."""
    folder = tmp_path_factory.mktemp("faces")
    for seed in PEOPLE:
        passport = picture(identity(seed), Look(), 480, 360)
        gate = at_gate(seed, Look(yaw=6, pitch=-3, light=(-0.4, -0.4, 1)), 540, 720)
        cv2.imwrite(str(folder / f"p{seed}.png"), passport.image)
        cv2.imwrite(str(folder / f"g{seed}.jpg"), gate.image)
    cv2.imwrite(str(folder / "nobody.png"), np.full((300, 300, 3), 120, np.uint8))
    (folder / "torn.jpg").write_bytes((folder / "g3.jpg").read_bytes()[:200])
    return folder


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_same_person_matches_and_others_do_not(pictures: Path) -> None:
    for seed in PEOPLE:
        code, told = run("compare", pictures / f"p{seed}.png", pictures / f"g{seed}.jpg")
        assert code == 0
        assert told["faces"] == [1, 1]
        assert told["match"] is True, told
        assert told["threshold_fmr"] == 0.001
        assert told["fmr"] <= 0.001
    for one, other in ((3, 5), (5, 8), (8, 3)):
        code, told = run("compare", pictures / f"p{one}.png", pictures / f"g{other}.jpg")
        assert (code, told["match"]) == (0, False), told
        assert told["fmr"] > 0.001


def test_a_rate_that_cannot_be_shown_is_an_error(pictures: Path) -> None:
    code, told = run("compare", pictures / "p3.png", pictures / "g3.jpg", "--fmr", "1e-9")
    assert code == 1
    assert "pairs" in told["error"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("nobody.png", "no face"), ("torn.jpg", "torn"), ("gone.jpg", "cannot be read")],
)
def test_what_cannot_be_compared_is_said(pictures: Path, name: str, why: str) -> None:
    code, told = run("compare", pictures / "p3.png", pictures / name)
    assert code == 1
    assert why in told["error"]
    assert name in told["error"]


def test_an_unknown_model_folder_is_said(pictures: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    code, told = run("compare", pictures / "p3.png", pictures / "g3.jpg", "--model-folder", nowhere)
    assert code == 1
    assert "nowhere" in told["error"]


def test_looking_tells_faces_quality_and_attack(pictures: Path) -> None:
    code, told = run("look", pictures / "g3.jpg")
    assert code == 0
    assert len(told["faces"]) == 1
    assert len(told["faces"][0]["landmarks"]) == 5
    assert told["quality"]["instruction"] is None
    assert told["pad"] < 0.5
    code, told = run("look", pictures / "nobody.png")
    assert (code, told["quality"]["instruction"], told["pad"]) == (0, "step-into-view", None)


def test_a_calibration_needs_more_than_a_few(pictures: Path) -> None:
    result = CliRunner().invoke(app, ["calibrate", str(pictures), "--material", "a few"])
    assert result.exit_code == 1
    assert "too few" in result.stderr


def test_a_calibration_becomes_a_card_that_is_used(tmp_path: Path) -> None:
    people, folder = tmp_path / "people", tmp_path / "models"
    people.mkdir()
    folder.mkdir()
    for seed in range(12):
        shown = picture(identity((1 << 46) + seed), Look(), 320, 240)
        cv2.imwrite(str(people / f"{seed}.png"), shown.image)
    own = fill(Role.FACE_EMBEDDING, None)
    assert own is not None
    (folder / "face_embedding.onnx").write_bytes(own.content)
    written = folder / "face_embedding.toml"
    given = ["calibrate", str(people), "--material", "twelve rendered people"]
    result = CliRunner().invoke(app, [*given, "--card", str(written)])
    assert result.exit_code == 0, result.stderr
    used = fill(Role.FACE_EMBEDDING, folder)
    assert used is not None
    assert used.card.calibration is not None
    assert (used.card.calibration.persons, used.card.calibration.pairs) == (12, 132)
    code, told = run("compare", people / "0.png", people / "1.png", "--model-folder", folder)
    assert code == 1
    assert "132 pairs of 12 persons" in told["error"]


@pytest.mark.parametrize("kind", [".png", ".jpg", ".jp2", ".bmp", ".tiff"])
def test_every_kind_of_file_is_read_as_bgr(kind: str, tmp_path: Path) -> None:
    image = np.zeros((64, 48, 3), np.uint8)
    image[:] = (200, 100, 50)
    path = tmp_path / f"x{kind}"
    assert cv2.imwrite(str(path), image)
    found = load(path)
    assert found.shape == image.shape
    assert np.abs(found.astype(int) - image).max() < 6


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff", b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"text"]
)
def test_rubbish_is_no_picture(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rubbish.jpg"
    path.write_bytes(content)
    with pytest.raises(FaceFileError, match=r"rubbish\.jpg"):
        load(path)


def test_an_added_pack_tells_the_real_portraits_apart() -> None:
    faces = SHARED / "data" / "faces"
    if not faces.is_dir() or not (SHARED / "weights").is_dir():
        pytest.skip("the portraits and weights in shared are not here")
    wrong = []
    for line in (faces / "pairs.jsonl").read_text().splitlines():
        pair = json.loads(line)
        code, told = run(
            "compare", faces / pair["a"], faces / pair["b"], "--model-folder", SHARED / "weights"
        )
        if code != 0 or told["match"] is not pair["same"] or told["faces"] != [1, 1]:
            wrong.append((pair, told))
    assert not wrong
    code, told = run(
        "compare",
        faces / "obama.jpg",
        faces / "no_face_silhouette.jpg",
        "--model-folder",
        SHARED / "weights",
    )
    assert code == 1
    assert "no face" in told["error"]
