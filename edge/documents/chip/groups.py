"""The groups in which chip and terminal agree on a secret: points of a curve, numbers modulo p.

1. A public value travels as an uncompressed point (ECDH) or as an unsigned integer (DH).
2. A public value of the other side is checked before it is used: on the curve; of the right order.
3. The shared secret is the x-coordinate, or the number, each in as many bytes as p has.
4. A generator can be mapped: generic s·G + H, or to an element that a number encodes (Doc 9303-11
   §4.4.3.3 and Appendix B).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

from edge.documents import ecdsa
from edge.documents.chip import curve_arithmetic
from edge.documents.chip.curve_arithmetic import Affine
from edge.documents.chip.keys import Random
from edge.documents.curves import Curve

_UNCOMPRESSED = b"\x04"
_SPARE = 8  # bytes more than the order has, so that the remainder is as good as uniform


class BadKey(ValueError):
    """A public value is none of its group."""


class Group(Protocol):
    """One group with its generator. ``family`` is ECDH or DH; ``tag`` its public values' (§9.4)."""

    family: str
    tag: int

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def p(self) -> int:
        """The prime below it."""

    @property
    def order(self) -> int:
        """The order of the generator, or a number that is no smaller."""

    def public(self, secret: int) -> bytes:
        """Return the public value of ``secret``."""

    def agree(self, secret: int, public: bytes) -> bytes:
        """Return the secret shared with the owner of ``public``; BadKey if that is none."""

    def generic(self, nonce: int, secret: int, public: bytes) -> Group:
        """Return the group with the generator of the generic mapping; BadKey if that is none."""

    def integrated(self, element: int) -> Group:
        """Return the group with the generator that ``element`` of the field encodes."""

    def compressed(self, public: bytes) -> bytes:
        """Return Comp() of a public value, for terminal authentication (§7.1.4)."""


def new_secret(group: Group, random: Random) -> int:
    """Return a secret between 1 and the order, uniformly."""
    size = (group.order.bit_length() + 7) // 8 + _SPARE
    return int.from_bytes(random(size), "big") % (group.order - 1) + 1


@dataclass(frozen=True, slots=True)
class CurveGroup:
    """The points of ``curve``; ``generator`` is its own unless it was mapped."""

    curve: Curve
    generator: Affine
    family = "ECDH"
    tag = 0x86

    @classmethod
    def of(cls, curve: Curve) -> CurveGroup:
        """Return the group with the curve's own generator."""
        return cls(curve, (curve.gx, curve.gy))

    @property
    def name(self) -> str:
        """The curve's name."""
        return self.curve.name

    @property
    def p(self) -> int:
        """The prime of the field."""
        return self.curve.p

    @property
    def order(self) -> int:
        """The prime order of the curve."""
        return self.curve.n

    def public(self, secret: int) -> bytes:
        """Return the point of ``secret``, uncompressed."""
        return self._encode(self._multiply(secret, self.generator))

    def agree(self, secret: int, public: bytes) -> bytes:
        """Return the shared x-coordinate."""
        point = self._multiply(secret, self._decode(public))
        return point[0].to_bytes(self.curve.size, "big")

    def generic(self, nonce: int, secret: int, public: bytes) -> CurveGroup:
        """Return the group with generator s·G + H."""
        shared = self._multiply(secret, self._decode(public))
        times = curve_arithmetic.multiply(self.curve, nonce % self.order, self.generator)
        mapped = curve_arithmetic.add(self.curve, times, shared) if times else shared
        if mapped is None:
            raise BadKey("the generic mapping ends at the point at infinity")
        return replace(self, generator=mapped)

    def integrated(self, element: int) -> CurveGroup:
        """Return the group with the point that ``element`` encodes (Appendix B.2)."""
        return replace(self, generator=_encoded_point(self.curve, element))

    def times(self, factor: int, public: bytes) -> bytes:
        """Return ``factor`` times the point ``public``, as a public value."""
        return self._encode(self._multiply(factor, self._decode(public)))

    def compressed(self, public: bytes) -> bytes:
        """Return the x-coordinate."""
        return public[1 : 1 + self.curve.size]

    def _multiply(self, factor: int, point: Affine) -> Affine:
        found = curve_arithmetic.multiply(self.curve, factor, point)
        if found is None:
            raise BadKey("a product is the point at infinity")
        return found

    def _encode(self, point: Affine) -> bytes:
        size = self.curve.size
        return _UNCOMPRESSED + b"".join(number.to_bytes(size, "big") for number in point)

    def _decode(self, public: bytes) -> Affine:
        size = self.curve.size
        if public[:1] != _UNCOMPRESSED or len(public) != 1 + 2 * size:
            raise BadKey(f"no uncompressed point of {self.name} ({len(public)} bytes)")
        x, y = (int.from_bytes(public[i : i + size], "big") for i in (1, 1 + size))
        if not ecdsa.on_curve(self.curve, (x, y)):
            raise BadKey(f"a point that is not on {self.name}")
        return x, y


