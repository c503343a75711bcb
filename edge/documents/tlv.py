"""BER-TLV as chips speak it (ISO/IEC 7816-4 §5.2.2, Annex E; ISO/IEC 8825-1).

1. A tag has one to three bytes, a length one to five; an indefinite length is refused.
2. Nothing is read past the end of what was given: a torn element is an error that says where.
3. Offsets count from the start of what was given to the outermost call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MORE_TAG = 0x1F
_LONG = 0x80


class TlvError(ValueError):
    """What was given is no BER-TLV; ``offset`` says where that shows."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"offset {offset}: {what}")
        self.offset, self.what = offset, what


@dataclass(frozen=True, slots=True)
class Header:
    """Tag and length of one element, and how many bytes they take."""

    tag: int
    length: int
    size: int


@dataclass(frozen=True, slots=True)
class Tlv:
    """One element: its tag, its value and where its value starts."""

    tag: int
    value: bytes
    offset: int
    end: int


def header(data: bytes, at: int = 0) -> Header:
    """Read tag and length at ``at``; the value itself may be missing."""
    first = at
    tag, at = _tag(data, at)
    length, at = _length(data, at)
    return Header(tag, length, at - first)


def read(data: bytes, at: int = 0, base: int = 0) -> Tlv:
    """Read the element at ``at``; ``base`` is what to add to offsets in it and in errors."""
    try:
        head = header(data, at)
    except TlvError as error:
        raise TlvError(base + error.offset, error.what) from None
    start = at + head.size
    if start + head.length > len(data):
        left = len(data) - start
        raise TlvError(base + start, f"{head.tag:X} has {left} of its {head.length} bytes")
    value = bytes(data[start : start + head.length])
    return Tlv(head.tag, value, base + start, base + start + head.length)


def elements(data: bytes, base: int = 0) -> Iterator[Tlv]:
    """Yield the elements of ``data`` one after the other."""
    at = 0
    while at < len(data):
        found = read(data, at, base)
        yield found
        at = found.end - base


def children(parent: Tlv) -> list[Tlv]:
    """Return the elements within a constructed element."""
    return list(elements(parent.value, parent.offset))


def encode(tag: int, value: bytes) -> bytes:
    """Return the element as bytes, its length in the shortest form."""
    size = len(value)
    length = bytes([size]) if size < _LONG else _long_length(size)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + value


def _long_length(size: int) -> bytes:
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([_LONG | len(digits)]) + digits


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise TlvError(at, "ends inside a tag or length")
    return data[at]


def _tag(data: bytes, at: int) -> tuple[int, int]:
    tag = _byte(data, at)
    if tag & _MORE_TAG != _MORE_TAG:
        return tag, at + 1
    for more in (1, 2):
        following = _byte(data, at + more)
        tag = tag << 8 | following
        if following < _LONG:
            return tag, at + more + 1
    raise TlvError(at, "a tag of more than three bytes")


def _length(data: bytes, at: int) -> tuple[int, int]:
    first = _byte(data, at)
    if first < _LONG:
        return first, at + 1
    count = first - _LONG
    if not 1 <= count <= 4:
        raise TlvError(at, "a length of indefinite form or more than four bytes")
    digits = [_byte(data, at + 1 + i) for i in range(count)]
    return int.from_bytes(bytes(digits), "big"), at + 1 + count
