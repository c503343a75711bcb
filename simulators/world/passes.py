"""Boarding passes of travellers who do not exist (IATA Resolution 792), as their bar code reads.

One leg, no conditional part: name, booking, way, flight, day of the year, compartment, seat, number
at check-in, status. The name is cut to its 20 characters, as airlines do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from edge.documents.mrz import parse

__all__ = ["boarding_pass"]


def boarding_pass(
    lines: Sequence[str], day: date, origin: str = "XUT", destination: str = "XPA"
) -> bytes:
    """Return the pass of the holder of the zone ``lines`` for the flight on that ``day``."""
    fields = parse(lines).fields
    surname = fields["surname"].replace(" ", "")
    name = f"{surname}/{fields['given_names']} MX"[:20]
    flight = f"{origin:3}{destination:3}{'XU':3}{'0042':5}{day.timetuple().tm_yday:03}"
    return f"M1{name:20}E{'ABC123':7}{flight}Y{'012A':4}{'0025':5}1{'00'}".encode("ascii")
