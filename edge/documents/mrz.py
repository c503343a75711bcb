"""The machine-readable zone: what is printed, and whether its check digits hold (ICAO Doc 9303).

1. A zone is 3 × 30 (TD1), 2 × 36 (TD2, MRV-B, the old French identity card) or 2 × 44 (TD3, MRV-A)
   characters of A–Z, 0–9 and ``<``; run together on one line it is the same zone.
2. Anything else is no zone: MrzError says what is wrong and where.
3. A check digit is the sum of the values (0–9, A = 10 … Z = 35, ``<`` = 0) times 7, 3, 1, 7 …,
   modulo 10. Only the optional data of a TD3, when empty, may print ``<`` for its 0.
4. A document number too long for its nine places prints ``<`` for its check digit and goes on at
   the start of the optional data, its check digit last (TD1, TD2). Old Belgian cards count that
   ``<`` in.
5. A date may pass its check digit and not exist, a state or nationality be a code that nobody
   assigned (Doc 9303-3 §5): that is a note, not a failed check digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.documents.countries import is_issuer, is_nationality
from edge.documents.mrz_dates import exists
from edge.documents.mrz_layout import LAYOUTS, Format, Layout, Place

__all__ = ["FILLER", "Format", "Mrz", "MrzError", "check_digit", "parse"]

FILLER = "<"
_VALUES = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {FILLER: 0}
_WEIGHTS = (7, 3, 1)
_SIZES = {30: 3, 36: 2, 44: 2}  # characters per line: lines


class MrzError(ValueError):
    """What was given is no machine-readable zone."""


@dataclass(frozen=True, slots=True)
class Mrz:
    """A zone as printed. Names have spaces for fillers; dates, sex and digits are as printed.

    ``checks`` has one entry per check digit of the format: document_number, birth_date,
    expiry_date, optional_data, composite. ``key_input`` is the "MRZ information" that opens the
    chip (Doc 9303-11 §4.3.3.1), empty where the format has no chip.
    """

    format: Format
    lines: tuple[str, ...] = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    checks: Mapping[str, bool]
    notes: tuple[str, ...] = ()
    key_input: str = field(default="", repr=False)

    @property
    def valid(self) -> bool:
        """Whether every check digit holds; the structure holds, or there would be no Mrz."""
        return all(self.checks.values())

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of the check digits that do not hold."""
        return tuple(name for name, holds in self.checks.items() if not holds)


def check_digit(text: str) -> str:
    """Return the check digit of ``text``; raise MrzError at a character no zone may hold."""
    _refuse_foreign(text, "the text")
    return str(sum(_VALUES[c] * _WEIGHTS[i % 3] for i, c in enumerate(text)) % 10)


def parse(text: str | Sequence[str]) -> Mrz:
    """Read a zone given as lines, or as one text with or without line breaks.

    Raises MrzError where size or characters are those of no zone. A check digit that does not
    hold is no error: see ``Mrz.checks``.
    """
    lines = _lines(text)
    kind = _format(lines)
    layout = LAYOUTS[kind]
    fields = _fields(lines, layout)
    checks = {name: _holds(name, lines, layout) for name in layout.checks}
    notes: list[str] = []
    if (number := _long_number(lines, layout)) is not None:
        fields |= number.fields
        checks["document_number"], note = _long_number_holds(number, fields["issuing_state"])
        notes += note
    notes += [f"{name} is not a date of any year" for name in _impossible_dates(fields)]
    notes += [f"{name} is no code of Doc 9303-3" for name in _foreign(fields)]
    return Mrz(kind, lines, fields, checks, tuple(notes), _key_input(kind, lines, layout, number))


def _lines(text: str | Sequence[str]) -> tuple[str, ...]:
    parts = text.split() if isinstance(text, str) else [str(part).strip() for part in text]
    parts = [part for part in parts if part]
    if not parts:
        raise MrzError("there is no text: a zone has 3 × 30, 2 × 36 or 2 × 44 characters")
    if len(parts) == 1:
        parts = _cut(parts[0])
    for at, line in enumerate(parts):
        _refuse_foreign(line, f"line {at + 1}")
    widths = [len(line) for line in parts]
    if set(widths) - set(_SIZES) or len(set(widths)) > 1:
        raise MrzError(f"lines of {widths} characters: a zone has 3 × 30, 2 × 36 or 2 × 44")
    if len(parts) != _SIZES[widths[0]]:
        raise MrzError(f"{len(parts)} lines of {widths[0]}: a zone has {_SIZES[widths[0]]} of them")
    return tuple(parts)


