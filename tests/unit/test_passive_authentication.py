"""Passive authentication of passports made here, good ones and one for every way to be wrong."""

from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents.certificate import Certificate
from edge.documents.passive_authentication import NAMES, Outcome, authenticate
from edge.documents.result import Status, Verdict
from edge.documents.revocation import RevocationList
from edge.documents.security_object import read
from edge.documents.trust import TrustStore
from simulators.chip.files import cloned
from simulators.chip.issuer import DAY, Scheme, State, ef_sod, passport, utc
from simulators.chip.personalisation import ef_com, ef_dg1, ef_dg2

TODAY = utc(2026, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
IMAGE = b"\xff\xd8\xff\xe0" + bytes(range(200))


def status(outcome: Outcome, name: str) -> Status:
    return outcome.checks[name].status


def failing(outcome: Outcome) -> set[str]:
    return {name for name, check in outcome.checks.items() if check.status is Status.FAILED}


def store_of(*ders: bytes) -> TrustStore:
    store = TrustStore()
    store.add(Certificate.load(der) for der in ders)
    return store


@pytest.fixture(scope="module")
def utopia() -> State:
    return State("UT", TODAY)


@pytest.fixture(scope="module")
def believed(utopia: State) -> TrustStore:
    return store_of(utopia.der)


def made(state: State, scheme: Scheme | None = None, lines=LINES, **validity) -> dict[str, bytes]:
    span = {"start": TODAY - DAY, "end": TODAY + DAY} | validity
    return passport(lines, IMAGE, (30, 40), state.signer(scheme=scheme, **span))


SCHEMES = [
    Scheme("rsa"),
    Scheme("rsa", "sha512"),
    Scheme("rsa-pss", "sha384"),
    Scheme("ecdsa", "sha224", ec.SECP224R1()),
    Scheme("ecdsa", "sha384", ec.SECP384R1()),
    Scheme("ecdsa", "sha512", ec.SECP521R1()),
    Scheme("ecdsa", "sha256", ec.BrainpoolP256R1()),
    Scheme("ecdsa", "sha384", ec.BrainpoolP384R1()),
    Scheme("ecdsa", "sha512", ec.BrainpoolP512R1()),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: f"{s.family}-{s.hash}-{s.curve.name}")
def test_a_good_passport_is_accepted(scheme: Scheme, utopia: State, believed: TrustStore) -> None:
    outcome = authenticate(made(utopia, scheme), believed, TODAY)
    assert outcome.verdict is Verdict.ACCEPT
    assert tuple(outcome.checks) == NAMES


@pytest.mark.parametrize("scheme", [Scheme("rsa"), Scheme("rsa-pss", "sha256")])
def test_an_authority_may_sign_with_rsa(scheme: Scheme) -> None:
    state = State("UT", TODAY, scheme)
    assert authenticate(made(state), store_of(state.der), TODAY).verdict is Verdict.ACCEPT


def test_without_trust_the_issuer_is_undetermined(utopia: State) -> None:
    outcome = authenticate(made(utopia), TrustStore(), TODAY)
    assert outcome.verdict is Verdict.UNDETERMINED
    assert status(outcome, "issuer") is Status.UNDETERMINED


def test_another_authority_of_the_same_name(utopia: State) -> None:
    other = State("UT", TODAY)
    outcome = authenticate(made(utopia), store_of(other.der), TODAY)
    assert status(outcome, "issuer") is Status.UNDETERMINED
    assert outcome.verdict is Verdict.UNDETERMINED


def test_a_signer_that_names_a_key_which_did_not_sign_it(utopia: State) -> None:
    """A forger copies the authority's name and key identifier; only the key itself he lacks."""
    forger = State("UT", TODAY)
    key = utopia.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    forged = made(forger)
    own = forger.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    forged["SOD"] = forged["SOD"].replace(own.digest, key.digest)
    outcome = authenticate(forged, store_of(utopia.der), TODAY)
    assert status(outcome, "issuer") is Status.FAILED
    assert outcome.verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [(TODAY - 9 * DAY, TODAY - DAY, "the signer expired on 2026-05-31"),
     (TODAY + DAY, TODAY + 9 * DAY, "the signer is not valid before 2026-06-02")],
)  # fmt: skip
def test_a_signer_outside_its_days(
    start: datetime, end: datetime, why: str, utopia: State, believed: TrustStore
) -> None:
    outcome = authenticate(made(utopia, start=start, end=end), believed, TODAY)
    assert failing(outcome) == {"validity"}
    assert outcome.checks["validity"].detail == why
    assert outcome.verdict is Verdict.REJECT


