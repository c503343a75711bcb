"""What a zone says that no check digit covers: country codes and dates (Doc 9303-3 §4.8, §5).

1. country   issuing state and nationality are codes that Doc 9303-3 assigns. A code of nobody is
             undetermined: codes are added, and old ones live on in old documents.
2. dates     birth and expiry are days of the calendar, birth not after expiry nor to come. A zone
             that says otherwise was never printed by a state: failed.
"""

from __future__ import annotations

from datetime import date

from edge.documents import mrz_dates
from edge.documents.countries import is_issuer, is_nationality
from edge.documents.mrz import Mrz
from edge.documents.result import Check, failed, successful, undetermined

UNKNOWN = "<"


def country(zone: Mrz) -> Check:
    """Whether the zone's codes are assigned ones; the zone's format may have no nationality."""
    known = {"issuing_state": is_issuer, "nationality": is_nationality}
    printed = [name for name in known if name in zone.fields]
    foreign = [name for name in printed if not known[name](zone.fields[name])]
    if foreign:
        return undetermined(f"no code of Doc 9303-3: {', '.join(foreign)}")
    return successful()


def dates(zone: Mrz, today: date) -> Check:
    """Whether the zone's dates can be on ``today``; a birth may have unknown parts (``<``)."""
    printed = {k: zone.fields[k] for k in ("birth_date", "expiry_date") if k in zone.fields}
    impossible = [name for name, text in printed.items() if not mrz_dates.exists(text)]
    if impossible:
        return failed(f"no day of any year: {', '.join(impossible)}")
    if UNKNOWN in printed.get("expiry_date", ""):
        return undetermined("the expiry is not printed in full")
    born = mrz_dates.birth(printed["birth_date"], today)
    until = mrz_dates.expiry(printed["expiry_date"], today) if "expiry_date" in printed else None
    if born is not None and until is not None and until < born:
        return failed("expired before its holder was born")
    return successful()
