"""Defect lists: what is known to be wrong with whole series of documents (BSI TR-03129-2 §7).

1. A list counts only if its signature is right and its signer is one for defect lists (§7.2).
2. Version 1 and version 2 (§7.1). A defect is found by its document signer: issuer and serial, or
   key identifier, and the hash of the certificate where one is given.
3. What a defect does to the checks is TR-03135-1 §5.8, in ``defects``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from asn1crypto import algos, cms

from edge.documents import list_signature, tlv
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.signatures import HASHES, NotSupported
from edge.documents.signed_data import Signed, named, signed_data
from edge.documents.tlv import Tlv

DEFECT_LIST = "0.4.0.127.0.7.3.1.5"
MAY_SIGN_DEFECTS = "0.4.0.127.0.7.3.11.2.1.2"  # id-electronicDefectListSigningKey
_VERSIONS = (b"\0", b"\1")
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _TEXT = 0x02, 0x04, 0x06, 0x30, 0x31, 0x0C
_V2_DEFECT, _KEY_ID, _PARAMETERS = 0xA0, 0x80, 0xA0


class DefectListError(ValueError):
    """The list is not to be believed; the message says why."""


class Kind(StrEnum):
    """The defects, by their object identifier below id-DefectList (§7.3)."""

    CERTIFICATE_REVOKED = "1.1"
    CERTIFICATE_REPLACED = "1.2"
    CHIP_AUTHENTICATION_KEYS = "1.3"
    ACTIVE_AUTHENTICATION_KEYS = "1.4"
    PROTOCOL_FAILURE = "1.5"
    VALIDITY_PERIOD = "1.6"
    DATA_GROUP_MALFORMED = "2.1"
    SECURITY_OBJECT_INVALID = "2.2"
    COM_SOD_DISCREPANCY = "2.3"
    WRONG_SIGNER_IDENTIFIER = "2.4"
    ISSUING_COUNTRY = "2.5"
    CARD_SECURITY_MALFORMED = "4.1"
    CHIP_SECURITY_MALFORMED = "4.2"
    POWER_DOWN = "4.3"
    SIGNER_MALFORMED = "4.4"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Defect:
    """One known defect: its kind, the identifier as listed, and its parameter (DER, or empty)."""

    kind: Kind
    identifier: str
    parameter: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document signer and what is known of its documents."""

    signer: cms.SignerIdentifier | None = field(repr=False)
    certificate_hash: bytes | None = field(repr=False)
    defects: tuple[Defect, ...]

    def about(self, certificate: Certificate, hash_name: str) -> bool:
        """Whether ``certificate`` is that signer."""
        if self.signer is not None and named(self.signer, [certificate]) is None:
            return False
        if self.certificate_hash is None:
            return self.signer is not None
        return hashlib.new(hash_name, certificate.der).digest() == self.certificate_hash


@dataclass(frozen=True, slots=True)
class DefectList:
    """One list: when it was signed, with which hash it names certificates, its entries."""

    issued: datetime
    hash_name: str
    entries: tuple[Entry, ...] = field(repr=False)

    def of(self, certificate: Certificate) -> tuple[Defect, ...]:
        """Return what is known of the documents that ``certificate`` signed."""
        about = [entry for entry in self.entries if entry.about(certificate, self.hash_name)]
        return tuple(defect for entry in about for defect in entry.defects)


def content_type(der: bytes) -> str:
    """Return the content type of a signed structure, empty where it is none."""
    try:
        return signed_data(der).content_type
    except DECODING_ERRORS:
        return ""


def load(der: bytes, trusted: Iterable[Certificate] = ()) -> DefectList:
    """Read a defect list; DefectListError if it does not hold.

    Its signer must be of an authority in ``trusted``: a list that brings its own is refused, as
    anybody could so heal a forgery.
    """
    try:
        signed = signed_data(der)
        if signed.content_type != DEFECT_LIST:
            raise DefectListError(f"content of type {signed.content_type}, not a defect list")
        issued = list_signature.verify(signed, MAY_SIGN_DEFECTS, trusted, anchored=True)
        if issued is None:
            raise DefectListError("does not say when it was signed")
        return _read(signed, issued)
    except (*DECODING_ERRORS, NotSupported) as error:
        if isinstance(error, DefectListError):
            raise
        plain = isinstance(error, list_signature.ListError)
        raise DefectListError(str(error) if plain else f"not readable: {error}") from error


def _read(signed: Signed, issued: datetime) -> DefectList:
    outer = tlv.read(signed.content)
    version, algorithm, entries = tlv.children(outer)
    if outer.end < len(signed.content) or (version.tag, entries.tag) != (_INTEGER, _SET):
        raise DefectListError("its content is not version, hash and a set of defects")
    if version.value not in _VERSIONS:
        raise DefectListError(f"version {version.value.hex()}, not 1 or 2")
    hash_name = algos.DigestAlgorithmId.map(_dotted(algorithm))
    if hash_name not in HASHES:
        raise NotSupported(f"hash {hash_name}")
    return DefectList(issued, hash_name, tuple(_entry(e) for e in tlv.children(entries)))


def _entry(element: Tlv) -> Entry:
    parts = tlv.children(element)
    signer = _signer(parts[0]) if parts and parts[0].tag in (_SEQUENCE, _KEY_ID) else None
    hashes = [part.value for part in parts if part.tag == _OCTETS]
    known = next(part for part in parts if part.tag == _SET)
    return Entry(
        signer, hashes[0] if hashes else None, tuple(_defect(d) for d in tlv.children(known))
    )


def _signer(element: Tlv) -> cms.SignerIdentifier:
    return cms.SignerIdentifier.load(tlv.encode(element.tag, element.value), strict=True)


def _defect(element: Tlv) -> Defect:
    kind, *rest = tlv.children(element)
    listed = _dotted(kind)
    arc, _, short = listed.rpartition(f"{DEFECT_LIST}.")
    known = not arc and short in set(Kind)
    return Defect(
        Kind(short) if known else Kind.UNKNOWN,
        short or listed,
        next(iter(_parameters(rest, wrapped=element.tag == _V2_DEFECT)), b""),
    )


def _parameters(rest: list[Tlv], *, wrapped: bool) -> Iterator[bytes]:
    """Yield the parameter's DER; version 2 wraps it in [0] and may describe it in [1]."""
    for element in rest:
        if not wrapped:
            yield tlv.encode(element.tag, element.value)
        elif element.tag == _PARAMETERS:
            yield element.value


def _dotted(element: Tlv) -> str:
    if element.tag != _OID:
        raise DefectListError(f"an object identifier is tagged {element.tag:X}")
    return str(cms.ContentType.load(tlv.encode(_OID, element.value)).dotted)
