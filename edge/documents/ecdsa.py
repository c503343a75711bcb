"""ECDSA verification on any prime curve (TR-03111 §4.2.1.2), for those that `cryptography` lacks.

1. Both halves of the signature lie in 1 … n - 1, and the key is a point of the curve.
2. With e the leftmost bits of the digest, u = e/s and v = r/s, the x of uG + vQ equals r modulo n.
Only public values are handled, so nothing here needs to take constant time.
"""

from __future__ import annotations

from edge.documents.curves import Curve

Point = tuple[int, int] | None  # None is the point at infinity


def verify(curve: Curve, key: tuple[int, int], digest: bytes, r: int, s: int) -> bool:
    """Whether (r, s) signs ``digest`` under ``key``."""
    if not (0 < r < curve.n and 0 < s < curve.n and on_curve(curve, key)):
        return False
    excess = max(0, 8 * len(digest) - curve.n.bit_length())
    e = int.from_bytes(digest, "big") >> excess
    inverse = pow(s, -1, curve.n)
    point = _sum_of_products(curve, e * inverse % curve.n, r * inverse % curve.n, key)
    return point is not None and point[0] % curve.n == r


def on_curve(curve: Curve, point: tuple[int, int]) -> bool:
    """Whether ``point`` lies on ``curve``."""
    x, y = point
    inside = 0 <= x < curve.p and 0 <= y < curve.p
    return inside and (y * y - (x * x * x + curve.a * x + curve.b)) % curve.p == 0


def _sum_of_products(curve: Curve, u: int, v: int, key: tuple[int, int]) -> Point:
    """Return uG + vQ, both at once, bit by bit from the top."""
    base = (curve.gx, curve.gy)
    choices: tuple[Point, ...] = (None, base, key, _add(curve, base, key))
    total: Point = None
    for bit in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
        total = _add(curve, total, total)
        total = _add(curve, total, choices[(u >> bit & 1) | (v >> bit & 1) << 1])
    return total


def _add(curve: Curve, one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2), p = one, other, curve.p
    if x1 == x2:
        if (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 + curve.a) * pow(2 * y1, -1, p) % p
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, p) % p
    x3 = (slope * slope - x1 - x2) % p
    return x3, (slope * (x1 - x3) - y1) % p
