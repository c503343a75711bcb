"""C40: three characters in two bytes (ISO/IEC 16022 §5.2.5; ICAO Doc 9303-13 §2.3.3.1).

1. Two bytes hold 1600·a + 40·b + c + 1; a value is a space (3), a digit (4–13) or a letter (14–39).
   Value 0 pads the end.
2. One character that is left over is FE and its ASCII code plus 1.
3. Anything else is a SealError. Fillers ``<`` are written as spaces.
"""

from __future__ import annotations

from edge.documents.seals.errors import SealError

_ALPHABET = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIRST, _PAD, _ASCII = 3, 0, 0xFE


def decode(coded: bytes, base: int = 0) -> str:
    """Return the text that ``coded`` holds; ``base`` is its offset in the seal."""
    if len(coded) % 2:
        raise SealError(base, f"{len(coded)} bytes of C40, which come in pairs")
    return "".join(_pair(coded, at, base) for at in range(0, len(coded), 2))


def _pair(coded: bytes, at: int, base: int) -> str:
    if coded[at] == _ASCII:
        character = chr(max(coded[at + 1] - 1, 0))
        if at + 2 < len(coded) or character not in _ALPHABET:
            raise SealError(base + at, "C40 ends here, and more follows")
        return character
    packed = int.from_bytes(coded[at : at + 2], "big") - 1
    values = (packed // 1600, packed // 40 % 40, packed % 40)
    last = at + 2 == len(coded)
    return "".join(_character(v, base + at, may_pad=last) for v in values)


def _character(value: int, at: int, *, may_pad: bool) -> str:
    if value == _PAD and may_pad:
        return ""
    if not 0 <= value - _FIRST < len(_ALPHABET):
        raise SealError(at, f"C40 value {value} is no space, digit or letter")
    return _ALPHABET[value - _FIRST]


def encode(text: str) -> bytes:
    """Return ``text`` (A–Z, 0–9, space, ``<``) in C40."""
    values = [_ALPHABET.index(c) + _FIRST for c in text.replace("<", " ")]
    whole = len(values) - len(values) % 3
    coded = b"".join(_packed(values[i : i + 3]) for i in range(0, whole, 3))
    match values[whole:]:
        case [one]:
            return coded + bytes([_ASCII, ord(_ALPHABET[one - _FIRST]) + 1])
        case [one, other]:
            return coded + _packed([one, other, _PAD])
    return coded


def _packed(values: list[int]) -> bytes:
    a, b, c = values
    return (1600 * a + 40 * b + c + 1).to_bytes(2, "big")
