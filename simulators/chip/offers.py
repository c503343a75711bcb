"""SecurityInfos as a state writes them: what a chip offers (Doc 9303-11 §9.2)."""

from __future__ import annotations

from collections.abc import Iterable

from asn1crypto import core

from edge.documents import tlv
from edge.documents.chip import protocols
from edge.documents.chip.domain import EC_PUBLIC_KEY, PKCS3, X942
from edge.documents.chip.groups import CurveGroup, Group, NumberGroup
from edge.documents.chip.protocols import ChipAuthenticationProtocol, PaceProtocol

_SET, _SEQUENCE, _OID, _BITS, _OCTETS = 0x31, 0x30, 0x06, 0x03, 0x04
_PRIME_FIELD = bytes.fromhex("2A8648CE3D0101")
_ECDSA_HASHES = {"sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}


def security_infos(entries: Iterable[bytes]) -> bytes:
    """Return the SET of ``entries``, in the order that DER wants."""
    return tlv.encode(_SET, b"".join(sorted(entries)))


def pace(protocol: PaceProtocol, parameter_id: int) -> bytes:
    """Return a PACEInfo."""
    return _info(protocol.oid, _integer(2), _integer(parameter_id))


def chip_authentication(protocol: ChipAuthenticationProtocol, key_id: int | None) -> bytes:
    """Return a ChipAuthenticationInfo."""
    return _info(protocol.oid, _integer(1), _number(key_id))


def chip_key(group: Group, public: bytes, key_id: int | None, algorithm: bytes) -> bytes:
    """Return a ChipAuthenticationPublicKeyInfo whose AlgorithmIdentifier is ``algorithm``."""
    oid = protocols.PUBLIC_KEY + bytes([2 if group.family == "ECDH" else 1])
    if group.family == "DH":
        public = _integer(int.from_bytes(public, "big"))
    key = tlv.encode(_SEQUENCE, algorithm + tlv.encode(_BITS, b"\0" + public))
    return _info(oid, key, _number(key_id))


def terminal_authentication() -> bytes:
    """Return a TerminalAuthenticationInfo of version 1."""
    return _info(protocols.TERMINAL_AUTHENTICATION, _integer(1))


def active_authentication(hash_name: str) -> bytes:
    """Return an ActiveAuthenticationInfo: plain ECDSA with that hash."""
    way = protocols.BSI + bytes([1, 1, 4, 1, _ECDSA_HASHES[hash_name]])
    return _info(protocols.ACTIVE_AUTHENTICATION, _integer(1), tlv.encode(_OID, way))


def by_number(parameter_id: int) -> bytes:
    """Return the AlgorithmIdentifier of standardized domain parameters."""
    return tlv.encode(
        _SEQUENCE, tlv.encode(_OID, protocols.STANDARDIZED_DOMAIN) + _integer(parameter_id)
    )


def spelt_out(group: Group, *, x942: bool = False) -> bytes:
    """Return the AlgorithmIdentifier with all parameters; ``x942`` is another way for numbers."""
    if isinstance(group, CurveGroup):
        return tlv.encode(_SEQUENCE, tlv.encode(_OID, EC_PUBLIC_KEY) + _curve(group))
    assert isinstance(group, NumberGroup)
    numbers = _integer(group.p) + _integer(group.g)
    if x942:
        numbers += _integer(group.order)
    oid = tlv.encode(_OID, X942 if x942 else PKCS3)
    return tlv.encode(_SEQUENCE, oid + tlv.encode(_SEQUENCE, numbers))


def _curve(group: CurveGroup) -> bytes:
    curve = group.curve
    field = tlv.encode(_SEQUENCE, tlv.encode(_OID, _PRIME_FIELD) + _integer(curve.p))
    a, b = (tlv.encode(_OCTETS, n.to_bytes(curve.size, "big")) for n in (curve.a, curve.b))
    generator = tlv.encode(_OCTETS, group.public(1))
    body = _integer(1) + field + tlv.encode(_SEQUENCE, a + b) + generator
    return tlv.encode(_SEQUENCE, body + _integer(curve.n) + _integer(1))


def _info(oid: bytes, *parts: bytes) -> bytes:
    return tlv.encode(_SEQUENCE, tlv.encode(_OID, oid) + b"".join(parts))


def _integer(number: int) -> bytes:
    coded: bytes = core.Integer(number).dump()
    return coded


def _number(number: int | None) -> bytes:
    return b"" if number is None else _integer(number)
