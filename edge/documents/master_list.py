"""Signed lists of certificates: the states' authorities (ICAO Doc 9303-12 §9), and signers.

1. A list counts only if its own signature is right and its signer is believed: ``list_signature``.
2. Its content is version 0 and a set of certificates, and nothing behind them.
3. All or nothing: a list that fails gives no certificate.
4. A signer list (BSI TR-03129-2 §8) has the same form, a content type and a signer of its own kind,
   and vouches for the signers of documents or seals themselves, whatever authority they are of. It
   must be of an authority that is believed already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from edge.documents import list_signature, tlv
from edge.documents.certificate import DECODING_ERRORS, Certificate
from edge.documents.security_object import MASTER_LIST
from edge.documents.signatures import NotSupported
from edge.documents.signed_data import signed_data

MAY_SIGN_LISTS = "2.23.136.1.1.3"  # id-icao-mrtd-security-masterListSigner, an extended key usage

#: Signer lists: content type, and the extended key usage of who may sign them (tables 8.1, 8.2).
_EXCHANGE = "0.4.0.127.0.7.3.11.1"  # id-certificateExchange
SIGNER_LISTS = {
    "0.4.0.127.0.7.3.1.6": f"{_EXCHANGE}.4.2",  # document signers
    f"{_EXCHANGE}.1.1": f"{_EXCHANGE}.1.2",  # sovereign seals
    f"{_EXCHANGE}.2.1": f"{_EXCHANGE}.2.2",  # EU health seals
    f"{_EXCHANGE}.3.1": f"{_EXCHANGE}.3.2",  # ICAO health seals
}
_SIGNED_DATA = bytes.fromhex("06092A864886F70D010702")
_VERSION_0 = (0x02, b"\0")
_SET = 0x31


class MasterListError(ValueError):
    """The list is not to be believed; the message says why."""


@dataclass(frozen=True, slots=True)
class MasterList:
    """What a list holds, and when it was signed (None: it does not say)."""

    certificates: tuple[Certificate, ...] = field(repr=False)
    issued: datetime | None


def looks_like(der: bytes) -> bool:
    """Whether ``der`` starts as a signed CMS structure does, and not as a certificate."""
    return _SIGNED_DATA in der[:24]


def read(der: bytes, trusted: Iterable[Certificate] = ()) -> tuple[Certificate, ...]:
    """Return the certificates of a master list; MasterListError if it does not hold."""
    return load(der, trusted).certificates


def load(der: bytes, trusted: Iterable[Certificate] = (), *, anchored: bool = False) -> MasterList:
    """Read a master list; MasterListError if it does not hold.

    ``anchored``: its signer must be of an authority in ``trusted``, over link certificates in the
    list where that one has changed its key. Otherwise the list may bring its own authority.
    """
    return _read(der, {MASTER_LIST: MAY_SIGN_LISTS}, trusted, anchored=anchored)


def load_signers(der: bytes, trusted: Iterable[Certificate]) -> MasterList:
    """Read a signer list; MasterListError if it does not hold or is of nobody in ``trusted``."""
    found = _read(der, SIGNER_LISTS, trusted, anchored=True)
    if found.issued is None:
        raise MasterListError("does not say when it was signed")
    return found


def _read(
    der: bytes, kinds: Mapping[str, str], trusted: Iterable[Certificate], *, anchored: bool
) -> MasterList:
    try:
        signed = signed_data(der)
        if signed.content_type not in kinds:
            raise MasterListError(f"content of type {signed.content_type}, not a list of the kind")
        certificates = _certificates(signed.content)
        links = certificates if anchored else ()
        usage = kinds[signed.content_type]
        issued = list_signature.verify(signed, usage, trusted, links, anchored=anchored)
        return MasterList(certificates, issued)
    except (*DECODING_ERRORS, NotSupported) as error:
        if isinstance(error, MasterListError):
            raise
        plain = isinstance(error, list_signature.ListError)
        raise MasterListError(str(error) if plain else f"not readable: {error}") from error


def _certificates(content: bytes) -> tuple[Certificate, ...]:
    outer = tlv.read(content)
    version, container, *more = tlv.children(outer)
    if outer.end < len(content) or more or (version.tag, version.value) != _VERSION_0:
        raise MasterListError("its content is not version 0 and a set of certificates")
    if container.tag != _SET:
        raise MasterListError(f"its certificates stand in {container.tag:X}, not in a set")
    found, at = [], 0
    while at < len(container.value):
        end = tlv.read(container.value, at).end
        found.append(Certificate.load(container.value[at:end]))
        at = end
    return tuple(found)
