"""Certificate revocation lists of the states' authorities (ICAO Doc 9303-12 §7.1.4).

1. A list counts if its authority signed it, with its present key or an older one, and if it is of
   the day: not from the future, its next issue not overdue, and not older than the policy allows.
2. A list with a critical extension speaks of less than it seems to; we read none, so it is refused.
3. No such list leaves the question open; it never answers it. Once revoked, a signer stays so: an
   overdue list still says whom it names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from asn1crypto import crl

from edge.documents.certificate import DECODING_ERRORS, Certificate, CertificateError, name_of
from edge.documents.policy import stale
from edge.documents.signatures import NotSupported, algorithm, verifies


@dataclass(frozen=True)
class RevocationList:
    """One list: who issued it, when, until when it is current, and the serial numbers on it."""

    issuer: tuple[tuple[bytes, bytes], ...]
    issued: datetime
    next_issue: datetime | None
    serials: frozenset[int] = field(repr=False)
    _decoded: crl.CertificateList = field(repr=False)

    @classmethod
    def load(cls, der: bytes) -> RevocationList:
        """Read ``der``; CertificateError if it is no revocation list."""
        try:
            decoded = crl.CertificateList.load(der, strict=True)
            if decoded.critical_extensions:
                raise ValueError(f"critical: {', '.join(sorted(decoded.critical_extensions))}")
            body = decoded["tbs_cert_list"]
            return cls(
                name_of(body["issuer"].dump()),
                body["this_update"].native.astimezone(UTC),
                body["next_update"].native and body["next_update"].native.astimezone(UTC),
                frozenset(each["user_certificate"].native for each in body["revoked_certificates"]),
                decoded,
            )
        except DECODING_ERRORS as error:
            raise CertificateError(f"no revocation list: {error}") from error

    def signed_by(self, authority: Certificate) -> bool:
        """Whether ``authority`` signed it; a signature we cannot compute is none."""
        try:
            how = algorithm(self._decoded["signature_algorithm"])
            body = self._decoded["tbs_cert_list"].dump()
            return verifies(authority.key, how, self._decoded["signature"].native, body)
        except NotSupported:
            return False

    def current(self, at: datetime, oldest: int) -> bool:
        """Whether it is of the day ``at`` and no older than ``oldest`` days."""
        overdue = self.next_issue is not None and at > self.next_issue
        return self.issued <= at and not overdue and not stale(self.issued, oldest, at)
