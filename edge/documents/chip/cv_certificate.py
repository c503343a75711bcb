"""Card-verifiable certificates: why a chip believes a terminal (Doc 9303-12 §7.2, TR-03110-3 C).

7F21 { 7F4E body { 5F29 profile, 42 authority, 7F49 key, 5F20 holder, 7F4C { 06 role, 53 rights },
       5F25 effective, 5F24 expires, [65 extensions] }, 5F37 signature }

1. A key names its algorithm; a curve's parameters are there in a CVCA's certificate and left out in
   those below it, which share them.
2. Dates are six digits, one a byte. The signature is over the body as it lies there, ECDSA plain.
3. The role and the rights of a holder are the bitwise AND along its chain.
4. What is not so is a CvCertificateError with the offset.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from edge.documents import ecdsa, tlv
from edge.documents.chip.protocols import TERMINAL_AUTHENTICATION
from edge.documents.chip.standard_groups import KNOWN_CURVES
from edge.documents.curves import Curve
from edge.documents.signatures import HASHES
from edge.documents.tlv import Tlv, TlvError

CERTIFICATE, BODY, SIGNATURE = 0x7F21, 0x7F4E, 0x5F37
PROFILE, AUTHORITY, KEY, HOLDER, AUTHORIZATION = 0x5F29, 0x42, 0x7F49, 0x5F20, 0x7F4C
EFFECTIVE, EXPIRES = 0x5F25, 0x5F24
_ROLE, _RIGHTS = 0x06, 0x53

_RSA, _ECDSA = 1, 2
_RSA_WAYS = {1: ("rsa", "sha1"), 2: ("rsa", "sha256"), 3: ("rsa-pss", "sha1")} | {
    4: ("rsa-pss", "sha256"),
    5: ("rsa", "sha512"),
    6: ("rsa-pss", "sha512"),
}
_ECDSA_HASHES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}
_LARGEST = 4096  # bytes; real ones have some 400
_MODULUS = range(1024, 4097)  # bits


class CvCertificateError(ValueError):
    """The bytes are no card-verifiable certificate."""


@dataclass(frozen=True, slots=True)
class CvKey:
    """A public key: its way to sign (``ecdsa``, ``rsa``, ``rsa-pss``) and hash.

    ``point`` is a curve's point, still encoded; ``curve`` is None where the certificate leaves it
    to its issuer. ``modulus`` and ``exponent`` are those of RSA.
    """

    oid: bytes
    family: str
    hash: str
    point: bytes = field(default=b"", repr=False)
    curve: Curve | None = None
    modulus: int = 0
    exponent: int = 0

    def verifies(self, curve: Curve | None, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` over ``data`` is right; ``curve`` is for a key that names none."""
        if self.family == "ecdsa":
            return _ecdsa_holds(self, self.curve or curve, signature, data)
        return _rsa_holds(self, signature, data)


def _ecdsa_holds(key: CvKey, curve: Curve | None, signature: bytes, data: bytes) -> bool:
    if curve is None or len(key.point) != 1 + 2 * curve.size or key.point[0] != 4:
        return False
    x, y = (int.from_bytes(key.point[i : i + curve.size], "big") for i in (1, 1 + curve.size))
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    digest = hashlib.new(key.hash, data).digest()
    return ecdsa.verify(curve, (x, y), digest, r, s)


def _rsa_holds(key: CvKey, signature: bytes, data: bytes) -> bool:
    chosen = HASHES[key.hash]
    how: padding.AsymmetricPadding = padding.PKCS1v15()
    if key.family == "rsa-pss":
        how = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
    try:
        public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
        public.verify(signature, data, how, chosen)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class CvCertificate:
    """One certificate. ``rights`` are the bits of role (top two of the first byte) and access."""

    raw: bytes = field(repr=False)
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    authority: str
    holder: str
    key: CvKey
    role: bytes
    rights: bytes
    effective: date
    expires: date

    @classmethod
    def load(cls, raw: bytes) -> CvCertificate:
        """Read ``raw``; CvCertificateError if it is none."""
        if len(raw) > _LARGEST:
            raise CvCertificateError(f"{len(raw)} bytes; none has over {_LARGEST}")
        try:
            outer = tlv.read(raw)
            body, signature = _wanted(outer, CERTIFICATE, (BODY, SIGNATURE))
            return _read(raw[: outer.end], body, signature.value)
        except TlvError as error:
            raise CvCertificateError(f"no card-verifiable certificate: {error}") from error

    @property
    def command_data(self) -> bytes:
        """What PSO:Verify Certificate takes: body and signature."""
        return self.body + tlv.encode(SIGNATURE, self.signature)

    @property
    def is_link(self) -> bool:
        """Whether it is a CVCA's: the role's bits are 11."""
        return self.rights[0] >> 6 == 0b11

    def signed_by(self, key: CvKey, curve: Curve | None) -> bool:
        """Whether ``key``, over ``curve`` where it names none itself, signed this certificate."""
        return key.verifies(curve, self.signature, self.body)


