"""What a made-up state can do beside issuing passports: change keys, list defects, sign lists."""

import hashlib
from datetime import datetime

from asn1crypto import cms, core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from edge.documents import tlv
from edge.documents.certificate import Certificate
from edge.documents.defect_list import DEFECT_LIST, MAY_SIGN_DEFECTS
from edge.documents.lds import TAGS
from edge.documents.security_object import LDS_SECURITY_OBJECT, MASTER_LIST
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Signer, State, utc

TODAY = utc(2026, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
IMAGE = b"\xff\xd8\xff\xe0" + bytes(range(200))


def store_of(*ders: bytes) -> TrustStore:
    store = TrustStore()
    store.add(Certificate.load(der) for der in ders)
    return store


def link(old: State, new: State) -> bytes:
    """Return the certificate by which ``old``'s key vouches for ``new``'s."""
    made = old._certify(new._name, new._key, TODAY - DAY, TODAY + 999 * DAY, authority=True)
    return made.public_bytes(serialization.Encoding.DER)


def at(when: datetime) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": when})]})


def cms_of(
    content: bytes,
    kind: str,
    signer: Signer,
    *,
    attributes: list | None = None,
    signers: int = 1,
    signer_version: str = "v1",
    digest_name: str = "",
    more: list | None = None,
) -> bytes:
    """Return a CMS SignedData; by default a good one. No ``attributes``: the content is signed."""
    scheme = signer.scheme
    digest_name = digest_name or scheme.hash
    digest = hashlib.new(digest_name, content).digest()
    good = [
        {"type": "content_type", "values": [kind]},
        {"type": "message_digest", "values": [digest]},
    ]
    claims = cms.CMSAttributes((good if attributes is None else attributes) + (more or []))
    to_sign = claims.dump() if len(claims) else content
    certificate = asn1.Certificate.load(signer.der)
    info = {
        "version": signer_version,
        "sid": {
            "issuer_and_serial_number": {
                "issuer": certificate.issuer,
                "serial_number": certificate.serial_number,
            }
        },
        "digest_algorithm": {"algorithm": digest_name},
        "signature_algorithm": scheme.identifier,
        "signature": scheme.sign(signer.key, to_sign),
    } | ({"signed_attrs": claims} if len(claims) else {})
    data = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": scheme.hash}],
        "encap_content_info": {"content_type": kind, "content": content},
        "certificates": [certificate],
        "signer_infos": [info] * signers,
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()


def hash_list(
    groups: list[tuple[int, bytes]], version: int = 0, extra: bytes = b"", name: str = "sha256"
) -> bytes:
    """Return an LDS security object with those (number, hash)."""
    listed = b"".join(
        tlv.encode(0x30, core.Integer(n).dump() + core.OctetString(h).dump()) for n, h in groups
    )
    algorithm = cms.DigestAlgorithm({"algorithm": name}).dump()
    body = core.Integer(version).dump() + algorithm + tlv.encode(0x30, listed)
    return tlv.encode(0x30, body + extra)


def sod(content: bytes, signer: Signer, **changes) -> bytes:
    return tlv.encode(TAGS["SOD"], cms_of(content, LDS_SECURITY_OBJECT, signer, **changes))


def master_list(state: State, ders: list[bytes], when: datetime = TODAY) -> bytes:
    content = tlv.encode(0x30, core.Integer(0).dump() + tlv.encode(0x31, b"".join(ders)))
    signer = state.list_signer(when - DAY, when + DAY)
    return cms_of(content, MASTER_LIST, signer, more=[at(when)])


def signer_list(state: State, ders: list[bytes], kind: str, usage: str) -> bytes:
    content = tlv.encode(0x30, core.Integer(0).dump() + tlv.encode(0x31, b"".join(ders)))
    return cms_of(content, kind, defect_signer(state, usage), more=[at(TODAY)])


def defect_signer(state: State, usage: str = MAY_SIGN_DEFECTS) -> Signer:
    key = state._scheme.new_key()
    extended = x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage)])
    made = state._certify(
        state._name, key, TODAY - 99 * DAY, TODAY + 99 * DAY, authority=False, extra=[extended]
    )
    return Signer(made, key, state._scheme)


def identifier(signer: Signer) -> bytes:
    certificate = asn1.Certificate.load(signer.der)
    serial = core.Integer(certificate.serial_number).dump()
    return tlv.encode(0x30, certificate.issuer.dump() + serial)


def oid(dotted: str) -> bytes:
    return core.ObjectIdentifier(dotted).dump()


def defect(kind: str, parameter: bytes = b"", *, second: bool = False) -> bytes:
    """Return a KnownDefect, or a KnownDefectV2 with a description."""
    name = oid(f"{DEFECT_LIST}.{kind}")
    if not second:
        return tlv.encode(0x30, name + parameter)
    wrapped = tlv.encode(0xA0, parameter) if parameter else b""
    return tlv.encode(0xA0, name + wrapped + tlv.encode(0xA1, tlv.encode(0x0C, b"why")))


def status_code(code: int) -> bytes:
    return bytes([0x0A, 1, code])


def entry(signer: Signer | None, *defects: bytes, named_by_hash: bytes = b"") -> bytes:
    hashed = tlv.encode(0x04, named_by_hash) if named_by_hash else b""
    who = identifier(signer) if signer else b""
    return tlv.encode(0x30, who + hashed + tlv.encode(0x31, b"".join(defects)))


def defect_list(
    state: State, *entries: bytes, version: int = 0, when: datetime = TODAY, **changes
) -> bytes:
    body = core.Integer(version).dump() + oid("2.16.840.1.101.3.4.2.1")
    content = tlv.encode(0x30, body + tlv.encode(0x31, b"".join(entries)))
    usage = changes.pop("usage", MAY_SIGN_DEFECTS)
    return cms_of(content, DEFECT_LIST, defect_signer(state, usage), more=[at(when)], **changes)
