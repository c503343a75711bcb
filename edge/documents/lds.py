"""The logical data structure: what the files on a chip say (ICAO Doc 9303-10).

1. Every file is one BER-TLV element whose tag says which file it is; DG n has a tag of its own.
2. EF.COM lists the data groups; EF.SOD wraps the signature over their hashes; DG1 is the MRZ.
3. What is wrong is an LdsError: which file, at which offset, what. Nothing is repaired.
4. Bytes after the element are kept out: a chip may read on past the end of its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from edge.documents import mrz as zone
from edge.documents import tlv
from edge.documents.tlv import Tlv, TlvError

#: The tag of each data group, DG1 first (Doc 9303-10 table 38).
GROUP_TAGS = (
    *(0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68),
    *(0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70),
)
GROUP_OF_TAG = {tag: number for number, tag in enumerate(GROUP_TAGS, start=1)}
TAGS = {"COM": 0x60, "SOD": 0x77} | {f"DG{n}": tag for tag, n in GROUP_OF_TAG.items()}


class Tag(IntEnum):
    """Elements within the files."""

    LDS_VERSION = 0x5F01
    UNICODE_VERSION = 0x5F36
    GROUP_LIST = 0x5C
    MRZ = 0x5F1F


class LdsError(ValueError):
    """A file of the chip is not as Doc 9303-10 has it."""

    def __init__(self, file: str, offset: int, what: str) -> None:
        super().__init__(f"EF.{file}, offset {offset}: {what}")
        self.file, self.offset, self.what = file, offset, what


@dataclass(frozen=True, slots=True)
class Com:
    """EF.COM: versions as printed (``0107``, ``040000``) and the data groups it says are there."""

    lds_version: str
    unicode_version: str
    data_groups: tuple[int, ...]


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Name ``file`` in whatever its BER-TLV gets wrong."""
    try:
        yield
    except TlvError as error:
        raise LdsError(file, error.offset, error.what) from error


def unwrap(file: str, raw: bytes) -> Tlv:
    """Return the one element that file ``COM``, ``SOD`` or ``DGn`` is; LdsError otherwise."""
    with reading(file):
        found = tlv.read(raw)
    if found.tag != TAGS[file]:
        raise LdsError(file, 0, f"starts with tag {found.tag:X}, not {TAGS[file]:X}")
    return found


def com(raw: bytes) -> Com:
    """Read EF.COM."""
    inner = _by_tag("COM", unwrap("COM", raw))
    groups = _needed("COM", inner, Tag.GROUP_LIST)
    unknown = [i for i, tag in enumerate(groups.value) if tag not in GROUP_OF_TAG]
    if unknown:
        at, tag = groups.offset + unknown[0], groups.value[unknown[0]]
        raise LdsError("COM", at, f"lists tag {tag:X}, which is no data group")
    return Com(
        _needed("COM", inner, Tag.LDS_VERSION).value.decode("ascii", "replace"),
        _needed("COM", inner, Tag.UNICODE_VERSION).value.decode("ascii", "replace"),
        tuple(GROUP_OF_TAG[tag] for tag in groups.value),
    )


def sod(raw: bytes) -> bytes:
    """Return the CMS structure (DER) that EF.SOD wraps."""
    return unwrap("SOD", raw).value


def dg1(raw: bytes) -> zone.Mrz:
    """Read the machine-readable zone of EF.DG1."""
    text = _needed("DG1", _by_tag("DG1", unwrap("DG1", raw)), Tag.MRZ)
    try:
        return zone.parse(text.value.decode("latin-1"))
    except zone.MrzError as error:
        raise LdsError("DG1", text.offset, str(error)) from error


def security_infos(raw: bytes) -> bytes:
    """Return the SecurityInfos (DER) of EF.DG14, undecoded."""
    return unwrap("DG14", raw).value


def active_authentication_key(raw: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (DER) of EF.DG15, undecoded."""
    return unwrap("DG15", raw).value


def _by_tag(file: str, parent: Tlv) -> dict[int, Tlv]:
    with reading(file):
        return {element.tag: element for element in tlv.children(parent)}


def _needed(file: str, inner: dict[int, Tlv], tag: Tag) -> Tlv:
    if tag not in inner:
        raise LdsError(file, 0, f"has no {tag.name.lower().replace('_', ' ')} ({tag:X})")
    return inner[tag]
