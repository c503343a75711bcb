"""The boarding pass of whoever stands at the gate: what the site wants of it, and whether it holds.

1. It is a boarding pass: what cannot be read as one is *undetermined*, for an officer to look at.
2. One of its flights leaves from, or arrives at, an airport of this gate's: else *failed*.
3. That flight is on a day that the site allows: else *failed*; without a day, *undetermined*.
4. It is made out to the holder of the zone (edge/documents/boarding_name).
No answer holds anything of the pass: neither who flies nor where to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from edge.documents import boarding_pass
from edge.documents.boarding_name import made_out_to
from edge.documents.boarding_pass import BoardingPass, BoardingPassError
from edge.documents.mrz import Mrz
from edge.documents.result import Check, failed, undetermined
from settings.files import Section

__all__ = ["BCBP", "BoardingSection", "boarding_check"]

BCBP = "boarding-pass"  # the check's name
Airport = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class BoardingSection(Section):
    """Which boarding passes count at this gate. Without this section none is looked at."""

    required: bool = Field(default=False, description="nobody enters without one")
    departing_from: frozenset[Airport] = Field(
        default=frozenset(), description="IATA codes; any airport if empty"
    )
    arriving_at: frozenset[Airport] = Field(default=frozenset(), description="as above")
    days: int = Field(
        default=1, ge=0, le=30, description="the flight is at most so many days from today"
    )


def boarding_check(content: bytes, how: BoardingSection, printed: Mrz | None, today: date) -> Check:
    """Return what a bar code's ``content`` says of the holder of the zone ``printed``."""
    try:
        found = boarding_pass.parse(content)
    except BoardingPassError as error:
        return undetermined(f"no boarding pass from character {error.offset} on")
    flight = _flight(found, how, today)
    if flight is not None:
        return flight
    name = found.fields.get("name")
    if printed is None or name is None:
        return undetermined("no name to compare")
    return made_out_to(name, printed)


def _flight(found: BoardingPass, how: BoardingSection, today: date) -> Check | None:
    """Return what is wrong with the pass's flights, None where one of them is as wanted."""
    legs = [leg for leg in found.legs if _here(leg.fields, how)]
    if not legs:
        return failed("no flight of this gate's airports")
    days = [leg.flies(found.issued(today), today) for leg in legs]
    away = [abs((day - today).days) for day in days if day is not None]
    if not away:
        return undetermined("the flight has no day")
    if min(away) > how.days:
        return failed(f"the flight is {min(away)} days away; {how.days} are allowed")
    return None


def _here(leg: Mapping[str, str], how: BoardingSection) -> bool:
    wanted = ((how.departing_from, "origin"), (how.arriving_at, "destination"))
    return all(not airports or leg.get(place) in airports for airports, place in wanted)
