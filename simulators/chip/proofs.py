"""How a chip proves itself: chip authentication and active authentication (Doc 9303-11 §6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from edge.documents.chip.ciphers import TRIPLE_DES, Cipher
from edge.documents.chip.groups import BadKey
from edge.documents.chip.keys import Random, Session, agreed_session
from edge.documents.chip.protocols import CHIP_AUTHENTICATION_PROTOCOLS
from edge.documents.signatures import HASHES
from simulators.chip.keys import AgreementSecret, ChipKeys, SigningKey

_TRAILERS = {"sha1": b"\xbc", "sha224": b"\x38\xcc", "sha256": b"\x34\xcc"} | {
    "sha384": b"\x36\xcc",
    "sha512": b"\x35\xcc",
}


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What chip authentication ended with: the session, and Comp() of the terminal's key."""

    session: Session
    terminal_key: bytes


def cipher_of(oid: bytes) -> Cipher | None:
    """Return the cipher of a chip authentication's OID, None for another OID."""
    found = CHIP_AUTHENTICATION_PROTOCOLS.get(oid)
    return found.cipher if found else None


def agree(
    keys: ChipKeys, public: bytes, reference: bytes | None, cipher: Cipher = TRIPLE_DES
) -> NewKeys | None:
    """Agree with the terminal's ``public`` key under the static key named, None if that fails."""
    static = _static_key(keys, reference)
    if static is None:
        return None
    try:
        shared = static.group.agree(static.secret, public)
    except BadKey:
        return None
    return NewKeys(agreed_session(cipher, shared), static.group.compressed(public))


def _static_key(keys: ChipKeys, reference: bytes | None) -> AgreementSecret | None:
    if reference is not None:
        return keys.agreement.get(int.from_bytes(reference, "big"))
    return next(iter(keys.agreement.values()), None)


def sign(key: SigningKey, challenge: bytes, random: Random, hash_name: str = "") -> bytes:
    """Return the signature of active authentication over ``challenge``.

    RSA: SHA-1 unless named otherwise, as most chips do; ECDSA: the hash as long as the curve.
    """
    if isinstance(key, ec.EllipticCurvePrivateKey):
        chosen = HASHES[hash_name or "sha256"]
        r, s = utils.decode_dss_signature(key.sign(challenge, ec.ECDSA(chosen)))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return _sign_rsa(key, challenge, random, hash_name or "sha1")


def _sign_rsa(key: rsa.RSAPrivateKey, challenge: bytes, random: Random, name: str) -> bytes:
    """Return ISO/IEC 9796-2 scheme 1: 6A ‖ M1 ‖ hash(M1 ‖ M2) ‖ trailer, raised to d."""
    numbers = key.private_numbers()
    modulus, size = numbers.public_numbers.n, (key.key_size + 7) // 8
    trailer = _TRAILERS[name]
    m1 = random(size - 1 - hashlib.new(name).digest_size - len(trailer))
    block = b"\x6a" + m1 + hashlib.new(name, m1 + challenge).digest() + trailer
    return pow(int.from_bytes(block, "big"), numbers.d, modulus).to_bytes(size, "big")
