"""From the signer of a document to an authority that we believe (ICAO Doc 9303-12 §5, -11 §5.1).

1. Candidates are the authorities whose key the signer's certificate names, then those of its
   issuer's name. The key may be known by a self-signed or by a link certificate: either will do.
2. A candidate is the issuer if its key signed the certificate; nothing else makes it one.
3. A certificate for signing lists proves no document, whoever signed it: failed.
4. The certificate names a key that we have, and that key did not sign it: forged, failed.
   No candidate signed it: we do not know the issuer, undetermined. A key or algorithm that we
   cannot compute with: not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.documents.certificate import Certificate
from edge.documents.countries import country_of, same
from edge.documents.master_list import MAY_SIGN_LISTS
from edge.documents.result import Check, aborted, failed, not_supported, successful, undetermined
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


def find(signer: Certificate, store: TrustStore) -> Chain:
    """Return the chain from ``signer`` into ``store``."""
    if _for_lists(signer):
        return Chain(signer, (), failed("the signer's certificate is for lists, not documents"))
    named = _authorities(store.by_key_id(signer.authority_key_id), signer)
    others = [c for c in _authorities(store.by_name(signer.issuer), signer) if c not in named]
    proven, obstacles = [], []
    for candidate in (*named, *others):
        try:
            if candidate.signed(signer):
                proven.append(candidate)
        except NotSupported as obstacle:
            obstacles.append(str(obstacle))
    return Chain(signer, tuple(proven), _found(proven, obstacles, named, store))


def _for_lists(signer: Certificate) -> bool:
    usage = signer.decoded.extended_key_usage_value
    return usage is not None and any(each.dotted in _LIST_USAGES for each in usage)


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


def country(chain: Chain, state: str | None) -> Check:
    """Whether zone, signer and issuer are of one country; ``state`` is DG1's, None if unread."""
    if state is None:
        return aborted("no issuing state: EF.DG1 was not read")
    expected, written = country_of(state), chain.signer.country
    if expected is None or written is None:
        missing = f"state {state} is not in ISO 3166" if written else "the signer names no country"
        return undetermined(missing)
    foreign = [c for c in (written, *_countries(chain)) if not same(c, expected)]
    if foreign:
        return failed(f"the zone is {state}'s, a certificate is of {foreign[0].upper()}")
    return successful(expected)


def _countries(chain: Chain) -> list[str]:
    """Return the countries of the issuers; some authorities leave theirs out."""
    return [c.country for c in chain.issuers if c.country]


def revocation(chain: Chain, store: TrustStore, at: datetime) -> Check:
    """Whether the issuer has revoked the signer; only a current, signed list says no."""
    if not chain.issuers:
        return aborted("the issuer is not known")
    current = False
    for revoked in store.revocation_lists(chain.issuers[0]):
        if not any(revoked.signed_by(issuer) for issuer in chain.issuers):
            continue
        if chain.signer.serial in revoked.serials:
            return failed(f"the signer is on the list of {revoked.issued:%Y-%m-%d}")
        current |= revoked.current(at)
    return successful() if current else undetermined("no current revocation list of the issuer")
