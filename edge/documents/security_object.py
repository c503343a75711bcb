"""EF.SOD: the CMS structure whose content lists the data groups' hashes (Doc 9303-10 §4.6.2).

1. SignedData with one signer, its certificate usually inside, content type id-icao-mrtd-security-
   ldsSecurityObject.
2. What is signed is taken as the bytes that were signed, never encoded anew.
3. A structure that is not so is an LdsError of EF.SOD.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import cms, core

from edge.documents.certificate import DECODING_ERRORS, Certificate, name_of
from edge.documents.lds import LdsError, sod
from edge.documents.signatures import HASHES, Algorithm, NotSupported, algorithm, verifies

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
MASTER_LIST = "2.23.136.1.1.2"
_SIGNED_ATTRIBUTES_TAG = b"\x31"  # signed as a SET, stored under [0] (RFC 5652 §5.4)


class _HashedGroup(core.Sequence):  # type: ignore[misc]
    _fields = [("number", core.Integer), ("hash", core.OctetString)]  # noqa: RUF012 asn1crypto's


class _HashedGroups(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _HashedGroup


class _SecurityObject(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 asn1crypto's way to say it
        ("version", core.Integer),
        ("hash_algorithm", cms.DigestAlgorithm),
        ("groups", _HashedGroups),
        ("lds_version", core.Any, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed CMS structure: its content, its first signer, the certificates it brings (DER).

    ``attributes`` are the signed attributes as they were signed (None: the content itself was);
    ``digest`` and ``content_type`` are what they claim of the content.
    """

    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signer: cms.SignerInfo = field(repr=False)
    attributes: bytes | None = field(repr=False)
    claimed: Mapping[str, Any] = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """How it was signed; NotSupported where that is none of ours."""
        digest = self.signer["digest_algorithm"]["algorithm"].native
        return algorithm(self.signer["signature_algorithm"], digest)

    def signed_by(self, candidates: Iterable[Certificate]) -> Certificate | None:
        """Return the one of ``candidates`` that is named as signer, by issuer and serial or key."""
        sid = self.signer["sid"]
        if sid.name == "subject_key_identifier":
            return next((c for c in candidates if c.key_id == sid.chosen.native), None)
        issuer = name_of(sid.chosen["issuer"].dump())
        serial = sid.chosen["serial_number"].native
        return next((c for c in candidates if (c.issuer, c.serial) == (issuer, serial)), None)

    def digest_holds(self) -> bool:
        """Whether the signed attributes are about this content; NotSupported if we cannot say."""
        if self.attributes is None:
            return True
        name = self.signer["digest_algorithm"]["algorithm"].native
        if name not in HASHES:
            raise NotSupported(f"hash {name}")
        digest = hashlib.new(name, self.content).digest()
        about_this = self.claimed.get("content_type") == self.content_type
        return about_this and self.claimed.get("message_digest") == digest

    def signature_holds(self, by: Certificate) -> bool:
        """Whether the key of ``by`` signed it; NotSupported if we cannot say."""
        data = self.content if self.attributes is None else self.attributes
        return verifies(by.key, self.algorithm, self.signer["signature"].native, data)


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """What EF.SOD says: hash algorithm (``sha256``) and hash per data group, and who signed it."""

    hash_algorithm: str
    hashes: Mapping[int, bytes]
    signed: Signed = field(repr=False)


def read(raw: bytes) -> SecurityObject:
    """Read EF.SOD; LdsError if it is none."""
    der = sod(raw)
    try:
        signed = signed_data(der)
        if signed.content_type != LDS_SECURITY_OBJECT:
            raise LdsError("SOD", 0, f"signs content of type {signed.content_type}")
        listed = _SecurityObject.load(signed.content, strict=True)
        hashes = {g["number"].native: g["hash"].native for g in listed["groups"]}
        return SecurityObject(listed["hash_algorithm"]["algorithm"].native, hashes, signed)
    except DECODING_ERRORS as error:
        if isinstance(error, LdsError):
            raise
        raise LdsError("SOD", 0, f"not the CMS structure it should be: {error}") from error


def listed_groups(raw: bytes) -> tuple[int, ...]:
    """Return the numbers of the data groups that EF.SOD lists."""
    return tuple(read(raw).hashes)


def signed_data(der: bytes) -> Signed:
    """Read a CMS SignedData; ValueError and its like, from the decoder, if it is none."""
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError(f"content type {info['content_type'].native}, not signed_data")
    data = info["content"]
    inner = data["encap_content_info"]
    if len(data["signer_infos"]) == 0:
        raise ValueError("nobody signed it")
    signer = data["signer_infos"][0]
    attributes = signer["signed_attrs"]
    return Signed(
        inner["content_type"].dotted,
        bytes(inner["content"]),
        tuple(c.chosen.dump() for c in data["certificates"] if c.name == "certificate"),
        signer,
        _SIGNED_ATTRIBUTES_TAG + attributes.dump()[1:] if len(attributes) else None,
        {a["type"].native: _claim(a["values"][0]) for a in attributes},
    )


def _claim(value: core.Asn1Value) -> Any:  # noqa: ANN401 a date, bytes, an identifier
    return value.dotted if isinstance(value, core.ObjectIdentifier) else value.native