def _encoded_point(curve: Curve, t: int) -> Affine:
    """Return the point of Appendix B.2 for 0 < t < p; needs p ≡ 3 modulo 4 and a cofactor of 1."""
    p, a, b = curve.p, curve.a, curve.b
    if p % 4 != 3 or not 0 < t < p:
        raise BadKey(f"{curve.name} has no integrated mapping of that number")
    alpha = -t * t % p
    x2 = -b * (1 + alpha + alpha * alpha) * pow(a * (alpha + alpha * alpha), -1, p) % p
    x3 = alpha * x2 % p
    h2 = (x2**3 + a * x2 + b) % p
    root = pow(h2, p - 1 - (p + 1) // 4, p)
    if root * root * h2 % p == 1:
        return x2, root * h2 % p
    return x3, root * pow(t, 3, p) * h2 % p


@dataclass(frozen=True, slots=True)
class NumberGroup:
    """Numbers modulo ``p`` generated by ``g`` of prime order ``q``; None where nobody says."""

    name: str
    p: int
    g: int
    q: int | None
    family = "DH"
    tag = 0x84

    @property
    def order(self) -> int:
        """The order of ``g``, or p - 1."""
        return self.q or self.p - 1

    def public(self, secret: int) -> bytes:
        """Return the number of ``secret`` in the fewest bytes."""
        number = pow(self.g, secret, self.p)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")

    def agree(self, secret: int, public: bytes) -> bytes:
        """Return the shared number."""
        return self._shared(secret, public).to_bytes((self.p.bit_length() + 7) // 8, "big")

    def generic(self, nonce: int, secret: int, public: bytes) -> NumberGroup:
        """Return the group with generator g^s · h."""
        mapped = pow(self.g, nonce, self.p) * self._shared(secret, public) % self.p
        return self._with(mapped)

    def integrated(self, element: int) -> NumberGroup:
        """Return the group with generator x^((p - 1) / q)."""
        if self.q is None:
            raise BadKey(f"{self.name} says no order, so has no integrated mapping")
        return self._with(pow(element, (self.p - 1) // self.q, self.p))

    def compressed(self, public: bytes) -> bytes:
        """Return the SHA-1 of the public value."""
        return hashlib.sha1(public).digest()  # noqa: S324 the standard's

    def _with(self, generator: int) -> NumberGroup:
        if generator in (0, 1):
            raise BadKey("the mapping ends at a generator that generates nothing")
        return replace(self, g=generator)

    def _shared(self, secret: int, public: bytes) -> int:
        number = int.from_bytes(public, "big")
        if not 1 < number < self.p - 1:
            raise BadKey(f"no public number of {self.name}")
        if self.q is not None and pow(number, self.q, self.p) != 1:
            raise BadKey(f"a number outside the subgroup of {self.name}")
        shared = pow(number, secret, self.p)
        if shared == 1:
            raise BadKey("the shared number is 1")
        return shared
