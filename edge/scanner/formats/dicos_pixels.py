"""Pixels of a DICOS image: planes to bytes and back, by transfer syntax.

1. Written: JPEG-LS without loss (the smallest), JPEG without loss (process 14, any selection
   value: what the vendor toolkit reads of compressed pixels), or as they are.
2. Read: these, JPEG-LS near lossless, JPEG baseline and extended, JPEG 2000, RLE, either byte
   order.
3. Sizes are checked before anything is decoded: the header's against a limit, and the compressed
   stream's own against the header's. What is not exactly as long as it has to be is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    JPEG2000,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from edge.scanner.formats import jpeg
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Plane

Pixels = NDArray[Any]
Decoder = Callable[[bytes, FileDataset, tuple[int, int]], Pixels]

MOST_PIXELS = 64_000_000  # of one plane: a 20 m lorry at 2 mm, twice over
MOST_FRAMES = 2

_SPIFF = b"\xff\xe8"
_RAW = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)


class Compression(StrEnum):
    """How pixels are written."""

    NONE = "none"
    JPEG_LS = "jpeg-ls"
    JPEG_LOSSLESS = "jpeg-lossless"


SYNTAX: dict[Compression, UID] = {
    Compression.NONE: ExplicitVRLittleEndian,
    Compression.JPEG_LS: JPEGLSLossless,
    Compression.JPEG_LOSSLESS: JPEGLossless,
}


def put(found: Dataset, plane: Plane, bits: int, compression: Compression) -> None:
    """Put ``plane`` of ``bits`` used bits into ``found``, with the tags that describe it."""
    lines, pixels = plane.shape
    if compression is Compression.NONE and plane.nbytes % 2:
        plane = plane.astype(np.uint16)  # the vendor toolkit cannot read past a byte of padding
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.Rows, found.Columns = lines, pixels
    found.BitsAllocated = plane.itemsize * 8
    found.BitsStored, found.HighBit, found.PixelRepresentation = bits, bits - 1, 0
    if compression is Compression.NONE:
        content = plane.astype(plane.dtype.newbyteorder("<"), copy=False).tobytes()
        found.add_new("PixelData", "OB" if plane.itemsize == 1 else "OW", content)
    else:
        found.add_new("PixelData", "OB", encapsulate([_compressed(plane, compression)]))
        found["PixelData"].is_undefined_length = True


def _compressed(plane: Plane, compression: Compression) -> bytes:
    whole = np.ascontiguousarray(plane)
    if compression is Compression.JPEG_LOSSLESS:
        return bytes(imagecodecs.ljpeg_encode(whole))
    stream = bytes(imagecodecs.jpegls_encode(whole))
    while stream[2:4] == _SPIFF:  # a header of still pictures, which DICOS has tags for
        stream = stream[:2] + stream[4 + int.from_bytes(stream[4:6], "big") :]
    return stream


def get(found: FileDataset) -> list[Pixels]:
    """Return the frames (lines, pixels), at most two; raise FormatError."""
    shape, frames = _declared(found)
    syntax = found.file_meta.TransferSyntaxUID
    content = found.PixelData
    if not isinstance(content, bytes) or not content:
        raise FormatError("the DICOS file holds no pixels")
    if syntax in _RAW:
        return _raw(content, found, shape, frames)
    if (decode := _DECODERS.get(syntax)) is None:
        raise FormatError(f"pixels in {syntax.name} are not read; export it uncompressed")
    try:
        parts = list(generate_frames(content, number_of_frames=frames))
    except (ValueError, EOFError, struct.error) as error:
        raise FormatError(f"the pixels break off: {error}") from error
    return [_decoded(part, decode, found, shape) for part in parts]


def _declared(found: FileDataset) -> tuple[tuple[int, int], int]:
    lines, pixels = int(found.Rows), int(found.Columns)
    frames = int(found.get("NumberOfFrames") or 1)
    if not lines or not pixels:
        raise FormatError("the DICOS file names no size")
    if lines * pixels > MOST_PIXELS:
        raise FormatError(f"{pixels}×{lines} pixels; at most {MOST_PIXELS // 10**6} million")
    if not 1 <= frames <= MOST_FRAMES:
        raise FormatError(f"{frames} frames; one, or low and high energy, are wanted")
    if found.SamplesPerPixel != 1 or found.PixelRepresentation != 0:
        raise FormatError("only unsigned pixels of one sample are X-ray pictures here")
    if found.BitsAllocated not in (8, 16) or not 1 <= found.BitsStored <= found.BitsAllocated:
        raise FormatError(f"{found.BitsStored} of {found.BitsAllocated} bits; 8 or 16 are read")
    return (lines, pixels), frames


def _raw(content: bytes, found: FileDataset, shape: tuple[int, int], frames: int) -> list[Pixels]:
    size = found.BitsAllocated // 8
    wanted = shape[0] * shape[1] * frames * size
    if len(content) != wanted + wanted % 2:
        raise FormatError(f"{len(content)} bytes of pixels instead of {wanted}; it breaks off")
    order = ">" if found.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
    if order == ">" and size == 1 and found["PixelData"].VR == "OW":
        content = np.frombuffer(content, ">u2").astype("<u2").tobytes()  # two pixels to a word
    flat = np.frombuffer(content, f"{order}u{size}", count=wanted // size)
    return list(flat.astype(f"=u{size}", copy=False).reshape(frames, *shape))


def _decoded(part: bytes, decode: Decoder, found: FileDataset, shape: tuple[int, int]) -> Pixels:
    """Return one frame; its own header has to say what the file's says, before it is decoded."""
    if part[:2] == jpeg.START:
        jpeg.check(part, shape)
    try:
        plane = np.asarray(decode(part, found, shape))
    except (ValueError, RuntimeError, OSError, TypeError) as error:
        raise FormatError(f"the pixels cannot be decoded; it is damaged: {error}") from error
    if plane.shape != shape or plane.dtype.kind != "u":
        raise FormatError(f"the frame is {plane.shape} of {plane.dtype}, not {shape} as declared")
    if plane.itemsize * 8 > found.BitsAllocated:
        raise FormatError(f"{plane.dtype} pixels in a file of {found.BitsAllocated} bits")
    return plane.astype(f"u{found.BitsAllocated // 8}", copy=False)


