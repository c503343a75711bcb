"""What the known defects of a series do to its checks (BSI TR-03135-1 §5.8.2).

1. A revoked signer (§5.8.2.1.1): failed or undetermined, by the status code of table 5.54.
2. What a defect list corrects is used in place of what the document has: the signer's certificate,
   its identifier, its country. The list's own signature answers for it.
3. Where a defect makes a check fail on good documents, its failure is undetermined: validity
   period, security object, chip protocols. It is never successful by that.
4. A key that is out makes the chip's proof failed, however well it was given.
5. A defect that we do not know, or that cannot be healed, leaves the document undetermined.
6. A list that is too old heals nothing any more; what it holds against a signer stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from asn1crypto import cms

from edge.documents import tlv
from edge.documents.certificate import Certificate, CertificateError
from edge.documents.defect_list import Defect, DefectList, Kind
from edge.documents.policy import stale
from edge.documents.result import Check, Status, failed, successful, undetermined
from edge.documents.signed_data import named
from edge.documents.tlv import TlvError

_NOT_TRUSTED = {0: "no reason given", 2: "for tests", 3: "by its issuer", 4: "by the list's signer"}
_SIGNER_PERIOD, _ISSUER_PERIOD = (1, 2), (0, 2)
#: Authentication Protocol Failure: status codes by the protocol that is known to fail (§7.3.1.5).
PROTOCOLS: Mapping[str, tuple[int, ...]] = {
    "ca": (0, 2, 4, 6),
    "aa": (1, 2, 5, 6),
    "pace-cam": (3, 4, 5, 6),
}
_COMPROMISED = {"ca": Kind.CHIP_AUTHENTICATION_KEYS, "aa": Kind.ACTIVE_AUTHENTICATION_KEYS}
_UNHEALED = (Kind.SIGNER_MALFORMED, Kind.UNKNOWN, Kind.DATA_GROUP_MALFORMED)
_AGAINST = (Kind.CERTIFICATE_REVOKED, *_COMPROMISED.values(), *_UNHEALED)


def of(
    signer: Certificate, lists: Iterable[DefectList], oldest: int, at: datetime
) -> tuple[Defect, ...]:
    """Return what ``lists`` say of the documents that ``signer`` signed, as far as it counts."""
    return tuple(
        defect
        for each in lists
        for defect in each.of(signer)
        if defect.kind in _AGAINST or not stale(each.issued, oldest, at)
    )


def known(defects: Iterable[Defect], as_of: datetime | None, oldest: int, at: datetime) -> Check:
    """Return the check of the defects themselves; ``as_of`` is the newest list's day, if any."""
    listed = tuple(defects)
    if revoked := revocation(listed):
        return revoked
    kinds = ", ".join(sorted({defect.kind.name.lower() for defect in listed}))
    if any(defect.kind in _UNHEALED for defect in listed):
        return undetermined(f"known defects: {kinds}")
    if as_of is None:
        return undetermined("no defect list at hand")
    if stale(as_of, oldest, at):
        return undetermined(f"the newest defect list is of {as_of:%Y-%m-%d}: too old")
    return successful(f"known and allowed for: {kinds}" if kinds else "")


def revocation(defects: Sequence[Defect]) -> Check | None:
    """Return what the defect list says of the signer's revocation, None if nothing."""
    codes = [_code(d) for d in defects if d.kind is Kind.CERTIFICATE_REVOKED]
    if not codes:
        return None
    reasons = [_NOT_TRUSTED[code] for code in codes if code in _NOT_TRUSTED]
    if reasons:
        return failed(f"the signer is revoked by a defect list: {reasons[0]}")
    return undetermined(f"the signer's revocation is being looked into (status {codes[0]})")


def replacement(defects: Iterable[Defect]) -> Certificate | None:
    """Return the certificate that a list gives in place of the signer's, None if it gives none."""
    for defect in defects:
        if defect.kind is Kind.CERTIFICATE_REPLACED:
            try:
                return Certificate.load(tlv.read(defect.parameter).value)
            except (TlvError, CertificateError):
                continue
    return None


def country(defects: Iterable[Defect]) -> str | None:
    """Return the country that a list gives in place of the signer's, None if it gives none."""
    given = [d.parameter for d in defects if d.kind is Kind.ISSUING_COUNTRY]
    return tlv.read(given[0]).value.decode("latin-1") if given and given[0] else None


def misnamed(
    identifier: cms.SignerIdentifier, lists: Iterable[DefectList], among: Iterable[Certificate]
) -> Certificate | None:
    """Return the signer that a list names in place of a wrong ``identifier``, None if none does."""
    wrong = identifier.dump()
    corrected = [
        cms.SignerIdentifier.load(defect.parameter)
        for each in lists
        for entry in each.entries
        if entry.signer is not None and entry.signer.dump() == wrong
        for defect in entry.defects
        if defect.kind is Kind.WRONG_SIGNER_IDENTIFIER
    ]
    candidates = list(among)
    return next((c for each in corrected if (c := named(each, candidates))), None)


def healed(checks: Mapping[str, Check], defects: Sequence[Defect]) -> dict[str, Check]:
    """Return passive authentication's ``checks`` with what the defects change of them."""
    result = dict(checks)
    periods = {_code(d) for d in defects if d.kind is Kind.VALIDITY_PERIOD}
    if periods.intersection({*_SIGNER_PERIOD, *_ISSUER_PERIOD}):
        result["validity"] = _softened(checks["validity"])
    kinds = {defect.kind for defect in defects}
    if Kind.SECURITY_OBJECT_INVALID in kinds:
        for name in ("signature", "signed_attributes"):
            result[name] = _softened(checks[name])
    if Kind.COM_SOD_DISCREPANCY in kinds:
        result["com_matches_sod"] = successful("they differ, as is known of this series")
    if Kind.SIGNER_MALFORMED in kinds:
        result["issuer"] = undetermined("the signer's certificate is known to be malformed")
    if revoked := revocation(defects):
        result["revocation"] = revoked
    return result


def chip_proof(check: Check, protocol: str, defects: Iterable[Defect]) -> Check:
    """Return the answer of protocol ``ca``, ``aa`` or ``pace-cam``, with what is known of it."""
    listed = tuple(defects)
    if _COMPROMISED.get(protocol) in {defect.kind for defect in listed}:
        return failed(f"this series' keys for {protocol.upper()} are known to be out")
    codes = {_code(d) for d in listed if d.kind is Kind.PROTOCOL_FAILURE}
    return _softened(check) if codes.intersection(PROTOCOLS[protocol]) else check


def _softened(check: Check) -> Check:
    if check.status is not Status.FAILED:
        return check
    return undetermined(f"{check.detail}; a known defect of this series")


def _code(defect: Defect) -> int:
    """Return the defect's status code; 0, no indication, where there is none."""
    try:
        return int.from_bytes(tlv.read(defect.parameter).value, "big")
    except TlvError:
        return 0
