"""What a state writes on a chip: the files of a made-up passport, form by form (Doc 9303-10)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from edge.documents import tlv
from edge.documents.lds import TAGS, Tag

_NO_POSE = bytes(6)
_JPEG, _JPEG2000 = 0, 1


def ef_com(groups: Iterable[str]) -> bytes:
    """Return EF.COM listing ``groups`` (``DG1`` …)."""
    listed = bytes(TAGS[group] for group in groups)
    inner = tlv.encode(Tag.LDS_VERSION, b"0107") + tlv.encode(Tag.UNICODE_VERSION, b"040000")
    return tlv.encode(TAGS["COM"], inner + tlv.encode(Tag.GROUP_LIST, listed))


def ef_dg1(lines: Sequence[str]) -> bytes:
    """Return EF.DG1 with the zone's ``lines``."""
    return tlv.encode(TAGS["DG1"], tlv.encode(Tag.MRZ, "".join(lines).encode("ascii")))


def ef_dg2(image: bytes, width: int, height: int) -> bytes:
    """Return EF.DG2 with one face: a JPEG or JPEG 2000 image of that size."""
    codec = _JPEG if image.startswith(b"\xff\xd8") else _JPEG2000
    about = struct.pack(">BBHHBBHH", 1, codec, width, height, 1, 2, 0, 0)
    face = struct.pack(
        ">IHBBB3sH6s", 20 + len(about) + len(image), 0, 0, 0, 0, bytes(3), 0, _NO_POSE
    )
    body = face + about + image
    record = b"FAC\0" + b"010\0" + struct.pack(">IH", 14 + len(body), 1) + body
    header = tlv.encode(0xA1, bytes.fromhex("8001028102000087020101880200" + "08"))
    template = tlv.encode(0x7F60, header + tlv.encode(0x5F2E, record))
    group = tlv.encode(0x7F61, tlv.encode(0x02, b"\x01") + template)
    return tlv.encode(TAGS["DG2"], group)
