"""Defect lists: both versions, who may sign them, and what every defect does to the checks."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import defect_list as lists
from edge.documents import defects, trust
from edge.documents.certificate import Certificate
from edge.documents.defect_list import DefectListError, Kind
from edge.documents.passive_authentication import Outcome, authenticate
from edge.documents.result import Status, Verdict, failed, successful
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Signer, State, passport
from tests.unit.issuing import (
    IMAGE,
    LINES,
    TODAY,
    defect,
    defect_list,
    entry,
    identifier,
    status_code,
    store_of,
)


@pytest.fixture(scope="module")
def state() -> State:
    return State("UT", TODAY)


@pytest.fixture(scope="module")
def signer(state: State) -> Signer:
    return state.signer(TODAY - DAY, TODAY + DAY)


def believing(state: State, *ders: bytes) -> TrustStore:
    store = store_of(state.der)
    for der in ders:
        store.add_defect_list(lists.load(der, [Certificate.load(state.der)]))
    return store


def verify(signer: Signer, store: TrustStore, change: Callable | None = None) -> Outcome:
    files = passport(LINES, IMAGE, (3, 4), signer)
    return authenticate(change(files) if change else files, store, TODAY)


def answer(state: State, signer: Signer, *known: bytes, **changes) -> Outcome:
    return verify(signer, believing(state, defect_list(state, entry(signer, *known))), **changes)


def status(outcome: Outcome, name: str) -> Status:
    return outcome.checks[name].status


# The list -------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [False, True])
def test_both_versions(state: State, signer: Signer, second: bool) -> None:
    known = defect("1.1", status_code(3), second=second)
    found = lists.load(
        defect_list(state, entry(signer, known), version=int(second)), [Certificate.load(state.der)]
    )
    (listed,) = found.of(Certificate.load(signer.der))
    assert (listed.kind, listed.parameter) == (Kind.CERTIFICATE_REVOKED, status_code(3))
    assert found.issued == TODAY
    other = state.signer(TODAY - DAY, TODAY + DAY)
    assert found.of(Certificate.load(other.der)) == ()


def test_a_signer_named_by_hash(state: State, signer: Signer) -> None:
    digest = hashlib.sha256(signer.der).digest()
    for who, named in ((None, digest), (signer, digest)):
        known = entry(who, defect("1.1", status_code(3)), named_by_hash=named)
        assert status(verify(signer, believing(state, defect_list(state, known))), "defects") is (
            Status.FAILED
        )
    wrong = entry(signer, defect("1.1", status_code(3)), named_by_hash=bytes(32))
    found = verify(signer, believing(state, defect_list(state, wrong)))
    assert status(found, "defects") is Status.SUCCESSFUL


def test_who_may_not_sign_defects(state: State, signer: Signer) -> None:
    root = [Certificate.load(state.der)]
    with pytest.raises(DefectListError, match="may not sign"):
        lists.load(defect_list(state, usage="2.23.136.1.1.3"), root)
    with pytest.raises(DefectListError, match="no authority"):
        lists.load(defect_list(State("UT", TODAY)), root)
    with pytest.raises(DefectListError, match="no authority"):
        lists.load(defect_list(state))
    with pytest.raises(DefectListError, match="version 02"):
        lists.load(defect_list(state, version=2), root)
    bent = bytearray(defect_list(state, entry(signer, defect("1.1", status_code(3)))))
    bent[bent.index(bytes.fromhex("0a0103")) + 2] = 1
    with pytest.raises(DefectListError, match="signature is wrong"):
        lists.load(bytes(bent), root)


def test_from_a_folder(state: State, signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "a.dfl").write_bytes(
        defect_list(state, entry(signer, defect("1.1", status_code(0))))
    )
    (tmp_path / "b.dfl").write_bytes(defect_list(State("UT", TODAY)))
    (tmp_path / "root.cer").write_bytes(state.der)
    store = trust.load([tmp_path])
    assert store.problems == ["b.dfl: no authority for its signer"]
    assert verify(signer, store).verdict is Verdict.REJECT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_bent_list_is_never_believed(data) -> None:
    whole, root, good = _bent()
    bent = bytearray(whole)
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = lists.load(bytes(bent), root)
    except DefectListError:
        return
    assert found.entries[0].defects == good  # bytes that nothing depends on: digest algorithms


_BENT: list = []


def _bent() -> tuple:
    if not _BENT:
        made = State("UT", TODAY)
        who = made.signer(TODAY - DAY, TODAY + DAY)
        root = [Certificate.load(made.der)]
        whole = defect_list(made, entry(who, defect("1.1", status_code(3))))
        _BENT.append((whole, root, lists.load(whole, root).entries[0].defects))
    return _BENT[0]


# What defects do ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [(0, Status.FAILED), (1, Status.UNDETERMINED), (2, Status.FAILED), (3, Status.FAILED),
     (4, Status.FAILED), (5, Status.UNDETERMINED), (32, Status.UNDETERMINED)],
)  # fmt: skip
def test_a_revoked_signer(state: State, signer: Signer, code: int, expected: Status) -> None:
    found = answer(state, signer, defect("1.1", status_code(code)))
    assert (status(found, "defects"), status(found, "revocation")) == (expected, expected)
    assert (found.verdict is Verdict.REJECT) is (expected is Status.FAILED)


def test_no_list_and_an_old_list_are_undetermined(state: State, signer: Signer) -> None:
    assert status(verify(signer, store_of(state.der)), "defects") is Status.UNDETERMINED
    old = believing(state, defect_list(state, when=TODAY - 91 * DAY))
    found = verify(signer, old)
    assert "too old" in found.checks["defects"].detail
    assert status(verify(signer, believing(state, defect_list(state))), "defects") is (
        Status.SUCCESSFUL
    )


def test_a_replaced_certificate(state: State, signer: Signer) -> None:
    """The signer's own has run out; the list gives one for the same key."""
    expired = state.signer(TODAY - 9 * DAY, TODAY - DAY)
    good = state._certify(state._name, expired.key, TODAY - DAY, TODAY + DAY, authority=False)
    from cryptography.hazmat.primitives.serialization import Encoding

    der = good.public_bytes(Encoding.DER)
    known = defect("1.2", core.OctetString(der).dump())
    assert verify(expired, store_of(state.der)).verdict is Verdict.REJECT
    found = answer(state, expired, known)
    assert found.verdict is Verdict.ACCEPT
    assert found.checks["issuer"].detail == "replaced by a defect list"


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_wrong_validity_period(state: State, code: int) -> None:
    expired = state.signer(TODAY - 9 * DAY, TODAY - DAY)
    found = answer(state, expired, defect("1.6", status_code(code)))
    assert status(found, "validity") is Status.UNDETERMINED
    assert found.verdict is Verdict.UNDETERMINED


