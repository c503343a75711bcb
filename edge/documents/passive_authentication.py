"""Passive authentication: whether the chip's data are what the state signed (Doc 9303-11 §5.1).

1. structure            EF.SOD is a signed LDS security object.
2. data_group_hashes    every data group that was read has the hash that EF.SOD lists, over its raw
                        bytes; DG1 must be among them.
3. unlisted_data_groups no data group is there that EF.SOD does not list: nobody signed that one.
4. com_matches_sod      EF.COM, which nobody signs, lists the same ones. For the record only.
5. signed_attributes    they carry the digest of that list.
6. signature            the document signer's key signed them.
7. issuer               an authority that we believe signed the signer's certificate.
8. validity             signer and issuer are valid on the day.
9. country              zone, signer and issuer are of one country.
10. algorithms          none is weaker than the policy allows.
11. revocation          the signer is not revoked. For the record, unless it is: few states' lists
                        are at hand, and without one the answer is undetermined.
12. defects             no defect is known of the signer's documents, or it is allowed for (see
                        ``defects``). For the record, unless it is failed, as above.

An unknown issuer is undetermined (TR-03135-1): the document may be good, we cannot tell. What is
wrong (hash, signature, dates, country, an unsigned data group) is failed. The verdict follows from
``result.verdict``: so an unknown issuer never gives accept, and a forgery always reject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.documents import chain as chains
from edge.documents import defects as corrections
from edge.documents import lds, security_object
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.chain import Chain
from edge.documents.defect_list import Defect
from edge.documents.lds import LdsError
from edge.documents.policy import DEFAULT, Policy, stale
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
from edge.documents.security_object import SecurityObject
from edge.documents.signatures import HASHES, NotSupported, key_strength
from edge.documents.trust import TrustStore

NAMES = (
    "structure",
    "data_group_hashes",
    "unlisted_data_groups",
    "com_matches_sod",
    "signed_attributes",
    "signature",
    "issuer",
    "validity",
    "country",
    "algorithms",
    "revocation",
    "defects",
)
FOR_THE_RECORD = frozenset({"com_matches_sod", "revocation", "defects"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, every check by name in the order above, and the signer's known defects.

    The defects are for the chip's own proofs: ``defects.chip_proof``.
    """

    verdict: Verdict
    checks: Mapping[str, Check]
    defects: tuple[Defect, ...] = ()


@dataclass(frozen=True, slots=True)
class _Terms:
    """By whom, on what day and by which rules a document is to be believed."""

    store: TrustStore
    at: datetime
    policy: Policy


def authenticate(
    files: Mapping[str, bytes], store: TrustStore, at: datetime, policy: Policy = DEFAULT
) -> Outcome:
    """Check the chip's ``files`` (``COM``, ``SOD``, ``DG1`` …) on the day ``at`` (with time zone).

    Never raises over what the files hold: whatever cannot be read is a check's answer.
    """
    checks, defects = _checks(files, _Terms(store, at, policy))
    return Outcome(verdict(checks, FOR_THE_RECORD), checks, defects)


_Answers = tuple[dict[str, Check], tuple[Defect, ...]]


def _checks(files: Mapping[str, bytes], terms: _Terms) -> _Answers:
    if "SOD" not in files:
        return _without_sod(undetermined("EF.SOD was not read")), ()
    try:
        sod = security_object.read(files["SOD"])
    except LdsError as error:
        return _without_sod(failed(str(error))), ()
    checks = {
        "structure": successful(),
        "data_group_hashes": _answer(lambda: hashes(files, sod)),
        "unlisted_data_groups": unlisted(files, sod),
        "com_matches_sod": com_matches(files, sod),
        "signed_attributes": _answer(lambda: signed_attributes(sod)),
    }
    return _with_signer(files, sod, terms, checks)


def _with_signer(
    files: Mapping[str, bytes], sod: SecurityObject, terms: _Terms, checks: dict[str, Check]
) -> _Answers:
    try:
        signer = _signer(sod, terms)
    except DECODING_ERRORS as error:
        wrong = failed(f"the signer's certificate is not readable: {error}")
        return checks | _without_signer(wrong), ()
    if signer is None:
        missing = undetermined("the signer's certificate is nowhere to be found")
        return checks | _without_signer(missing), ()
    oldest = terms.policy.oldest.defect_list
    defects = corrections.of(signer, terms.store.defect_lists, oldest, terms.at)
    checks |= _signer_checks(files, sod, signer, defects, terms)
    return corrections.healed(checks, defects), defects


def _without_sod(structure: Check) -> dict[str, Check]:
    return {name: aborted("there is no EF.SOD to go by") for name in NAMES} | {
        "structure": structure
    }


def _answer(check: Callable[[], Check]) -> Check:
    """Return what ``check`` says, or that it could not say."""
    try:
        return check()
    except NotSupported as error:
        return not_supported(str(error))
    except DECODING_ERRORS as error:
        return failed(f"a certificate or key is not readable: {error}")


