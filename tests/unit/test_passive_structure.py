"""Security objects that are wrong though their signature is right: each is refused, and why."""

import hashlib

import pytest
from asn1crypto import core

from edge.documents.passive_authentication import authenticate
from edge.documents.result import Status, Verdict
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Signer, State
from simulators.chip.personalisation import ef_dg1, ef_dg2
from tests.unit.issuing import IMAGE, LINES, TODAY, hash_list, sod, store_of

GROUPS = {"DG1": ef_dg1(LINES), "DG2": ef_dg2(IMAGE, 3, 4)}
HASHES = [(int(name[2:]), hashlib.sha256(raw).digest()) for name, raw in GROUPS.items()]
LDS_VERSION = core.Sequence.load(
    bytes.fromhex("300E130430313037 1306303430303030".replace(" ", ""))
)


@pytest.fixture(scope="module")
def world() -> tuple[Signer, TrustStore]:
    state = State("UT", TODAY)
    return state.signer(TODAY - DAY, TODAY + DAY), store_of(state.der)


def outcome(raw: bytes, store: TrustStore):
    return authenticate(GROUPS | {"SOD": raw}, store, TODAY)


def test_the_good_one_is_good(world) -> None:
    signer, store = world
    assert outcome(sod(hash_list(HASHES), signer), store).verdict is Verdict.ACCEPT
    with_version = hash_list(HASHES, 1, LDS_VERSION.dump())
    assert outcome(sod(with_version, signer), store).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (hash_list([*HASHES, HASHES[0]]), "data group 1, which is none or there already"),
        (hash_list([*HASHES, (2, bytes(32))]), "data group 2, which is none or there already"),
        (hash_list([*HASHES, (0, bytes(32))]), "data group 0"),
        (hash_list([*HASHES, (17, bytes(32))]), "data group 17"),
        (hash_list(HASHES[:1]), "names 1 data group"),
        (hash_list([HASHES[0], (2, HASHES[1][1][:20])]), "DG2 a hash that is not 32 bytes"),
        (hash_list([HASHES[0], (2, HASHES[1][1] + b"\0")]), "DG2 a hash that is not 32 bytes"),
        (hash_list(HASHES, 2, LDS_VERSION.dump()), "has version 2"),
        (hash_list(HASHES, 1), "of version 1 has the wrong fields"),
        (hash_list(HASHES, 0, LDS_VERSION.dump()), "of version 0 has the wrong fields"),
        (hash_list(HASHES) + b"\0", "trailing"),
        (hash_list(HASHES, 1, LDS_VERSION.dump() * 2), "more fields"),
    ],
)
def test_a_wrong_list_under_a_right_signature(world, content: bytes, why: str) -> None:
    signer, store = world
    found = outcome(sod(content, signer), store)
    assert found.checks["structure"].status is Status.FAILED
    assert why in found.checks["structure"].detail
    assert found.verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signers": 2}, "signers: 2, not 1"),
        ({"signers": 0}, "signers: 0, not 1"),
        ({"signer_version": "v3"}, "SignerInfo version: 3, not 1"),
    ],
)
def test_a_wrong_envelope(world, changes: dict, why: str) -> None:
    signer, store = world
    found = outcome(sod(hash_list(HASHES), signer, **changes), store)
    assert why in found.checks["structure"].detail
    assert found.verdict is Verdict.REJECT


def test_a_weak_hash_between_two_strong_ones(world) -> None:
    """Data groups and signature are of SHA-256, the digest between them of SHA-1."""
    signer, store = world
    found = outcome(sod(hash_list(HASHES), signer, digest_name="sha1"), store)
    assert found.checks["signature"].status is Status.SUCCESSFUL
    assert found.checks["algorithms"].detail == "too weak to be evidence: sha1"
    assert found.verdict is Verdict.UNDETERMINED


def test_an_older_version(world) -> None:
    signer, store = world
    raw = sod(hash_list(HASHES), signer)
    at = raw.index(b"\x02\x01\x03\x31") + 2  # signed by nobody
    found = outcome(raw[:at] + b"\x01" + raw[at + 1 :], store)
    assert "SignedData version: 1, not 3" in found.checks["structure"].detail


def test_bytes_behind_the_end(world) -> None:
    signer, store = world
    found = outcome(sod(hash_list(HASHES), signer) + b"\0", store)
    assert "1 bytes behind its end" in found.checks["structure"].detail
    assert found.verdict is Verdict.REJECT


CONTENT = hash_list(HASHES)
KIND = {"type": "content_type", "values": ["2.23.136.1.1.1"]}
DIGEST = {"type": "message_digest", "values": [hashlib.sha256(CONTENT).digest()]}
OTHER_KIND = {"type": "content_type", "values": ["2.23.136.1.1.2"]}


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ([], "there are none"),
        ([DIGEST], "without content_type"),
        ([KIND], "without message_digest"),
        ([KIND, DIGEST, DIGEST], "not once with one value: message_digest"),
        ([{**KIND, "values": KIND["values"] * 2}, DIGEST], "not once with one value: content_type"),
        ([OTHER_KIND, DIGEST], "about other content"),
    ],
)
def test_wrong_signed_attributes_under_a_right_signature(world, attributes, why: str) -> None:
    signer, store = world
    found = outcome(sod(CONTENT, signer, attributes=attributes), store)
    assert found.checks["signature"].status is Status.SUCCESSFUL
    assert why in found.checks["signed_attributes"].detail
    assert found.verdict is Verdict.REJECT
