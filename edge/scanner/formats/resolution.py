"""The size of a pixel, from what a PNG or TIFF says of its resolution; or nothing.

1. PNG: the chunk pHYs, pixels per metre (ISO/IEC 15948, 11.3.5.3). TIFF: XResolution, YResolution
   and ResolutionUnit of the first page (TIFF 6.0, section 8), inch or centimetre and said so.
2. Believed is what an X-ray scanner can have, 0.05 to 10 mm. What paint and office software writes
   into any file, 72 or 96 or 300 dots an inch, is the size of a print and not of a detector: it is
   left out of account, even though a detector may have that very pitch.
3. Nothing here raises: what is damaged or missing says nothing.
"""

from __future__ import annotations

import struct

from edge.scanner.formats import png
from edge.scanner.formats.errors import FormatError

TIFF = {b"II*\0": "<", b"MM\0*": ">"}
LEAST_MM, MOST_MM = 0.05, 10.0
INCH = 25.4  # mm
# Dots an inch of screens, printers and office scanners, to one in 500: pHYs rounds to the metre.
OFFICE = (72, 75, 90, 96, 100, 120, 144, 150, 180, 192, 200, 240, 250, 300, 350, 360, 400, 480, 500)
NEAR = 0.002

_METRE = 1  # PNG
_ACROSS, _DOWN, _UNIT = 282, 283, 296  # TIFF tags
_UNITS = {2: INCH, 3: 10.0}  # mm
_SHORT, _RATIONAL = 3, 5


def pitch(data: bytes) -> tuple[float, float] | None:
    """Return mm from line to line and from pixel to pixel, None where nothing credible is said."""
    try:
        said = _png(data) if data.startswith(png.START) else _tiff(data)
    except (struct.error, FormatError, ZeroDivisionError):
        return None
    return said if said is not None and all(map(_credible, said)) else None


def _credible(size: float) -> bool:
    if not LEAST_MM <= size <= MOST_MM:
        return False
    return all(abs(INCH / size - dots) > NEAR * dots for dots in OFFICE)


def _png(data: bytes) -> tuple[float, float] | None:
    for kind, content in png.chunks(data):
        if kind == b"pHYs":
            across, down, unit = struct.unpack(">IIB", content)
            return (1000 / down, 1000 / across) if unit == _METRE else None
    return None


def _tiff(data: bytes) -> tuple[float, float] | None:
    order = TIFF.get(data[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    found: dict[int, float] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, many = struct.unpack_from(order + "HHI", data, entry)
        if tag in (_ACROSS, _DOWN, _UNIT) and many == 1:
            found[tag] = _value(data, order, kind, entry + 8)
    unit = _UNITS.get(int(found.get(_UNIT, 0)))
    if unit is None or _ACROSS not in found or _DOWN not in found:
        return None
    return unit / found[_DOWN], unit / found[_ACROSS]


def _value(data: bytes, order: str, kind: int, at: int) -> float:
    """Return a SHORT, or a RATIONAL, which lies elsewhere; 0 of any other type."""
    if kind == _SHORT:
        return float(struct.unpack_from(order + "H", data, at)[0])
    if kind != _RATIONAL:
        return 0.0
    (at,) = struct.unpack_from(order + "I", data, at)
    above, below = struct.unpack_from(order + "II", data, at)
    return float(above / below)