def test_a_signer_of_lists_signs_no_document(utopia: State, believed: TrustStore) -> None:
    files = passport(LINES, IMAGE, (3, 4), utopia.list_signer(TODAY - DAY, TODAY + DAY))
    outcome = authenticate(files, believed, TODAY)
    assert failing(outcome) == {"issuer"}
    assert outcome.verdict is Verdict.REJECT


def test_an_authority_outside_its_days() -> None:
    state = State("UT", TODAY, years=1)
    later = TODAY + 400 * DAY
    files = made(state, end=later + DAY)
    assert authenticate(files, store_of(state.der), TODAY).verdict is Verdict.ACCEPT
    outcome = authenticate(files, store_of(state.der), later)
    assert failing(outcome) == {"validity"}
    assert "the issuer expired" in outcome.checks["validity"].detail


def test_a_signer_of_another_country(utopia: State, believed: TrustStore) -> None:
    outcome = authenticate(made(utopia, country="DE"), believed, TODAY)
    assert failing(outcome) == {"country"}
    assert outcome.verdict is Verdict.REJECT


def test_a_zone_of_another_country(utopia: State, believed: TrustStore) -> None:
    lines = (LINES[0].replace("UTO", "FRA"), LINES[1])
    assert failing(authenticate(made(utopia, lines=lines), believed, TODAY)) == {"country"}


def test_a_state_that_nobody_knows(utopia: State, believed: TrustStore) -> None:
    lines = (LINES[0].replace("UTO", "QQQ"), LINES[1])
    outcome = authenticate(made(utopia, lines=lines), believed, TODAY)
    assert status(outcome, "country") is Status.UNDETERMINED
    assert outcome.verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize("scheme", [Scheme("rsa", "sha1"), Scheme("ecdsa", "sha1")])
def test_sha_1_is_computed_and_is_no_evidence(
    scheme: Scheme, utopia: State, believed: TrustStore
) -> None:
    outcome = authenticate(made(utopia, scheme), believed, TODAY)
    assert status(outcome, "signature") is Status.SUCCESSFUL
    assert status(outcome, "algorithms") is Status.UNDETERMINED
    assert outcome.verdict is Verdict.UNDETERMINED


def test_sha_1_only_over_the_data_groups(utopia: State, believed: TrustStore) -> None:
    signer = utopia.signer(TODAY - DAY, TODAY + DAY)
    groups = {"DG1": ef_dg1(LINES), "DG2": ef_dg2(IMAGE, 3, 4)}
    files = groups | {"SOD": ef_sod(groups, signer, "sha1")}
    outcome = authenticate(files, believed, TODAY)
    assert outcome.checks["algorithms"].detail == "too weak to be evidence: sha1"
    assert outcome.verdict is Verdict.UNDETERMINED


def test_a_clone(utopia: State, believed: TrustStore) -> None:
    outcome = authenticate(cloned(made(utopia)), believed, TODAY)
    assert failing(outcome) == {"data_group_hashes"}
    assert outcome.verdict is Verdict.REJECT


def test_a_chip_that_withholds_its_zone(utopia: State, believed: TrustStore) -> None:
    files = made(utopia)
    del files["DG1"]
    assert authenticate(files, believed, TODAY).verdict is Verdict.UNDETERMINED


