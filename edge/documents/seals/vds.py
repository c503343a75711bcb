"""Visible digital seals: what stands in the bar code (ICAO Doc 9303-13 §2.3; BSI TR-03137-1 §3).

1. A seal is a header, a message zone and a signature zone, and nothing behind it. Every element of
   the zones is a tag, a length as in DER, and a value; FF is the signature, the last one.
2. Header: DC, version (02 is seal version 3, 03 version 4), country, signer and certificate
   reference in C40, two dates, the document's feature definition and its type category.
3. A date is three bytes: MMDDYYYY read as one number.
4. What is signed is everything before the signature's tag. The signature is r and s, one after the
   other; its hash follows from the key's size (§2.3.4).
5. Which tag means what depends on feature definition and category: ``USE_CASES``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from edge.documents.seals import c40
from edge.documents.seals.errors import SealError

MAGIC = 0xDC
_VERSIONS = (2, 3)
_SIGNATURE = 0xFF
_LONG = 0x80
LONGEST = 4096  # bytes; a DataMatrix holds at most 1555

#: (feature definition, type category): a name, and what its tags hold. Doc 9303-13 §3 and §4 (visa,
#: emergency travel document), TR-03137-1 §6 to §10.
USE_CASES: Mapping[tuple[int, int], tuple[str, Mapping[int, str]]] = {
    (0x5D, 0x01): (
        "visa",
        {
            1: "mrz",
            2: "mrz",
            3: "entries",
            4: "stay",
            5: "passport_number",
            6: "visa_type",
            7: "more",
        },
    ),
    (0x5E, 0x03): ("emergency travel document", {1: "mrz"}),
    (0xFD, 0x02): ("arrival attestation", {2: "mrz", 3: "azr_number"}),
    (0xFC, 0x04): (
        "social insurance card",
        {1: "social_insurance_number", 2: "surname", 3: "first_name", 4: "birth_name"},
    ),
    (0xFB, 0x06): ("residence permit", {2: "mrz", 3: "passport_number"}),
    (0xFA, 0x06): ("residence permit supplement", {4: "mrz", 5: "sheet_number"}),
    (0xF9, 0x08): ("address sticker", {1: "document_number", 2: "municipality", 3: "address"}),
    (0xF8, 0x0A): (
        "place of residence sticker",
        {1: "document_number", 2: "municipality", 3: "postal_code"},
    ),
}
_AS_TEXT = frozenset({"surname", "first_name", "birth_name"})  # UTF-8; what is not named here: C40
_AS_BYTES = frozenset({"entries", "stay", "more"})


@dataclass(frozen=True, slots=True)
class Header:
    """What the seal says of itself. ``version`` is the seal's: 3 or 4."""

    version: int
    country: str
    signer: str
    certificate: str
    issued: date
    signed: date
    definition: int
    category: int


@dataclass(frozen=True, slots=True)
class Vds:
    """One seal. ``features`` by name where the use case is known; ``elements`` by tag, raw."""

    header: Header
    use_case: str
    elements: Mapping[int, bytes] = field(repr=False)
    features: Mapping[str, str] = field(repr=False)
    data: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def read(raw: bytes) -> Vds:
    """Read a seal; SealError if it is none."""
    if len(raw) > LONGEST:
        raise SealError(LONGEST, f"{len(raw)} bytes are no bar code")
    header, at = _header(raw)
    elements: dict[int, bytes] = {}
    for start, tag, value, end in _elements(raw, at):
        if tag == _SIGNATURE:
            if end < len(raw):
                raise SealError(end, f"{len(raw) - end} bytes behind the signature")
            return _whole(header, elements, raw[:start], value)
        if tag in elements:
            raise SealError(start, f"feature {tag:02X} is there twice")
        elements[tag] = value
    raise SealError(len(raw), "ends without a signature")


def _whole(header: Header, elements: dict[int, bytes], data: bytes, signature: bytes) -> Vds:
    if not elements:
        raise SealError(len(data), "seals no feature at all")
    if not signature or len(signature) % 2:
        raise SealError(len(data), f"a signature of {len(signature)} bytes has no two halves")
    kind = (header.definition, header.category)
    name, tags = USE_CASES.get(kind, (f"unknown ({kind[0]:02X}{kind[1]:02X})", {}))
    features = {tags[t]: _text(tags[t], v) for t, v in elements.items() if t in tags}
    return Vds(header, name, elements, features, data, signature)


def _text(name: str, value: bytes) -> str:
    if name in _AS_BYTES:
        return value.hex()
    if name in _AS_TEXT:
        return value.decode("utf-8", "replace")
    return c40.decode(value)


def _header(raw: bytes) -> tuple[Header, int]:
    if _take(raw, 0, 1)[0] != MAGIC:
        raise SealError(0, f"starts with {raw[0]:02X}, not DC")
    version = _take(raw, 1, 1)[0]
    if version not in _VERSIONS:
        raise SealError(1, f"version {version:02X} is neither 02 nor 03")
    country = c40.decode(_take(raw, 2, 2), 2).rstrip()
    signer, certificate, at = _signer(raw, version)
    return Header(
        version + 1,
        country,
        signer,
        certificate,
        _date(raw, at),
        _date(raw, at + 3),
        *_take(raw, at + 6, 2),
    ), at + 8


def _signer(raw: bytes, version: int) -> tuple[str, str, int]:
    """Return signer, certificate reference, and where the header goes on."""
    if version == 2:
        text = c40.decode(_take(raw, 4, 6), 4)
        return text[:4], text[4:], 10
    text = c40.decode(_take(raw, 4, 4), 4)
    try:
        length = int(text[4:6], 16)
    except ValueError:
        raise SealError(6, f"{text[4:6]!r} is no length of a certificate reference") from None
    size = -(-length // 3) * 2
    reference = c40.decode(_take(raw, 8, size), 8)
    if len(reference) != length:
        raise SealError(8, f"a certificate reference of {len(reference)}, not {length} characters")
    return text[:4], reference, 8 + size


def _date(raw: bytes, at: int) -> date:
    digits = f"{int.from_bytes(_take(raw, at, 3), 'big'):08}"
    try:
        return date(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
    except ValueError:
        raise SealError(at, f"{digits} is no date (MMDDYYYY)") from None


def _elements(raw: bytes, at: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield where each element starts, its tag, its value, and where it ends."""
    while at < len(raw):
        start, tag = at, raw[at]
        length, at = _length(raw, at + 1)
        value = _take(raw, at, length)
        at += length
        yield start, tag, value, at


def _length(raw: bytes, at: int) -> tuple[int, int]:
    first = _take(raw, at, 1)[0]
    if first < _LONG:
        return first, at + 1
    size = first - _LONG
    if size not in (1, 2):
        raise SealError(at, f"a length that starts with {first:02X}")
    return int.from_bytes(_take(raw, at + 1, size), "big"), at + 1 + size


def _take(raw: bytes, at: int, count: int) -> bytes:
    if at + count > len(raw):
        raise SealError(at, f"ends; {count} bytes should be here")
    return raw[at : at + count]
