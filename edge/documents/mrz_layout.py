"""Where each field of a machine-readable zone is printed (ICAO Doc 9303-4 to -7).

A place is (line, start, end), counted from 0. Lines and order follow the document, top to bottom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Format(StrEnum):
    """The kinds of zone."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRVA = "MRVA"
    MRVB = "MRVB"
    FRA_ID = "FRA_ID"  # the French national identity card of 1988 to 2021; not an ICAO layout


Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """One format: the fields' places, and per check digit the places it covers and its own."""

    lines: int
    width: int
    names: Place
    given_names: Place | None
    fields: dict[str, Place]
    checks: dict[str, tuple[tuple[Place, ...], Place]]
    #: Where a long document number goes on, for the formats that allow it.
    overflow: Place | None = field(default=None)


def _digit(line: int, at: int) -> Place:
    return (line, at, at + 1)


def _two_lines(optional: Place) -> dict[str, Place]:
    return {
        "document_code": (0, 0, 2),
        "issuing_state": (0, 2, 5),
        "document_number": (1, 0, 9),
        "nationality": (1, 10, 13),
        "birth_date": (1, 13, 19),
        "sex": (1, 20, 21),
        "expiry_date": (1, 21, 27),
        "optional_data": optional,
    }


_TWO_LINE_CHECKS: dict[str, tuple[tuple[Place, ...], Place]] = {
    "document_number": (((1, 0, 9),), _digit(1, 9)),
    "birth_date": (((1, 13, 19),), _digit(1, 19)),
    "expiry_date": (((1, 21, 27),), _digit(1, 27)),
}

TD1 = Layout(
    lines=3,
    width=30,
    names=(2, 0, 30),
    given_names=None,
    fields={
        "document_code": (0, 0, 2),
        "issuing_state": (0, 2, 5),
        "document_number": (0, 5, 14),
        "optional_data": (0, 15, 30),
        "birth_date": (1, 0, 6),
        "sex": (1, 7, 8),
        "expiry_date": (1, 8, 14),
        "nationality": (1, 15, 18),
        "optional_data_2": (1, 18, 29),
    },
    checks={
        "document_number": (((0, 5, 14),), _digit(0, 14)),
        "birth_date": (((1, 0, 6),), _digit(1, 6)),
        "expiry_date": (((1, 8, 14),), _digit(1, 14)),
        "composite": (((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)), _digit(1, 29)),
    },
    overflow=(0, 15, 30),
)

TD2 = Layout(
    lines=2,
    width=36,
    names=(0, 5, 36),
    given_names=None,
    fields=_two_lines((1, 28, 35)),
    checks=_TWO_LINE_CHECKS
    | {"composite": (((1, 0, 10), (1, 13, 20), (1, 21, 35)), _digit(1, 35))},
    overflow=(1, 28, 35),
)

TD3 = Layout(
    lines=2,
    width=44,
    names=(0, 5, 44),
    given_names=None,
    fields=_two_lines((1, 28, 42)),
    checks=_TWO_LINE_CHECKS
    | {
        "optional_data": (((1, 28, 42),), _digit(1, 42)),
        "composite": (((1, 0, 10), (1, 13, 20), (1, 21, 43)), _digit(1, 43)),
    },
)

MRVA = Layout(
    lines=2,
    width=44,
    names=(0, 5, 44),
    given_names=None,
    fields=_two_lines((1, 28, 44)),
    checks=_TWO_LINE_CHECKS,
)

MRVB = Layout(
    lines=2,
    width=36,
    names=(0, 5, 36),
    given_names=None,
    fields=_two_lines((1, 28, 36)),
    checks=_TWO_LINE_CHECKS,
)

FRA_ID = Layout(
    lines=2,
    width=36,
    names=(0, 5, 30),
    given_names=(1, 13, 27),
    fields={
        "document_code": (0, 0, 2),
        "issuing_state": (0, 2, 5),
        "document_number": (1, 0, 12),
        "birth_date": (1, 27, 33),
        "sex": (1, 34, 35),
    },
    checks={
        "document_number": (((1, 0, 12),), _digit(1, 12)),
        "birth_date": (((1, 27, 33),), _digit(1, 33)),
        "composite": (((0, 0, 36), (1, 0, 35)), _digit(1, 35)),
    },
)

LAYOUTS: dict[Format, Layout] = {
    Format.TD1: TD1,
    Format.TD2: TD2,
    Format.TD3: TD3,
    Format.MRVA: MRVA,
    Format.MRVB: MRVB,
    Format.FRA_ID: FRA_ID,
}
