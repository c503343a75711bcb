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


def ef_dg3(prints: Sequence[bytes]) -> bytes:
    """Return EF.DG3 with these finger records: what a state would put there, as opaque bytes."""
    records = b"".join(tlv.encode(0x7F60, tlv.encode(0x5F2E, each)) for each in prints)
    count = tlv.encode(0x02, bytes([len(prints)]))
    return tlv.encode(TAGS["DG3"], tlv.encode(0x7F61, count + records))


def ef_dg7(signature: bytes) -> bytes:
    """Return EF.DG7 with the holder's signature, a JPEG image."""
    held = tlv.encode(0x02, b"\x01") + tlv.encode(0x5F43, signature)
    return tlv.encode(TAGS["DG7"], held)


def ef_dg11(name: str, born_at: str) -> bytes:
    """Return EF.DG11: the holder's full name (as in the zone) and place of birth."""
    listed = tlv.encode(0x5C, bytes.fromhex("5F0E5F11"))
    held = listed + tlv.encode(0x5F0E, name.encode()) + tlv.encode(0x5F11, born_at.encode())
    return tlv.encode(TAGS["DG11"], held)


def ef_dg12(authority: str, issued: str) -> bytes:
    """Return EF.DG12: who issued the document, and on which day (``YYYYMMDD``)."""
    listed = tlv.encode(0x5C, bytes.fromhex("5F195F26"))
    held = listed + tlv.encode(0x5F19, authority.encode()) + tlv.encode(0x5F26, issued.encode())
    return tlv.encode(TAGS["DG12"], held)


def ef_dg16(name: str, telephone: str, since: str) -> bytes:
    """Return EF.DG16: one person to notify, recorded on that day (``YYYYMMDD``)."""
    person = tlv.encode(0x5F50, since.encode()) + tlv.encode(0x5F51, name.encode())
    person += tlv.encode(0x5F52, telephone.encode())
    held = tlv.encode(0x02, b"\x01") + tlv.encode(0xA1, person)
    return tlv.encode(TAGS["DG16"], held)
