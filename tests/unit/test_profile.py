"""Profiles: what each check counts for, as data."""

from pathlib import Path

import pytest

from edge.documents.chip.binding import NAMES as CHIP_NAMES
from edge.documents.optical.judge import GROUPS
from edge.documents.passive_authentication import NAMES
from edge.documents.profile import CHECKS, SHIPPED, Need, load_profile
from edge.documents.result import Verdict, aborted, failed, successful, undetermined
from edge.documents.seals.checks import NAMES as SEAL_NAMES
from edge.egate.face.verify import NAMES as FACE_NAMES
from settings.files import ConfigError

OURS = load_profile("self-service")


def test_the_self_service_profile_names_every_check_of_documents() -> None:
    named = set(OURS.needs)
    assert {f"authenticity.{name}" for name in NAMES} <= named
    assert {f"seal.{name}" for name in SEAL_NAMES} <= named
    assert {f"chip.{name}" for name in CHIP_NAMES} <= named
    assert {*FACE_NAMES, *GROUPS} <= named
    assert named <= {name for known in CHECKS.values() for name in known}


@pytest.mark.parametrize(
    ("check", "need"),
    [  # TR-03135-2 table 4.1, column Self Service
        ("mrz", Need.MANDATORY),  # 5.5.4.1
        ("page", Need.MANDATORY),  # 5.5.2
        ("document-model", Need.MANDATORY),  # 5.5.3
        ("chip", Need.MANDATORY),  # 5.6.2, 5.6.3
        ("authenticity.signature", Need.MANDATORY),  # 5.6.4
        ("authenticity.issuer", Need.MANDATORY),
        ("expiry", Need.MANDATORY),  # 5.7.1
        ("chip-data", Need.MANDATORY),  # 5.7.2
        ("document-pages", Need.OPTIONAL),  # 5.7.3
        ("several-documents", Need.OPTIONAL),  # 5.7.4
        ("printed-contents", Need.OPTIONAL),  # 5.7.5
        ("spectral", Need.MANDATORY),  # 5.5.4.2
        ("printed-face", Need.OPTIONAL),  # 5.7.6
        ("face-image", Need.MANDATORY),  # TR-03121-3-1, 2.5: these three go to an officer
        ("face-pad", Need.MANDATORY),
        ("face-comparison", Need.MANDATORY),
        ("face-quality", Need.EVALUATORY),
        ("seal.signature", Need.MANDATORY),  # 5.9.1
        ("authenticity.com_matches_sod", Need.EVALUATORY),
        ("never heard of", Need.MANDATORY),
    ],
)
def test_what_a_check_counts_for(check: str, need: Need) -> None:
    assert OURS.need(check) is need


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ({"mrz": successful(), "printed-face": undetermined("")}, Verdict.ACCEPT),
        ({"mrz": successful(), "printed-face": failed("")}, Verdict.REJECT),
        ({"mrz": successful(), "face-quality": failed("")}, Verdict.ACCEPT),
        ({"mrz": successful(), "face-comparison": undetermined("")}, Verdict.UNDETERMINED),
        ({"mrz": successful(), "face-pad": failed("")}, Verdict.REJECT),
        ({"mrz": aborted("")}, Verdict.UNDETERMINED),
        ({"mrz": failed(""), "chip": aborted("")}, Verdict.REJECT),
        ({"stranger": undetermined("")}, Verdict.UNDETERMINED),
        ({}, Verdict.UNDETERMINED),
    ],
)
def test_the_verdict(checks, verdict: Verdict) -> None:
    assert OURS.verdict(checks) is verdict


def test_a_prefix_and_what_is_missing() -> None:
    assert OURS.verdict({"com_matches_sod": failed("")}, "authenticity.") is Verdict.ACCEPT
    assert "mrz" in OURS.missing(["chip"])
    assert "mrz" not in OURS.missing(["mrz"])
    assert "printed-face" not in OURS.missing([])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('mrz = "mandatory" ', 'mrs = "mandatory" ', r"\[optical\] names no check of ours: mrs"),
        ('mrz = "mandatory" ', 'mrz = "nice" ', "optical.mrz"),
        ('mrz = "mandatory" ', '"seal.mrz" = "optional" ', "optical.*seal.mrz"),
        ("[optical]", "[optics]", "optics: unknown key; did you mean 'optical'"),
        ('name = "self-service"', 'name = "Self Service"', "name"),
        ('unnamed = "mandatory"', "unnamed = 1", "unnamed"),
        ("[seal]", "[seal", "not TOML"),
    ],
)
def test_a_profile_that_is_none(old: str, new: str, why: str, tmp_path: Path) -> None:
    text = (SHIPPED / "self-service.toml").read_text()
    assert old in text
    (tmp_path / "p.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=why):
        load_profile(tmp_path / "p.toml")


def test_a_profile_of_one_s_own(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        'name = "mine"\nunnamed = "optional"\n[optical]\nmrz = "evaluatory"\n'
    )
    mine = load_profile(tmp_path / "p.toml")
    assert (mine.need("mrz"), mine.need("chip")) == (Need.EVALUATORY, Need.OPTIONAL)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profile("nowhere")
