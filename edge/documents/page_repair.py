"""Characters that the reader took for their twins, put right where the zone itself says so.

1. A place that may hold only letters (names, states) or only digits (dates, check digits) and does
   not: the likeliest twin that the network also considered is taken (0/O, 1/I, 2/Z, 5/S, 6/G, 8/B
   …).
2. A check digit that does not hold: the one twin, considered with a chance of ``CONSIDERED`` or
   more, that makes it hold and breaks no other. Two that would do equally well are a doubt, and
   nothing is changed.
3. Every change is told. A zone whose digits hold is never changed by rule 2; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edge.documents.mrz import Mrz, parse
from edge.documents.mrz_layout import LAYOUTS, Format, Layout, Place

__all__ = ["Alternatives", "Repair", "repaired"]

#: Per line, per place: the characters considered there with their chances, best first.
Alternatives = Sequence[Sequence[Sequence[tuple[str, float]]]]

CONSIDERED = 0.01  # chance from which a twin may answer for a check digit
CLEARER = 3.0  # how much likelier the taken one must be than the next
MOST = 3  # changes by check digits in one zone
_TWINS = (
    "0OQDC",
    "1IJLT",
    "2Z7",
    "3B8",
    "4A",
    "5S",
    "6GC",
    "8BS",
    "9GP",
    "UVY",
    "MNWH",
    "FPRE",
    "KX<",
    "L<",
    "C<",
)
_LETTERS = ("issuing_state", "nationality")
_DIGITS = ("birth_date", "expiry_date")


@dataclass(frozen=True, slots=True)
class Repair:
    """One changed character: where (from 0), what was read, what was taken, and why."""

    line: int
    place: int
    read: str
    taken: str
    reason: str
    chance: float


def repaired(lines: Sequence[str], alternatives: Alternatives) -> tuple[Mrz, tuple[Repair, ...]]:
    """Return the zone of ``lines``, put right as far as it allows, and every change made."""
    zone = parse(lines)
    by_kind = list(_misplaced(zone, alternatives))
    zone = parse(_changed(zone.lines, by_kind))
    by_digit: list[Repair] = []
    while zone.failing and len(by_digit) < MOST and (repair := _answer(zone, alternatives)):
        by_digit.append(repair)
        zone = parse(_changed(zone.lines, [repair]))
    return zone, (*by_kind, *by_digit)


def _misplaced(zone: Mrz, alternatives: Alternatives) -> Iterator[Repair]:
    """Rule 1."""
    for kind, places in _kinds(zone.format).items():
        for line, start, end in places:
            for place in range(start, end):
                read = zone.lines[line][place]
                if read == "<" or _is(kind, read):
                    continue
                twins = [r for r in _twins(read, alternatives, line, place) if _is(kind, r.taken)]
                if twins:
                    yield replace(
                        max(twins, key=lambda r: r.chance), reason=f"only {kind} stand here"
                    )


def _answer(zone: Mrz, alternatives: Alternatives) -> Repair | None:
    """Rule 2: the one change that makes the first failing digit hold."""
    failing = zone.failing[0]
    good = sorted(_holding(zone, failing, alternatives), key=lambda repair: -repair.chance)
    if not good or (len(good) > 1 and good[0].chance < CLEARER * good[1].chance):
        return None
    return replace(good[0], reason=f"the check digit of {failing} holds with it")


def _holding(zone: Mrz, failing: str, alternatives: Alternatives) -> Iterator[Repair]:
    covered, digit = LAYOUTS[zone.format].checks[failing]
    for line, start, end in (*covered, digit):
        for place in range(start, end):
            for twin in _twins(zone.lines[line][place], alternatives, line, place):
                if twin.chance < CONSIDERED or not _may_stand(zone.format, twin):
                    continue
                after = parse(_changed(zone.lines, [twin]))
                if after.format is zone.format and set(after.failing) < set(zone.failing):
                    yield twin


def _twins(read: str, alternatives: Alternatives, line: int, place: int) -> Iterator[Repair]:
    for other, chance in alternatives[line][place]:
        if other != read and any(read in family and other in family for family in _TWINS):
            yield Repair(line, place, read, other, "", chance)


def _changed(lines: Sequence[str], repairs: Sequence[Repair]) -> list[str]:
    changed = [list(line) for line in lines]
    for repair in repairs:
        changed[repair.line][repair.place] = repair.taken
    return ["".join(line) for line in changed]


def _kinds(kind: Format) -> dict[str, list[Place]]:
    """Return the places that hold only letters, and only digits, both beside fillers."""
    layout: Layout = LAYOUTS[kind]
    letters = [layout.names, *(layout.fields[name] for name in _LETTERS if name in layout.fields)]
    if layout.given_names:
        letters.append(layout.given_names)
    digits = [layout.fields[name] for name in _DIGITS if name in layout.fields]
    return {"letters": letters, "digits": digits + [digit for _, digit in layout.checks.values()]}


def _may_stand(kind: Format, repair: Repair) -> bool:
    for name, places in _kinds(kind).items():
        for line, start, end in places:
            if line == repair.line and start <= repair.place < end:
                return _is(name, repair.taken)
    return True


def _is(kind: str, character: str) -> bool:
    return character == "<" or (character.isalpha() if kind == "letters" else character.isdigit())
