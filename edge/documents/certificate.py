"""A certificate read only as far as finding it takes; the rest when it is asked for.

A master list holds some six hundred. Who issued whom is decided by the key identifiers and names
alone, so only those are read at once; keys, dates and signatures of the one or two that matter
are decoded on demand. A certificate keeps the very bytes it came as.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from asn1crypto import keys, x509

from edge.documents import tlv
from edge.documents.signatures import Algorithm, algorithm, verifies
from edge.documents.tlv import Tlv, TlvError

_VERSION, _EXTENSIONS = 0xA0, 0xA3
_SUBJECT_KEY_ID = bytes.fromhex("0603551D0E")
_COUNTRY, _COMMON_NAME = bytes.fromhex("550406"), bytes.fromhex("550403")

#: What the decoder raises over bytes that are not what they should be. Nesting without end is one.
DECODING_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class CertificateError(ValueError):
    """The bytes are no X.509 certificate, or one whose asked-for part cannot be read."""


@dataclass(frozen=True)
class Certificate:
    """One X.509 certificate. ``subject`` and ``issuer`` are names made comparable."""

    der: bytes = field(repr=False)
    serial: int
    subject: tuple[tuple[bytes, bytes], ...]
    issuer: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    key_id: bytes | None = field(repr=False)

    @classmethod
    def load(cls, der: bytes) -> Certificate:
        """Read ``der``; CertificateError if it is no certificate."""
        try:
            outer = tlv.read(der)
            parts = tlv.children(tlv.children(outer)[0])
            parts = parts[1:] if parts[0].tag == _VERSION else parts
            serial, _, issuer, _, subject = parts[:5]
            extensions = next((p.value for p in parts if p.tag == _EXTENSIONS), b"")
            key_id = _subject_key_id(extensions)
            return cls(
                der[: outer.end],
                int.from_bytes(serial.value, "big", signed=True),
                _name(subject),
                _name(issuer),
                key_id,
            )
        except (TlvError, IndexError, ValueError) as error:
            raise CertificateError(f"no certificate: {error}") from error

    @cached_property
    def decoded(self) -> x509.Certificate:
        """Everything it says, decoded; parts of it may still fail to decode when touched."""
        return x509.Certificate.load(self.der)

    @property
    def key(self) -> keys.PublicKeyInfo:
        """Its public key."""
        return self.decoded.public_key

    @cached_property
    def valid(self) -> tuple[datetime, datetime]:
        """From when to when it is valid, both included."""
        validity = self.decoded["tbs_certificate"]["validity"]
        start, end = validity["not_before"].native, validity["not_after"].native
        return _in_utc(start), _in_utc(end)

    @cached_property
    def authority_key_id(self) -> bytes | None:
        """The identifier of the key that signed it, where it names one."""
        found: bytes | None = self.decoded.authority_key_identifier
        return found

    @property
    def country(self) -> str | None:
        """The country of its subject, as written."""
        found = dict(self.subject).get(_COUNTRY)
        return found.decode("latin-1") if found else None

    @property
    def common_name(self) -> str | None:
        """The common name of its subject, in lower case."""
        found = dict(self.subject).get(_COMMON_NAME)
        return found.decode("utf-8", "replace") if found else None

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are one."""
        return self.subject == self.issuer

    @cached_property
    def is_authority(self) -> bool:
        """Whether it may sign certificates: it says so, or, saying nothing, it signed itself."""
        constraints = self.decoded.basic_constraints_value
        return self.self_issued if constraints is None else bool(constraints["ca"].native)

    @property
    def algorithm(self) -> Algorithm:
        """How it was signed; NotSupported where that is none of ours."""
        return algorithm(self.decoded["signature_algorithm"])

    def signed(self, other: Certificate) -> bool:
        """Whether this certificate's key signed ``other``; NotSupported if we cannot say."""
        body = other.decoded["tbs_certificate"].dump()
        return verifies(self.key, other.algorithm, other.decoded.signature, body)

    def __str__(self) -> str:
        """Return the subject for a person to read."""
        words = [value.decode("utf-8", "replace") for _, value in self.subject]
        return ", ".join(words)


def name_of(der: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Return a Name in comparable form."""
    return _name(tlv.read(der))


def _name(name: Tlv) -> tuple[tuple[bytes, bytes], ...]:
    """Return a Name in comparable form: states vary case, spaces and string types."""
    return tuple(_attributes(name))


def _attributes(name: Tlv) -> Iterator[tuple[bytes, bytes]]:
    for relative in tlv.elements(name.value):
        for attribute in tlv.elements(relative.value):
            kind, value = tlv.children(attribute)[:2]
            yield kind.value, b" ".join(value.value.lower().split())


def _subject_key_id(extensions: bytes) -> bytes | None:
    """Find the subject key identifier without decoding the other extensions."""
    at = extensions.find(_SUBJECT_KEY_ID)
    if at < 0:
        return None
    wrapped = tlv.read(extensions, at + len(_SUBJECT_KEY_ID))
    if wrapped.tag == 0x01:  # "critical", which it must not be and sometimes is
        wrapped = tlv.read(extensions, wrapped.end)
    return tlv.read(wrapped.value).value


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
