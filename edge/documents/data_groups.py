"""The data groups beside zone and face: what they say, as printed (ICAO Doc 9303-10 §4.7).

1. DG3 and DG4: that there are fingers, irises; nothing of them. DG5 and DG7: pictures.
2. DG11, DG12: details of person and document, by name. A text whose parts are divided by ``<`` is
   all its parts; a date may be written in digits, or two digits a byte.
3. DG13: the state's own, as it is. DG16: whom to notify. What DG14, DG15, EF.CardAccess and
   EF.CardSecurity say is for the chip's own proofs: ``chip``.
4. What is wrong is an LdsError: which file, at which offset, what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.lds import LdsError, reading, unwrap
from edge.documents.tlv import Tlv

Text = str | tuple[str, ...]
_TAG_LIST, _COUNT, _GROUP = 0x5C, 0x02, 0xA0

_PERSON = {
    0x5F0E: "name_of_holder",
    0x5F0F: "other_names",
    0x5F10: "personal_number",
    0x5F2B: "full_date_of_birth",
    0x5F11: "place_of_birth",
    0x5F42: "permanent_address",
    0x5F12: "telephone",
    0x5F13: "profession",
    0x5F14: "title",
    0x5F15: "personal_summary",
    0x5F16: "proof_of_citizenship",
    0x5F17: "other_td_numbers",
    0x5F18: "custody_information",
}
_DOCUMENT = {
    0x5F19: "issuing_authority",
    0x5F26: "date_of_issue",
    0x5F1A: "other_persons",
    0x5F1B: "endorsements",
    0x5F1C: "tax_exit",
    0x5F1D: "front",
    0x5F1E: "rear",
    0x5F55: "personalized_at",
    0x5F56: "personalization_number",
}
_NOTIFY = {0x5F50: "recorded", 0x5F51: "name", 0x5F52: "telephone", 0x5F53: "address"}
_NOTIFY_FIRST, _NOTIFY_LAST = 0xA1, 0xAF
_IN_PARTS = frozenset(
    {"place_of_birth", "permanent_address", "other_td_numbers", "address", "name"}
)
_REPEATED = frozenset({"other_names", "other_persons"})
_PICTURES = frozenset({"proof_of_citizenship", "front", "rear"})
_DATES = {"full_date_of_birth": 8, "date_of_issue": 8, "recorded": 8, "personalized_at": 14}


@dataclass(frozen=True, slots=True)
class Details:
    """Texts by name, and pictures by name, as stored."""

    texts: Mapping[str, Text] = field(repr=False)
    pictures: Mapping[str, bytes] = field(repr=False)


def templates(file: str, raw: bytes) -> int:
    """Return how many biometric templates EF.DG2, DG3 or DG4 holds; none is no error."""
    with reading(file):
        groups = [e for e in tlv.children(unwrap(file, raw)) if e.tag == 0x7F61]
        return sum(e.tag == 0x7F60 for group in groups for e in tlv.children(group))


def portraits(raw: bytes) -> tuple[bytes, ...]:
    """Return the displayed portraits of EF.DG5, as stored."""
    return _pictures("DG5", raw, 0x5F40)


def signatures(raw: bytes) -> tuple[bytes, ...]:
    """Return the displayed signatures or usual marks of EF.DG7, as stored."""
    return _pictures("DG7", raw, 0x5F43)


def _pictures(file: str, raw: bytes, tag: int) -> tuple[bytes, ...]:
    whole = unwrap(file, raw)
    with reading(file):
        inner = tlv.children(whole)
    found = tuple(element.value for element in inner if element.tag == tag)
    said = [int.from_bytes(element.value, "big") for element in inner if element.tag == _COUNT]
    if said and said[0] != len(found):
        raise LdsError(file, whole.offset, f"says {said[0]} pictures, has {len(found)}")
    return found


def person(raw: bytes) -> Details:
    """Return what EF.DG11 says of the holder."""
    return _details("DG11", raw, _PERSON)


def document(raw: bytes) -> Details:
    """Return what EF.DG12 says of the document."""
    return _details("DG12", raw, _DOCUMENT)


def optional_details(raw: bytes) -> bytes:
    """Return what the state keeps in EF.DG13, in a form of its own."""
    return unwrap("DG13", raw).value


def to_notify(raw: bytes) -> tuple[Mapping[str, Text], ...]:
    """Return the persons to notify of EF.DG16: recorded, name, telephone, address."""
    whole = unwrap("DG16", raw)
    with reading("DG16"):
        entries = [e for e in tlv.children(whole) if _NOTIFY_FIRST <= e.tag <= _NOTIFY_LAST]
        return tuple(_read("DG16", tlv.children(entry), _NOTIFY).texts for entry in entries)


def _details(file: str, raw: bytes, names: Mapping[int, str]) -> Details:
    whole = unwrap(file, raw)
    with reading(file):
        return _read(file, list(_flat(whole)), names)


def _flat(parent: Tlv) -> Iterator[Tlv]:
    """Yield the elements, those of a group (A0) among them."""
    for element in tlv.children(parent):
        if element.tag == _GROUP:
            yield from tlv.children(element)
        else:
            yield element


def _read(file: str, elements: list[Tlv], names: Mapping[int, str]) -> Details:
    texts: dict[str, Text] = {}
    pictures: dict[str, bytes] = {}
    for element in elements:
        name = names.get(element.tag)
        if name is None:
            continue
        if name in _PICTURES:
            pictures |= {name: element.value} if element.value else {}
        elif name in _REPEATED:
            texts[name] = (*texts.get(name, ()), _text(file, element))
        elif name in texts:
            raise LdsError(file, element.offset, f"{name} is there twice")
        else:
            texts[name] = _value(file, name, element)
    return Details(texts, pictures)


def _value(file: str, name: str, element: Tlv) -> Text:
    if name in _DATES and len(element.value) == _DATES[name] // 2:
        return element.value.hex()  # two digits a byte
    text = _text(file, element)
    if name in _IN_PARTS:
        return tuple(part.replace("<", " ").strip() for part in _parts(name, text))
    return text.replace("<", " ").strip()


def _parts(name: str, text: str) -> list[str]:
    """Return the parts of a text: names are divided by ``<<``, all else by ``<``."""
    return [part for part in text.split("<<" if name == "name" else "<") if part.strip("<")]


def _text(file: str, element: Tlv) -> str:
    try:
        return element.value.decode("utf-8")
    except UnicodeDecodeError as error:
        at = element.offset + error.start
        raise LdsError(file, at, "a text that is not UTF-8") from error
