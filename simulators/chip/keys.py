"""What a chip keeps to itself: its private keys, its access number, whose terminals it believes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edge.documents import tlv
from edge.documents.chip.cv_certificate import CvCertificate
from edge.documents.chip.domain import group_of
from edge.documents.chip.groups import Group

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04


@dataclass(frozen=True, slots=True)
class AgreementSecret:
    """One private key for chip authentication: its group and its secret number."""

    group: Group
    secret: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChipKeys:
    """A chip's secrets. ``agreement`` by key number; None is the number of an only key."""

    can: str = ""
    agreement: Mapping[int | None, AgreementSecret] = field(default_factory=dict)
    signing: SigningKey | None = field(default=None, repr=False)
    trust_points: tuple[CvCertificate, ...] = ()


def read_agreement(pkcs8: bytes) -> AgreementSecret:
    """Read a private key for key agreement (PKCS #8, curves spelt out or not); ValueError if none.

    The library knows neither brainpoolP224r1 nor a curve that is spelt out, so this reads itself.
    """
    _, algorithm, wrapped = tlv.children(tlv.read(pkcs8))[:3]
    inner = tlv.read(wrapped.value)
    group = group_of(algorithm)
    if group.family == "ECDH":
        inner = tlv.children(inner)[1]
    return AgreementSecret(group, int.from_bytes(inner.value, "big"))


def write_agreement(key: AgreementSecret, algorithm: bytes) -> bytes:
    """Return PKCS #8 of ``key``, whose group the AlgorithmIdentifier ``algorithm`` names."""
    if key.group.family == "ECDH":
        size = (key.group.order.bit_length() + 7) // 8
        secret = core.OctetString(key.secret.to_bytes(size, "big")).dump()
        inner = tlv.encode(_SEQUENCE, core.Integer(1).dump() + secret)
    else:
        inner = core.Integer(key.secret).dump()
    body = core.Integer(0).dump() + algorithm + tlv.encode(_OCTETS, inner)
    return tlv.encode(_SEQUENCE, body)


def another(key: SigningKey) -> SigningKey:
    """Return a new key of the same kind as ``key``."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ec.generate_private_key(key.curve)
    return rsa.generate_private_key(65537, key.key_size)
