"""Whether a signed list is to be believed (Doc 9303-12 §9, BSI TR-03129-2 §7.2).

1. Its signed attributes are about its content, and its signer's key signed them.
2. The signer's certificate, inside the list, was valid when it signed and is for such lists.
3. An authority signed the signer: one that is trusted already, or one that the list brings.
4. A list that brings its own authority proves nothing of itself: it is believed by the word of who
   gave it. Where it came by wire, ``anchored`` asks for a path from an authority that is trusted
   already, over link certificates if keys have changed since (Doc 9303-12 §7.1.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from edge.documents.certificate import Certificate
from edge.documents.signatures import NotSupported
from edge.documents.signed_data import Signed


class ListError(ValueError):
    """The list is not to be believed; the message says why."""


def verify(
    signed: Signed,
    usage: str,
    trusted: Iterable[Certificate] = (),
    links: Sequence[Certificate] = (),
    *,
    anchored: bool = False,
) -> datetime | None:
    """Return when the list was signed, if it says so; ListError if it is not to be believed.

    ``usage`` is the extended key usage that its signer needs; ``links`` are certificates of the
    list's own that may lead from a trusted key to a newer one. NotSupported if we cannot say.
    """
    brought = [Certificate.load(der) for der in signed.certificates]
    signer = _signer(signed, brought)
    when = signed.claimed.get("signing_time")
    issued = when if isinstance(when, datetime) else None
    if issued and not signer.valid[0] <= issued <= signer.valid[1]:
        raise ListError(f"signed on {issued:%Y-%m-%d}, when its signer was not valid")
    extended = signer.decoded.extended_key_usage_value
    if extended is None or usage not in [each.dotted for each in extended]:
        raise ListError("its signer may not sign such lists")
    path = _leading_to(signer, [*brought, *links])
    roots = adopt(trusted, path) if anchored else [*brought, *trusted]
    if not any(a.subject == signer.issuer and _authority_of(a, signer) for a in roots):
        raise ListError("no authority for its signer")
    return issued


def _signer(signed: Signed, brought: list[Certificate]) -> Certificate:
    signer = signed.signed_by(brought)
    if signer is None:
        raise ListError("its signer's certificate is missing")
    if signed.wrong:
        raise ListError(f"its signed attributes: {signed.wrong}")
    if not (signed.digest_holds() and signed.signature_holds(signer)):
        raise ListError("its signature is wrong")
    return signer


def _leading_to(signer: Certificate, links: Sequence[Certificate]) -> list[Certificate]:
    """Return those of ``links`` that may lie between a trusted key and ``signer``: very few."""
    found: list[Certificate] = []
    ends = [signer]
    while ends:
        wanted = {end.authority_key_id for end in ends} | {end.issuer for end in ends}
        wanted.discard(None)
        ends = [c for c in links if {c.key_id, c.subject} & wanted and c not in found]
        found += ends
    return found


def _authority_of(authority: Certificate, other: Certificate) -> bool:
    return authority.is_authority and authority.der != other.der and authority.signed(other)


def adopt(trusted: Iterable[Certificate], offered: Iterable[Certificate]) -> list[Certificate]:
    """Return ``trusted`` and those ``offered`` authorities that a key of it vouches for.

    A key is vouched for if it is a trusted one's, or a link certificate signed by such a key holds
    it; whichever way keys have changed, and over any number of changes.
    """
    believed = list(trusted)
    waiting = [c for c in offered if c.is_authority]
    grown = bool(waiting)
    while grown:
        proven = [c for c in waiting if _vouched(c, believed)]
        waiting = [c for c in waiting if c not in proven]
        believed += proven
        grown = bool(proven)
    return believed


def _vouched(certificate: Certificate, believed: Iterable[Certificate]) -> bool:
    for each in believed:
        if not {each.key_id, each.subject} & {certificate.authority_key_id, certificate.issuer}:
            continue
        try:
            if each.is_authority and each.signed(certificate):  # asked of few: it costs decoding
                return True
        except NotSupported:
            continue
    return False
