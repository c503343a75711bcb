"""The number on a freight container (ISO 6346): what it says, and what a camera made of it.

1. Owner (3 letters), category (U, J, Z, or R on old boxes), serial number (6 digits), check digit.
   Spaces, hyphens and dots between them mean nothing; small letters are capital ones.
2. Check digit: each character's value times 2 to the power of its place, added up, modulo 11,
   modulo 10. Letters count from A = 10 and skip the multiples of eleven.
3. A camera takes letters for digits that look alike, and the other way round. Where a place wants
   the other sort, every look-alike that fits is tried; so is every place that the camera itself
   doubts. The check digit decides. What was changed is told: it is a repair, not a reading.
4. At most two characters are changed, and of a text with more than three open places none: where
   so much is unsure, a right check digit proves nothing.
5. If more than one number comes out, none is taken: they are all told, and a person looks. One
   number in eleven passes the check digit by accident, so a number is never made up freely.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, product

LENGTH = 11
DOUBTED = 0.8  # confidence below which a character may be another one
MOST_CHANGES = 2  # characters that a repair may change
MOST_OPEN = 3  # characters that are of the wrong sort or in doubt
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = dict(zip(_LETTERS, (n for n in range(10, 39) if n % 11), strict=True))
_VALUES |= {str(digit): digit for digit in range(10)}
_NUMBER = re.compile(r"[A-Z]{3}[UJZR][0-9]{7}")
_BETWEEN = re.compile(r"[\s.\-/]+")
# What is taken for each other in painted block letters, either way round.
_ALIKE = ("0ODQCU", "1ILTJ7", "2Z7", "5S6", "6GC5", "8B36", "4A", "3B8", "9GP", "UVY", "MNHW", "EF",
          "KXH", "PRFB", "TY")  # fmt: skip


class Category(StrEnum):
    """What the number is on, by its fourth letter."""

    FREIGHT_CONTAINER = "U"
    DETACHABLE_EQUIPMENT = "J"
    TRAILER_OR_CHASSIS = "Z"
    REFRIGERATED = "R"  # of older markings


class NumberError(ValueError):
    """Text that is no container number; the message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class ContainerNumber:
    """A number whose check digit is right."""

    owner: str
    category: Category
    serial: str
    check_digit: int

    def __str__(self) -> str:
        return f"{self.owner}{self.category}{self.serial}{self.check_digit}"

    @property
    def spaced(self) -> str:
        """The number as it is painted: owner and category, serial number, check digit."""
        return f"{self.owner}{self.category} {self.serial} {self.check_digit}"


class Outcome(StrEnum):
    """What a reading is worth."""

    READ = "read"  # as it stands
    REPAIRED = "repaired"  # one number, after changes that are told
    AMBIGUOUS = "ambiguous"  # several numbers it may be
    UNREADABLE = "unreadable"  # none


