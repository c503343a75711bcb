"""Bar-coded boarding passes: what the bar code says (IATA Resolution 792, BCBP).

1. Format code M, the number of legs (1 to 4), the passenger's name, then the legs, one after the
   other: 37 characters each, the last two the size of what follows (hexadecimal).
2. What follows is conditional: on the first leg ``>``, a version, and what is of the whole pass
   (sized); on every leg what is of that leg (sized), and the airline's own to the end.
3. Behind the last leg may stand ``^``, a type, a size, and security data. Then nothing.
4. A sized part may end early; what it does not reach, and what is blank, is not there. A size that
   reaches past the end, or a character that no pass has, is a BoardingPassError that says where.
5. A date is a day of the year; its year follows from the day of issue, that one's from today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_WHOLE = (("name", 20), ("electronic_ticket", 1))
_LEG = (
    ("booking_reference", 7),
    ("origin", 3),
    ("destination", 3),
    ("carrier", 3),
    ("flight", 5),
    ("day", 3),
    ("compartment", 1),
    ("seat", 4),
    ("sequence", 5),
    ("passenger_status", 1),
)
_UNIQUE = (
    ("passenger_description", 1),
    ("checked_in_at", 1),
    ("issued_at", 1),
    ("issued", 4),
    ("document_type", 1),
    ("issuer", 3),
    ("baggage_tag", 13),
    ("baggage_tag_2", 13),
    ("baggage_tag_3", 13),
)
_REPEATED = (
    ("airline_number", 3),
    ("document_number", 10),
    ("selectee", 1),
    ("document_verification", 1),
    ("marketing_carrier", 3),
    ("frequent_flyer_airline", 3),
    ("frequent_flyer_number", 16),
    ("id_ad", 1),
    ("free_baggage", 3),
    ("fast_track", 1),
)
_MOST_LEGS = 4
_SIZE = 2  # hexadecimal digits
LONGEST = 2000  # characters; four legs with everything have some 650
_EARLY = timedelta(days=1)  # a pass issued east of here may be of tomorrow


class BoardingPassError(ValueError):
    """What was given is no boarding pass; ``offset`` counts characters from 0."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"boarding pass, character {offset}: {what}")
        self.offset, self.what = offset, what


@dataclass(frozen=True, slots=True)
class Leg:
    """One flight. ``fields`` are as printed, blanks taken off; what is blank is not there."""

    fields: Mapping[str, str] = field(repr=False)

    def flies(self, issued: date | None, today: date) -> date | None:
        """Return the day of the flight: the first such day from ``issued`` on, or nearest today."""
        day = self.fields.get("day", "")
        if not day.isdigit():
            return None
        if issued is not None:
            later = [d for d in _days(int(day), issued.year) if d >= issued - _EARLY]
            return min(later, default=None)
        near = _days(int(day), today.year)
        return min(near, key=lambda d: abs(d - today), default=None)


@dataclass(frozen=True, slots=True)
class BoardingPass:
    """One pass: its legs, what is of the whole (``fields``), and its security data if signed.

    ``fields`` hold the name as printed (``SURNAME/GIVEN``) and the issue day as year digit and day.
    """

    legs: tuple[Leg, ...]
    fields: Mapping[str, str] = field(repr=False)
    version: str = ""
    security_type: str = ""
    security_data: str = field(default="", repr=False)

    def issued(self, today: date) -> date | None:
        """Return the day of issue, the latest up to ``today`` (and a day) that is so written."""
        printed = self.fields.get("issued", "")
        if len(printed) != 4 or not printed.isdigit():
            return None
        latest = today + _EARLY
        days = [
            day
            for year in range(latest.year - 10, latest.year + 1)
            if year % 10 == int(printed[0]) and (day := _day(int(printed[1:]), year))
        ]
        return max((day for day in days if day <= latest), default=None)


