"""Who lets terminals read fingerprints: a country's CVCA, its document verifier, a terminal.

Each certificate is signed by the one above. Keys are made anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from edge.documents import tlv
from edge.documents.chip import cv_certificate as cv
from edge.documents.chip.cv_certificate import CvCertificate, date_digits
from edge.documents.chip.protocols import INSPECTION_SYSTEM, TERMINAL_AUTHENTICATION
from edge.documents.chip.standard_groups import KNOWN_CURVES
from edge.documents.chip.terminal_authentication import Terminal

ECDSA_SHA256 = TERMINAL_AUTHENTICATION + bytes([2, 3])
CVCA, DOMESTIC_DV, TERMINAL = 0b11, 0b10, 0b00  # the role, in the top two bits
FINGERS, IRISES = 0b01, 0b10  # the rights, in the lowest two
_CURVE = next(curve for curve in KNOWN_CURVES if curve.name == "brainpoolP256r1")


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a certificate and its key."""

    certificate: CvCertificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def authority(country: str, today: date) -> Holder:
    """Return a country's CVCA, its certificate signed by itself, for three years."""
    return issue(f"{country}CVCA00001", CVCA << 6 | FINGERS | IRISES, today, today + _years(3))


def issue(name: str, rights: int, start: date, end: date, by: Holder | None = None) -> Holder:
    """Return a holder of ``rights``, certified by ``by`` (None: by itself)."""
    key = ec.generate_private_key(ec.BrainpoolP256R1())
    issuer = by.certificate.holder if by else name
    body = _body(issuer, name, _public_key(key, with_curve=by is None), rights, start, end)
    signature = _sign(by.key if by else key, body)
    raw = tlv.encode(cv.CERTIFICATE, body + tlv.encode(cv.SIGNATURE, signature))
    return Holder(CvCertificate.load(raw), key)


def terminal(country: str, today: date, rights: int = FINGERS | IRISES) -> tuple[Holder, Terminal]:
    """Return a CVCA and a terminal that its document verifier believes."""
    above = authority(country, today)
    verifier = issue(
        f"{country}DVDE00001", DOMESTIC_DV << 6 | 0b11, today, today + _years(1), above
    )
    own = issue(
        f"{country}ISLANE0001", TERMINAL << 6 | rights, today, today + timedelta(30), verifier
    )
    chain = (verifier.certificate, own.certificate)
    return above, Terminal(chain, own.key, own.certificate.holder)


def _years(count: int) -> timedelta:
    return timedelta(days=365 * count)


def _body(issuer: str, name: str, key: bytes, rights: int, start: date, end: date) -> bytes:
    role = tlv.encode(0x06, INSPECTION_SYSTEM) + tlv.encode(0x53, bytes([rights]))
    return tlv.encode(
        cv.BODY,
        tlv.encode(cv.PROFILE, b"\0")
        + tlv.encode(cv.AUTHORITY, issuer.encode("latin-1"))
        + key
        + tlv.encode(cv.HOLDER, name.encode("latin-1"))
        + tlv.encode(cv.AUTHORIZATION, role)
        + tlv.encode(cv.EFFECTIVE, date_digits(start))
        + tlv.encode(cv.EXPIRES, date_digits(end)),
    )


def _public_key(key: ec.EllipticCurvePrivateKey, *, with_curve: bool) -> bytes:
    numbers, size = key.public_key().public_numbers(), _CURVE.size
    point = _point(numbers.x, numbers.y)
    parts = [(0x06, ECDSA_SHA256)]
    if with_curve:
        parts += [(tag, n.to_bytes(size, "big")) for tag, n in _domain()]
        parts += [(0x84, _point(_CURVE.gx, _CURVE.gy)), (0x85, _CURVE.n.to_bytes(size, "big"))]
    parts += [(0x86, point)] + ([(0x87, b"\x01")] if with_curve else [])
    return tlv.encode(cv.KEY, b"".join(tlv.encode(tag, value) for tag, value in parts))


def _domain() -> list[tuple[int, int]]:
    return [(0x81, _CURVE.p), (0x82, _CURVE.a), (0x83, _CURVE.b)]


def _point(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(_CURVE.size, "big") + y.to_bytes(_CURVE.size, "big")


def _sign(key: ec.EllipticCurvePrivateKey, body: bytes) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(body, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(_CURVE.size, "big") + s.to_bytes(_CURVE.size, "big")