@dataclass(frozen=True, slots=True)
class Repair:
    """One character that was taken for another; ``place`` counts from 1."""

    place: int
    was: str
    became: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a camera's text amounts to. ``number`` is there only when READ or REPAIRED."""

    text: str
    outcome: Outcome
    number: ContainerNumber | None = None
    repairs: tuple[Repair, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """What to tell an officer, at most 300 characters."""
        if self.outcome is Outcome.READ:
            return f"container {self.text}"
        if self.outcome is Outcome.REPAIRED:
            told = ", ".join(f"{r.was} at {r.place} is {r.became}" for r in self.repairs)
            return f"container {self.number}, read as {self.text}: {told}"
        if self.outcome is Outcome.AMBIGUOUS:
            return f"{self.text} may be {', '.join(self.candidates)}"[:300]
        return f"{self.text[:40]!r} is no container number"


def check_digit(ten: str) -> int:
    """Return the check digit of owner, category and serial number; NumberError if they are none."""
    if len(ten) != LENGTH - 1 or any(c not in _VALUES for c in ten):
        raise NumberError(f"{ten!r} is not three letters, a category and six digits")
    return sum(_VALUES[c] << place for place, c in enumerate(ten)) % 11 % 10


def compact(text: str) -> str:
    """Return ``text`` in capitals, without what stands between its parts."""
    return _BETWEEN.sub("", text).upper()


def parse(text: str) -> ContainerNumber:
    """Return the number that ``text`` says; raise NumberError."""
    plain = compact(text)
    if len(plain) != LENGTH:
        raise NumberError(f"{len(plain)} characters, not {LENGTH}")
    if not _NUMBER.fullmatch(plain):
        place = next(i for i, c in enumerate(plain) if c not in _allowed(i))
        raise NumberError(f"character {place + 1} is {plain[place]!r}, not {_wanted(place)}")
    expected = check_digit(plain[:-1])
    if str(expected) != plain[-1]:
        raise NumberError(f"check digit {plain[-1]} does not fit; {expected} would")
    return ContainerNumber(plain[:3], Category(plain[3]), plain[4:10], expected)


def read(text: str, confidences: Sequence[float] | None = None) -> Reading:
    """Return what a camera's ``text`` amounts to.

    ``confidences`` are 0 to 1, one for each of its characters; without them only characters of the
    wrong sort are changed.
    """
    plain = compact(text)
    try:
        return Reading(plain, Outcome.READ, parse(plain))
    except NumberError:
        pass
    if len(plain) != LENGTH:
        return Reading(plain, Outcome.UNREADABLE)
    doubts = confidences if confidences is not None and len(confidences) == LENGTH else [1] * LENGTH
    found = sorted(set(_candidates(plain, doubts)))
    if not found:
        return Reading(plain, Outcome.UNREADABLE)
    if len(found) > 1:
        return Reading(plain, Outcome.AMBIGUOUS, candidates=tuple(found))
    repairs = tuple(
        Repair(place, was, became)
        for place, (was, became) in enumerate(zip(plain, found[0], strict=True), 1)
        if was != became
    )
    return Reading(plain, Outcome.REPAIRED, parse(found[0]), repairs, tuple(found))


def settle(readings: Iterable[Reading]) -> Reading | None:
    """Return the reading that several cameras' readings of one container come to.

    A number read as it stands outweighs a repaired one; two different numbers are AMBIGUOUS. None
    if there is no reading at all.
    """
    every = list(readings)
    for outcome in (Outcome.READ, Outcome.REPAIRED):
        votes = Counter(str(r.number) for r in every if r.outcome is outcome)
        if len(votes) == 1:
            return next(r for r in every if r.outcome is outcome)
        if votes:
            return Reading(next(iter(votes)), Outcome.AMBIGUOUS, candidates=tuple(sorted(votes)))
    return _shared(every) or (every[0] if every else None)


def _shared(readings: list[Reading]) -> Reading | None:
    """Return the one number that all ambiguous readings allow, None if there is no such number."""
    sets = [set(r.candidates) for r in readings if r.outcome is Outcome.AMBIGUOUS]
    common = set.intersection(*sets) if len(sets) > 1 else set()
    if len(common) != 1:
        return None
    (only,) = common
    return Reading(readings[0].text, Outcome.REPAIRED, parse(only), candidates=(only,))


def _candidates(plain: str, doubts: Sequence[float]) -> Iterator[str]:
    """Yield the numbers with a right check digit that ``plain`` may be, fewest changes first."""
    choices = [_choices(plain, place, doubts[place]) for place in range(LENGTH)]
    forced = [place for place in range(LENGTH) if plain[place] not in choices[place]]
    if not all(choices) or len(forced) > MOST_CHANGES:
        return
    free = [place for place in range(LENGTH) if len(choices[place]) > 1 and place not in forced]
    if len(forced) + len(free) > MOST_OPEN:
        return
    for more in range(MOST_CHANGES - len(forced) + 1):
        found = [
            number
            for some in combinations(free, more)
            for number in _changed(plain, choices, (*forced, *some))
        ]
        if found:
            yield from found
            return  # what needs fewer changes is likelier by far


def _changed(plain: str, choices: list[str], places: tuple[int, ...]) -> Iterator[str]:
    options = [[c for c in choices[place] if c != plain[place]] for place in places]
    for characters in product(*options):
        letters = list(plain)
        for place, character in zip(places, characters, strict=True):
            letters[place] = character
        number = "".join(letters)
        if _NUMBER.fullmatch(number) and str(check_digit(number[:-1])) == number[-1]:
            yield number


def _choices(plain: str, place: int, confidence: float) -> str:
    """Return what the character at ``place`` may be: itself first, if it may stand there."""
    seen, allowed = plain[place], _allowed(place)
    itself = seen if seen in allowed else ""
    if itself and confidence >= DOUBTED:
        return itself
    alike = {c for group in _ALIKE if seen in group for c in group}
    return itself + "".join(sorted(c for c in alike - {seen} if c in allowed))


def _allowed(place: int) -> str:
    if place < 3:
        return _LETTERS
    return "UJZR" if place == 3 else "0123456789"


def _wanted(place: int) -> str:
    return "a letter" if place < 3 else "U, J, Z or R" if place == 3 else "a digit"
