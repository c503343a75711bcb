"""PNG, TIFF and JPEG: bytes to planes and back.

1. A torn file is refused, not shown half: each format has its own end.
2. Size, depth and number of pages are read from the header first: above ``MOST_PIXELS`` a page or
   ``MOST_BYTES`` in all, the file is not decoded.
3. Colours are averaged: X-rays saved as JPEG often have three equal ones.
4. Written are PNG of 8 or 16 bits, and TIFF without compression, a page for each energy.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.formats import jpeg, png
from edge.scanner.formats.dicos_pixels import MOST_PIXELS
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Plane

Pixels = NDArray[Any]

MOST_BYTES = 1 << 30  # decoded
MOST_PAGES = 2
PNG, JPEG = png.START, b"\xff\xd8\xff"
TIFF = {b"II*\0": "<", b"MM\0*": ">"}

_WIDTH, _LENGTH, _DEPTH, _SAMPLES = 256, 257, 258, 277  # TIFF tags
_UNPACKED = [cv2.IMWRITE_TIFF_COMPRESSION, 1]


@dataclass(frozen=True)
class Header:
    """What a file announces: the largest rows and columns, pages, and bytes of a pixel."""

    rows: int
    columns: int
    pages: int = 1
    depth: int = 1


def is_raster(data: bytes) -> bool:
    """Whether the file begins like one of ours."""
    return data.startswith((PNG, JPEG)) or data[:4] in TIFF


def decode(data: bytes) -> list[Pixels]:
    """Return the pages (rows, columns), at most two; raise FormatError."""
    if not is_raster(data):
        raise FormatError("not a PNG, TIFF or JPEG picture")
    _check_whole(data)
    _check_size(header(data))
    buffer = np.frombuffer(data, np.uint8)
    try:
        if data[:4] in TIFF:
            done, pages = cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED)
            planes = list(pages) if done else []
        else:
            one = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            planes = [] if one is None else [one]
    except cv2.error as error:
        raise FormatError(f"cannot be decoded: {error.err}") from error
    if not planes:
        raise FormatError("cannot be decoded; the file is damaged")
    return [_grey(plane) for plane in planes]


def _check_whole(data: bytes) -> None:
    end = data.rfind(b"\xff\xd9") if data.startswith(JPEG) else len(data)
    if end <= 8:
        raise FormatError("the file breaks off; fetch it again")


def _check_size(said: Header) -> None:
    if said.rows * said.columns > MOST_PIXELS:
        raise FormatError(
            f"{said.columns}×{said.rows} pixels; at most {MOST_PIXELS // 10**6} million"
        )
    if said.pages > MOST_PAGES:
        raise FormatError(f"{said.pages} pages; one, or low and high energy, are wanted")
    if said.rows * said.columns * said.pages * said.depth > MOST_BYTES:
        raise FormatError(f"{said.depth} bytes a pixel: more than {MOST_BYTES >> 20} MiB decoded")


def header(data: bytes) -> Header:
    """Return what the header announces; raise FormatError where there is none."""
    try:
        if data.startswith(PNG):
            rows, columns, depth = png.checked(data)
            said = Header(rows, columns, 1, depth)
        elif data.startswith(JPEG):
            rows, columns = jpeg.size(data)
            said = Header(rows, columns, 1, 3)
        else:
            said = _tiff_header(data)
    except struct.error as error:
        raise FormatError("the header breaks off; fetch the file again") from error
    if not said.rows or not said.columns:
        raise FormatError("the header names no size")
    return said


def _tiff_header(data: bytes) -> Header:
    order, found = TIFF[data[:4]], {_WIDTH: 0, _LENGTH: 0, _DEPTH: 8, _SAMPLES: 1}
    (at,) = struct.unpack_from(order + "I", data, 4)
    pages = 0
    while at and pages <= MOST_PAGES:  # a longer chain may be a loop
        pages += 1
        (count,) = struct.unpack_from(order + "H", data, at)
        for index in range(count):
            tag, kind, many = struct.unpack_from(order + "HHI", data, at + 2 + 12 * index)
            if tag in found:
                value = _tiff_value(data, order, kind, many, at + 10 + 12 * index)
                found[tag] = max(found[tag], value)
        (at,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    depth = max(1, found[_DEPTH] // 8) * found[_SAMPLES]
    return Header(found[_LENGTH], found[_WIDTH], pages, depth)


def _tiff_value(data: bytes, order: str, kind: int, many: int, at: int) -> int:
    """Return the first value of an entry; more than fits into four bytes lie elsewhere."""
    form, size = ("H", 2) if kind == 3 else ("I", 4)
    if many * size > 4:
        (at,) = struct.unpack_from(order + "I", data, at)
    (value,) = struct.unpack_from(order + form, data, at)
    return int(value)


def _grey(plane: Pixels) -> Pixels:
    if plane.ndim == 2:
        return plane
    colours = plane[..., :3] if plane.shape[2] >= 3 else plane[..., :1]
    mean = colours.mean(2)
    return np.asarray(mean if plane.dtype.kind == "f" else np.rint(mean).astype(plane.dtype))


def encode_png(plane: Plane) -> bytes:
    """Return one plane as PNG, its depth kept."""
    return _encoded(cv2.imencode(".png", plane, [cv2.IMWRITE_PNG_COMPRESSION, 1]))


def encode_tiff(planes: Sequence[Plane]) -> bytes:
    """Return planes as pages of a TIFF, low energy first, their depth kept."""
    if len(planes) == 1:
        return _encoded(cv2.imencode(".tif", planes[0], _UNPACKED))
    return _encoded(cv2.imencodemulti(".tif", list(planes), _UNPACKED))


def _encoded(answer: tuple[bool, NDArray[np.uint8]]) -> bytes:
    done, buffer = answer
    if not done:
        raise FormatError("the picture cannot be encoded")
    return buffer.tobytes()