def test_ef_com_is_for_the_record(utopia: State, believed: TrustStore) -> None:
    files = made(utopia) | {"COM": ef_com(["DG1"])}
    outcome = authenticate(files, believed, TODAY)
    assert status(outcome, "com_matches_sod") is Status.UNDETERMINED
    assert outcome.checks["com_matches_sod"].detail == "only one of them lists DG2"
    assert outcome.verdict is Verdict.ACCEPT


def test_the_list_of_hashes_is_what_was_signed(utopia: State, believed: TrustStore) -> None:
    """Another list under the same signature: the attributes are about other content."""
    files = made(utopia)
    forged = {"DG1": files["DG1"], "DG2": ef_dg2(IMAGE[:-1], 3, 4)}
    real = ef_sod(
        {"DG1": files["DG1"], "DG2": files["DG2"]}, utopia.signer(TODAY - DAY, TODAY + DAY)
    )
    other = ef_sod(forged, utopia.signer(TODAY - DAY, TODAY + DAY))
    old, new = (_listed(sod) for sod in (real, other))
    outcome = authenticate(forged | {"SOD": real.replace(old, new)}, believed, TODAY)
    assert failing(outcome) == {"signed_attributes"}


def _listed(sod: bytes) -> bytes:
    return read(sod).signed.content


@pytest.mark.parametrize("sod", [b"", b"\x77\x00", b"\x77\x03\x30\x01\x00", b"\x61\x00"])
def test_a_broken_sod(sod: bytes, utopia: State) -> None:
    outcome = authenticate(made(utopia) | {"SOD": sod}, TrustStore(), TODAY)
    assert failing(outcome) == {"structure"}
    assert status(outcome, "signature") is Status.ABORTED


def test_no_sod(utopia: State, believed: TrustStore) -> None:
    files = made(utopia)
    del files["SOD"]
    assert authenticate(files, believed, TODAY).verdict is Verdict.UNDETERMINED


def test_revocation(utopia: State) -> None:
    signer = utopia.signer(TODAY - DAY, TODAY + DAY)
    files = passport(LINES, IMAGE, (3, 4), signer)

    def answer(crl: bytes, at: datetime = TODAY) -> Outcome:
        store = store_of(utopia.der)
        store.add_revocation_list(RevocationList.load(crl))
        return authenticate(files, store, at)

    serial = signer.certificate.serial_number
    assert status(answer(utopia.revocation_list(TODAY)), "revocation") is Status.SUCCESSFUL
    revoked = answer(utopia.revocation_list(TODAY, (serial,)))
    assert (failing(revoked), revoked.verdict) == ({"revocation"}, Verdict.REJECT)
    overdue = answer(utopia.revocation_list(TODAY - 100 * DAY))
    assert status(overdue, "revocation") is Status.UNDETERMINED
    assert overdue.verdict is Verdict.ACCEPT
    foreign = answer(State("UT", TODAY).revocation_list(TODAY, (serial,)))
    assert status(foreign, "revocation") is Status.UNDETERMINED


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_bent_sod_never_crashes_and_never_passes(data) -> None:
    state = _bent_state()
    files = dict(state[0])
    bent = bytearray(files["SOD"])
    bent[data.draw(st.integers(4, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    outcome = authenticate(files | {"SOD": bytes(bent)}, state[1], TODAY)
    assert set(outcome.checks) == set(NAMES)
    if outcome.verdict is Verdict.ACCEPT:
        # Bytes that nothing depends on: versions, and the list of digest algorithms.
        assert bytes(bent) != files["SOD"]
        assert _listed(bytes(bent)) == _listed(files["SOD"])


_BENT: list = []


def _bent_state() -> tuple[dict[str, bytes], TrustStore]:
    if not _BENT:
        state = State("UT", TODAY)
        _BENT.append((made(state), store_of(state.der)))
    return _BENT[0]


@given(st.binary(max_size=200))
def test_noise_for_files(noise: bytes) -> None:
    outcome = authenticate({"SOD": b"\x77" + noise, "DG1": noise}, TrustStore(), TODAY)
    assert outcome.verdict is not Verdict.ACCEPT