def _jpeg2000(part: bytes, _found: FileDataset, shape: tuple[int, int]) -> Pixels:
    """Decode after a look at the codestream's own size: SIZ follows SOC (T.800, A.5.1)."""
    at = part.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(part) < at + 24:
        raise FormatError("the JPEG 2000 header is damaged")
    right, bottom, left, top = struct.unpack_from(">IIII", part, at + 8)
    if (bottom - top, right - left) != shape:
        raise FormatError(f"the frame is {right - left}×{bottom - top}, the file says otherwise")
    return np.asarray(imagecodecs.jpeg2k_decode(part[at:]))


def _rle(part: bytes, found: FileDataset, shape: tuple[int, int]) -> Pixels:
    """Decode byte planes, the high one first (PS3.5, annex G); none can grow beyond its size."""
    size = found.BitsAllocated // 8
    count, *starts = struct.unpack_from("<16I", part)
    if count != size:
        raise FormatError(f"{count} RLE segments for {size} bytes a pixel; it is damaged")
    ends = [*starts[1:count], len(part)]
    planes = [
        imagecodecs.packbits_decode(part[start:end], out=shape[0] * shape[1])
        for start, end in zip(starts[:count], ends, strict=True)
    ]
    if any(len(plane) != shape[0] * shape[1] for plane in planes):
        raise FormatError("an RLE segment breaks off")
    words = np.stack([np.frombuffer(plane, np.uint8) for plane in planes[::-1]], axis=1)
    return np.ascontiguousarray(words).view(f"<u{size}").reshape(shape)


def _by(name: str) -> Decoder:
    codec = getattr(imagecodecs, name)
    return lambda part, _found, _shape: np.asarray(codec(part))


_DECODERS: dict[UID, Decoder] = {
    JPEGLSLossless: _by("jpegls_decode"),
    JPEGLSNearLossless: _by("jpegls_decode"),
    JPEGLossless: _by("jpegsof3_decode"),
    JPEGLosslessSV1: _by("jpegsof3_decode"),
    JPEGBaseline8Bit: _by("jpeg8_decode"),
    JPEGExtended12Bit: _by("jpeg_decode"),
    JPEG2000Lossless: _jpeg2000,
    JPEG2000: _jpeg2000,
    RLELossless: _rle,
}
