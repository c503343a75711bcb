"""X-ray pictures from files: what is inside becomes a transmission, or an error that says why not.

1. PNG, TIFF and JPEG, 8 or 16 bits or float; DICOS DX; packages of formats/uff.py.
2. Sizes are read from the headers first: what is too large is not decoded at all.
3. Integers are divided by the ceiling of the file's depth, where it says one (DICOS); else of the
   bits they use, as 16-bit files of 12 or 14 bits are common, the same for both energies. Of 16
   at least 12 are taken to be used: a dark picture must not be stretched into a bright one.
4. Two pages or frames are low and high energy, in this order; so is a pair of files. What seems
   to be exchanged is refused.
5. 16-bit pixels whose bytes are swapped are refused: they look like noise and say nothing.
6. What is readable but says little (black, saturated, flat, tiny) is read, with a remark, and told
   to be not readable where it shows too little to be called clear (edge/scanner/legible.py).
7. The size of a pixel is the file's own, where it says a credible one (formats/resolution.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.scanner.formats import dicos, dicos_dx, raster, resolution, uff
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Energy
from edge.scanner.legible import doubts, exchanged

Image = NDArray[np.float32]
Pixels = NDArray[Any]

ImageError = FormatError  # the name by which those who only look at pictures know it

MOST_BYTES = 1 << 30
LEAST_BITS = {1: 8, 2: 12}  # by the bytes of a pixel; 10 in 16 are rarer, and told to be dark
SQUARE = 1.1  # the sides of a pixel may differ by this before its size means nothing
SWAPPED = 4.0  # times rougher than with its bytes exchanged: no X-ray picture is


@dataclass(frozen=True)
class XrayImage:
    """One picture: transmission (1 or 2, H, W), low energy first, remarks, and its pixels in mm.

    What is not ``readable`` shows too little to be called clear, whatever is found in it.
    """

    transmission: Image
    remarks: tuple[str, ...]
    pitch_mm: float | None = None
    readable: bool = True


@dataclass(frozen=True)
class Source:
    """What a file holds, as it is there: planes, low energy first, and what is said about them.

    ``bits`` is their depth where the file says it. ``pitch_mm`` is line to line, pixel to pixel.
    """

    planes: tuple[Pixels, ...]
    bits: int | None = None
    pitch_mm: tuple[float, float] | None = None
    energy: Energy | None = None  # of a single plane that says so
    item: str | None = None
    remarks: tuple[str, ...] = ()


def load(path: Path, low: Path | None = None) -> XrayImage:
    """Return the picture in ``path``, with ``low`` as its low energy; raise ImageError."""
    source = read(path, low)
    transmission = _scaled(source)
    if exchanged(transmission):
        raise ImageError(
            "the energies seem to be exchanged: the low one shows less in the beam than the high "
            "one; the first page, or the file given as low, is the low energy"
        )
    found = tuple(doubts(transmission, _guessed(source)))
    remarks = (*source.remarks, *(doubt.words for doubt in found))
    pitch = _pitch(source)
    if source.pitch_mm is not None and pitch is None:
        remarks += ("pixels are not square: their size is left out of account",)
    return XrayImage(transmission, remarks, pitch, not any(doubt.blind for doubt in found))


def read(path: Path, low: Path | None = None) -> Source:
    """Return what is in ``path``, with ``low`` as its low energy; raise ImageError."""
    source = _source(path)
    if low is not None:
        source = _paired(source, _source(low), path.name)
    _check_alike("size", [f"{p.shape[1]}×{p.shape[0]}" for p in source.planes])
    _check_alike("depth", [str(plane.dtype) for plane in source.planes])
    for plane in source.planes:
        _check_bytes(plane)
    return source


def _check_alike(what: str, values: list[str]) -> None:
    if len(set(values)) != 1:
        raise ImageError(f"low and high energy are of different {what}: {' and '.join(values)}")


def _source(path: Path) -> Source:
    data = _bytes(path)
    if dicos.is_dicos(data):
        return _dicos(data)
    if uff.is_package(data):
        scan, _report = uff.read(data)
        return Source(scan.planes, scan.bits, scan.pitch_mm, None, scan.item.name)
    if raster.is_raster(data):
        return Source(tuple(raster.decode(data)), pitch_mm=resolution.pitch(data))
    raise ImageError("not a PNG, TIFF, JPEG or DICOS picture")


def _dicos(data: bytes) -> Source:
    found = dicos_dx.decode(data)
    bits = found.ceiling.bit_length()
    return Source(found.frames, bits, found.pitch_mm, found.energy, found.item, found.remarks)


def _paired(high: Source, low: Source, name: str) -> Source:
    if len(high.planes) != 1:
        raise ImageError(f"{name} already holds two energies; leave out the low file")
    if high.energy is Energy.LOW or low.energy is Energy.HIGH:
        raise ImageError("the files are exchanged: the first is the high energy, --low the low one")
    if high.bits != low.bits:
        _check_alike("depth", [f"{source.bits or 'unknown'} bits" for source in (low, high)])
    return replace(high, planes=(low.planes[0], high.planes[0]), energy=None)


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


def _check_bytes(plane: Pixels) -> None:
    """Refuse 16 bits in the wrong byte order, by how rough they are along the lines."""
    if plane.dtype != np.uint16 or min(plane.shape) < 16:
        return
    step = max(1, plane.shape[0] // 256)
    sample = np.ascontiguousarray(plane[::step])
    if _roughness(sample) > SWAPPED * _roughness(sample.byteswap()) + 0.1:
        raise ImageError("the bytes of its pixels are exchanged; export it in the right order")


def _roughness(plane: Pixels) -> float:
    """Return the mean step between neighbours, in standard deviations."""
    steps = np.abs(np.diff(plane.astype(np.float32), axis=1)).mean()
    return float(steps / max(1.0, float(plane.std())))


def _scaled(source: Source) -> Image:
    scaled: Image = np.stack(source.planes).astype(np.float32)
    if source.planes[0].dtype.kind == "f":
        if not np.isfinite(scaled).all():
            raise ImageError("holds values that are not numbers")
        ceiling = max(1.0, float(scaled.max()))
    else:
        ceiling = float(2 ** used_bits(source) - 1)
    scaled /= np.float32(ceiling)
    np.clip(scaled, 0, 1, out=scaled)
    return scaled


def used_bits(source: Source) -> int:
    """Return the depth of integer planes: what the file says, else the bits they use, by rule 3."""
    least = LEAST_BITS.get(source.planes[0].dtype.itemsize, 8)
    return source.bits or max(least, *(int(plane.max()).bit_length() for plane in source.planes))


def _guessed(source: Source) -> bool:
    return source.bits is None and source.planes[0].dtype == np.uint16


def _pitch(source: Source) -> float | None:
    if source.pitch_mm is None or max(source.pitch_mm) > SQUARE * min(source.pitch_mm):
        return None
    return sum(source.pitch_mm) / 2
