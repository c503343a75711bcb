"""CMS SignedData as travel documents and their lists use it (RFC 5652; Doc 9303-10 §4.6.2, -12 §9).

1. Version 3, exactly one signer, nothing behind the end: whatever more is there, nobody looked at.
2. What is signed is taken as the bytes that were signed, never encoded anew.
3. Signed attributes there must be, as the content is no plain data (§5.3): each kind once, with one
   value, among them the content's type and its digest. Without them the same signature could be
   given for a signature over something else.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import cms, core

from edge.documents.certificate import Certificate, name_of
from edge.documents.signatures import HASHES, Algorithm, NotSupported, algorithm, verifies

_SIGNED_ATTRIBUTES_TAG = b"\x31"  # signed as a SET, stored under [0] (RFC 5652 §5.4)
_VERSION = 3  # §5.1: content that is no plain data
_SIGNER_VERSIONS = {"issuer_and_serial_number": 1, "subject_key_identifier": 3}  # §5.3
_NEEDED = ("content_type", "message_digest")


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed CMS structure: its content, its signer, the certificates it brings (DER).

    ``attributes`` are the signed attributes as they were signed (None: there are none);
    ``claimed`` is what they say, ``wrong`` what is wrong with them, empty if nothing.
    """

    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signer: cms.SignerInfo = field(repr=False)
    attributes: bytes | None = field(repr=False)
    claimed: Mapping[str, Any] = field(repr=False)
    wrong: str = ""

    @property
    def algorithm(self) -> Algorithm:
        """How it was signed; NotSupported where that is none of ours."""
        return algorithm(self.signer["signature_algorithm"], self.digest)

    @property
    def digest(self) -> str:
        """The hash over the content, which the signed attributes hold."""
        return str(self.signer["digest_algorithm"]["algorithm"].native)

    def signed_by(self, candidates: Iterable[Certificate]) -> Certificate | None:
        """Return the one of ``candidates`` that is named as signer, by issuer and serial or key."""
        return named(self.signer["sid"], candidates)

    def digest_holds(self) -> bool:
        """Whether the signed attributes are about this content; NotSupported if we cannot say."""
        if self.wrong:
            return False
        if self.digest not in HASHES:
            raise NotSupported(f"hash {self.digest}")
        digest = hashlib.new(self.digest, self.content).digest()
        about_this = self.claimed.get("content_type") == self.content_type
        return about_this and self.claimed.get("message_digest") == digest

    def signature_holds(self, by: Certificate) -> bool:
        """Whether the key of ``by`` signed it; NotSupported if we cannot say."""
        data = self.content if self.attributes is None else self.attributes
        return verifies(by.key, self.algorithm, self.signer["signature"].native, data)


def named(identifier: cms.SignerIdentifier, among: Iterable[Certificate]) -> Certificate | None:
    """Return the certificate that a SignerIdentifier names, by issuer and serial or by key."""
    if identifier.name == "subject_key_identifier":
        return next((c for c in among if c.key_id == identifier.chosen.native), None)
    issuer = name_of(identifier.chosen["issuer"].dump())
    serial = identifier.chosen["serial_number"].native
    return next((c for c in among if (c.issuer, c.serial) == (issuer, serial)), None)


def signed_data(der: bytes) -> Signed:
    """Read a CMS SignedData; ValueError and its like, from the decoder, if it is none."""
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError(f"content type {info['content_type'].native}, not signed_data")
    data = info["content"]
    inner = data["encap_content_info"]
    signer = _only_signer(data)
    attributes = signer["signed_attrs"]
    return Signed(
        inner["content_type"].dotted,
        bytes(inner["content"]),
        tuple(c.chosen.dump() for c in data["certificates"] if c.name == "certificate"),
        signer,
        _SIGNED_ATTRIBUTES_TAG + attributes.dump()[1:] if len(attributes) else None,
        {a["type"].native: _claim(a["values"][0]) for a in attributes if len(a["values"])},
        _wrong(attributes),
    )


def _only_signer(data: cms.SignedData) -> cms.SignerInfo:
    _same("SignedData version", int(data["version"]), _VERSION)
    _same("signers", len(data["signer_infos"]), 1)
    signer = data["signer_infos"][0]
    expected = _SIGNER_VERSIONS[signer["sid"].name]
    _same("SignerInfo version", int(signer["version"]), expected)
    return signer


def _same(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise ValueError(f"{what}: {found}, not {expected}")


def _wrong(attributes: cms.CMSAttributes) -> str:
    kinds = Counter(a["type"].native for a in attributes)
    if not kinds:
        return "there are none"
    missing = [kind for kind in _NEEDED if kind not in kinds]
    twice = [str(kind) for kind, count in kinds.items() if count > 1]
    valued = [str(a["type"].native) for a in attributes if len(a["values"]) != 1]
    if missing:
        return f"without {', '.join(missing)}"
    return f"not once with one value: {', '.join(twice + valued)}" if twice + valued else ""


def _claim(value: core.Asn1Value) -> Any:  # noqa: ANN401 a date, bytes, an identifier
    return value.dotted if isinstance(value, core.ObjectIdentifier) else value.native
