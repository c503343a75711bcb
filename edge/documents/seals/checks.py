"""Whether a digital seal is genuine and of this document (BSI TR-03135-1 §5.9, §5.7.7).

1. structure   it is a seal: VDS (Doc 9303-13) or VDS-NC.
2. signature   the signer's key signed it; its certificate is the one that the header names, among
               those given to us, or in the seal itself (VDS-NC).
3. signer      an authority that we believe signed the signer's certificate.
4. validity    the signer was valid when it signed, and nobody signed in the future.
5. country     seal, signer and issuer are of one country.
6. algorithms  none is weaker than the policy allows.
7. revocation  the signer is not revoked. For the record, unless it is.
8. mrz         the printed zone agrees with what is sealed; a seal may hold only part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from edge.documents import chain as chains
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.chain import Chain
from edge.documents.countries import same
from edge.documents.mrz import Mrz
from edge.documents.policy import DEFAULT, Policy
from edge.documents.result import (
    Check,
    Verdict,
    aborted,
    failed,
    not_supported,
    successful,
    undetermined,
    verdict,
)
from edge.documents.seals import vds, vds_nc
from edge.documents.seals.errors import SealError
from edge.documents.seals.match import matches
from edge.documents.seals.vds import Vds
from edge.documents.seals.vds_nc import VdsNc
from edge.documents.signatures import Algorithm, NotSupported, curve_of, key_strength, verifies
from edge.documents.trust import TrustStore

__all__ = ["FOR_THE_RECORD", "NAMES", "Outcome", "Seal", "check", "read"]

NAMES = (
    "structure",
    "signature",
    "signer",
    "validity",
    "country",
    "algorithms",
    "revocation",
    "mrz",
)
FOR_THE_RECORD = frozenset({"revocation"})
_HASH_OF_BITS = ((224, "sha224"), (256, "sha256"), (384, "sha384"), (521, "sha512"))
_DAY = timedelta(days=1)  # a header has days, not hours, and the world has time zones

Seal = Vds | VdsNc


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, every check by name in the order above, and the seal where it could be read."""

    verdict: Verdict
    checks: Mapping[str, Check]
    seal: Seal | None = None


def read(raw: bytes) -> Seal:
    """Read the content of a bar code as whichever seal it is; SealError if it is none."""
    return vds_nc.read(raw) if vds_nc.looks_like(raw) else vds.read(raw)


def check(
    raw: bytes,
    store: TrustStore,
    at: datetime,
    printed: Mrz | None = None,
    policy: Policy = DEFAULT,
) -> Outcome:
    """Check a bar code's content on the day ``at`` against the zone ``printed`` on the document.

    Never raises over what the seal holds: whatever cannot be read is a check's answer.
    """
    try:
        seal = read(raw)
    except SealError as error:
        answers = _without_seal(failed(str(error)))
        return Outcome(verdict(answers, FOR_THE_RECORD), answers)
    answers = {"structure": successful()} | _signer_checks(seal, store, at, policy)
    answers["mrz"] = matches(seal, printed)
    return Outcome(verdict(answers, FOR_THE_RECORD), answers, seal)


def _without_seal(structure: Check) -> dict[str, Check]:
    return {name: aborted("there is no seal to go by") for name in NAMES} | {"structure": structure}


def _signer_checks(seal: Seal, store: TrustStore, at: datetime, policy: Policy) -> dict[str, Check]:
    signer = _signer(seal, store)
    if signer is None:
        without = {name: aborted("there is no signer to go by") for name in NAMES[1:-1]}
        return without | {"signature": undetermined("the signer's certificate is not at hand")}
    try:
        chain = chains.find(signer, store)
    except DECODING_ERRORS as error:
        chain = Chain(signer, (), failed(f"a certificate is not readable: {error}"))
    return {
        "signature": _answer(lambda: signature(seal, signer)),
        "signer": _answer(lambda: chains.aged(chain, store, policy, at)),
        "validity": _answer(lambda: validity(seal, chain, at)),
        "country": _answer(lambda: chains.country(chain, seal_country(seal))),
        "algorithms": _answer(lambda: algorithms(seal, chain, policy)),
        "revocation": _answer(lambda: chains.revocation(chain, store, policy, at)),
    }


def _answer(work: Callable[[], Check]) -> Check:
    try:
        return work()
    except NotSupported as error:
        return not_supported(str(error))
    except DECODING_ERRORS as error:
        return failed(f"a certificate or key is not readable: {error}")


def seal_country(seal: Seal) -> str:
    """Return the issuing state as in a zone, its fillers taken off."""
    return (seal.header.country if isinstance(seal, Vds) else seal.country).rstrip("<")


def _signer(seal: Seal, store: TrustStore) -> Certificate | None:
    """Return the certificate of country + common name, and serial number, that the header names."""
    if isinstance(seal, VdsNc):
        return seal.signer
    country, name = seal.header.signer[:2], seal.header.signer[2:]
    try:
        serial = int(seal.header.certificate, 16)
    except ValueError:
        return None
    for candidate in store:
        if candidate.serial != serial or not same(candidate.country or "", country):
            continue
        if (candidate.common_name or "").upper() == name:
            return candidate
    return None


def _how(seal: Seal, signer: Certificate) -> Algorithm:
    if isinstance(seal, VdsNc):
        return Algorithm("ecdsa", vds_nc.ALGORITHMS[seal.algorithm], plain=True)
    bits = curve_of(signer.key).n.bit_length()
    name = next(name for most, name in _HASH_OF_BITS if bits <= most)
    return Algorithm("ecdsa", name, plain=True)


def signature(seal: Seal, signer: Certificate) -> Check:
    """Whether the signer's key signed it."""
    how = _how(seal, signer)
    right = verifies(signer.key, how, seal.signature, seal.data)
    return successful(str(how)) if right else failed(f"wrong ({how})")


def validity(seal: Seal, chain: Chain, at: datetime) -> Check:
    """Whether signer and issuer were valid on the day of signing, which is past."""
    if isinstance(seal, VdsNc):
        return chains.validity(chain, at)
    signed = _midnight(seal.header.signed)
    if signed > at + _DAY:
        return failed(f"signed on {seal.header.signed}, which is to come")
    start, end = chain.signer.valid
    if not start - _DAY <= signed <= end:
        return failed(f"signed on {seal.header.signed}, when the signer was not valid")
    expired = [issuer for issuer in chain.issuers if issuer.valid[1] < at]
    if chain.issuers and len(expired) == len(chain.issuers):
        return failed(f"the issuer expired on {expired[0].valid[1]:%Y-%m-%d}")
    return successful()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def algorithms(seal: Seal, chain: Chain, policy: Policy) -> Check:
    """Whether hash, signature and keys are strong enough to be evidence."""
    how = (_how(seal, chain.signer), chain.signer.algorithm)
    keys = {key_strength(each.key) for each in (chain.signer, *chain.issuers)}
    families = {each.family for each in how}
    return policy.algorithms.judge({each.hash for each in how}, families, keys)
