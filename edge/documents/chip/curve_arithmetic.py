"""Multiplying points of a prime curve, in Jacobian coordinates, for any curve and generator.

`cryptography` multiplies no point of one's own choice, and lacks brainpoolP224r1 and P320r1; PACE
needs both. Keys that go through here are used once, so nothing takes constant time.
"""

from __future__ import annotations

from edge.documents.curves import Curve

Affine = tuple[int, int]
_Jacobian = tuple[int, int, int]  # x = X/Z², y = Y/Z³; Z = 0 is the point at infinity

_INFINITY: _Jacobian = (1, 1, 0)
_WINDOW = 4  # bits at a time


def multiply(curve: Curve, factor: int, point: Affine) -> Affine | None:
    """Return ``factor`` times ``point``; None is the point at infinity."""
    multiples = _multiples(curve, point)
    total = _INFINITY
    for shift in range((factor.bit_length() - 1) // _WINDOW * _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            total = _double(curve, total)
        total = _add(curve, total, multiples[factor >> shift & (1 << _WINDOW) - 1])
    return _affine(curve, total)


def add(curve: Curve, one: Affine, other: Affine) -> Affine | None:
    """Return the sum of two points."""
    return _affine(curve, _add(curve, (*one, 1), (*other, 1)))


def _multiples(curve: Curve, point: Affine) -> list[_Jacobian]:
    found = [_INFINITY, (*point, 1)]
    while len(found) < 1 << _WINDOW:
        found.append(_add(curve, found[-1], found[1]))
    return found


def _affine(curve: Curve, point: _Jacobian) -> Affine | None:
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, curve.p)
    square = inverse * inverse % curve.p
    return x * square % curve.p, y * square * inverse % curve.p


def _double(curve: Curve, point: _Jacobian) -> _Jacobian:
    x, y, z = point
    p = curve.p
    if z == 0 or y == 0:
        return _INFINITY
    y_square = y * y % p
    middle = 4 * x * y_square % p
    z_square = z * z % p
    slope = (3 * x * x + curve.a * z_square * z_square) % p
    x3 = (slope * slope - 2 * middle) % p
    y3 = (slope * (middle - x3) - 8 * y_square * y_square) % p
    return x3, y3, 2 * y * z % p


def _add(curve: Curve, one: _Jacobian, other: _Jacobian) -> _Jacobian:
    (x1, y1, z1), (x2, y2, z2), p = one, other, curve.p
    if z1 == 0 or z2 == 0:
        return other if z1 == 0 else one
    square1, square2 = z1 * z1 % p, z2 * z2 % p
    u1, u2 = x1 * square2 % p, x2 * square1 % p
    s1, s2 = y1 * square2 * z2 % p, y2 * square1 * z1 % p
    if u1 == u2:
        return _double(curve, one) if s1 == s2 else _INFINITY
    across, up = (u2 - u1) % p, (s2 - s1) % p
    across2 = across * across % p
    across3 = across2 * across % p
    middle = u1 * across2 % p
    x3 = (up * up - across3 - 2 * middle) % p
    y3 = (up * (middle - x3) - s1 * across3) % p
    return x3, y3, z1 * z2 * across % p
