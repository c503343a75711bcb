r"""The faces in EF.DG2: ISO/IEC 19794-5 or 39794-5 records in a CBEFF wrapper (Doc 9303-10 §4.7.2).

1. DG2 is 75{7F61{02 n, 7F60{A1{header} 5F2E or 7F2E{record}} …}}; n counts the templates.
2. An ISO 19794-5 record is ``FAC\0 010\0``, its length, the number of faces; each face is 20
   bytes of description, 8 per feature point, 12 about the image, and the image (§5.3 to §5.8).
3. Any other is ISO 39794-5 (``face_39794``), which is BER.
4. What an image starts as decides whether it is JPEG or JPEG 2000: real records say the one and
   hold the other. One that starts as neither is an error: which file, which offset, what.
"""

from __future__ import annotations

import struct
from typing import Any

from edge.documents import face_39794, tlv
from edge.documents.face_39794 import Face, codec
from edge.documents.lds import LdsError, reading, unwrap
from edge.documents.picture import Codec
from edge.documents.tlv import Tlv

__all__ = ["Codec", "Face", "dg2", "faces"]

_RECORD = struct.Struct(">4s4sIH")  # format, version, length, faces
_FACE = struct.Struct(">IHBBB3sH3s3s")  # block length, feature points, …, expression, pose
_IMAGE = struct.Struct(">BBHHBBHH")  # type, codec, width, height, colours, source, device, quality
_POINT = 8
_FORMAT = b"FAC\0"


def dg2(raw: bytes) -> tuple[Face, ...]:
    """Return the faces of EF.DG2, in their order."""
    with reading("DG2"):
        records = [r for template in _templates(unwrap("DG2", raw)) for r in _records(template)]
    if not records:
        raise LdsError("DG2", 0, "holds no biometric data block (5F2E, 7F2E)")
    return tuple(face for record in records for face in _faces_of(record))


def _templates(parent: Tlv) -> list[Tlv]:
    groups = [element for element in tlv.children(parent) if element.tag == 0x7F61]
    return [e for group in groups for e in tlv.children(group) if e.tag == 0x7F60]


def _records(template: Tlv) -> list[Tlv]:
    return [e for e in tlv.children(template) if e.tag in (0x5F2E, 0x7F2E)]


def _faces_of(record: Tlv) -> tuple[Face, ...]:
    if record.tag == 0x7F2E and not record.value.startswith(_FORMAT):
        return face_39794.faces(record, "DG2")
    return faces(record.value, record.offset)


def faces(record: bytes, base: int = 0, file: str = "DG2") -> tuple[Face, ...]:
    """Return the faces of one ISO/IEC 19794-5 record that starts at ``base`` of ``file``."""
    kind, version, length, count = _unpack(_RECORD, record, 0, base, file)
    if kind != _FORMAT or version != b"010\0":
        raise LdsError(file, base, f"{kind + version!r} is no face record of ISO 19794-5:2005")
    if length > len(record):
        raise LdsError(file, base + 8, f"says {length} bytes, has {len(record)}")
    found, at = [], _RECORD.size
    for _ in range(count):
        face, at = _face(record[:length], at, base, file)
        found.append(face)
    return tuple(found)


def _face(record: bytes, at: int, base: int, file: str) -> tuple[Face, int]:
    block, points, *_ = _unpack(_FACE, record, at, base, file)
    about = at + _FACE.size + points * _POINT
    _, _, width, height, *_ = _unpack(_IMAGE, record, about, base, file)
    start, end = about + _IMAGE.size, at + block
    if end > len(record) or end <= start:
        raise LdsError(file, base + at, f"a face of {block} bytes does not fit its record")
    image = record[start:end]
    return Face(codec(image, base + start, file), width, height, image), end


def _unpack(form: struct.Struct, record: bytes, at: int, base: int, file: str) -> tuple[Any, ...]:
    if at + form.size > len(record):
        raise LdsError(file, base + at, f"ends inside its {form.size}-byte header")
    return form.unpack_from(record, at)
