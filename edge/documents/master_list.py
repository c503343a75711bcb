"""CSCA master lists: certificates of many states, signed by one (ICAO Doc 9303-12 §9).

1. A list counts only if its own signature is right, its signer was valid when it signed and may
   sign lists, and an authority that comes with the list, or is trusted already, signed the signer.
2. All or nothing: a list that fails gives no certificate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from edge.documents import tlv
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.security_object import MASTER_LIST, Signed, signed_data
from edge.documents.signatures import NotSupported

MAY_SIGN_LISTS = "2.23.136.1.1.3"  # id-icao-mrtd-security-masterListSigner, an extended key usage

_SIGNED_DATA = bytes.fromhex("06092A864886F70D010702")


class MasterListError(ValueError):
    """The list is not to be believed; the message says why."""


def looks_like(der: bytes) -> bool:
    """Whether ``der`` starts as a signed CMS structure does, and not as a certificate."""
    return _SIGNED_DATA in der[:24]


def read(der: bytes, trusted: Iterable[Certificate] = ()) -> tuple[Certificate, ...]:
    """Return the certificates of a master list; MasterListError if it does not hold."""
    try:
        signed = signed_data(der)
        if signed.content_type != MASTER_LIST:
            raise MasterListError(f"content of type {signed.content_type}, not a master list")
        _verify(signed, trusted)
        _, certificates = tlv.children(tlv.read(signed.content))[:2]
        return tuple(_certificates(certificates))
    except (*DECODING_ERRORS, NotSupported) as error:
        if isinstance(error, MasterListError):
            raise
        raise MasterListError(f"not readable: {error}") from error


def _certificates(container: tlv.Tlv) -> Iterable[Certificate]:
    at = 0
    while at < len(container.value):
        found = tlv.read(container.value, at)
        yield Certificate.load(container.value[at : found.end])
        at = found.end


def _verify(signed: Signed, trusted: Iterable[Certificate]) -> None:
    brought = [Certificate.load(der) for der in signed.certificates]
    signer = signed.signed_by(brought)
    if signer is None:
        raise MasterListError("its signer's certificate is missing")
    if not (signed.digest_holds() and signed.signature_holds(signer)):
        raise MasterListError("its signature is wrong")
    when = signed.claimed.get("signing_time")
    if isinstance(when, datetime) and not signer.valid[0] <= when <= signer.valid[1]:
        raise MasterListError(f"signed on {when:%Y-%m-%d}, when its signer was not valid")
    usage = signer.decoded.extended_key_usage_value
    if usage is None or MAY_SIGN_LISTS not in [each.dotted for each in usage]:
        raise MasterListError("its signer may not sign master lists")
    authorities = [c for c in (*brought, *trusted) if c.is_authority and c.der != signer.der]
    if not any(a.subject == signer.issuer and a.signed(signer) for a in authorities):
        raise MasterListError("no authority for its signer")
