"""The size that a JPEG or JPEG-LS stream declares, read without decoding it (ITU-T T.81, T.87)."""

from __future__ import annotations

import struct

from edge.scanner.formats.errors import FormatError

START, END = b"\xff\xd8", b"\xff\xd9"
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # SOF0–15, SOF55; not DHT, JPG, DAC


def size(data: bytes) -> tuple[int, int]:
    """Return (rows, columns) as the frame header has it; raise FormatError."""
    at = 2
    try:
        while True:
            mark, code, length = struct.unpack_from(">BBH", data, at)
            if mark != 0xFF or code == 0xDA:  # pixels before the header of their frame
                raise FormatError("the JPEG header is damaged")
            if code in _FRAMES:
                rows, columns = struct.unpack_from(">HH", data, at + 5)
                return int(rows), int(columns)
            at += 1 if code == 0xFF else 2 + length
    except struct.error as error:
        raise FormatError("the JPEG header breaks off; fetch the file again") from error


def check(data: bytes, shape: tuple[int, int]) -> None:
    """Raise FormatError for a stream of another size, or one that breaks off.

    Without its end mark a decoder may look for more bits for a long time.
    """
    if (own := size(data)) != shape:
        raise FormatError(f"the frame is {own[1]}×{own[0]}, the file says {shape[1]}×{shape[0]}")
    if not data.rstrip(b"\0").endswith(END):
        raise FormatError("the frame breaks off; fetch the file again")
