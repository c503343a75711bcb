"""Travellers who do not exist, and the machine-readable zone that their document would carry.

1. A holder follows from a seed alone. Names are invented; states are those that ICAO reserves for
   specimens and for people without one (Doc 9303-3 §5), or any code that is given.
2. ``zone`` prints a holder as TD1, TD2, TD3, MRV-A or MRV-B (Doc 9303-4 to -7): names cut to their
   place, every check digit right.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from edge.documents.mrz import check_digit
from edge.documents.mrz_layout import Format

__all__ = ["FORMATS", "Holder", "fictitious", "zone"]

#: What ``zone`` can print.
FORMATS = (Format.TD1, Format.TD2, Format.TD3, Format.MRVA, Format.MRVB)
STATES = ("UTO", "XXA", "XXB", "XXC", "XXX", "XOM", "XPO", "UNO", "EUE", "RKS", "D<<")
_HEADS = (
    "BAL COR DEN ELV FARN GRIM HAL IVER JOL KESS LOR MARV NOR OST PELL QUIN RAV SEL TORV "
    "ULM VESS WEL XAN YOR ZEPH"
)
_TAILS = (
    "AKOV BERG DOTTIR EN ESCU FIELD GARD HOLM IDES KVIST LUND MAN NIEMI OVA QVIST SEN SKI "
    "TZ UMI WITZ YAMA ZADE"
)
_GIVEN = (
    "ADALIN BRUNIK CELMIRA DORVAN EVELKA FENNIMO GIZELDA HUBRICH ISAURE JORUNN KATJUSHA "
    "LEOVIGIL MIRABEX NILOFAR OTTOLINE PAVLIK QUILLA ROXELANE SVETIMIR TAMSIN URSULIN "
    "VALENTO WILHELMA XIMENO YSOLDE ZBIGNO"
)
_NUMBER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Holder:
    """One traveller as a document tells it. Dates are YYMMDD; ``sex`` is F, M or ``<``."""

    surname: str
    given_names: str
    state: str
    nationality: str
    number: str
    birth_date: str
    sex: str
    expiry_date: str
    optional: str = ""


def fictitious(seed: int, state: str | None = None) -> Holder:
    """Return the invented traveller of ``seed``."""
    rng = random.Random(f"holder {seed}")  # noqa: S311 - a seeded world, no secret
    home = state or rng.choice(STATES)
    surname = rng.choice(_HEADS.split()) + rng.choice(_TAILS.split())
    if rng.random() < 0.2:
        surname += " " + rng.choice(_HEADS.split()) + rng.choice(_TAILS.split())
    return Holder(
        surname=surname,
        given_names=" ".join(rng.sample(_GIVEN.split(), rng.choice((1, 1, 2, 2, 3)))),
        state=home,
        nationality=home if rng.random() < 0.8 else rng.choice(STATES),
        number="".join(rng.choices(_NUMBER, k=rng.choice((8, 9, 9, 9)))),
        birth_date=_date(rng, 1930, 2015),
        sex=rng.choice("FFMM<"),
        expiry_date=_date(rng, 2027, 2036),
        optional="".join(rng.choices(_NUMBER, k=rng.choice((0, 0, 5, 10)))),
    )


def zone(holder: Holder, kind: Format) -> tuple[str, ...]:
    """Return the lines that a document of ``kind`` prints for ``holder``.

    Raises ValueError for a format that is no ICAO layout.
    """
    if kind is Format.TD1:
        return _td1(holder)
    sizes = {
        Format.TD2: ("I", 36),
        Format.TD3: ("P", 44),
        Format.MRVA: ("V", 44),
        Format.MRVB: ("V", 36),
    }
    if kind not in sizes:
        raise ValueError(f"{kind} is no ICAO layout; there are TD1, TD2, TD3, MRVA, MRVB")
    code, width = sizes[kind]
    upper = _fill(f"{code}<{_fill(holder.state, 3)}{_names(holder)}", width)
    lower = _core(holder)
    if code == "V":
        return upper, _fill(lower + holder.optional, width)
    room = width - 2 if kind is Format.TD3 else width - 1
    lower = _fill(lower + holder.optional, room)
    if kind is Format.TD3:
        lower += check_digit(lower[28:42])
    return upper, lower + check_digit(lower[:10] + lower[13:20] + lower[21:])


def _td1(holder: Holder) -> tuple[str, ...]:
    upper = _fill(
        f"I<{_fill(holder.state, 3)}{_checked(_fill(holder.number, 9))}{holder.optional}", 30
    )
    dates = f"{_checked(holder.birth_date)}{holder.sex}{_checked(holder.expiry_date)}"
    middle = _fill(f"{dates}{_fill(holder.nationality, 3)}", 29)
    middle += check_digit(upper[5:] + middle[:7] + middle[8:15] + middle[18:])
    return upper, middle, _fill(_names(holder), 30)


def _core(holder: Holder) -> str:
    number = _checked(_fill(holder.number, 9)) + _fill(holder.nationality, 3)
    return f"{number}{_checked(holder.birth_date)}{holder.sex}{_checked(holder.expiry_date)}"


def _names(holder: Holder) -> str:
    return f"{holder.surname}<<{holder.given_names}".replace(" ", "<")


def _checked(text: str) -> str:
    return text + check_digit(text)


def _fill(text: str, width: int) -> str:
    return text[:width].ljust(width, "<")


def _date(rng: random.Random, first: int, last: int) -> str:
    return f"{rng.randint(first, last) % 100:02}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