def _cut(run: str) -> list[str]:
    for width, count in _SIZES.items():
        if len(run) == width * count:
            return [run[i : i + width] for i in range(0, len(run), width)]
    raise MrzError(f"one line of {len(run)} characters: run together a zone has 90, 72 or 88")


def _refuse_foreign(text: str, where: str) -> None:
    for at, character in enumerate(text):
        if character not in _VALUES:
            raise MrzError(f"{where}, position {at + 1}: {character!r} is not A–Z, 0–9 or <")


def _format(lines: tuple[str, ...]) -> Format:
    width, visa = len(lines[0]), lines[0].startswith("V")
    if width == 30:
        return Format.TD1
    if width == 44:
        return Format.MRVA if visa else Format.TD3
    if lines[0].startswith("IDFRA"):
        return Format.FRA_ID
    return Format.MRVB if visa else Format.TD2


def _at(lines: tuple[str, ...], place: Place) -> str:
    line, start, end = place
    return lines[line][start:end]


def _words(text: str) -> str:
    return text.rstrip(FILLER).replace(FILLER, " ")


_AS_PRINTED = ("birth_date", "expiry_date", "sex")


def _fields(lines: tuple[str, ...], layout: Layout) -> dict[str, str]:
    fields = {name: _at(lines, place) for name, place in layout.fields.items()}
    fields = {k: v if k in _AS_PRINTED else _words(v) for k, v in fields.items()}
    surname, _, given = _at(lines, layout.names).partition(FILLER * 2)
    if layout.given_names:
        surname, given = _at(lines, layout.names), _at(lines, layout.given_names)
    return fields | {"surname": _words(surname).strip(), "given_names": _words(given).strip()}


def _holds(name: str, lines: tuple[str, ...], layout: Layout) -> bool:
    places, digit = layout.checks[name]
    data, printed = "".join(_at(lines, place) for place in places), _at(lines, digit)
    if name == "optional_data" and printed == FILLER:
        return not data.strip(FILLER)
    return printed == check_digit(data)


@dataclass(frozen=True, slots=True)
class _LongNumber:
    head: str
    tail: str
    digit: str
    rest: str

    @property
    def fields(self) -> dict[str, str]:
        return {
            "document_number": self.head + self.tail,
            "document_number_check": self.digit,
            "optional_data": _words(self.rest),
        }


def _long_number(lines: tuple[str, ...], layout: Layout) -> _LongNumber | None:
    if layout.overflow is None:
        return None
    head = _at(lines, layout.fields["document_number"])
    printed = _at(lines, layout.checks["document_number"][1])
    more, _, rest = _at(lines, layout.overflow).partition(FILLER)
    if printed != FILLER or head.endswith(FILLER) or len(more) < 2:
        return None
    return _LongNumber(head, more[:-1], more[-1], rest)


def _long_number_holds(number: _LongNumber, state: str) -> tuple[bool, list[str]]:
    if number.digit == check_digit(number.head + number.tail):
        return True, []
    belgian = check_digit(number.head + FILLER + number.tail)
    if state == "BEL" and number.digit == belgian:
        return True, ["document_number: check digit computed with its filler, as Belgium did"]
    return False, []


def _impossible_dates(fields: Mapping[str, str]) -> list[str]:
    return [k for k in ("birth_date", "expiry_date") if k in fields and not exists(fields[k])]


def _foreign(fields: Mapping[str, str]) -> list[str]:
    known = {"issuing_state": is_issuer, "nationality": is_nationality}
    return [name for name, assigned in known.items() if not assigned(fields.get(name, "D"))]


def _key_input(
    kind: Format, lines: tuple[str, ...], layout: Layout, number: _LongNumber | None
) -> str:
    if kind in (Format.MRVA, Format.MRVB, Format.FRA_ID):
        return ""
    parts = [
        "".join(_at(lines, place) for place in (*layout.checks[name][0], layout.checks[name][1]))
        for name in ("document_number", "birth_date", "expiry_date")
    ]
    if number is not None:
        parts[0] = number.head + number.tail + number.digit
    return "".join(parts)
