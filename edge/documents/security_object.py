"""EF.SOD: the CMS structure whose content lists the data groups' hashes (Doc 9303-10 §4.6.2).

1. A SignedData (see ``signed_data``) of content type id-icao-mrtd-security-ldsSecurityObject, and
   nothing behind it in the file.
2. The list has version 0, or 1 and then the LDS' version beside it; two to sixteen data groups,
   numbered 1 to 16, each once, each with a hash as long as its algorithm gives.
3. A structure that is not so is an LdsError of EF.SOD, though its signature be right: two readers
   could understand it in two ways.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asn1crypto import cms, core

from edge.documents import tlv
from edge.documents.certificate import DECODING_ERRORS
from edge.documents.lds import LdsError, sod, unwrap
from edge.documents.signatures import HASHES
from edge.documents.signed_data import Signed, signed_data

__all__ = ["LDS_SECURITY_OBJECT", "MASTER_LIST", "SecurityObject", "listed_groups", "read"]

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
MASTER_LIST = "2.23.136.1.1.2"
_GROUPS = range(1, 17)
_FEWEST_GROUPS = 2  # EF.DG1 and EF.DG2 are mandatory


class _HashedGroup(core.Sequence):  # type: ignore[misc]
    _fields = [("number", core.Integer), ("hash", core.OctetString)]  # noqa: RUF012 asn1crypto's


class _HashedGroups(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _HashedGroup


class _SecurityObject(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 asn1crypto's way to say it
        ("version", core.Integer),
        ("hash_algorithm", cms.DigestAlgorithm),
        ("groups", _HashedGroups),
        ("lds_version", core.Sequence, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """The hashes by data group number, their algorithm's name, and the signature around them."""

    hash_algorithm: str
    hashes: Mapping[int, bytes]
    signed: Signed = field(repr=False)


def read(raw: bytes) -> SecurityObject:
    """Read EF.SOD; LdsError if it is none."""
    der = sod(raw)
    end = unwrap("SOD", raw).end
    if end < len(raw):
        raise LdsError("SOD", end, f"{len(raw) - end} bytes behind its end")
    try:
        signed = signed_data(der)
        if signed.content_type != LDS_SECURITY_OBJECT:
            raise LdsError("SOD", 0, f"signs content of type {signed.content_type}")
        listed = _SecurityObject.load(signed.content, strict=True)
        _refuse_more(signed.content)
        algorithm = listed["hash_algorithm"]["algorithm"].native
        groups = [(g["number"].native, g["hash"].native) for g in listed["groups"]]
        wrong = _wrong_version(listed) or _wrong_groups(groups, algorithm)
    except DECODING_ERRORS as error:
        if isinstance(error, LdsError):
            raise
        raise LdsError("SOD", 0, f"not the CMS structure it should be: {error}") from error
    if wrong:
        raise LdsError("SOD", 0, f"its list of hashes {wrong}")
    return SecurityObject(algorithm, dict(groups), signed)


def _refuse_more(content: bytes) -> None:
    """Refuse what the decoder would pass over: fields behind the last of list and entries."""
    fields = tlv.children(tlv.read(content))
    entries = [tlv.children(entry) for entry in tlv.children(fields[2])]
    if len(fields) > len(_SecurityObject._fields) or any(len(entry) != 2 for entry in entries):
        raise ValueError("more fields than it has")


def _wrong_version(listed: _SecurityObject) -> str:
    version, about_lds = listed["version"].native, listed["lds_version"].native is not None
    if version not in (0, 1):
        return f"has version {version}"
    return "" if about_lds == (version == 1) else f"of version {version} has the wrong fields"


def _wrong_groups(groups: Sequence[tuple[int, bytes]], algorithm: str) -> str:
    counts = Counter(number for number, _ in groups)
    strange = sorted(n for n, times in counts.items() if n not in _GROUPS or times > 1)
    if strange:
        return f"names data group {strange[0]}, which is none or there already"
    if len(groups) < _FEWEST_GROUPS:
        return f"names {len(groups)} data group; DG1 and DG2 are mandatory"
    size = HASHES[algorithm].digest_size if algorithm in HASHES else None
    odd = [n for n, digest in groups if size is not None and len(digest) != size]
    return f"gives DG{odd[0]} a hash that is not {size} bytes long" if odd else ""


def listed_groups(raw: bytes) -> tuple[int, ...]:
    """Return the numbers of the data groups that EF.SOD lists."""
    return tuple(read(raw).hashes)
