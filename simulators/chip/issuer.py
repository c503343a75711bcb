"""A state that issues passports: its authority (CSCA), its document signers, and EF.SOD.

Keys are made anew each time: nothing here can sign for a state that exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from edge.documents import tlv
from edge.documents.lds import TAGS
from edge.documents.master_list import MAY_SIGN_LISTS
from edge.documents.security_object import LDS_SECURITY_OBJECT
from edge.documents.signatures import HASHES
from simulators.chip.personalisation import ef_com, ef_dg1, ef_dg2

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a state signs: ``rsa``, ``rsa-pss`` or ``ecdsa``, on which curve, with which hash."""

    family: str = "ecdsa"
    hash: str = "sha256"
    curve: ec.EllipticCurve = ec.SECP256R1()  # noqa: RUF009 a curve has no state

    def new_key(self) -> Key:
        """Make a key."""
        if self.family == "ecdsa":
            return ec.generate_private_key(self.curve)
        return rsa.generate_private_key(65537, 2048)

    def sign(self, key: Key, data: bytes) -> bytes:
        """Sign ``data``."""
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(HASHES[self.hash]))
        return key.sign(data, self.padding or padding.PKCS1v15(), HASHES[self.hash])

    @property
    def padding(self) -> padding.PSS | None:
        """The padding of RSA-PSS, None for the others."""
        if self.family != "rsa-pss":
            return None
        chosen = HASHES[self.hash]
        return padding.PSS(padding.MGF1(chosen), chosen.digest_size)

    @property
    def identifier(self) -> algos.SignedDigestAlgorithm:
        """The algorithm identifier for CMS."""
        if self.family != "rsa-pss":
            return algos.SignedDigestAlgorithm({"algorithm": f"{self.hash}_{self.family}"})
        digest = {"algorithm": self.hash}
        mask = {"algorithm": "mgf1", "parameters": digest}
        parameters = {
            "hash_algorithm": digest,
            "mask_gen_algorithm": mask,
            "salt_length": HASHES[self.hash].digest_size,
        }
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})


@dataclass(frozen=True)
class Signer:
    """A document signer: its certificate and key."""

    certificate: x509.Certificate
    key: Key
    scheme: Scheme

    @property
    def der(self) -> bytes:
        """The certificate as bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


class State:
    """A state's authority. ``country`` has two letters, as in certificates."""

    def __init__(
        self, country: str, now: datetime, scheme: Scheme = Scheme(), years: int = 15
    ) -> None:
        self.country, self._scheme = country, scheme
        self._key = scheme.new_key()
        self._name = _name(country, f"CSCA {country}")
        self.certificate = self._certify(
            self._name, self._key, now - 365 * DAY, now + years * 365 * DAY, authority=True
        )

    @property
    def der(self) -> bytes:
        """The authority's self-signed certificate as bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def signer(
        self,
        start: datetime,
        end: datetime,
        scheme: Scheme | None = None,
        country: str | None = None,
    ) -> Signer:
        """Return a new document signer, valid from ``start`` to ``end``."""
        how = scheme or self._scheme
        key = how.new_key()
        name = _name(country or self.country, "Document Signer")
        return Signer(self._certify(name, key, start, end, authority=False), key, how)

    def list_signer(self, start: datetime, end: datetime, *, may_sign_lists: bool = True) -> Signer:
        """Return a new master list signer, valid from ``start`` to ``end``."""
        key = self._scheme.new_key()
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(MAY_SIGN_LISTS)])
        extra = [usage] if may_sign_lists else []
        name = _name(self.country, "Master List Signer")
        certificate = self._certify(name, key, start, end, authority=False, extra=extra)
        return Signer(certificate, key, self._scheme)

    def revocation_list(self, at: datetime, serials: tuple[int, ...] = ()) -> bytes:
        """Return a revocation list, current for ninety days, with ``serials`` on it."""
        builder = x509.CertificateRevocationListBuilder(self._name, at, at + 90 * DAY)
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder(serial, at).build()
            builder = builder.add_revoked_certificate(revoked)
        digest: Any = HASHES[self._scheme.hash]  # the library's types have no SHA-1 here
        signed = builder.sign(self._key, digest, rsa_padding=self._scheme.padding)
        return signed.public_bytes(serialization.Encoding.DER)

    def _certify(
        self,
        subject: x509.Name,
        key: Key,
        start: datetime,
        end: datetime,
        *,
        authority: bool,
        extra: Sequence[x509.ExtensionType] = (),
    ) -> x509.Certificate:
        own = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder(self._name, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(authority, 0 if authority else None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier(own.digest, None, None), False)
        )
        for extension in extra:
            builder = builder.add_extension(extension, False)
        digest: Any = HASHES[self._scheme.hash]
        return builder.sign(self._key, digest, rsa_padding=self._scheme.padding)


def _name(country: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def passport(
    lines: tuple[str, ...], image: bytes, size: tuple[int, int], signer: Signer
) -> dict[str, bytes]:
    """Return a whole passport's files: zone ``lines``, a portrait of (width, height), signed."""
    groups = {"DG1": ef_dg1(lines), "DG2": ef_dg2(image, *size)}
    return {"COM": ef_com(groups), "SOD": ef_sod(groups, signer)} | groups


def ef_sod(groups: Mapping[str, bytes], signer: Signer, hash_name: str = "") -> bytes:
    """Return EF.SOD over ``groups`` (``DG1`` …), hashed with the signer's hash unless named."""
    name = hash_name or signer.scheme.hash
    hashed = [
        core.Sequence.load(
            tlv.encode(
                0x30,
                core.Integer(int(group[2:])).dump()
                + core.OctetString(hashlib.new(name, raw).digest()).dump(),
            )
        )
        for group, raw in groups.items()
    ]
    body = core.Integer(0).dump() + algos.DigestAlgorithm({"algorithm": name}).dump()
    content = tlv.encode(0x30, body + tlv.encode(0x30, b"".join(each.dump() for each in hashed)))
    return tlv.encode(TAGS["SOD"], signed(content, LDS_SECURITY_OBJECT, signer))


def signed(content: bytes, content_type: str, signer: Signer) -> bytes:
    """Return a CMS SignedData of ``content``, its signer's certificate inside."""
    digest = {"algorithm": signer.scheme.hash}
    claimed = hashlib.new(signer.scheme.hash, content).digest()
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            {"type": "message_digest", "values": [claimed]},
        ]
    )
    certificate = asn1_x509.Certificate.load(signer.der)
    info = {
        "version": "v1",
        "sid": {
            "issuer_and_serial_number": {
                "issuer": certificate.issuer,
                "serial_number": certificate.serial_number,
            }
        },
        "digest_algorithm": digest,
        "signed_attrs": attributes,
        "signature_algorithm": signer.scheme.identifier,
        "signature": signer.scheme.sign(signer.key, attributes.dump()),
    }
    data = {
        "version": "v3",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": content_type, "content": content},
        "certificates": [certificate],
        "signer_infos": [info],
    }
    wrapped: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return wrapped


def utc(year: int, month: int = 1, day: int = 1) -> datetime:
    """Return that midnight."""
    return datetime(year, month, day, tzinfo=UTC)
