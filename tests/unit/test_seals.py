"""Digital seals: other people's, and our own with one thing wrong at a time."""

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import mrz, trust
from edge.documents.certificate import Certificate
from edge.documents.result import Status, Verdict
from edge.documents.revocation import RevocationList
from edge.documents.seals import c40, vds, vds_nc
from edge.documents.seals.checks import NAMES, Outcome, check, read
from edge.documents.seals.errors import SealError
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Scheme, Signer, State
from tests.unit.issuing import TODAY, signer_list, store_of

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "vds"
FILE = DATA / "vds_seals.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
here = pytest.mark.skipif(not ROWS, reason=f"no shared material at {DATA}")
THEN = datetime(2024, 1, 1, tzinfo=UTC)
NAMES_OF = {  # theirs: ours
    "PASSPORT_NUMBER": "passport_number",
    "DOCUMENT_NUMBER": "document_number",
    "SOCIAL_INSURANCE_NUMBER": "social_insurance_number",
    "SURNAME": "surname",
    "FIRST_NAME": "first_name",
    "BIRTH_NAME": "birth_name",
}
VISA = (
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L8988901C4XXX4009078F9612109<<<<<<<<<<<<<<<<",
)


def status(outcome: Outcome, name: str) -> Status:
    return outcome.checks[name].status


# Other people's -------------------------------------------------------------------------------


@here
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_other_people_s_seals(row: dict) -> None:
    seal = vds.read(bytes.fromhex(row["hex"]))
    header = seal.header
    assert (header.country, header.signer) == (row["issuing_country"], row["signer"])
    assert (header.certificate, header.version - 1) == (row["cert_ref"], row["raw_version"])
    assert f"{header.definition:02x}" == row["feature_definition"]
    assert f"{header.category:02x}" == row["type_category"]
    assert [f"{tag:02x}" for tag in seal.elements] == row["message_tags"]
    assert len(seal.signature) == row["signature_len"]
    for theirs, ours in NAMES_OF.items():
        assert seal.features.get(ours) == row["upstream_expect"].get(theirs)
    if "mrz_c40_decoded" in row:
        assert seal.features["mrz"] == row["mrz_c40_decoded"]


@here
def test_a_residence_permit_as_far_as_it_can_be_trusted() -> None:
    row = next(row for row in ROWS if row["signature_verifies_with"])
    printed = mrz.parse(row["upstream_expect"]["MRZ"])
    store = trust.load([DATA / f"sealgen_{row['signature_verifies_with']}.crt"])
    outcome = check(bytes.fromhex(row["hex"]), store, THEN, printed)
    assert tuple(outcome.checks) == NAMES
    assert status(outcome, "signature") is Status.SUCCESSFUL
    assert status(outcome, "mrz") is Status.SUCCESSFUL
    assert status(outcome, "signer") is Status.UNDETERMINED  # its authority is not among ours
    assert outcome.verdict is Verdict.UNDETERMINED
    other = mrz.parse(row["upstream_expect"]["MRZ"].replace("ROLAND", "ROBERT"))
    assert check(bytes.fromhex(row["hex"]), store, THEN, other).verdict is Verdict.REJECT
    bent = bytearray.fromhex(row["hex"])
    bent[-1] ^= 1
    assert status(check(bytes(bent), store, THEN, printed), "signature") is Status.FAILED


@here
def test_a_seal_whose_signer_is_nowhere() -> None:
    row = next(row for row in ROWS if row["raw_version"] == 2)
    outcome = check(bytes.fromhex(row["hex"]), trust.load([DATA]), THEN)
    assert status(outcome, "signature") is Status.UNDETERMINED
    assert status(outcome, "mrz") is Status.ABORTED
    assert outcome.verdict is Verdict.UNDETERMINED


