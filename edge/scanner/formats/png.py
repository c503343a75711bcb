"""Is a PNG whole: every chunk within the file and with its check sum, before it is decoded.

A decoder takes a chunk's word for its length and makes room for it, up to 2 GiB (ISO/IEC 15948,
5.3). Deflate packs at most 1032 bytes into one: an image said to be larger breaks off.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from edge.scanner.formats.errors import FormatError

START = b"\x89PNG\r\n\x1a\n"
MOST_DEFLATED = 1032
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_MOVING = {b"acTL", b"fcTL", b"fdAT"}


def checked(data: bytes) -> tuple[int, int, int]:
    """Return rows, columns and bytes of a pixel of a whole PNG; raise FormatError."""
    kinds, packed = [], 0
    for kind, content in chunks(data):
        kinds.append(kind)
        packed += len(content) if kind == b"IDAT" else 0
        if kind in _MOVING:
            raise FormatError("an animated PNG is no X-ray picture")
    if kinds[:1] != [b"IHDR"] or kinds.count(b"IHDR") != 1 or kinds[-1] != b"IEND":
        raise FormatError("the PNG header is damaged, or the file breaks off")
    rows, columns, depth = _header(data)
    if rows * columns * depth > (packed + 64) * MOST_DEFLATED * 8:  # less than a byte a pixel
        raise FormatError(f"{columns}×{rows} pixels are not in so small a file; it breaks off")
    return rows, columns, depth


def _header(data: bytes) -> tuple[int, int, int]:
    columns, rows, bits, colour = struct.unpack_from(">IIBB", data, 16)
    return rows, columns, max(1, bits // 8) * _CHANNELS.get(colour, 4)


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the chunks up to the end mark."""
    whole, at, kind = memoryview(data), len(START), b""
    while kind != b"IEND":
        if at + 12 > len(data):
            raise FormatError("the file breaks off; fetch it again")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            raise FormatError("the file breaks off; fetch it again")
        if zlib.crc32(whole[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise FormatError("the PNG is damaged: a check sum does not hold; fetch it again")
        yield kind, whole[at + 8 : end]
        at = end + 4
