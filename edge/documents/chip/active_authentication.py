"""Active authentication: the chip signs our challenge with a key of its own (Doc 9303-11 §6.1).

1. EF.DG15 holds the public key. INTERNAL AUTHENTICATE sends 8 bytes and gets the signature.
2. RSA: ISO/IEC 9796-2 scheme 1 with recovery: 6A ‖ M1 ‖ hash(M1 ‖ challenge) ‖ trailer; the trailer
   names the hash. Chips of either way to sign (B.4, B.6) are read: s or n - s may be meant.
3. ECDSA: both halves one after the other, over the challenge; EF.DG14 names the hash.
4. What it proves counts only once EF.SOD has proven EF.DG15 (see ``binding``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from asn1crypto import keys

from edge.documents.certificate import DECODING_ERRORS
from edge.documents.chip.apdu import EXTENDED_LE, SHORT_LE, SUCCESS, Command
from edge.documents.chip.errors import ChipRefused, NotAuthentic
from edge.documents.chip.keys import Random
from edge.documents.chip.session import Conversation
from edge.documents.lds import LdsError, active_authentication_key
from edge.documents.signatures import Algorithm, NotSupported, verifies

CHALLENGE = 8  # bytes
_PARTIAL_RECOVERY = 0x6A
_SHA1_TRAILER = 0xBC
_LONG_TRAILER = 0xCC
_TRAILERS = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
_ECDSA_HASHES = ("sha256", "sha224", "sha384", "sha512", "sha1")
_LARGEST_MODULUS = 4096  # bits
_FITS_SHORT = 220  # bytes of a signature that a protected short response still holds


def key_of(dg15: bytes) -> keys.PublicKeyInfo:
    """Return the public key in EF.DG15; LdsError if it is none."""
    der = active_authentication_key(dg15)
    try:
        key = keys.PublicKeyInfo.load(der, strict=True)
        _ = key["algorithm"]["algorithm"].native, key["public_key"].native
    except DECODING_ERRORS as error:
        raise LdsError("DG15", 0, f"no public key: {error}") from error
    return key


def authenticate(
    talk: Conversation, key: keys.PublicKeyInfo, ecdsa_hash: str | None, random: Random
) -> str:
    """Let the chip sign a fresh challenge; return how it was signed.

    ``ecdsa_hash`` is what EF.DG14 names. Raises ChipRefused, NotAuthentic, or NotSupported for a
    key or hash that cannot be computed with.
    """
    challenge = random(CHALLENGE)
    answer = talk.ask(Command(0, 0x88, 0, 0, challenge, le=_expected(key)), "active authentication")
    if answer.status != SUCCESS:
        raise ChipRefused("active authentication", answer.status)
    how = verified(key, challenge, answer.data, ecdsa_hash)
    if how is None:
        raise NotAuthentic("the chip's signature over our challenge is wrong")
    return how


def _expected(key: keys.PublicKeyInfo) -> int:
    """Return Le: the short form where the signature fits, as chips without long ones need it."""
    if _is_rsa(key) and (_modulus(key).bit_length() + 7) // 8 > _FITS_SHORT:
        return EXTENDED_LE
    return SHORT_LE


def verified(
    key: keys.PublicKeyInfo, challenge: bytes, signature: bytes, ecdsa_hash: str | None
) -> str | None:
    """Return how ``signature`` signs ``challenge``, None if it does not."""
    if _is_rsa(key):
        return _verified_rsa(key, challenge, signature)
    for name in [ecdsa_hash] if ecdsa_hash else _ECDSA_HASHES:
        if verifies(key, Algorithm("ecdsa", name, plain=True), signature, challenge):
            return f"ECDSA with {name}"
    return None


def _is_rsa(key: keys.PublicKeyInfo) -> bool:
    return bool(key["algorithm"]["algorithm"].native == "rsa")


def _modulus(key: keys.PublicKeyInfo) -> int:
    number: int = key["public_key"].parsed["modulus"].native
    return number


def _verified_rsa(key: keys.PublicKeyInfo, challenge: bytes, signature: bytes) -> str | None:
    modulus, exponent = _modulus(key), key["public_key"].parsed["public_exponent"].native
    size = (modulus.bit_length() + 7) // 8
    if not 512 <= modulus.bit_length() <= _LARGEST_MODULUS or not 1 < exponent < 1 << 32:
        raise NotSupported(f"RSA with a modulus of {modulus.bit_length()} bits")
    number = int.from_bytes(signature, "big")
    if number >= modulus or len(signature) > size:
        return None
    recovered = pow(number, exponent, modulus)
    for candidate in (recovered, modulus - recovered):
        if name := signed_hash(candidate.to_bytes(size, "big"), challenge):
            return f"RSA-{modulus.bit_length()} with {name}"
    return None


def signed_hash(recovered: bytes, challenge: bytes) -> str | None:
    """Return the hash with which the recovered block F signs ``challenge``, None if it does not."""
    for name, trailer in _trailer(recovered):
        end = len(recovered) - trailer
        start = end - hashlib.new(name).digest_size
        if recovered[0] != _PARTIAL_RECOVERY or start < 1:
            continue
        digest = hashlib.new(name, recovered[1:start] + challenge).digest()
        if digest == recovered[start:end]:
            return name
    return None


def _trailer(recovered: bytes) -> Iterator[tuple[str, int]]:
    """Yield the hash that the trailer names, and the trailer's length in bytes."""
    if recovered[-1] == _SHA1_TRAILER:
        yield "sha1", 1
    elif recovered[-1] == _LONG_TRAILER and recovered[-2] in _TRAILERS:
        yield _TRAILERS[recovered[-2]], 2