def hashes(files: Mapping[str, bytes], sod: SecurityObject) -> Check:
    """Whether every listed data group that was read has its hash."""
    if sod.hash_algorithm not in HASHES:
        raise NotSupported(f"hash {sod.hash_algorithm}")
    read = [n for n in sorted(sod.hashes) if f"DG{n}" in files]
    wrong = [f"DG{n}" for n in read if _digest(sod, files[f"DG{n}"]) != sod.hashes[n]]
    if wrong:
        return failed(f"not what was signed: {', '.join(wrong)}")
    unread = [f"DG{n}" for n in sorted(sod.hashes) if n not in read]
    detail = f"not read: {', '.join(unread)}" if unread else ""
    return successful(detail) if 1 in read else undetermined(f"EF.DG1 is not proven; {detail}")


def _digest(sod: SecurityObject, raw: bytes) -> bytes:
    return hashlib.new(sod.hash_algorithm, raw).digest()


def unlisted(files: Mapping[str, bytes], sod: SecurityObject) -> Check:
    """Whether every data group that is there was signed."""
    extra = [name for name in files if name.startswith("DG") and int(name[2:]) not in sod.hashes]
    if extra:
        return failed(f"signed by nobody: {', '.join(sorted(extra))}")
    return successful()


def com_matches(files: Mapping[str, bytes], sod: SecurityObject) -> Check:
    """Whether EF.COM lists what EF.SOD lists."""
    if "COM" not in files:
        return undetermined("EF.COM was not read")
    try:
        listed = set(lds.com(files["COM"]).data_groups)
    except LdsError as error:
        return undetermined(str(error))
    different = sorted(listed ^ set(sod.hashes))
    if different:
        return undetermined(f"only one of them lists {', '.join(f'DG{n}' for n in different)}")
    return successful()


def signed_attributes(sod: SecurityObject) -> Check:
    """Whether what was signed is this list of hashes."""
    if sod.signed.wrong:
        return failed(sod.signed.wrong)
    return successful() if sod.signed.digest_holds() else failed("they are about other content")


def _signer(sod: SecurityObject, terms: _Terms) -> Certificate | None:
    brought = [Certificate.load(der) for der in sod.signed.certificates]
    found = sod.signed.signed_by(brought) or sod.signed.signed_by(terms.store)
    oldest = terms.policy.oldest.defect_list
    lists = [d for d in terms.store.defect_lists if not stale(d.issued, oldest, terms.at)]
    if found or not lists:
        return found
    return corrections.misnamed(sod.signed.signer["sid"], lists, [*brought, *terms.store])


def _without_signer(signed: Check) -> dict[str, Check]:
    after = NAMES[NAMES.index("signature") :]
    return {name: aborted("there is no signer to go by") for name in after} | {"signature": signed}


def signature(sod: SecurityObject, signer: Certificate) -> Check:
    """Whether the signer's key signed it."""
    right = sod.signed.signature_holds(signer)
    how = str(sod.signed.algorithm)
    return successful(how) if right else failed(f"wrong ({how})")


def _signer_checks(
    files: Mapping[str, bytes],
    sod: SecurityObject,
    signer: Certificate,
    defects: tuple[Defect, ...],
    terms: _Terms,
) -> dict[str, Check]:
    store, at, policy = terms.store, terms.at, terms.policy
    chain = _chain(sod, signer, defects, terms)
    oldest, corrected = policy.oldest.defect_list, corrections.country
    return {
        "signature": _answer(lambda: signature(sod, chain.signer)),
        "issuer": _answer(lambda: chains.aged(chain, store, policy, at)),
        "validity": _answer(lambda: chains.validity(chain, at)),
        "country": _answer(lambda: chains.country(chain, issuing_state(files), corrected(defects))),
        "algorithms": _answer(lambda: algorithms(sod, chain, policy)),
        "revocation": _answer(lambda: chains.revocation(chain, store, policy, at)),
        "defects": _answer(lambda: corrections.known(defects, store.defects_as_of, oldest, at)),
    }


def _chain(
    sod: SecurityObject, signer: Certificate, defects: tuple[Defect, ...], terms: _Terms
) -> Chain:
    if replaced := corrections.replacement(defects):
        return Chain(replaced, (), successful("replaced by a defect list"))
    try:
        brought = [Certificate.load(der) for der in sod.signed.certificates]
        return chains.find(signer, terms.store, brought)
    except DECODING_ERRORS as error:
        return Chain(signer, (), failed(f"a certificate is not readable: {error}"))


def issuing_state(files: Mapping[str, bytes]) -> str | None:
    """Return the issuing state in EF.DG1, None where it is not there or not readable."""
    try:
        return lds.dg1(files["DG1"]).fields["issuing_state"]
    except (KeyError, LdsError):
        return None


def algorithms(sod: SecurityObject, chain: Chain, policy: Policy) -> Check:
    """Whether hashes, signatures and keys, the issuer's too, are strong enough to be evidence."""
    how = (sod.signed.algorithm, chain.signer.algorithm)
    used = {sod.hash_algorithm, sod.signed.digest, *(each.hash for each in how)}
    used |= {each.mask_hash for each in how if each.mask_hash}
    keys = {key_strength(each.key) for each in (chain.signer, *chain.issuers)}
    return policy.algorithms.judge(used, {each.family for each in how}, keys)
