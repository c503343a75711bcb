"""Whom we believe: the states' certificate authorities (CSCA), from lists and files given to us.

1. A path is a file or a folder of files: master lists (.ml), certificates (.cer .crt .der .pem),
   revocation lists (.crl), defect lists (.dfl). What else lies in a folder is passed over; a named
   file must be one.
2. Whatever is given is believed by the word of who gave it; a master list must hold in itself.
3. Some are believed only by the word of an authority that is believed already: a link certificate,
   which carries that word from an old key to a new one or back, a signer list, a defect list.
4. A file that does not hold is a problem with its name and reason, and gives nothing.
5. An authority is found by its key identifier or its name, and proves itself by its signature.
6. What came by a list is as old as the newest list it is on; what was given by hand has no age.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from edge.documents import defect_list, master_list
from edge.documents.certificate import DECODING_ERRORS, Certificate, CertificateError
from edge.documents.defect_list import DefectList, DefectListError
from edge.documents.list_signature import adopt
from edge.documents.master_list import MasterListError
from edge.documents.revocation import RevocationList

KNOWN = (".cer", ".crt", ".der", ".pem", ".ml", ".crl", ".dfl")
_PEM = re.compile(rb"-----BEGIN (?:CERTIFICATE|X509 CRL|CMS)-----(.*?)-----END ", re.DOTALL)


@dataclass
class TrustStore:
    """Certificates by key identifier and name, revocation and defect lists, and what was wrong.

    ``as_of`` is when a snapshot of lists was made that this store was read from; None: by hand.
    """

    problems: list[str] = field(default_factory=list)
    as_of: datetime | None = None
    _seen: dict[bytes, datetime | None] = field(default_factory=dict, repr=False)
    _by_key: dict[bytes, list[Certificate]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _by_name: dict[object, list[Certificate]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _revocation: list[RevocationList] = field(default_factory=list, repr=False)
    _defects: list[DefectList] = field(default_factory=list, repr=False)
    _vouched: dict[bytes, datetime] = field(default_factory=dict, repr=False)

    def add(self, certificates: Iterable[Certificate], issued: datetime | None = None) -> None:
        """Believe ``certificates`` too, as of ``issued`` (None: by hand); each counts once."""
        for certificate in certificates:
            if certificate.der in self._seen:
                before = self._seen[certificate.der]
                newest = max(before, issued) if before and issued else None
                self._seen[certificate.der] = newest
                continue
            self._seen[certificate.der] = issued
            self._by_name[certificate.subject].append(certificate)
            if certificate.key_id:
                self._by_key[certificate.key_id].append(certificate)

    def offer(self, links: Iterable[Certificate]) -> list[Certificate]:
        """Believe those ``links`` that a believed authority vouches for; return the others."""
        offered = list(links)
        proven = {c.der for c in adopt(self, offered)}
        self.add(c for c in offered if c.der in proven)
        return [c for c in offered if c.der not in proven]

    def add_signers(self, signers: Iterable[Certificate], issued: datetime) -> None:
        """Believe these signers of documents or seals, by a list of that day, without a chain."""
        for signer in signers:
            self._vouched[signer.der] = max(issued, self._vouched.get(signer.der, issued))
            self._by_name[signer.subject].append(signer)

    def vouched_on(self, signer: Certificate) -> datetime | None:
        """Return the day of the newest signer list that has ``signer``, None if none has."""
        return self._vouched.get(signer.der)

    def add_revocation_list(self, revoked: RevocationList) -> None:
        """Keep a revocation list; its signature is looked at when it is used."""
        self._revocation.append(revoked)

    def add_defect_list(self, defects: DefectList) -> None:
        """Keep a defect list that holds."""
        self._defects.append(defects)

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[Certificate]:
        return (each for group in self._by_name.values() for each in group)

    def by_key_id(self, key_id: bytes | None) -> list[Certificate]:
        """Return the certificates whose key is so identified."""
        return list(self._by_key.get(key_id, ())) if key_id else []

    def by_name(self, name: object) -> list[Certificate]:
        """Return the certificates of that subject."""
        return list(self._by_name.get(name, ()))

    def listed_on(self, certificate: Certificate) -> datetime | None:
        """Return the day of the newest list that has ``certificate``; None: given by hand.

        One that a document brought is as old as the newest of all, where all came by lists.
        """
        if certificate.der in self._seen:
            return self._seen[certificate.der]
        days = list(self._seen.values())
        return max((day for day in days if day), default=None) if None not in days else None

    def revocation_lists(self, issuer: object) -> list[RevocationList]:
        """Return the revocation lists that the authority of that name is said to have signed."""
        return [each for each in self._revocation if each.issuer == issuer]

    @property
    def defects_as_of(self) -> datetime | None:
        """The day of the newest defect list, None where there is none."""
        return max((each.issued for each in self._defects), default=None)

    @property
    def defect_lists(self) -> tuple[DefectList, ...]:
        """The defect lists."""
        return tuple(self._defects)


class _Kind(IntEnum):
    """What a structure is, in the order in which they have to be believed."""

    CERTIFICATE = 0
    MASTER_LIST = 1
    LINK = 2
    SIGNER_LIST = 3
    DEFECT_LIST = 4
    REVOCATION_LIST = 5


def load(paths: Iterable[Path]) -> TrustStore:
    """Read everything at ``paths``; see ``TrustStore.problems`` for what could not be believed."""
    return load_files(_read(file) for path in paths for file in _files(path))


def load_files(files: Iterable[tuple[str, bytes | OSError]]) -> TrustStore:
    """Read files given as (name, content), in whatever order they come."""
    store, found = TrustStore(), list[tuple[_Kind, str, bytes]]()
    for name, content in files:
        try:
            if isinstance(content, OSError):
                raise content
            found += [(_kind(der, name), name, der) for der in _der(content)]
        except (OSError, CertificateError) as error:
            store.problems.append(f"{name}: {error}")
    links = [(name, der) for kind, name, der in found if kind is _Kind.LINK]
    found.sort(key=lambda each: each[0])
    for kind, name, der in (each for each in found if each[0] < _Kind.LINK):
        _add(store, kind, name, der)
    _add_links(store, links)
    for kind, name, der in (each for each in found if each[0] > _Kind.LINK):
        _add(store, kind, name, der)
    return store


def _read(path: Path) -> tuple[str, bytes | OSError]:
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        return path.name, error


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in KNOWN)


def _kind(der: bytes, name: str) -> _Kind:
    if master_list.looks_like(der):
        return _LISTS.get(defect_list.content_type(der), _Kind.MASTER_LIST)
    if name.lower().endswith(".crl"):
        return _Kind.REVOCATION_LIST
    return _Kind.LINK if _is_link(Certificate.load(der)) else _Kind.CERTIFICATE


_LISTS = {defect_list.DEFECT_LIST: _Kind.DEFECT_LIST} | dict.fromkeys(
    master_list.SIGNER_LISTS, _Kind.SIGNER_LIST
)


def _is_link(certificate: Certificate) -> bool:
    """Whether an authority's certificate is signed by another key than its own."""
    try:
        other = certificate.authority_key_id not in (None, certificate.key_id)
        return certificate.is_authority and (other or not certificate.self_issued)
    except DECODING_ERRORS as error:
        raise CertificateError(f"not readable: {error}") from error


