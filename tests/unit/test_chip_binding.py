"""What the chip's own proofs are worth once passive authentication has spoken."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from edge.documents import folder, lds
from edge.documents.chip.binding import NAMES, bound, card_security_check, optional, tolerated
from edge.documents.chip.reader import Reading
from edge.documents.passive_authentication import FOR_THE_RECORD, authenticate
from edge.documents.result import Check, Status, successful, verdict
from edge.documents.trust import TrustStore, load
from simulators.chip import card
from simulators.chip.faults import ChipFaults
from simulators.chip.issuer import DAY, State, ef_sod
from simulators.chip.personalisation import ef_com
from tests.unit.chip_world import GROUPS, TODAY, issued, read, read_from, signer, state, statuses

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")
FULL = "PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA+TA"
CAM = "PACE-ECDH-CAM-AES128@12"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory) -> TrustStore:
    return store(tmp_path_factory.mktemp("trust"), state())


def store(where: Path, of: State) -> TrustStore:
    (where / "csca.cer").write_bytes(of.der)
    (where / "csca.crl").write_bytes(of.revocation_list(TODAY))
    return load([where])


def judged(reading: Reading, by: TrustStore, at: datetime = TODAY) -> tuple[dict[str, Check], str]:
    outcome = authenticate(reading.files, by, at)
    checks = {**outcome.checks, **bound(reading, outcome, by, at)}
    return checks, verdict(tolerated(checks, reading), FOR_THE_RECORD | optional(checks))


def test_all_proofs_count_once_the_files_are_proven(trusted: TrustStore) -> None:
    for protocol in (FULL, CAM, "BAC"):
        checks, said = judged(read(issued(protocol)), trusted)
        assert said == "accept"
        proofs = {checks[name].status for name in NAMES & set(checks)}
        assert proofs <= {Status.SUCCESSFUL, Status.NOT_SUPPORTED}


def test_no_proof_counts_under_an_unknown_issuer(tmp_path: Path) -> None:
    stranger = store(tmp_path, State("UT", TODAY))
    checks, said = judged(read(issued(FULL)), stranger)
    assert said == "undetermined"
    for name in ("chip_authentication", "active_authentication", "card_access"):
        assert checks[name].status is Status.UNDETERMINED
        assert "is not proven: issuer" in checks[name].detail


def test_the_mapping_is_worth_what_card_security_is(trusted: TrustStore, tmp_path: Path) -> None:
    reading = read(issued(CAM))
    name = "chip_authentication_mapping"
    assert judged(reading, trusted)[0][name].status is Status.SUCCESSFUL
    checks, said = judged(reading, store(tmp_path, State("UT", TODAY)))
    assert (checks[name].status, said) == (Status.UNDETERMINED, "undetermined")
    raw = bytearray(reading.files["CardSecurity"])
    raw[-1] ^= 1
    bent = replace(reading, files={**reading.files, "CardSecurity": bytes(raw)})
    checks, said = judged(bent, trusted)
    assert (checks[name].status, said) == (Status.FAILED, "reject")
    assert "its signature is wrong" in checks[name].detail
    late = judged(reading, trusted, TODAY + 30 * DAY)[0][name]
    assert (late.status, "expired" in late.detail) == (Status.FAILED, True)


def test_a_revoked_signer_of_card_security(tmp_path: Path) -> None:
    (tmp_path / "csca.cer").write_bytes(state().der)
    serial = signer().certificate.serial_number
    (tmp_path / "csca.crl").write_bytes(state().revocation_list(TODAY, (serial,)))
    check = card_security_check(issued(CAM).files["CardSecurity"], load([tmp_path]), TODAY)
    assert check.status is Status.FAILED


def test_a_key_that_nobody_signed_proves_nothing(trusted: TrustStore) -> None:
    chip = issued("BAC+AA-ECDSA")
    groups = {k: v for k, v in chip.files.items() if k.startswith("DG") and k != "DG15"}
    files = {**chip.files, "SOD": ef_sod(groups, signer()), "COM": ef_com(groups)}
    checks, said = judged(read(replace(chip, files=files)), trusted)
    assert checks["active_authentication"].status is Status.UNDETERMINED
    assert "EF.SOD does not list EF.DG15" in checks["active_authentication"].detail
    assert said == "reject"  # a data group that nobody signed


def test_a_failed_proof_stays_failed(trusted: TrustStore, tmp_path: Path) -> None:
    reading = read(issued(FULL), ChipFaults(no_answer_to_key=True))
    for by in (trusted, store(tmp_path, State("UT", TODAY))):
        checks, said = judged(reading, by)
        assert (checks["chip_authentication"].status, said) == (Status.FAILED, "reject")


def test_a_failed_pace_rejects_and_an_allowed_one_waits_for_an_officer(trusted) -> None:
    reading = read(issued(FULL), ChipFaults(pace_step=4), bac_after_pace=True)
    checks, said = judged(reading, trusted)
    assert (checks["pace"].status, said) == (Status.FAILED, "undetermined")
    hidden = read(issued(FULL), ChipFaults(hides_card_access=True))
    assert judged(hidden, trusted)[1] == "reject"


def test_what_a_chip_does_not_offer_holds_nothing_back() -> None:
    checks = {"pace": Check(Status.NOT_SUPPORTED), "chip_authentication": successful()}
    assert optional(checks) == {"pace"}


@here
def test_real_files_with_their_real_keys(tmp_path: Path) -> None:
    """BSI's reference passport: its chip proves itself; its DG15 is signed by nobody."""
    held = card.load(DATA / "bsi_tr03105_ref")
    assert held.keys.agreement[None].group.name == "brainpoolP224r1"
    reading = read_from(held.chip(), lds.dg1(held.files["DG1"]).key_input)
    assert statuses(reading)["chip_authentication"] == "successful"
    assert statuses(reading)["active_authentication"] == "successful"
    then = datetime(2014, 6, 1, tzinfo=UTC)
    checks, said = judged(reading, load([DATA / "masterlist"]), then)
    assert "EF.SOD does not list EF.DG15" in checks["active_authentication"].detail
    assert "is not proven: " in checks["chip_authentication"].detail
    assert said == "reject"
    # The same files on another chip: the keys are what makes the difference.
    other = replace(held, keys=issued("BAC+CA-ECDH-3DES@11+AA-RSA").keys)
    found = statuses(read_from(other.chip(), lds.dg1(held.files["DG1"]).key_input))
    assert (found["chip_authentication"], found["active_authentication"]) == ("failed", "failed")


@here
def test_the_private_keys_fit_the_public_ones() -> None:
    folder_ = DATA / "bsi_tr03105_ref"
    held = card.load(folder_)
    key = held.keys.agreement[None]
    assert key.group.public(key.secret) in folder.load(folder_)["DG14"]
    public = held.keys.signing.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public == (folder_ / "DG15_pk.bin").read_bytes()
    assert GROUPS["DG1"]


def test_an_early_chip_whose_dg14_repeats_no_pace_is_not_held_back(trusted: TrustStore) -> None:
    chip, early = issued(FULL), issued("BAC+CA-ECDH-AES128@13+AA-ECDSA")
    held = replace(early, files={**early.files, "CardAccess": chip.files["CardAccess"]})
    reading = read(held)
    assert (reading.protocol, statuses(reading)["card_access"]) == (
        "PACE-ECDH-GM-AES128",
        "not supported",
    )
    assert judged(reading, trusted)[1] == "accept"


def test_the_essential_groups_alone_can_be_accepted(trusted: TrustStore) -> None:
    checks, said = judged(read(issued(FULL), groups=(1, 2)), trusted)
    assert (checks["card_access"].status, said) == (Status.ABORTED, "accept")
