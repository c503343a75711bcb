"""A stored file as a browser can show it.

1. JPEG and PNG go out as they are.
2. JPEG XL becomes raw little-endian rows: uint16, or uint8 where it has 8 bits. No browser shows 16
   bits, and an analyst's window and level need all of them.
3. JPEG 2000, which chips hold portraits in (ICAO 9303-10), becomes PNG.
Decoding blocks; it runs in threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np


class Undecodable(Exception):
    """The file is not the picture that it claims to be."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is sent. ``width`` and ``height`` in pixels; ``bits`` per value in raw rows."""

    body: bytes
    media_type: str
    width: int | None = None
    height: int | None = None
    bits: int | None = None


def show(path: Path, media_type: str, bits: int) -> Shown:
    """Return the file at ``path`` ready to be sent; ``bits`` is what its story says it has."""
    content = path.read_bytes()
    if media_type == "image/jxl":
        return _rows(_decoded(imagecodecs.jpegxl_decode, content), bits)
    if media_type == "image/jp2":
        pixels = _decoded(imagecodecs.jpeg2k_decode, content)
        return Shown(bytes(imagecodecs.png_encode(pixels)), "image/png")
    return Shown(content, media_type)


def _decoded(decode: Callable[[bytes], object], content: bytes) -> "np.ndarray[Any, Any]":
    try:
        return np.asarray(decode(content))
    except Exception as error:  # imagecodecs has one exception per codec
        raise Undecodable(f"cannot be decoded: {error}") from error


def _rows(pixels: "np.ndarray[Any, Any]", bits: int) -> Shown:
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16):
        raise Undecodable(f"not one grey value per pixel: {pixels.dtype} {pixels.shape}")
    height, width = pixels.shape
    body = pixels.astype("<u2" if pixels.dtype == np.uint16 else "u1", copy=False).tobytes()
    return Shown(body, "application/octet-stream", width, height, bits)