class _Reader:
    """A pass from left to right, from ``at`` up to ``end``; offsets are those of the whole pass."""

    def __init__(self, text: str, at: int, end: int) -> None:
        self._text, self.at, self._end = text, at, end

    @property
    def left(self) -> int:
        """How many characters are still to come."""
        return self._end - self.at

    def take(self, count: int, what: str) -> str:
        """Return the next ``count`` characters, which are ``what``."""
        if count > self.left:
            raise BoardingPassError(self.at, f"ends; {what} needs {count} characters here")
        self.at += count
        return self._text[self.at - count : self.at]

    def part(self, count: int, what: str) -> _Reader:
        """Step over the next ``count`` characters and return a reader of them."""
        self.take(count, what)
        return _Reader(self._text, self.at - count, self.at)

    def sized(self, what: str) -> _Reader:
        """Return a reader of the next part, as long as its two hexadecimal digits say."""
        digits = self.take(_SIZE, f"the size of {what}")
        if not all(c in "0123456789ABCDEFabcdef" for c in digits):
            raise BoardingPassError(self.at - _SIZE, f"{digits!r} is no size of {what}")
        return self.part(int(digits, 16), what)

    def known(self, layout: tuple[tuple[str, int], ...]) -> dict[str, str]:
        """Return what ``layout`` names, as far as this part reaches; blanks are not there."""
        found: dict[str, str] = {}
        for name, count in layout:
            value = self.take(min(count, self.left), name).strip()
            found |= {name: value} if value else {}
        return found


def parse(content: str | bytes) -> BoardingPass:
    """Read a bar code's content; BoardingPassError if it is no boarding pass."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    _refuse_foreign(text)
    reader = _Reader(text, 0, len(text))
    if reader.take(1, "the format code") != "M":
        raise BoardingPassError(0, f"format code {text[0]!r}, not M")
    count = reader.take(1, "the number of legs")
    if count not in "1234"[:_MOST_LEGS]:
        raise BoardingPassError(1, f"{count!r} legs")
    fields, version = _all_of(reader, _WHOLE), ""
    legs = []
    for number in range(int(count)):
        leg, unique, found = _leg(reader, first=number == 0)
        legs.append(leg)
        fields |= unique
        version = version or found
    kind, data = _security(reader)
    return BoardingPass(tuple(legs), fields, version, kind, data)


def _refuse_foreign(text: str) -> None:
    if len(text) > LONGEST:
        raise BoardingPassError(LONGEST, f"{len(text)} characters are no bar code")
    for at, character in enumerate(text):
        if not " " <= character <= "~":
            raise BoardingPassError(at, f"{character!r} is no character of a boarding pass")


def _all_of(reader: _Reader, layout: tuple[tuple[str, int], ...]) -> dict[str, str]:
    """Return what ``layout`` names; all of it has to be there."""
    size = sum(count for _, count in layout)
    return reader.part(size, ", ".join(name for name, _ in layout)).known(layout)


def _leg(reader: _Reader, *, first: bool) -> tuple[Leg, dict[str, str], str]:
    """Return the leg, what of the whole pass stands with it, and the version."""
    fields = _all_of(reader, _LEG)
    conditional = reader.sized("the leg's conditional part")
    unique: dict[str, str] = {}
    version = ""
    if first and conditional.left:
        version = _version(conditional)
        unique = conditional.sized("what is of the whole pass").known(_UNIQUE)
    if conditional.left:
        fields |= conditional.sized("what is of the leg").known(_REPEATED)
    airline = conditional.take(conditional.left, "the airline's own").strip()
    return Leg(fields | ({"airline": airline} if airline else {})), unique, version


def _version(conditional: _Reader) -> str:
    if conditional.take(1, "the version's mark") != ">":
        raise BoardingPassError(conditional.at - 1, "the conditional part starts with no >")
    return conditional.take(1, "the version")


def _security(reader: _Reader) -> tuple[str, str]:
    if not reader.left:
        return "", ""
    if reader.take(1, "the security data's mark") != "^":
        raise BoardingPassError(reader.at - 1, "more behind the last leg that is no security data")
    kind = reader.take(1, "the kind of security data")
    data = reader.sized("the security data")
    if reader.left:
        raise BoardingPassError(reader.at, f"{reader.left} characters behind the security data")
    return kind.strip(), data.take(data.left, "the security data")


def _days(day: int, year: int) -> list[date]:
    return [found for y in (year - 1, year, year + 1) if (found := _day(day, y))]


def _day(day: int, year: int) -> date | None:
    """Return that day of that year, counted from 1, None where the year is shorter."""
    if not 1 <= day <= 366:
        return None
    found = date(year, 1, 1) + timedelta(days=day - 1)
    return found if found.year == year else None
