"""What no check digit covers: codes and dates of a zone."""

from datetime import date

import pytest

from edge.documents import mrz, zone_checks
from edge.documents.countries import countries_of, is_issuer, is_nationality
from edge.documents.mrz import Mrz
from edge.documents.result import Status

TODAY = date(2026, 6, 1)


def zone(state="UTO", nationality="UTO", born="740812", until="270415") -> Mrz:
    number, optional = "L898902C3", "<" * 14
    second = "".join(part + mrz.check_digit(part) for part in (number, born, until, optional))
    places = second[:10] + nationality + second[10:17] + "F" + second[17:24] + second[24:39]
    digit = mrz.check_digit(places[:10] + places[13:20] + places[21:43])
    return mrz.parse((f"P<{state:<<3}ERIKSSON<<ANNA".ljust(44, "<"), places + digit))


@pytest.mark.parametrize(
    ("state", "nationality", "status", "notes"),
    [
        ("UTO", "UTO", Status.SUCCESSFUL, ()),
        ("D", "D<<", Status.SUCCESSFUL, ()),
        ("GBR", "GBD", Status.SUCCESSFUL, ()),
        ("UNO", "XXA", Status.SUCCESSFUL, ()),
        ("EUE", "RKS", Status.SUCCESSFUL, ()),
        ("XPO", "XXX", Status.SUCCESSFUL, ()),
        ("XYZ", "UTO", Status.UNDETERMINED, ("issuing_state is no code of Doc 9303-3",)),
        ("UTO", "451", Status.UNDETERMINED, ("nationality is no code of Doc 9303-3",)),
        ("XXA", "UTO", Status.UNDETERMINED, ("issuing_state is no code of Doc 9303-3",)),
    ],
)
def test_codes(state: str, nationality: str, status: Status, notes: tuple) -> None:
    found = zone(state, nationality)
    assert found.valid  # a code of nobody breaks no check digit
    assert found.notes == notes
    assert zone_checks.country(found).status is status
    assert state not in zone_checks.country(found).detail


@pytest.mark.parametrize(
    ("born", "until", "status"),
    [
        ("740812", "270415", Status.SUCCESSFUL),
        ("74<<<<", "270415", Status.SUCCESSFUL),
        ("<<<<<<", "270415", Status.SUCCESSFUL),
        ("740231", "270415", Status.FAILED),
        ("740812", "271315", Status.FAILED),
        ("740812", "27<<<<", Status.UNDETERMINED),
        ("260501", "260415", Status.FAILED),  # expired before birth
    ],
)
def test_dates(born: str, until: str, status: Status) -> None:
    assert zone_checks.dates(zone(born=born, until=until), TODAY).status is status


def test_who_issues_and_who_is_what() -> None:
    assert countries_of("CHN") == ("CN", "HK", "MO")
    assert countries_of("D") == ("DE",)
    assert countries_of("XPO") == ()
    assert is_issuer("XOM")
    assert not is_issuer("XXB")
    assert is_nationality("XXB")
