"""Which models a gate may use, and what its file may say of faces and lights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contract.passage import Check, Status, Verdict
from edge.config import EGateConfig, read
from edge.documents.profile import Need, load_profile
from edge.egate.decision import decide, profile_of
from edge.egate.recognition import cards_of, open_recognition
from edge.lanes import check, models_of
from models.catalogue import CatalogueError, Grade, card
from models.slots import Role, known
from settings.files import ConfigError
from tests.unit.lane_texts import EGATE

SHARED = Path(__file__).parents[2].parent / "shared"
LENIENT = 'name = "lenient"\nunnamed = "evaluatory"\n'


def lane(folder: Path, rest: str = "", hardware: str = "simulated") -> EGateConfig:
    path = folder / "lane.toml"
    path.write_text(f'hardware = "{hardware}"\n' + EGATE + rest)
    config = read(path)
    assert isinstance(config, EGateConfig)
    return config


def test_a_simulated_lane_uses_our_own_models_and_tells_their_hashes(tmp_path: Path) -> None:
    config = lane(tmp_path)
    roles = {entry.role for entry in cards_of(config)}
    assert roles >= {"face-detector", "face-embedding", "face-pad", "document-patches"}
    told = models_of(config)
    pad = card("face_pad")
    assert told["face-pad"] == f"{pad.name}@{pad.version} {pad.sha256[:16]}"
    opened = open_recognition(config)
    assert opened.looking.pack.whole
    assert opened.looking.pad is not None
    assert opened.looking.within == 10.0
    assert opened.optical.faces is opened.looking.pack


def test_a_real_lane_refuses_our_own_face_models_by_name(tmp_path: Path) -> None:
    config = lane(tmp_path, hardware="real")
    with pytest.raises(CatalogueError, match="model face_detector is graded 'simulation'"):
        models_of(config)


def test_a_real_lane_refuses_an_operator_s_model_of_grade_simulation(tmp_path: Path) -> None:
    weights = SHARED / "weights"
    if not weights.is_dir():
        pytest.skip(f"no models to add in {weights}: shared material is missing")
    shutil.copytree(weights, tmp_path / "faces")
    rest = '[face]\nmodels = "faces"\n'
    with pytest.raises(CatalogueError, match="mobilefacenet_128 is graded 'simulation'"):
        models_of(lane(tmp_path, rest, hardware="real"))
    (tmp_path / "lenient.toml").write_text(LENIENT)
    lenient = f'{rest}[documents]\nprofile = "{tmp_path / "lenient.toml"}"\n'
    with pytest.raises(CatalogueError, match="mobilefacenet_128"):
        models_of(lane(tmp_path, lenient, hardware="real"))
    assert "mobilefacenet_128@1" in models_of(lane(tmp_path, rest))["face-embedding"]


def test_a_real_lane_whose_profile_asks_for_no_face_runs_with_empty_slots(tmp_path: Path) -> None:
    (tmp_path / "lenient.toml").write_text(LENIENT)
    rest = f'[documents]\nprofile = "{tmp_path / "lenient.toml"}"\n'
    config = lane(tmp_path, rest, hardware="real")
    assert {entry.role for entry in cards_of(config)} == {"mrz-lines"}
    assert all(entry.grade is Grade.FIELD for entry in cards_of(config))
    opened = open_recognition(config)
    assert opened.looking.pack.detect is None
    assert opened.looking.pad is None
    assert opened.looking.within == 7.0, "the standard's limit without attack detection"
    assert opened.optical.patches is None


def test_every_slot_has_a_model_of_our_own() -> None:
    ours = {entry.role for entry in known().values() if entry.grade is Grade.SIMULATION}
    assert ours >= {role.value for role in Role}


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        ("[face]\nwithin = 11\n", r"face\.within"),
        ("[face]\npad_alarm = 1.0\n", r"face\.pad_alarm"),
        ("[face]\nfmr = 0.1\n", r"face\.fmr: unknown key"),
        ("[policy.limits]\ndeciding = 8\n", r"face\.within leaves less than 1\.5 s of the 8 s"),
        ("[devices.page_camera_uv]\nurl = '1'\n", r"page_camera_uv: unknown key"),
    ],
)
def test_a_mistake_about_faces_or_lights_is_named(
    tmp_path: Path, rest: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        lane(tmp_path, rest)


def test_a_shorter_capture_fits_a_shorter_phase(tmp_path: Path) -> None:
    config = lane(tmp_path, "[face]\nwithin = 4\n[policy.limits]\ndeciding = 6\n")
    assert open_recognition(config).looking.within == 4.0


def test_the_page_may_be_made_optional_with_what_is_seen_on_it(tmp_path: Path) -> None:
    usual = profile_of(lane(tmp_path))
    free = profile_of(lane(tmp_path, "[policy]\npage_must_be_read = false\n"))
    changed = {name for name, need in usual.needs.items() if free.need(name) is not need}
    assert changed == {"page", "spectral", "document-model"}
    assert {free.need(name) for name in changed} == {Need.OPTIONAL}


@pytest.mark.parametrize("name", ["face-image", "face-pad", "face-comparison"])
def test_no_profile_waives_a_face_that_failed(tmp_path: Path, name: str) -> None:
    (tmp_path / "lenient.toml").write_text(LENIENT)
    lenient = load_profile(tmp_path / "lenient.toml")
    others = [Check(name="mrz", status=Status.SUCCESSFUL)]
    failed = decide([*others, Check(name=name, status=Status.FAILED)], lenient)
    assert (failed.verdict, failed.reasons) == (Verdict.REFER, (f"{name}.failed",))
    doubtful = decide([*others, Check(name=name, status=Status.UNDETERMINED)], lenient)
    assert doubtful.verdict is Verdict.CLEAR, "what it may waive it waives"


def test_what_cannot_be_looked_for_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "lenient.toml").write_text(LENIENT)
    rest = f'[documents]\nprofile = "{tmp_path / "lenient.toml"}"\n'
    remarks = check(lane(tmp_path, rest, hardware="real"))
    assert "model face-pad: none; what needs it is not supported" in remarks
    assert not [remark for remark in check(lane(tmp_path)) if "not supported" in remark]