def test_a_header_of_others() -> None:
    """Another encoder's header for D<<, DETS 32, 27 September 2024, a residence permit."""
    head = bytes.fromhex("dc036abc6d32c8a72cb18d7ad88d7ad8fb06")
    seal = vds.read(head + b"\x02\x02\x6d\x32" + b"\xff\x02\0\0")
    assert seal.header == vds.Header(
        4, "D", "DETS", "32", date(2024, 9, 27), date(2024, 9, 27), 0xFB, 0x06
    )


def test_c40_as_in_the_guideline() -> None:
    """BSI TR-03137-1 table 7: X K C in two bytes, D left over."""
    assert c40.encode("XKCD").hex() == "eb11fe45"
    assert c40.decode(bytes.fromhex("eb11fe45")) == "XKCD"


@given(st.text("ABCXYZ019 "))
def test_c40_there_and_back(text: str) -> None:
    assert c40.decode(c40.encode(text)) == text


# Our own --------------------------------------------------------------------------------------


DAY_OF_SIGNING = TODAY.date()


def plain(signer: Signer, data: bytes) -> bytes:
    size = (signer.key.curve.key_size + 7) // 8
    signature = signer.key.sign(data, ec.ECDSA(hashes.SHA256()))
    return b"".join(half.to_bytes(size, "big") for half in decode_dss_signature(signature))


def day(when: date) -> bytes:
    return int(f"{when:%m%d%Y}").to_bytes(3, "big")


def visa(
    signer: Signer, country: str = "UTO", signed: date = DAY_OF_SIGNING, zone: str = "", **more
) -> bytes:
    """Return a visa's seal: first line whole, second to 28 characters (Doc 9303-13 §3.2)."""
    reference = f"{signer.certificate.serial_number:x}".upper()
    head = b"\xdc\x03" + c40.encode(country) + c40.encode("UTDS" + f"{len(reference):02X}")
    head += c40.encode(reference) + day(signed) + day(signed) + b"\x5d\x01"
    sealed = c40.encode(zone or VISA[0] + VISA[1][:28])
    message = b"\x01" + bytes([len(sealed)]) + sealed + more.get("extra", b"")
    signature = plain(signer, head + message)
    return head + message + b"\xff" + bytes([len(signature)]) + signature + more.get("tail", b"")


@pytest.fixture(scope="module")
def state() -> State:
    return State("UT", TODAY)


