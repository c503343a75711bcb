"""Active authentication: the standard's worked example, a real chip's key, and forgeries."""

import hashlib
import json
import secrets
from pathlib import Path

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import lds, tlv
from edge.documents.chip import active_authentication as aa
from edge.documents.lds import LdsError
from edge.documents.signatures import NotSupported
from simulators.chip.proofs import sign

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
PATH = DATA / "icao_9303_11_worked_examples.json"
here = pytest.mark.skipif(not PATH.exists(), reason=f"no shared material at {PATH}")
EXAMPLE = json.loads(PATH.read_text())["active_authentication_rsa"] if PATH.exists() else {}
CHALLENGE = bytes.fromhex("F173589974BF40C6")


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def public(key) -> keys.PublicKeyInfo:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return aa.key_of(tlv.encode(0x6F, der))


@here
def test_the_worked_example() -> None:
    """Appendix F: the recovered block, its hash and its trailer."""
    block = bytes.fromhex(EXAMPLE["f"])
    assert aa.signed_hash(block, bytes.fromhex(EXAMPLE["rnd_ifd"])) == "sha1"
    assert aa.signed_hash(block, bytes(8)) is None
    m1 = bytes.fromhex(EXAMPLE["m1"])
    assert block[1 : 1 + len(m1)] == m1
    assert block[-21:-1] == hashlib.sha1(m1 + CHALLENGE).digest()


@here
def test_the_key_of_a_real_chip() -> None:
    folder = DATA / "bsi_tr03105_ref"
    key = serialization.load_der_private_key((folder / "DG15_sk.pkcs8").read_bytes(), None)
    held = aa.key_of((folder / "EF_DG15_not_in_sod.bin").read_bytes())
    signature = sign(key, CHALLENGE, secrets.token_bytes)
    assert aa.verified(held, CHALLENGE, signature, None) == "RSA-1024 with sha1"
    assert aa.verified(held, bytes(8), signature, None) is None


@pytest.mark.parametrize("name", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_every_hash_and_both_ways_to_sign(name: str, rsa_key) -> None:
    signature = sign(rsa_key, CHALLENGE, secrets.token_bytes, name)
    key = public(rsa_key)
    assert aa.verified(key, CHALLENGE, signature, None) == f"RSA-1024 with {name}"
    modulus = rsa_key.public_key().public_numbers().n
    other = (modulus - int.from_bytes(signature, "big")).to_bytes(128, "big")
    assert aa.verified(key, CHALLENGE, other, None) == f"RSA-1024 with {name}"


def raised(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    numbers = key.private_numbers()
    signature = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return signature.to_bytes(128, "big")


@pytest.mark.parametrize("first", [0x4A, 0x4B, 0x6B, 0x00])
def test_a_block_that_recovers_everything_proves_nothing(first: int, rsa_key) -> None:
    """With total recovery the challenge plays no part, so an old signature would do."""
    m1 = secrets.token_bytes(106)
    digest = hashlib.sha1(m1 + CHALLENGE).digest()
    block = bytes([first]) + m1 + digest + b"\xbc"
    assert aa.verified(public(rsa_key), CHALLENGE, raised(rsa_key, block), None) is None


@pytest.mark.parametrize("end", [b"\xbc", b"\x34\xcc", b"\x31\xcc", b"\x00\xcc", b"\xcc\xcc"])
def test_a_trailer_without_its_hash_proves_nothing(end: bytes, rsa_key) -> None:
    block = b"\x6a" + bytes(127 - len(end)) + end
    assert aa.verified(public(rsa_key), CHALLENGE, raised(rsa_key, block), None) is None


@pytest.mark.parametrize(
    ("curve", "name"),
    [(ec.SECP256R1(), "sha256"), (ec.BrainpoolP384R1(), "sha384"), (ec.SECP224R1(), "sha224")],
)
def test_ecdsa(curve, name: str) -> None:
    key = ec.generate_private_key(curve)
    signature = sign(key, CHALLENGE, secrets.token_bytes, name)
    assert aa.verified(public(key), CHALLENGE, signature, name) == f"ECDSA with {name}"
    assert aa.verified(public(key), CHALLENGE, signature, None) == f"ECDSA with {name}"
    assert aa.verified(public(key), bytes(8), signature, name) is None
    bent = signature[:-1] + bytes([signature[-1] ^ 1])
    assert aa.verified(public(key), CHALLENGE, bent, name) is None


@settings(max_examples=40, deadline=None)
@given(noise=st.binary(max_size=160))
def test_noise_is_no_signature(noise: bytes) -> None:
    assert aa.verified(NOISE_RSA, CHALLENGE, noise, None) is None
    assert aa.verified(NOISE_EC, CHALLENGE, noise, "sha256") is None


NOISE_RSA = public(rsa.generate_private_key(65537, 1024))
NOISE_EC = public(ec.generate_private_key(ec.SECP256R1()))


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_noise_in_dg15_is_named(noise: bytes) -> None:
    with pytest.raises(LdsError, match=r"EF\.DG15"):
        aa.key_of(tlv.encode(0x6F, noise))


def test_a_modulus_out_of_bounds_is_not_computed() -> None:
    huge = keys.PublicKeyInfo.wrap(
        keys.RSAPublicKey({"modulus": 2**8191 + 1, "public_exponent": 65537}), "rsa"
    )
    with pytest.raises(NotSupported, match="8192 bits"):
        aa.verified(huge, CHALLENGE, bytes(1024), None)
    assert lds.active_authentication_key(tlv.encode(0x6F, b"x")) == b"x"
