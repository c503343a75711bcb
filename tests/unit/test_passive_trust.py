"""Whom we believe: master lists, certificates and revocation lists from files."""

from pathlib import Path

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from edge.documents import master_list, tlv, trust
from edge.documents.certificate import Certificate, CertificateError
from edge.documents.countries import country_of, same
from edge.documents.master_list import MasterListError
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Status, Verdict
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, State, passport, signed, utc

TODAY = utc(2026, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
IMAGE = b"\xff\xd8\xff\xe0" + bytes(range(200))


@pytest.fixture(scope="module")
def utopia() -> State:
    return State("UT", TODAY)


def a_master_list(state: State, others: list[bytes], usage: bool = True) -> bytes:
    content = core.Integer(0).dump() + tlv.encode(0x31, b"".join(others))
    signer = state.list_signer(TODAY - DAY, TODAY + DAY, may_sign_lists=usage)
    return signed(tlv.encode(0x30, content), "2.23.136.1.1.2", signer)


def test_a_master_list_made_here(utopia: State, tmp_path: Path) -> None:
    other = State("DE", TODAY)
    (tmp_path / "a.ml").write_bytes(a_master_list(utopia, [other.der, utopia.der]))
    (tmp_path / "readme.txt").write_text("passed over")
    assert trust.load([tmp_path]).problems == ["a.ml: no authority for its signer"]
    (tmp_path / "root.cer").write_bytes(utopia.der)
    store = trust.load([tmp_path])
    assert (len(store), store.problems) == (2, [])
    made = passport(LINES, IMAGE, (3, 4), utopia.signer(TODAY - DAY, TODAY + DAY))
    assert authenticate(made, store, TODAY).verdict is Verdict.ACCEPT


def test_who_may_not_sign_lists(utopia: State) -> None:
    root = [Certificate.load(utopia.der)]
    with pytest.raises(MasterListError, match="may not sign"):
        master_list.read(a_master_list(utopia, [utopia.der], usage=False), root)
    signer = utopia.signer(TODAY - DAY, TODAY + DAY)
    with pytest.raises(MasterListError, match="not a list of the kind"):
        master_list.read(signed(b"x", "2.23.136.1.1.1", signer), root)


def test_pem_and_missing_and_broken_files(utopia: State, tmp_path: Path) -> None:
    pem = utopia.certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "two.pem").write_bytes(pem + State("DE", TODAY).certificate.public_bytes(
        serialization.Encoding.PEM))  # fmt: skip
    (tmp_path / "broken.cer").write_bytes(b"\x30\x03abc")
    (tmp_path / "list.crl").write_bytes(utopia.revocation_list(TODAY))
    store = trust.load([tmp_path, tmp_path / "missing.cer"])
    assert len(store) == 2
    assert [problem.split(":")[0] for problem in store.problems] == ["broken.cer", "missing.cer"]


def test_a_document_signer_is_no_authority(utopia: State) -> None:
    """The signer's own certificate among the trusted ones proves nothing."""
    signer = utopia.signer(TODAY - DAY, TODAY + DAY)
    files = passport(LINES, IMAGE, (3, 4), signer)
    store = TrustStore()
    store.add([Certificate.load(signer.der)])
    outcome = authenticate(files, store, TODAY)
    assert outcome.checks["issuer"].status is Status.UNDETERMINED


@given(st.binary(max_size=200))
def test_noise_is_no_certificate(noise: bytes) -> None:
    with pytest.raises(CertificateError):
        Certificate.load(b"\x30\x82\x01\x00" + noise)


def test_countries() -> None:
    assert [country_of(s) for s in ("D", "UTO", "FRA", "RKS", "GBD", "EUE", "ZZZ", "")] == [
        "DE", "UT", "FR", "KS", "GB", "EU", None, None
    ]  # fmt: skip
    assert same("de", "DE")
    assert same("XK", "KS")
    assert not same("DE", "FR")