def _add(store: TrustStore, kind: _Kind, name: str, der: bytes) -> None:
    ways: dict[_Kind, Callable[[], None]] = {
        _Kind.CERTIFICATE: lambda: store.add([Certificate.load(der)]),
        _Kind.MASTER_LIST: lambda: _add_master_list(store, der),
        _Kind.SIGNER_LIST: lambda: _add_signer_list(store, der),
        _Kind.DEFECT_LIST: lambda: store.add_defect_list(defect_list.load(der, tuple(store))),
        _Kind.REVOCATION_LIST: lambda: store.add_revocation_list(RevocationList.load(der)),
    }
    try:
        ways[kind]()
    except (CertificateError, MasterListError, DefectListError) as error:
        store.problems.append(f"{name}: {error}")


def _add_master_list(store: TrustStore, der: bytes) -> None:
    read = master_list.load(der, tuple(store))
    store.add(read.certificates, read.issued)


def _add_signer_list(store: TrustStore, der: bytes) -> None:
    read = master_list.load_signers(der, tuple(store))
    if read.issued is not None:
        store.add_signers(read.certificates, read.issued)


def _add_links(store: TrustStore, links: list[tuple[str, bytes]]) -> None:
    names = {der: name for name, der in links}
    for left in store.offer(Certificate.load(der) for der in names):
        store.problems.append(
            f"{names[left.der]}: a link certificate that no trusted authority signed; "
            "give the authority before it, or a master list"
        )


def _der(raw: bytes) -> list[bytes]:
    """Return the structures in ``raw``, which is DER or armoured text."""
    armoured = _PEM.findall(raw)
    try:
        return [b64decode(text) for text in armoured] or [raw]
    except ValueError as error:
        raise CertificateError(f"no base64: {error}") from error
