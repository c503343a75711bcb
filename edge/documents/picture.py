"""How large a stored picture is, and its pixels: JPEG (ISO/IEC 10918-1) and JPEG 2000 (15444-1).

1. What a picture starts as decides what it is; records say the one and hold the other.
2. Its size is read from its own header; nothing is decoded for that.
3. It is decoded only up to ``MOST_PIXELS``, and JPEG 2000 only up to so many colours and tiles: a
   few bytes can claim any size. Every header in the file counts, not only the first: which one the
   decoder follows is for the file to say.
"""

from __future__ import annotations

import struct
from enum import StrEnum

import imagecodecs
import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 8_000_000  # a portrait has 0.2 to 2 million; so many cost 120 MB to decode
MOST_SCANNED = 32_000_000  # pixels times scans: a progressive JPEG may go over them for ever
MOST_COLOURS = 4
MOST_TILES = 1024  # each costs its decoder kilobytes before the first pixel
# JPEG: the first marker and the FF E0 to FF EF, FF DB … of the next. JPEG 2000: the signature box
# of a JP2 file, or a bare codestream.
_JPEG = (*(b"\xff\xd8\xff%c" % app for app in range(0xE0, 0xF0)), b"\xff\xd8\xff\xdb")
_JPEG2000 = (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_SCAN = b"\xff\xda"
_SIZ = b"\xff\x4f\xff\x51"  # start of codestream, then image and tile size (A.5.1)
_LAYOUT = struct.Struct(">8I")  # right, low, left, top, then the tiles' width, height, left, top
_SIZ_LENGTH = 42  # to the count of colours
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame (B.1.1.3)
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


class PictureError(ValueError):
    """The bytes are no picture of either kind, or one that claims too much."""


class Codec(StrEnum):
    """How an image is coded."""

    JPEG = "jpeg"
    JPEG2000 = "jpeg2000"


def codec_of(image: bytes) -> Codec | None:
    """Return what ``image`` starts as, None if as neither."""
    if image.startswith(_JPEG2000):
        return Codec.JPEG2000
    return Codec.JPEG if image.startswith(_JPEG) else None


def size(image: bytes) -> tuple[int, int]:
    """Return width and height in pixels as the picture's own header has them; PictureError."""
    codec = codec_of(image)
    if codec is None:
        raise PictureError(f"{image[:4].hex()} starts neither JPEG nor JPEG 2000")
    found = _jpeg_size(image) if codec is Codec.JPEG else _jpeg2000_size(image)
    if found is None or not all(found):
        raise PictureError(f"a {codec} picture without a size")
    return found


def decode(image: bytes) -> NDArray[np.uint8]:
    """Return the pixels, (height, width) or (height, width, 3) RGB, 8 bit; PictureError."""
    width, height = size(image)
    if width * height > MOST_PIXELS:
        raise PictureError(f"{width} × {height} pixels are more than a portrait has")
    jpeg = codec_of(image) is Codec.JPEG
    if jpeg and width * height * image.count(_SCAN) > MOST_SCANNED:
        raise PictureError(f"{image.count(_SCAN)} scans of {width} × {height} pixels")
    if not jpeg:
        _refuse_excess(image)
    work = imagecodecs.jpeg8_decode if jpeg else imagecodecs.jpeg2k_decode
    try:
        pixels = work(image)
    except (ValueError, RuntimeError, TypeError) as error:
        raise PictureError(f"torn: {error}") from error
    if pixels.dtype != np.uint8:
        raise PictureError(f"pixels of {pixels.dtype}, not 8 bit")
    return np.asarray(pixels, np.uint8)


def _refuse_excess(image: bytes) -> None:
    at = image.find(_SIZ)
    while 0 <= at <= len(image) - _SIZ_LENGTH:
        right, low, _, _, tile_width, tile_height, _, _ = _LAYOUT.unpack_from(image, at + 8)
        colours = int.from_bytes(image[at + 40 : at + 42], "big")
        tiles = -(-right // max(tile_width, 1)) * -(-low // max(tile_height, 1))
        if right * low > MOST_PIXELS or colours > MOST_COLOURS or tiles > MOST_TILES:
            raise PictureError(
                f"{right} × {low} pixels of {colours} colours in {tiles} tiles are more than a "
                "portrait has"
            )
        at = image.find(_SIZ, at + 1)


def _jpeg2000_size(image: bytes) -> tuple[int, int] | None:
    at = image.find(_SIZ)
    if at < 0 or at + _SIZ_LENGTH > len(image):
        return None
    right, low, left, top, *_ = _LAYOUT.unpack_from(image, at + 8)
    return max(right - left, 0), max(low - top, 0)


def _jpeg_size(image: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(image):
        if image[at] != 0xFF:
            return None
        marker = image[at + 1]
        if marker in _FRAMES:
            height, width = (int.from_bytes(image[at + i : at + i + 2], "big") for i in (5, 7))
            return width, height
        length = 0 if marker in _ALONE else int.from_bytes(image[at + 2 : at + 4], "big")
        at += 1 if marker == 0xFF else 2 + length
    return None
