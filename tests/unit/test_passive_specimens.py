"""Passive authentication of real specimens against real master lists."""

import json
from pathlib import Path

import pytest

from edge.documents import folder, trust
from edge.documents.countries import same
from edge.documents.curves import CURVES
from edge.documents.passive_authentication import Outcome, authenticate
from edge.documents.result import Status, Verdict
from edge.documents.signatures import key_strength
from edge.documents.trust import TrustStore
from simulators.chip.issuer import utc

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")
LISTS = ["DE_ML_2024-08-07-07-38-24.ml", "DE_ML_2026-05-28-08-28-45.ml"]
TODAY = utc(2026, 6, 1)


def status(outcome: Outcome, name: str) -> Status:
    return outcome.checks[name].status


def failing(outcome: Outcome) -> set[str]:
    return {name for name, check in outcome.checks.items() if check.status is Status.FAILED}


@pytest.fixture(scope="module", params=LISTS)
def german_list(request) -> TrustStore:
    return trust.load([DATA / "masterlist" / request.param])


@here
def test_the_german_lists_hold(german_list: TrustStore) -> None:
    assert german_list.problems == []
    assert len(german_list) > 500


@here
@pytest.mark.parametrize("chip", ["bsi2008_erika", "bsi_tr03105_ref", "etsi_prototype"])
def test_specimens_are_never_trusted(chip: str, german_list: TrustStore) -> None:
    expected = json.loads((DATA / "passive_auth_expected.json").read_text())[f"{chip}/EF_SOD.bin"]
    files = folder.load(DATA / chip)
    outcome = authenticate(files, german_list, TODAY)
    assert expected["digest_ok"]
    assert expected["sig_ok"] == [True]
    for right in ("structure", "data_group_hashes", "signed_attributes", "signature"):
        assert status(outcome, right) is Status.SUCCESSFUL
    assert status(outcome, "issuer") is Status.UNDETERMINED
    assert "untrusted issuer" in outcome.checks["issuer"].detail
    assert outcome.verdict is not Verdict.ACCEPT
    extra = {name for name in files if name.startswith("DG")} - {f"DG{n}" for n in expected["dgs"]}
    assert (status(outcome, "unlisted_data_groups") is Status.FAILED) is bool(extra)


@here
def test_a_data_group_that_nobody_signed_is_refused(german_list: TrustStore) -> None:
    files = folder.load(DATA / "bsi_tr03105_ref")
    then = utc(2014, 6, 1)  # while its signer was valid
    with_it = authenticate(files, german_list, then)
    assert with_it.verdict is Verdict.REJECT
    assert with_it.checks["unlisted_data_groups"].detail == "signed by nobody: DG15"
    del files["DG15"]
    without = authenticate(files, german_list, then)
    assert without.verdict is Verdict.UNDETERMINED
    assert failing(without) == set()


@here
@pytest.mark.parametrize("group", ["DG1", "DG2", "DG14"])
def test_a_changed_byte_of_the_reference_passport(group: str) -> None:
    files = folder.load(DATA / "bsi_tr03105_ref")
    files[group] = files[group][:-1] + bytes([files[group][-1] ^ 1])
    outcome = authenticate(files, TrustStore(), utc(2014, 6, 1))
    assert outcome.checks["data_group_hashes"].detail == f"not what was signed: {group}"
    assert outcome.verdict is Verdict.REJECT


@here
def test_another_passport_s_sod() -> None:
    files = folder.load(DATA / "bsi_tr03105_ref")
    files["SOD"] = (DATA / "etsi_prototype" / "EF_SOD.bin").read_bytes()
    assert "DG1" in authenticate(files, TrustStore(), TODAY).checks["data_group_hashes"].detail


@here
@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_one_wrong_byte_gives_nothing(name: str, tmp_path: Path) -> None:
    raw = bytearray((DATA / "masterlist" / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "bent.ml").write_bytes(raw)
    store = trust.load([tmp_path])
    assert len(store) == 0
    assert len(store.problems) == 1
    assert store.problems[0].startswith("bent.ml: ")


@here
def test_every_key_of_the_lists_has_a_name(german_list: TrustStore) -> None:
    strengths = [key_strength(certificate.key) for certificate in german_list]
    assert {s for s in strengths if not s.startswith("rsa-")} <= {c.name for c in CURVES}


@here
def test_link_certificates_of_the_lists_are_signed_by_their_predecessors(
    german_list: TrustStore,
) -> None:
    germany = [c for c in german_list if same(c.country or "", "DE")]
    linked = [c for c in germany if c.authority_key_id not in (None, c.key_id)]
    assert linked
    for link in linked:
        old = german_list.by_key_id(link.authority_key_id)
        assert all(each.signed(link) for each in old)
