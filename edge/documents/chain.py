"""From the signer of a document to an authority that we believe (ICAO Doc 9303-12 §5, -11 §5.1).

1. Candidates are the authorities whose key the signer's certificate names, then those of its
   issuer's name. The key may be known by a self-signed or by a link certificate: either will do.
   Link certificates that the document brings are candidates once a believed authority vouches for
   them.
2. A candidate is the issuer if its key signed the certificate; nothing else makes it one.
3. A certificate for signing lists, or of an authority, or not for signing at all, proves no
   document, whoever signed it: failed.
4. The certificate names a key that we have, and that key did not sign it: forged, failed.
   No candidate signed it: we do not know the issuer, undetermined. A key or algorithm that we
   cannot compute with: not supported.
5. A signer on a signer list is believed by that list's word where no authority of it is known
   (TR-03135-1 §5.6.4.3.3).
6. An issuer or signer known only by a list that is too old is undetermined: it may have been taken
   off since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from edge.documents.certificate import Certificate
from edge.documents.countries import countries_of, same
from edge.documents.list_signature import adopt
from edge.documents.master_list import MAY_SIGN_LISTS
from edge.documents.policy import Policy, stale
from edge.documents.result import (
    Check,
    Status,
    aborted,
    failed,
    not_supported,
    successful,
    undetermined,
)
from edge.documents.signatures import NotSupported
from edge.documents.trust import TrustStore

# Extended key usages of the signers of master lists and of deviation lists (Doc 9303-12 §7.1.1.1).
_LIST_USAGES = (MAY_SIGN_LISTS, "2.23.136.1.1.8")


@dataclass(frozen=True, slots=True)
class Chain:
    """The signer, the authorities' certificates that prove it, and how the search ended."""

    signer: Certificate
    issuers: tuple[Certificate, ...]
    check: Check


def find(signer: Certificate, store: TrustStore, brought: Iterable[Certificate] = ()) -> Chain:
    """Return the chain from ``signer`` into ``store``, over links ``brought`` by the document."""
    if reason := _unfit(signer):
        return Chain(signer, (), failed(reason))
    links = [c for c in brought if c.der != signer.der and c.is_authority]
    linked = [c for c in adopt(store, links) if c in links] if links else []
    named = _authorities([*store.by_key_id(signer.authority_key_id), *linked], signer)
    others = [c for c in _authorities(store.by_name(signer.issuer), signer) if c not in named]
    proven, obstacles = [], []
    for candidate in (*named, *others):
        try:
            if candidate.signed(signer):
                proven.append(candidate)
        except NotSupported as obstacle:
            obstacles.append(str(obstacle))
    if not proven and (day := store.vouched_on(signer)):
        return Chain(signer, (), successful(f"on a signer list of {day:%Y-%m-%d}"))
    claimed = [c for c in named if c.key_id and c.key_id == signer.authority_key_id]
    return Chain(signer, tuple(proven), _found(proven, obstacles, claimed, store))


def _unfit(signer: Certificate) -> str:
    usage = signer.decoded.extended_key_usage_value
    if usage is not None and any(each.dotted in _LIST_USAGES for each in usage):
        return "the signer's certificate is for lists, not documents"
    if signer.is_authority:
        return "the signer's certificate is an authority's, which signs no document"
    keys = signer.decoded.key_usage_value
    if keys is not None and "digital_signature" not in keys.native:
        return "the signer's certificate is not for signing"
    return ""


def _authorities(candidates: list[Certificate], signer: Certificate) -> list[Certificate]:
    return [c for c in candidates if c.is_authority and c.der != signer.der]


def _found(
    proven: list[Certificate], obstacles: list[str], named: list[Certificate], store: TrustStore
) -> Check:
    if proven:
        return successful(f"signed by {proven[0]}")
    if obstacles:
        return not_supported("; ".join(obstacles))
    if named:
        return failed(f"names the key of {named[0]}, which did not sign it")
    return undetermined(f"untrusted issuer: none of {len(store)} trusted certificates signed it")


def aged(chain: Chain, store: TrustStore, policy: Policy, at: datetime) -> Check:
    """Return the chain's answer, or that the lists that give it are too old to give any."""
    if chain.check.status is not Status.SUCCESSFUL:
        return chain.check
    if store.as_of and stale(store.as_of, policy.oldest.snapshot, at):
        return undetermined(f"the snapshot of lists is of {store.as_of:%Y-%m-%d}: too old")
    listed = [store.listed_on(issuer) for issuer in chain.issuers]
    listed = listed or [store.vouched_on(chain.signer)]
    dates = [day for day in listed if day is not None]
    if len(dates) == len(listed) and stale(max(dates), policy.oldest.master_list, at):
        return undetermined(f"known by a list of {max(dates):%Y-%m-%d} only: too old")
    return chain.check


def validity(chain: Chain, at: datetime) -> Check:
    """Whether the signer, and an issuer where one is known, are valid on ``at``."""
    wrong = _not_valid("the signer", chain.signer, at)
    if wrong:
        return failed(wrong)
    reasons = [_not_valid("the issuer", issuer, at) for issuer in chain.issuers]
    if reasons and all(reasons):
        return failed(str(reasons[0]))
    return successful("" if reasons else "of the signer; its issuer is not known")


def _not_valid(who: str, certificate: Certificate, at: datetime) -> str | None:
    start, end = certificate.valid
    if at < start:
        return f"{who} is not valid before {start:%Y-%m-%d}"
    return f"{who} expired on {end:%Y-%m-%d}" if at > end else None


def country(chain: Chain, state: str | None, corrected: str | None = None) -> Check:
    """Whether zone, signer and issuer are of one country; ``state`` is DG1's, None if unread.

    ``corrected`` is what a defect list says that the signer's certificate should.
    """
    if state is None:
        return aborted("no issuing state: EF.DG1 was not read")
    expected, written = countries_of(state), corrected or chain.signer.country
    if not expected or written is None:
        missing = (
            f"state {state} is not in Doc 9303-3" if written else "the signer names no country"
        )
        return undetermined(missing)
    found = [written] if corrected else [written, *_countries(chain)]
    foreign = [c for c in found if not any(same(c, each) for each in expected)]
    if foreign:
        return failed(f"the zone is {state}'s, a certificate is of {foreign[0].upper()}")
    return successful(written.upper())


def _countries(chain: Chain) -> list[str]:
    """Return the countries of the issuers; some authorities leave theirs out."""
    return [c.country for c in chain.issuers if c.country]


def revocation(chain: Chain, store: TrustStore, policy: Policy, at: datetime) -> Check:
    """Whether the issuer has revoked the signer; only a current, signed list says no.

    An authority signs its lists with its present key, whichever key signed the signer (§7.1.4).
    """
    if not chain.issuers:
        return aborted("the issuer is not known")
    authorities = {c.der: c for c in (*chain.issuers, *store.by_name(chain.signer.issuer))}
    keys = [c for c in authorities.values() if c.is_authority]
    current = False
    for revoked in store.revocation_lists(chain.signer.issuer):
        if not any(revoked.signed_by(authority) for authority in keys):
            continue
        if chain.signer.serial in revoked.serials:
            return failed(f"the signer is on the list of {revoked.issued:%Y-%m-%d}")
        current |= revoked.current(at, policy.oldest.revocation_list)
    return successful() if current else undetermined("no current revocation list of the issuer")