def _wanted(parent: Tlv, tag: int, children: tuple[int, ...]) -> list[Tlv]:
    """Return the children of ``parent``, whose tag must be ``tag``, that have these tags."""
    if parent.tag != tag:
        raise TlvError(parent.offset, f"tag {parent.tag:X} where {tag:X} was expected")
    held = {child.tag: child for child in tlv.children(parent)}
    missing = [each for each in children if each not in held]
    if missing:
        raise TlvError(parent.offset, f"no object {missing[0]:X} in {tag:X}")
    return [held[each] for each in children]


def _read(raw: bytes, body: Tlv, signature: bytes) -> CvCertificate:
    wanted = (PROFILE, AUTHORITY, KEY, HOLDER, AUTHORIZATION, EFFECTIVE, EXPIRES)
    profile, authority, key, holder, authorization, effective, expires = _wanted(body, BODY, wanted)
    if profile.value != b"\0":
        raise TlvError(profile.offset, f"profile {profile.value.hex()}, not 00")
    role, rights = _wanted(authorization, AUTHORIZATION, (_ROLE, _RIGHTS))
    if not rights.value:
        raise TlvError(rights.offset, "no rights")
    return CvCertificate(
        raw,
        tlv.encode(BODY, body.value),
        signature,
        authority.value.decode("latin-1"),
        holder.value.decode("latin-1"),
        read_key(key),
        role.value,
        rights.value,
        _date(effective),
        _date(expires),
    )


def _date(element: Tlv) -> date:
    digits = element.value
    if len(digits) != 6 or max(digits) > 9:
        raise TlvError(element.offset, "no date of six digits")
    year, month, day = (10 * digits[i] + digits[i + 1] for i in (0, 2, 4))
    try:
        return date(2000 + year, month, day)
    except ValueError as error:
        raise TlvError(element.offset, f"no date: {error}") from error


def date_digits(day: date) -> bytes:
    """Return ``day`` as certificates write it."""
    return bytes(int(digit) for digit in day.strftime("%y%m%d"))


def read_key(element: Tlv) -> CvKey:
    """Read a public key data object (7F49); TlvError if it is none of terminal authentication."""
    parts = {part.tag: part.value for part in tlv.children(element)}
    oid = parts.get(0x06, b"")
    arc, numbers = oid[: len(TERMINAL_AUTHENTICATION)], oid[len(TERMINAL_AUTHENTICATION) :]
    if arc != TERMINAL_AUTHENTICATION or len(numbers) != 2:
        raise TlvError(element.offset, f"a key for {oid.hex() or 'nothing'}")
    if numbers[0] == _ECDSA and numbers[1] in _ECDSA_HASHES and 0x86 in parts:
        hash_name = _ECDSA_HASHES[numbers[1]]
        return CvKey(oid, "ecdsa", hash_name, parts[0x86], _curve(parts, element.offset))
    if numbers[0] == _RSA and numbers[1] in _RSA_WAYS and 0x81 in parts and 0x82 in parts:
        family, hash_name = _RSA_WAYS[numbers[1]]
        modulus, exponent = (int.from_bytes(parts[tag], "big") for tag in (0x81, 0x82))
        if modulus.bit_length() not in _MODULUS or exponent.bit_length() > 32:
            raise TlvError(element.offset, f"an RSA key of {modulus.bit_length()} bits")
        return CvKey(oid, family, hash_name, modulus=modulus, exponent=exponent)
    raise TlvError(element.offset, f"a key for {oid.hex()} that is not complete or not known")


def _curve(parts: dict[int, bytes], offset: int) -> Curve | None:
    if not {0x81, 0x82, 0x83, 0x84, 0x85} & set(parts):
        return None
    given = [parts.get(tag, b"") for tag in (0x81, 0x82, 0x83, 0x84, 0x85)]
    for curve in KNOWN_CURVES:
        numbers = [int.from_bytes(given[i], "big") for i in (0, 1, 2, 4)]
        point = b"\x04" + b"".join(n.to_bytes(curve.size, "big") for n in (curve.gx, curve.gy))
        if numbers == [curve.p, curve.a, curve.b, curve.n] and given[3] == point:
            return curve
    raise TlvError(offset, "a curve that is none of Doc 9303-12")