def test_an_old_list_heals_nothing_but_still_condemns(state: State, signer: Signer) -> None:
    expired = state.signer(TODAY - 9 * DAY, TODAY - DAY)
    long_ago = TODAY - 91 * DAY

    def old(who: Signer, known: bytes) -> Outcome:
        listed = defect_list(state, entry(who, known), when=long_ago)
        return verify(who, believing(state, listed))

    assert old(expired, defect("1.6", status_code(1))).verdict is Verdict.REJECT
    assert old(signer, defect("1.1", status_code(3))).verdict is Verdict.REJECT


def test_a_malformed_security_object(state: State, signer: Signer) -> None:
    def bent(files: dict[str, bytes]) -> dict[str, bytes]:
        sod = bytearray(files["SOD"])
        sod[-5] ^= 1  # in the signature
        return files | {"SOD": bytes(sod)}

    assert verify(signer, store_of(state.der), bent).verdict is Verdict.REJECT
    found = answer(state, signer, defect("2.2"), change=bent)
    assert status(found, "signature") is Status.UNDETERMINED
    assert found.verdict is Verdict.UNDETERMINED


def test_a_defect_heals_no_changed_data_group(state: State, signer: Signer) -> None:
    def forged(files: dict[str, bytes]) -> dict[str, bytes]:
        return files | {"DG2": files["DG2"][:-1] + b"x"}

    every = [defect(kind) for kind in ("2.2", "2.3", "1.6", "1.5")]
    assert answer(state, signer, *every, change=forged).verdict is Verdict.REJECT


def test_com_and_sod_differ(state: State, signer: Signer) -> None:
    from simulators.chip.personalisation import ef_com

    found = answer(state, signer, defect("2.3"), change=lambda f: f | {"COM": ef_com(["DG1"])})
    assert status(found, "com_matches_sod") is Status.SUCCESSFUL


def test_a_wrong_country(state: State) -> None:
    foreign = state.signer(TODAY - DAY, TODAY + DAY, country="DE")
    assert verify(foreign, store_of(state.der)).verdict is Verdict.REJECT
    found = answer(state, foreign, defect("2.5", core.PrintableString("UT").dump()))
    assert found.verdict is Verdict.ACCEPT


def test_a_wrong_signer_identifier(state: State, signer: Signer) -> None:
    old = core.Integer(asn1.Certificate.load(signer.der).serial_number).dump()
    others = iter(lambda: state.signer(TODAY - DAY, TODAY + DAY), None)
    named = ((each, asn1.Certificate.load(each.der).serial_number) for each in others)
    # Serial numbers are random: one that takes as many bytes keeps every length around it right.
    misnamed, new = next(
        (each, dumped)
        for each, number in named
        if len(dumped := core.Integer(number).dump()) == len(old)
    )

    def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
        sod = files["SOD"]
        at = sod.rindex(old)
        return files | {"SOD": sod[:at] + new + sod[at + len(old) :]}

    plain = verify(signer, store_of(state.der), renamed)
    assert status(plain, "signature") is Status.UNDETERMINED
    listed = entry(misnamed, defect("2.4", identifier(signer)))
    found = verify(signer, believing(state, defect_list(state, listed)), renamed)
    assert status(found, "signature") is Status.SUCCESSFUL
    assert found.verdict is Verdict.ACCEPT


@pytest.mark.parametrize("kind", ["2.1", "4.4", "9.9"])
def test_what_cannot_be_healed(state: State, signer: Signer, kind: str) -> None:
    found = answer(state, signer, defect(kind, status_code(0)))
    assert status(found, "defects") is Status.UNDETERMINED


def test_the_chip_s_own_proofs(state: State, signer: Signer) -> None:
    out = answer(state, signer, defect("1.3"), defect("1.5", status_code(1))).defects
    assert defects.chip_proof(successful(), "ca", out).status is Status.FAILED
    assert defects.chip_proof(failed("x"), "aa", out).status is Status.UNDETERMINED
    assert defects.chip_proof(failed("x"), "pace-cam", out).status is Status.FAILED
    assert defects.chip_proof(successful(), "aa", out).status is Status.SUCCESSFUL
