"""X-ray pictures from files: what is inside becomes a transmission, or an error that says why not.

1. PNG, TIFF and JPEG, 8 or 16 bits or float. A torn file is refused, not shown half.
2. The size is read from the header first: above ``MOST_PIXELS`` the file is not decoded at all.
3. Integers are divided by the ceiling of their bit depth; 16-bit files that use fewer (12 or
   14 are common) by the ceiling of the bits they use. Floats above 1 are divided by their maximum.
4. A TIFF of two pages is low and high energy, in this order; so is a pair of files.
5. What is readable but says little (black, saturated, flat, tiny, coloured) is read, with a remark.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

MOST_BYTES = 1 << 30
MOST_PIXELS = 64_000_000  # a 20 m lorry at 2 mm, twice over; 1 GB of memory at the worst
FLAT = 0.004  # transmission; one step of 8 bits
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
TIFF = {b"II*\0": "<", b"MM\0*": ">"}


class ImageError(Exception):
    """A file that is no X-ray picture we can read; the message says what is wrong with it."""


@dataclass(frozen=True)
class XrayImage:
    """One picture: transmission (1 or 2, H, W), low energy first, and remarks on its quality."""

    transmission: Image
    remarks: tuple[str, ...]


def load(path: Path, low: Path | None = None) -> XrayImage:
    """Return the picture in ``path``, with ``low`` as its low energy; raise ImageError."""
    planes = _planes(path)
    if low is not None:
        if len(planes) != 1:
            raise ImageError(f"{path.name} already holds two energies; leave out the low file")
        planes = _planes(low)[:1] + planes
    if len({plane.shape for plane in planes}) != 1:
        raise ImageError("low and high energy are of different size: " +
                         " and ".join(f"{p.shape[1]}×{p.shape[0]}" for p in planes))  # fmt: skip
    transmission = np.stack([_scaled(plane) for plane in planes])
    return XrayImage(transmission, tuple(_remarks(transmission)))


def _planes(path: Path) -> list[NDArray[Any]]:
    data = _bytes(path)
    _check_whole(data)
    _check_size(data)
    planes = _decoded(data)
    if len(planes) not in (1, 2):
        raise ImageError(f"{len(planes)} pages; one, or low and high energy, are wanted")
    return planes


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImageError(f"larger than {MOST_BYTES >> 20} MiB; cut it into parts")
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from error
    if not data:
        raise ImageError("the file is empty")
    return data


def _check_whole(data: bytes) -> None:
    """Refuse a file that is no picture or breaks off: each format has its own end."""
    if data.startswith(PNG):
        whole = data.rfind(b"IEND") > 0
    elif data.startswith(JPEG):
        whole = data.rfind(b"\xff\xd9") > 0
    elif data[:4] in TIFF:
        whole = len(data) > 8
    else:
        raise ImageError("not a PNG, TIFF or JPEG picture")
    if not whole:
        raise ImageError("the file breaks off; fetch it again")


def _check_size(data: bytes) -> None:
    rows, columns = declared_size(data)
    if rows * columns > MOST_PIXELS:
        raise ImageError(f"{columns}×{rows} pixels; at most {MOST_PIXELS // 10**6} million")


def declared_size(data: bytes) -> tuple[int, int]:
    """Return (rows, columns) as the header has it; raise ImageError where there is none."""
    try:
        if data.startswith(PNG):
            columns, rows = struct.unpack_from(">II", data, 16)
        elif data.startswith(JPEG):
            rows, columns = _jpeg_size(data)
        else:
            rows, columns = _tiff_size(data)
    except struct.error as error:
        raise ImageError("the header breaks off; fetch the file again") from error
    if not rows or not columns:
        raise ImageError("the header names no size")
    return int(rows), int(columns)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        mark, code, length = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF:
            raise ImageError("the JPEG header is damaged")
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):  # a start of frame
            rows, columns = struct.unpack_from(">HH", data, at + 5)
            return rows, columns
        at += 1 if code == 0xFF else 2 + length


def _tiff_size(data: bytes) -> tuple[int, int]:
    """Return the largest rows and columns of the pages (tags 257 and 256)."""
    order, found = TIFF[data[:4]], {256: 0, 257: 0}
    (at,) = struct.unpack_from(order + "I", data, 4)
    for _ in range(64):  # pages; a longer chain is a loop
        if not at:
            break
        (count,) = struct.unpack_from(order + "H", data, at)
        for index in range(count):
            tag, kind = struct.unpack_from(order + "HH", data, at + 2 + 12 * index)
            if tag in found:
                form = "H" if kind == 3 else "I"
                (value,) = struct.unpack_from(order + form, data, at + 10 + 12 * index)
                found[tag] = max(found[tag], value)
        (at,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
    return found[257], found[256]


def _decoded(data: bytes) -> list[NDArray[Any]]:
    buffer = np.frombuffer(data, np.uint8)
    try:
        if data[:4] in TIFF:
            done, pages = cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED)
            planes = list(pages) if done else []
        else:
            one = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            planes = [] if one is None else [one]
    except cv2.error as error:
        raise ImageError(f"cannot be decoded: {error.err}") from error
    if not planes:
        raise ImageError("cannot be decoded; the file is damaged")
    return [_grey(plane) for plane in planes]


def _grey(plane: NDArray[Any]) -> NDArray[Any]:
    """Return a plane without colour; X-rays saved as JPEG often have three equal ones."""
    if plane.ndim == 2:
        return plane
    colours = plane[..., :3] if plane.shape[2] >= 3 else plane[..., :1]
    return np.asarray(np.rint(colours.mean(2)).astype(plane.dtype)
                      if plane.dtype.kind != "f" else colours.mean(2))  # fmt: skip


def _scaled(plane: NDArray[Any]) -> Image:
    if plane.dtype.kind == "f":
        if not np.isfinite(plane).all():
            raise ImageError("holds values that are not numbers")
        ceiling = max(1.0, float(plane.max()))
    else:
        ceiling = float(2 ** max(8, int(plane.max()).bit_length()) - 1)
    scaled: Image = plane.astype(np.float32)
    scaled /= np.float32(ceiling)
    np.clip(scaled, 0, 1, out=scaled)
    return scaled


def _remarks(transmission: Image) -> list[str]:
    rows, columns = transmission.shape[1:]
    step = max(1, max(rows, columns) // 512)
    sample = transmission[-1, ::step, ::step]
    low, high = (float(value) for value in np.percentile(sample, (1, 99)))
    found = []
    if min(rows, columns) < 16:
        found.append(f"only {columns}×{rows} pixels")
    if high < 0.02:
        found.append("black: no beam reached the detector")
    elif low > 0.995:
        found.append("saturated: nothing is seen in the beam")
    elif high - low < FLAT:
        found.append("flat: no contrast")
    return found
