"""What the chip's own proofs are worth: each counts only once its key is proven (Doc 9303-11 §6).

1. Chip authentication is worth what passive authentication says of EF.DG14, active authentication
   what it says of EF.DG15: EF.SOD lists the file, its hash is right, and who signed EF.SOD is
   believed. Else a success is undetermined; a failure stays one.
2. Chip authentication mapping is worth what the signature of EF.CardSecurity is worth, by the same
   chain of certificates as EF.SOD's.
3. That EF.CardAccess says what EF.DG14 says is worth as much as EF.DG14.
4. What a defect list knows of the series has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from edge.documents import chain as chains
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.chip import card_security
from edge.documents.chip.reader import Reading
from edge.documents.defects import chip_proof
from edge.documents.lds import LdsError
from edge.documents.passive_authentication import Outcome
from edge.documents.policy import DEFAULT, Policy
from edge.documents.result import Check, Status, aborted, failed, not_supported, undetermined
from edge.documents.security_object import listed_groups
from edge.documents.signatures import NotSupported
from edge.documents.trust import TrustStore

#: What the chip may prove; none is mandatory, as few chips can do them all.
NAMES = frozenset(
    {
        "pace",
        "card_access",
        "chip_authentication_mapping",
        "chip_authentication",
        "active_authentication",
        "terminal_authentication",
    }
)
_KEY_IN = {"chip_authentication": 14, "card_access": 14, "active_authentication": 15}
_PROVES = ("structure", "data_group_hashes", "signed_attributes", "signature", "issuer", "validity")
_IN_DEFECT_LISTS = {
    "chip_authentication": "ca",
    "active_authentication": "aa",
    "chip_authentication_mapping": "pace-cam",
}


def bound(
    reading: Reading,
    outcome: Outcome,
    store: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT,
) -> dict[str, Check]:
    """Return ``reading.authentications``, each as far as ``outcome`` proves its key."""
    listed = _listed(reading.files)
    found: dict[str, Check] = {}
    for name, check in reading.authentications.items():
        if name in _KEY_IN:
            check = _with_file(check, _KEY_IN[name], listed, outcome)
        elif name == "chip_authentication_mapping":
            check = _with_card_security(check, reading.files, store, at, policy)
        if name in _IN_DEFECT_LISTS:
            check = chip_proof(check, _IN_DEFECT_LISTS[name], outcome.defects)
        found[name] = check
    return found


def optional(checks: Mapping[str, Check]) -> frozenset[str]:
    """Return the chip's proofs that need not succeed: those it does not offer, or we cannot do.

    A proof that was given but whose key is not proven stays mandatory, and holds the verdict back.
    """
    free = (Status.NOT_SUPPORTED, Status.ABORTED)
    return frozenset(name for name in NAMES & set(checks) if checks[name].status in free)


def tolerated(checks: Mapping[str, Check], reading: Reading) -> dict[str, Check]:
    """Return ``checks`` with a failed PACE as undetermined where the caller allowed BAC after it.

    So the document is not rejected for it, and never accepted without an officer.
    """
    pace = checks.get("pace")
    if reading.protocol != "BAC" or pace is None or pace.status is not Status.FAILED:
        return dict(checks)
    return {**checks, "pace": undetermined(f"{pace.detail}; BAC was allowed")}


def _listed(files: Mapping[str, bytes]) -> tuple[int, ...]:
    with suppress(LdsError):
        return listed_groups(files.get("SOD", b""))
    return ()


def _with_file(check: Check, number: int, listed: tuple[int, ...], outcome: Outcome) -> Check:
    if check.status is not Status.SUCCESSFUL:
        return check
    if number not in listed:
        return undetermined(_but(check, f"EF.SOD does not list EF.DG{number}"))
    missing = [name for name in _PROVES if outcome.checks[name].status is not Status.SUCCESSFUL]
    if missing:
        return undetermined(_but(check, f"EF.DG{number} is not proven: {missing[0]}"))
    return check


def _but(check: Check, why: str) -> str:
    return f"{check.detail}; but {why}" if check.detail else why


def _with_card_security(
    check: Check, files: Mapping[str, bytes], store: TrustStore, at: datetime, policy: Policy
) -> Check:
    if check.status is not Status.SUCCESSFUL:
        return check
    proof = _answer(files, store, at, policy)
    if proof.status is Status.SUCCESSFUL:
        return check
    detail = _but(check, f"EF.CardSecurity is not proven: {proof.detail}")
    return failed(detail) if proof.status is Status.FAILED else undetermined(detail)


def _answer(files: Mapping[str, bytes], store: TrustStore, at: datetime, policy: Policy) -> Check:
    try:
        return card_security_check(files[card_security.FILE], store, at, policy)
    except KeyError:
        return aborted("it was not read")
    except NotSupported as error:
        return not_supported(str(error))
    except DECODING_ERRORS as error:
        return failed(str(error))


def card_security_check(
    raw: bytes, store: TrustStore, at: datetime, policy: Policy = DEFAULT
) -> Check:
    """Return whether EF.CardSecurity is what a state that we believe signed; the weakest answer.

    Raises LdsError, NotSupported, or one of ``DECODING_ERRORS`` over a certificate.
    """
    signed = card_security.read(raw).signed
    brought = [Certificate.load(der) for der in signed.certificates]
    signer = signed.signed_by(brought) or signed.signed_by(store)
    if signer is None:
        return undetermined("its signer's certificate is nowhere to be found")
    if not signed.digest_holds() or not signed.signature_holds(signer):
        return failed("its signature is wrong")
    chain = chains.find(signer, store, brought)
    answers = [
        chains.aged(chain, store, policy, at),
        chains.validity(chain, at),
    ]
    revoked = chains.revocation(chain, store, policy, at)
    if revoked.status is Status.FAILED:
        answers.append(revoked)
    wrong = [each for each in answers if each.status is Status.FAILED]
    doubtful = [each for each in answers if each.status is not Status.SUCCESSFUL]
    return (wrong or doubtful or answers)[0]
