"""Faces as ISO/IEC 39794-5 stores them, in ICAO's profile for travel documents.

1. 7F2E{A1{65{A0 version, A1{30 representation}}}}; every tag is implicit, in the order of the
   schema ID-ICAO-ISO-IEC-39794-5-ed-1-v1. Some write 65 without the A1 around it.
2. representation [1] image, its [0] base, its [0] two-dimensional block: [0] the picture,
   [1] about it, of which [7] holds width [0] and height [1], where they are given.
3. A block that an extension ([1] for [0]) has taken the place of is no error of the document, but
   none that we can read: LdsError, which file, which offset, what.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.documents import picture, tlv
from edge.documents.lds import LdsError, reading
from edge.documents.picture import Codec, codec_of
from edge.documents.tlv import Tlv

_WRAPPER, _DATA_BLOCK, _REPRESENTATIONS, _SEQUENCE = 0xA1, 0x65, 0xA1, 0x30
_IMAGE, _BASE, _TWO_D, _PICTURE, _ABOUT, _SIZE = 0xA1, 0xA0, 0xA0, 0x80, 0xA1, 0xA7
_WIDTH, _HEIGHT = 0x80, 0x81


@dataclass(frozen=True, slots=True)
class Face:
    """One face: its image as stored, the codec it is coded with, and the size the record claims."""

    codec: Codec
    width: int
    height: int
    image: bytes = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels as the image itself says; PictureError if it does not."""
        return picture.size(self.image)


def codec(image: bytes, at: int, file: str) -> Codec:
    """Return how ``image``, at offset ``at`` of ``file``, is coded; LdsError if as neither."""
    if found := codec_of(image):
        return found
    raise LdsError(file, at, f"invalid image: {image[:4].hex()} starts neither JPEG nor JPEG 2000")


def faces(record: Tlv, file: str = "DG2") -> tuple[Face, ...]:
    """Return the faces of the biometric data block ``record`` (7F2E) of ``file``."""
    with reading(file):
        outer = _children(record)
        inner = _children(outer[_WRAPPER]) if _WRAPPER in outer else outer
        block = _needed(inner, _DATA_BLOCK, record, file, "face image data block")
        listed = _needed(_children(block), _REPRESENTATIONS, block, file, "representations")
        found = [_face(each, file) for each in tlv.children(listed) if each.tag == _SEQUENCE]
    if not found:
        raise LdsError(file, listed.offset, "a face image data block without a representation")
    return tuple(found)


def _face(representation: Tlv, file: str) -> Face:
    block = representation
    for tag, name in ((_IMAGE, "image"), (_BASE, "base"), (_TWO_D, "two-dimensional image")):
        block = _needed(_children(block), tag, block, file, name)
    parts = _children(block)
    image = _needed(parts, _PICTURE, block, file, "picture")
    sizes = _children(_children(parts[_ABOUT]).get(_SIZE)) if _ABOUT in parts else {}
    width, height = (_number(sizes.get(tag)) for tag in (_WIDTH, _HEIGHT))
    return Face(codec(image.value, image.offset, file), width, height, image.value)


def _children(parent: Tlv | None) -> dict[int, Tlv]:
    return {each.tag: each for each in tlv.children(parent)} if parent else {}


def _needed(inner: dict[int, Tlv], tag: int, parent: Tlv, file: str, name: str) -> Tlv:
    if tag not in inner:
        raise LdsError(file, parent.offset, f"has no {name} ({tag:X}) of ISO 39794-5")
    return inner[tag]


def _number(element: Tlv | None) -> int:
    return int.from_bytes(element.value, "big") if element else 0
