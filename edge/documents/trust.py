"""Whom we believe: the states' certificate authorities (CSCA), from lists and files given to us.

1. A path is a file or a folder of files: master lists (.ml), certificates (.cer .crt .der .pem),
   revocation lists (.crl). What else lies in a folder is passed over; a named file must be one.
2. Whatever is given is believed by the word of who gave it; a master list must hold in itself.
3. A file that does not hold is a problem with its name and reason, and gives nothing.
4. An authority is found by its key identifier or its name, and proves itself by its signature.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.documents import master_list
from edge.documents.certificate import Certificate, CertificateError
from edge.documents.master_list import MasterListError
from edge.documents.revocation import RevocationList

_CERTIFICATES = (".cer", ".crt", ".der", ".pem")
_MASTER_LIST, _REVOCATION_LIST = ".ml", ".crl"
_PEM = re.compile(rb"-----BEGIN (?:CERTIFICATE|X509 CRL|CMS)-----(.*?)-----END ", re.DOTALL)


@dataclass
class TrustStore:
    """Certificates by key identifier and name, revocation lists by issuer, and what was wrong."""

    problems: list[str] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set, repr=False)
    _by_key: dict[bytes, list[Certificate]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _by_name: dict[object, list[Certificate]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _revocation: list[RevocationList] = field(default_factory=list, repr=False)

    def add(self, certificates: Iterable[Certificate]) -> None:
        """Believe ``certificates`` too; each counts once."""
        for certificate in certificates:
            if certificate.der in self._seen:
                continue
            self._seen.add(certificate.der)
            self._by_name[certificate.subject].append(certificate)
            if certificate.key_id:
                self._by_key[certificate.key_id].append(certificate)

    def add_revocation_list(self, revoked: RevocationList) -> None:
        """Keep a revocation list; its signature is looked at when it is used."""
        self._revocation.append(revoked)

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

    def revocation_lists(self, issuer: Certificate) -> list[RevocationList]:
        """Return the revocation lists that ``issuer`` is said to have signed."""
        return [each for each in self._revocation if each.issuer == issuer.subject]


def load(paths: Iterable[Path]) -> TrustStore:
    """Read everything at ``paths``; see ``TrustStore.problems`` for what could not be believed."""
    store = TrustStore()
    files = [file for path in paths for file in _files(path)]
    # Certificates first: a master list may be signed under one of them.
    for path in sorted(files, key=lambda file: file.suffix.lower() == _MASTER_LIST):
        try:
            _add(store, path)
        except (OSError, CertificateError, MasterListError) as error:
            store.problems.append(f"{path.name}: {error}")
    return store


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    known = (*_CERTIFICATES, _MASTER_LIST, _REVOCATION_LIST)
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in known)


def _add(store: TrustStore, path: Path) -> None:
    raw = path.read_bytes()
    for der in _der(raw):
        if master_list.looks_like(der):
            store.add(master_list.read(der, tuple(store)))
        elif path.suffix.lower() == _REVOCATION_LIST:
            store.add_revocation_list(RevocationList.load(der))
        else:
            store.add([Certificate.load(der)])


def _der(raw: bytes) -> list[bytes]:
    """Return the structures in ``raw``, which is DER or armoured text."""
    armoured = _PEM.findall(raw)
    try:
        return [b64decode(text) for text in armoured] or [raw]
    except ValueError as error:
        raise CertificateError(f"no base64: {error}") from error
