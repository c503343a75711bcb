"""Digital seals for non-constrained environments: JSON in a QR code (ICAO TR VDS-NC; Doc 9303-13).

1. An object with ``data`` (``hdr``: type, version, issuing state; ``msg``) and ``sig`` (algorithm,
   the signer's certificate, the signature; both base64url).
2. What is signed is ``data`` in canonical form (RFC 8785): members in the order of their UTF-16
   code units, no white space. Numbers are whole; no seal has others.
3. A member that is there twice is refused: two readers could see two seals.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from edge.documents.certificate import Certificate, CertificateError
from edge.documents.seals.errors import SealError

LONGEST = 8192  # bytes; a QR code holds at most 2953
ALGORITHMS = {"ES256": "sha256", "ES384": "sha384", "ES512": "sha512"}


@dataclass(frozen=True, slots=True)
class VdsNc:
    """One seal: its type (``icao.test``), version, issuing state, message, and signature."""

    kind: str
    version: int
    country: str
    message: Mapping[str, Any] = field(repr=False)
    algorithm: str
    signer: Certificate
    data: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def person(self) -> Mapping[str, Any]:
        """Whom it is about: ``n`` name, ``dob`` birth, ``i`` or ``dn`` document number."""
        found = self.message.get("pid", {})
        return found if isinstance(found, dict) else {}


def looks_like(raw: bytes) -> bool:
    """Whether ``raw`` starts as JSON."""
    return raw.lstrip()[:1] == b"{"


def read(raw: bytes) -> VdsNc:
    """Read a seal; SealError if it is none."""
    if len(raw) > LONGEST:
        raise SealError(LONGEST, f"{len(raw)} bytes are no bar code")
    whole = _parsed(raw)
    data, signature = _object(whole, "data"), _object(whole, "sig")
    header = _object(data, "hdr")
    algorithm = _string(signature, "alg")
    if algorithm not in ALGORITHMS:
        raise SealError(0, f"signed with {algorithm!r}; there are {', '.join(ALGORITHMS)}")
    try:
        signer = Certificate.load(_bytes(signature, "cer"))
    except CertificateError as error:
        raise SealError(0, f"sig.cer: {error}") from error
    version = header.get("v")
    if not isinstance(version, int):
        raise SealError(0, "hdr.v is no number")
    return VdsNc(
        _string(header, "t"),
        version,
        _string(header, "is"),
        _object(data, "msg"),
        algorithm,
        signer,
        canonical(data),
        _bytes(signature, "sigvl"),
    )


def canonical(value: object) -> bytes:
    """Return ``value`` as RFC 8785 writes it."""
    return json.dumps(
        _ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode("utf-8")


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        ranked = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return {name: _ordered(value[name]) for name in ranked}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_each_once,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
        canonical(whole)  # a lone surrogate has no form
    except SealError:
        raise
    except (ValueError, RecursionError) as error:
        raise SealError(0, f"no JSON of a seal: {type(error).__name__}") from error
    if not isinstance(whole, dict):
        raise SealError(0, "JSON, and no object")
    return whole


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise SealError(0, "a member is there twice")
    return members


def _no_number(text: str) -> NoReturn:
    raise SealError(0, f"{text[:20]} is no whole number")


def _object(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = parent.get(name)
    if not isinstance(found, dict):
        raise SealError(0, f"has no object {name!r}")
    return found


def _string(parent: Mapping[str, Any], name: str) -> str:
    found = parent.get(name)
    if not isinstance(found, str) or len(found) > LONGEST:
        raise SealError(0, f"has no text {name!r}")
    return found


def _bytes(parent: Mapping[str, Any], name: str) -> bytes:
    text = _string(parent, name).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealError(0, f"{name} is no base64url") from error
