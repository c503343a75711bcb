"""The group and the public value in a SubjectPublicKeyInfo of a chip's key (Doc 9303-11 §9.5-9.6).

1. The group is named by its standardized number, or by a curve's name, or spelt out in full.
2. A curve spelt out is taken only where every parameter is that of a curve that we know: one with
   another generator would let its author answer as anybody.
3. Numbers modulo a prime come as PKCS #3 says, or as X9.42 says, which some states use all the same
   (§8.5, note 2); only a prime of 1024 to 4096 bits is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.chip.groups import CurveGroup, Group, NumberGroup
from edge.documents.chip.protocols import STANDARDIZED_DOMAIN
from edge.documents.chip.standard_groups import KNOWN_CURVES, STANDARDIZED
from edge.documents.curves import Curve
from edge.documents.tlv import Tlv, TlvError

EC_PUBLIC_KEY = bytes.fromhex("2A8648CE3D0201")
PKCS3, X942 = bytes.fromhex("2A864886F70D010301"), bytes.fromhex("2A8648CE3E0201")
_INTEGER, _BITS, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30
_LEAST, _MOST = 1024, 4096  # bits of a prime


class UnknownGroup(ValueError):
    """A key whose group this software does not know, or does not trust."""


@dataclass(frozen=True, slots=True)
class AgreementKey:
    """A public key for key agreement: its group and its value as it travels."""

    group: Group
    public: bytes = field(repr=False)


def agreement_key(info: Tlv) -> AgreementKey:
    """Read a SubjectPublicKeyInfo; TlvError or UnknownGroup if it is none of ours."""
    algorithm, bits = _pair(info)
    if bits.tag != _BITS or not bits.value.startswith(b"\0"):
        raise TlvError(bits.offset, "a public key that is no whole number of bytes")
    group, value = group_of(algorithm), bits.value[1:]
    if group.family == "DH":
        value = integer(tlv.read(value, base=bits.offset + 1)).to_bytes(
            (group.p.bit_length() + 7) // 8, "big"
        )
        value = value.lstrip(b"\0")
    return AgreementKey(group, value)


def group_of(algorithm: Tlv) -> Group:
    """Return the group of an AlgorithmIdentifier; TlvError or UnknownGroup if not ours."""
    oid, parameters = _pair(algorithm)
    match oid.value:
        case value if value == STANDARDIZED_DOMAIN:
            return standard_group(integer(parameters))
        case value if value == EC_PUBLIC_KEY:
            return CurveGroup.of(_curve(parameters))
        case value if value in (PKCS3, X942):
            return _numbers(parameters, with_order=value == X942)
    raise UnknownGroup(f"a key of algorithm {oid.value.hex()}")


def standard_group(number: int) -> Group:
    """Return the standardized group ``number``; UnknownGroup if there is none."""
    if number not in STANDARDIZED:
        raise UnknownGroup(f"domain parameters {number} are none of Doc 9303-11 table 12")
    return STANDARDIZED[number]


def integer(element: Tlv) -> int:
    """Return an INTEGER that is not negative; TlvError if it is none."""
    if element.tag != _INTEGER or not element.value or element.value[0] & 0x80:
        raise TlvError(element.offset, "no unsigned integer")
    return int.from_bytes(element.value, "big")


def _pair(parent: Tlv) -> tuple[Tlv, Tlv]:
    parts = tlv.children(parent) if parent.tag == _SEQUENCE else []
    if len(parts) < 2:
        raise TlvError(parent.offset, "no sequence of two")
    return parts[0], parts[1]


def _curve(parameters: Tlv) -> Curve:
    if parameters.tag == _OID:
        named = next((c for c in KNOWN_CURVES if _oid(c.oid) == parameters.value), None)
        if named is None:
            raise UnknownGroup(f"curve {parameters.value.hex()}")
        return named
    given = _spelt_out(parameters)
    for curve in KNOWN_CURVES:
        point = b"\x04" + b"".join(n.to_bytes(curve.size, "big") for n in (curve.gx, curve.gy))
        if given == (curve.p, curve.a, curve.b, point, curve.n):
            return curve
    raise UnknownGroup("a curve spelt out that is none of Doc 9303-12")


def _spelt_out(parameters: Tlv) -> tuple[int, int, int, bytes, int]:
    """Return p, a, b, G, n of ECParameters."""
    parts = tlv.children(parameters)
    if len(parts) < 5:
        raise TlvError(parameters.offset, "curve parameters that are not complete")
    _, field_id, equation, generator, order = parts[:5]
    _, prime = _pair(field_id)
    a, b = (int.from_bytes(part.value, "big") for part in _pair(equation))
    return integer(prime), a, b, generator.value, integer(order)


def _numbers(parameters: Tlv, *, with_order: bool) -> NumberGroup:
    """Return the group of p, g (PKCS #3) or p, g, q (X9.42)."""
    numbers = [integer(part) for part in tlv.children(parameters)[: 3 if with_order else 2]]
    if len(numbers) < 2:
        raise TlvError(parameters.offset, "a group of numbers without prime and generator")
    p, g = numbers[:2]
    if not _LEAST <= p.bit_length() <= _MOST or not 1 < g < p - 1 or p % 2 == 0:
        raise UnknownGroup(f"a group of numbers modulo {p.bit_length()} bits")
    known = next((group for group in STANDARDIZED.values() if _same(group, p, g)), None)
    order = numbers[2] if len(numbers) > 2 else known.order if known else None
    if order is not None and not 1 < order < p:
        raise UnknownGroup("a group of numbers whose order is none")
    return NumberGroup(f"MODP-{p.bit_length()}", p, g, order)


def _same(group: Group, p: int, g: int) -> bool:
    return isinstance(group, NumberGroup) and (group.p, group.g) == (p, g)


def _oid(dotted: str) -> bytes:
    """Return an object identifier's content."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return b"".join(_base128(number) for number in (40 * first + second, *rest))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.insert(0, number & 0x7F | 0x80)
    return bytes(digits)
