"""Certificate revocation lists of the states' authorities (ICAO Doc 9303-12 §7.1.4).

A list counts if the authority signed it and it is of the day: not from the future, and its next
issue not overdue. No such list leaves the question open; it never answers it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from asn1crypto import crl

from edge.documents.certificate import DECODING_ERRORS, Certificate, CertificateError, name_of
from edge.documents.signatures import algorithm, verifies


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
        """Whether ``authority`` signed it; NotSupported if we cannot say."""
        how = algorithm(self._decoded["signature_algorithm"])
        body = self._decoded["tbs_cert_list"].dump()
        return verifies(authority.key, how, self._decoded["signature"].native, body)

    def current(self, at: datetime) -> bool:
        """Whether it is of the day ``at``."""
        return self.issued <= at and (self.next_issue is None or at <= self.next_issue)