def seal_signer(state: State, days: int = 1) -> Signer:
    """Return a signer whose common name fits a header: UT + DS."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"),
            x509.NameAttribute(NameOID.COMMON_NAME, "DS"),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    made = state._certify(name, key, TODAY - 9 * DAY, TODAY + days * DAY, authority=False)
    return Signer(made, key, Scheme())


@pytest.fixture(scope="module")
def world(state: State) -> tuple[Signer, TrustStore]:
    signer = seal_signer(state)
    return signer, store_of(state.der, signer.der)


PRINTED = mrz.parse(VISA)


def test_a_good_visa(world) -> None:
    signer, store = world
    outcome = check(visa(signer), store, TODAY, PRINTED)
    assert outcome.verdict is Verdict.ACCEPT
    assert outcome.checks["mrz"].detail == "as far as it is sealed"
    assert "ERIKSSON" not in repr(outcome.seal)


def test_another_zone_another_country_and_no_authority(world, state: State) -> None:
    signer, store = world
    other = mrz.parse((VISA[0].replace("ANNA", "ANNE"), VISA[1]))
    assert status(check(visa(signer), store, TODAY, other), "mrz") is Status.FAILED
    foreign = check(visa(signer, country="FRA"), store, TODAY, PRINTED)
    assert (status(foreign, "country"), foreign.verdict) == (Status.FAILED, Verdict.REJECT)
    alone = check(visa(signer), store_of(signer.der), TODAY, PRINTED)
    assert alone.verdict is Verdict.UNDETERMINED
    empty = check(visa(signer), TrustStore(), TODAY, PRINTED)
    assert status(empty, "signature") is Status.UNDETERMINED


@pytest.mark.parametrize(
    ("days", "why"), [(-20, "when the signer was not valid"), (30, "which is to come")]
)
def test_signed_on_a_day_that_cannot_be(world, days: int, why: str) -> None:
    signer, store = world
    outcome = check(visa(signer, signed=(TODAY + days * DAY).date()), store, TODAY, PRINTED)
    assert why in outcome.checks["validity"].detail
    assert outcome.verdict is Verdict.REJECT


def test_a_revoked_signer(world, state: State) -> None:
    signer, _ = world
    store = store_of(state.der, signer.der)
    crl = state.revocation_list(TODAY, (signer.certificate.serial_number,))
    store.add_revocation_list(RevocationList.load(crl))
    assert check(visa(signer), store, TODAY, PRINTED).verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: b"\xdd" + raw[1:], "offset 0: starts with DD"),
        (lambda raw: raw[:1] + b"\x04" + raw[2:], "offset 1: version 04"),
        (lambda raw: raw[:2] + b"\xff\xff" + raw[4:], "offset 2: C40 value"),
        (lambda raw: raw[:-1], "ends; 64 bytes should be here"),
        (lambda raw: raw + b"\0", "1 bytes behind the signature"),
        (lambda raw: raw[:30], "ends"),
        (lambda raw: b"", "offset 0: ends"),
        (lambda raw: raw + bytes(5000), "no bar code"),
    ],
)
def test_what_is_no_seal(world, change, why: str) -> None:
    signer, store = world
    outcome = check(change(visa(signer)), store, TODAY, PRINTED)
    assert status(outcome, "structure") is Status.FAILED
    assert why in outcome.checks["structure"].detail
    assert outcome.verdict is Verdict.REJECT


def test_a_feature_that_is_there_twice_under_a_right_signature(world) -> None:
    signer, store = world
    twice = visa(signer, extra=b"\x01\x02" + c40.encode("UTO"))
    outcome = check(twice, store, TODAY, PRINTED)
    assert "feature 01 is there twice" in outcome.checks["structure"].detail


def test_long_lengths() -> None:
    head = bytes.fromhex("dc036abc6d32c8a72cb18d7ad88d7ad8fb06")
    value = c40.encode("A" * 300)
    seal = vds.read(head + b"\x02\x81\xc8" + value + b"\xff\x02\0\0")
    assert seal.features["mrz"] == "A" * 300
    with pytest.raises(SealError, match="length that starts with 80"):
        vds.read(head + b"\x02\x80" + value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_bent_seal_never_passes(data) -> None:
    whole, store = _bent()
    bent = bytearray(whole)
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    assert check(bytes(bent), store, TODAY, PRINTED).verdict is not Verdict.ACCEPT


_BENT: list = []


def _bent() -> tuple[bytes, TrustStore]:
    if not _BENT:
        made = State("UT", TODAY)
        signer = seal_signer(made)
        _BENT.append((visa(signer), store_of(made.der, signer.der)))
    return _BENT[0]


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xdc\x03", b"\xdc\x02", b"{"]))
def test_noise_is_named(noise: bytes, start: bytes) -> None:
    with pytest.raises(SealError, match="offset"):
        read(start + noise)


SOVEREIGN, MAY_SIGN = "0.4.0.127.0.7.3.11.1.1.1", "0.4.0.127.0.7.3.11.1.1.2"


def test_a_signer_on_a_signer_list(state: State, tmp_path: Path) -> None:
    """Its own authority is nowhere; a state that we believe vouches for it."""
    stranger = seal_signer(State("UT", TODAY))
    (tmp_path / "root.cer").write_bytes(state.der)
    (tmp_path / "seals.ml").write_bytes(signer_list(state, [stranger.der], SOVEREIGN, MAY_SIGN))
    store = trust.load([tmp_path])
    assert store.problems == []
    found = check(visa(stranger), store, TODAY, PRINTED)
    assert found.checks["signer"].detail == "on a signer list of 2026-06-01"
    assert found.verdict is Verdict.ACCEPT
    later = check(visa(stranger), store, TODAY + 200 * DAY, PRINTED)
    assert status(later, "signer") is Status.UNDETERMINED
    (tmp_path / "seals.ml").write_bytes(
        signer_list(state, [stranger.der], SOVEREIGN, "2.23.136.1.1.3")
    )
    assert trust.load([tmp_path]).problems == ["seals.ml: its signer may not sign such lists"]
    (tmp_path / "seals.ml").write_bytes(
        signer_list(State("UT", TODAY), [stranger.der], SOVEREIGN, MAY_SIGN)
    )
    assert trust.load([tmp_path]).problems == ["seals.ml: no authority for its signer"]


# VDS-NC ---------------------------------------------------------------------------------------


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


MESSAGE = {"pid": {"n": "ERIKSSON ANNA", "i": "L8988901C", "dob": "1940-09-07"}, "uvci": "U1"}


def vds_nc_of(signer: Signer, message: object = MESSAGE, country: str = "UTO", **changes) -> bytes:
    data = {"msg": message, "hdr": {"v": 1, "t": "icao.test", "is": country}}
    signature = plain(signer, vds_nc.canonical(data))
    sig = {"alg": "ES256", "cer": base64url(signer.der), "sigvl": base64url(signature)} | changes
    return json.dumps({"sig": sig, "data": data}, indent=1).encode()


def test_a_good_vds_nc(world) -> None:
    signer, store = world
    outcome = check(vds_nc_of(signer), store, TODAY, PRINTED)
    assert outcome.verdict is Verdict.ACCEPT
    assert outcome.checks["mrz"].detail == "document_number, birth_date"
    other = MESSAGE | {"pid": {"i": "X1234567"}}
    assert status(check(vds_nc_of(signer, other), store, TODAY, PRINTED), "mrz") is Status.FAILED
    nobody = check(vds_nc_of(signer, {}), store, TODAY, PRINTED)
    assert status(nobody, "mrz") is Status.NOT_SUPPORTED
    stranger = seal_signer(State("UT", TODAY))
    assert check(vds_nc_of(stranger), store, TODAY, PRINTED).verdict is Verdict.UNDETERMINED
    bent = vds_nc_of(signer).replace(b"L8988901C", b"L8988901D")
    assert status(check(bent, store, TODAY, PRINTED), "signature") is Status.FAILED


def test_canonical_form() -> None:
    """RFC 8785 §3.2.3: members by their UTF-16 code units."""
    names = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😂": 5, "\u0080": 6, "ö": 7}
    order = [2, 4, 6, 7, 1, 5, 3]
    assert list(json.loads(vds_nc.canonical(names)).values()) == order
    assert vds_nc.canonical({"b": [1, {}], "a": "é\n"}) == '{"a":"é\\n","b":[1,{}]}'.encode()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "no JSON"),
        (b"{}", "no object 'data'"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":1.5}', "no whole number"),
        (b'{"a":NaN}', "no whole number"),
        (b'{"a":"\\ud800"}', "no JSON"),
        (b'{"a":' + b"[" * 5000, "no JSON"),
        (b"{" + b" " * 9000, "no bar code"),
    ],
)
def test_what_is_no_vds_nc(raw: bytes, why: str) -> None:
    with pytest.raises(SealError, match=why):
        read(raw)


def test_wrong_members(world) -> None:
    signer, _ = world
    for change, why in (
        ({"alg": "none"}, "signed with 'none'"),
        ({"cer": "!"}, "cer is no base64url"),
        ({"cer": "AAAA"}, "no certificate"),
        ({"sigvl": 3}, "no text 'sigvl'"),
    ):
        with pytest.raises(SealError, match=why):
            read(vds_nc_of(signer, **change))
    assert Certificate.load(signer.der).common_name == "ds"
