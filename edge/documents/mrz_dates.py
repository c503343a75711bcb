"""Two-digit years: whether a printed date exists, and which century it means.

1. Unknown parts are printed ``<`` (ICAO Doc 9303-3 §4.8); a date is impossible only where no
   filling of them, in any century, gives a day of the calendar.
2. An expiry within the next fifteen years is in the future; any other is the latest one past
   (documents are valid for at most ten years, cards of some states for fifteen).
3. A birth is never in the future: the latest such day up to today.
"""

from __future__ import annotations

from datetime import date

UNKNOWN = "<"
LONGEST_VALIDITY = 15  # years
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def exists(printed: str) -> bool:
    """Whether ``printed`` (YYMMDD, ``<`` for unknown) can be a day of the calendar."""
    if len(printed) != 6 or any(c not in "0123456789<" for c in printed):
        return False
    return any(
        _fits(printed[2:4], month) and any(_fits(printed[4:], d) for d in range(1, days + 1))
        for month, days in enumerate(_months(printed[:2]), start=1)
    )


def _months(year: str) -> list[int]:
    """Return the lengths of the months in the years that ``year`` may mean."""
    common = year.isdigit() and int(year) % 4 != 0  # xx00 may be 2000, a leap year
    return [28 if common and days == 29 else days for days in _LONGEST_MONTHS]


def _fits(printed: str, number: int) -> bool:
    return all(p in (UNKNOWN, c) for p, c in zip(printed, f"{number:02}", strict=True))


def expiry(printed: str, today: date) -> date | None:
    """Return the day of expiry that YYMMDD means on ``today``; None where it is not a full date."""
    return _latest(printed, _years_after(today, LONGEST_VALIDITY))


def birth(printed: str, today: date) -> date | None:
    """Return the day of birth that YYMMDD means on ``today``; None where it is not a full date."""
    return _latest(printed, today)


def _latest(printed: str, last: date) -> date | None:
    if not (printed.isascii() and printed.isdigit() and len(printed) == 6):
        return None
    year, month, day = int(printed[:2]), int(printed[2:4]), int(printed[4:])
    for century in range(last.year // 100, last.year // 100 - 5, -1):
        found = _day(century * 100 + year, month, day)
        if found is not None and found <= last:
            return found
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _years_after(day: date, years: int) -> date:
    return _day(day.year + years, day.month, day.day) or date(day.year + years, 3, 1)
