"""A state that does not exist, and the chips that it issues: CSCA, document signer, signed files.

1. The CSCA signs the document signer's certificate and an empty revocation list; the document
   signer signs every EF.SOD (Doc 9303-10 §4.6.2, Doc 9303-12 §7). ECDSA P-256, SHA-256 throughout.
2. A chip is its files by name: COM, DG1, DG2, SOD. DG2 is one ISO 19794-5 record in a CBEFF
   template, with a JPEG inside.
3. Keys live in memory and end with the process. Nothing here is secret, and nothing real.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
from asn1crypto import algos, cms, core, x509
from cryptography import x509 as build
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.documents.security_object import LDS_SECURITY_OBJECT
from edge.documents.tlv import encode
from simulators.world.portraits import portrait

DG1, DG2 = 0x61, 0x75
_HASH = algos.DigestAlgorithm({"algorithm": "sha256"})
_FACE = 480, 360  # height and width of the portrait in the chip, pixels


class _HashedGroup(core.Sequence):  # type: ignore[misc]
    _fields = [("number", core.Integer), ("hash", core.OctetString)]  # noqa: RUF012 asn1crypto's


class _HashedGroups(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _HashedGroup


class _SecurityObject(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 asn1crypto's way to say it
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("groups", _HashedGroups),
    ]


@dataclass(frozen=True)
class _Authority:
    name: build.Name
    key: ec.EllipticCurvePrivateKey
    certificate: build.Certificate


class Issuer:
    """One fictitious state. ``country`` is its ISO 3166-1 alpha-2 code; ``now`` its wall clock."""

    def __init__(self, country: str, now: datetime) -> None:
        self._now = now
        self._csca = _authority(f"{country} specimen CSCA", country, now, None)
        self._signer = _authority(f"{country} specimen document signer", country, now, self._csca)

    @property
    def csca(self) -> bytes:
        """The CSCA certificate, DER: what a gate has to trust."""
        return self._csca.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def crl(self) -> bytes:
        """The CSCA's revocation list, DER: nothing is revoked, for the next 90 days."""
        revoked = (
            build.CertificateRevocationListBuilder()
            .issuer_name(self._csca.name)
            .last_update(self._now - timedelta(hours=1))
            .next_update(self._now + timedelta(days=90))
            .sign(self._csca.key, hashes.SHA256())
        )
        return revoked.public_bytes(serialization.Encoding.DER)

    def personalise(self, lines: tuple[str, ...], seed: int) -> dict[str, bytes]:
        """Return a chip's files for the printed ``lines``, with the portrait of ``seed``."""
        groups = {1: _dg1(lines), 2: _dg2(seed)}
        return {
            "COM": _com(groups),
            "DG1": groups[1],
            "DG2": groups[2],
            "SOD": self._sod(groups),
        }

    def _sod(self, groups: dict[int, bytes]) -> bytes:
        listed = [
            {"number": number, "hash": hashlib.sha256(raw).digest()}
            for number, raw in sorted(groups.items())
        ]
        content = _SecurityObject({"version": 0, "hash_algorithm": _HASH, "groups": listed}).dump()
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": [LDS_SECURITY_OBJECT]},
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
            ]
        )
        # Signed as a SET (0x31), stored as [0] (RFC 5652 §5.4); asn1crypto dumps the SET here.
        signature = self._signer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        signed = self._signed_data(content, attributes, signature)
        return encode(
            0x77, cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
        )

    def _signed_data(
        self, content: bytes, attributes: cms.CMSAttributes, signature: bytes
    ) -> cms.SignedData:
        der = self._signer.certificate.public_bytes(serialization.Encoding.DER)
        certificate = x509.Certificate.load(der)
        signer = {
            "version": "v1",
            "sid": cms.IssuerAndSerialNumber(
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
            ),
            "digest_algorithm": _HASH,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [_HASH],
                "encap_content_info": {
                    "content_type": LDS_SECURITY_OBJECT,
                    "content": core.ParsableOctetString(content),
                },
                "certificates": [certificate],
                "signer_infos": [signer],
            }
        )


def _authority(title: str, country: str, now: datetime, above: _Authority | None) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = build.Name(
        [
            build.NameAttribute(NameOID.COUNTRY_NAME, country),
            build.NameAttribute(NameOID.COMMON_NAME, title),
        ]
    )
    own = build.SubjectKeyIdentifier.from_public_key(key.public_key())
    signing_key = above.key if above else key
    authority = build.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
    certificate = (
        build.CertificateBuilder()
        .subject_name(name)
        .issuer_name(above.name if above else name)
        .public_key(key.public_key())
        .serial_number(build.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(own, critical=False)
        .add_extension(authority, critical=False)
        .add_extension(_constraints(above), critical=True)
        .add_extension(_usage(above), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    return _Authority(name, key, certificate)


def _constraints(above: _Authority | None) -> build.BasicConstraints:
    return build.BasicConstraints(ca=above is None, path_length=0 if above is None else None)


def _usage(above: _Authority | None) -> build.KeyUsage:
    signs_documents = above is not None
    return build.KeyUsage(
        digital_signature=signs_documents,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs_documents,
        crl_sign=not signs_documents,
        encipher_only=False,
        decipher_only=False,
    )


def _com(groups: dict[int, bytes]) -> bytes:
    tags = bytes(raw[0] for _, raw in sorted(groups.items()))
    inner = encode(0x5F01, b"0107") + encode(0x5F36, b"040000") + encode(0x5C, tags)
    return encode(0x60, inner)


def _dg1(lines: tuple[str, ...]) -> bytes:
    return encode(DG1, encode(0x5F1F, "".join(lines).encode("ascii")))


def _dg2(seed: int) -> bytes:
    found, jpeg = cv2.imencode(".jpg", portrait(seed, *_FACE), [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert found
    header = encode(0x87, b"\x01\x01") + encode(0x88, b"\x00\x08")  # ISO/IEC JTC1 SC37, face
    biometric = encode(0xA1, header) + encode(0x5F2E, _face_record(jpeg.tobytes()))
    group = encode(0x02, b"\x01") + encode(0x7F60, biometric)
    return encode(DG2, encode(0x7F61, group))


def _face_record(jpeg: bytes) -> bytes:
    """Return one ISO/IEC 19794-5:2005 record: header 14, block 20, image 12 bytes, the JPEG."""
    height, width = _FACE
    image = bytes([1, 0]) + width.to_bytes(2, "big") + height.to_bytes(2, "big")
    image += bytes([1, 0, 0, 0, 0, 0])  # 24-bit sRGB, source unknown, no device, no quality
    length = 20 + len(image) + len(jpeg)
    block = length.to_bytes(4, "big") + bytes(16)
    record = b"FAC\0" + b"010\0" + (14 + length).to_bytes(4, "big") + b"\0\1"
    return record + block + image + jpeg
