"""Boarding passes: other people's examples field by field, and every way to be none."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents.boarding_pass import BoardingPassError, Leg, parse

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "boarding"
FILE = DATA / "bcbp_full_expectation.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
here = pytest.mark.skipif(not ROWS, reason=f"no shared material at {DATA}")

BASIC = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 106>60000"
#: Their names for what we name.
LEG = {
    "operatingCarrierPNR": "booking_reference",
    "departureAirport": "origin",
    "arrivalAirport": "destination",
    "operatingCarrierDesignator": "carrier",
    "flightNumber": "flight",
    "compartmentCode": "compartment",
    "seatNumber": "seat",
    "checkInSequenceNumber": "sequence",
    "passengerStatus": "passenger_status",
    "airlineNumericCode": "airline_number",
    "serialNumber": "document_number",
    "internationalDocumentationVerification": "document_verification",
    "marketingCarrierDesignator": "marketing_carrier",
    "frequentFlyerAirlineDesignator": "frequent_flyer_airline",
    "frequentFlyerNumber": "frequent_flyer_number",
    "freeBaggageAllowance": "free_baggage",
    "airlineInfo": "airline",
}
WHOLE = {
    "passengerName": "name",
    "passengerDescription": "passenger_description",
    "checkInSource": "checked_in_at",
    "boardingPassIssuanceSource": "issued_at",
    "documentType": "document_type",
    "boardingPassIssuerDesignator": "issuer",
    "baggageTagNumber": "baggage_tag",
}


def day(text: str, today: date) -> date:
    if text.startswith("TODAY_YEAR_DAY_"):
        return date.fromordinal(date(today.year, 1, 1).toordinal() + int(text[15:]) - 1)
    return date.fromisoformat(text[:10])


@here
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"].split(" / ")[1])
def test_other_people_s_examples(row: dict) -> None:
    found = parse(row["barcode"])
    today = date(row["reference_year"] or 2026, 12, 1)
    issued = found.issued(today)
    if row["field"]:
        assert found.legs[0].flies(issued, today) == day(row["expect"], today)
        return
    expected = row["expect"]["data"]
    assert len(found.legs) == row["expect"]["meta"]["numberOfLegs"]
    assert found.version == str(row["expect"]["meta"]["versionNumber"])
    for leg, wanted in zip(found.legs, expected["legs"], strict=True):
        agrees(leg, wanted, issued, today)
    for theirs, ours in WHOLE.items():
        assert found.fields.get(ours) == expected.get(theirs), theirs
    assert (found.security_data or None) == expected.get("securityData")
    assert (found.security_type or None) == expected.get("securityDataType")
    if "issuanceDate" in expected:
        assert issued == day(expected["issuanceDate"], today)


def agrees(leg: Leg, wanted: dict, issued: date | None, today: date) -> None:
    for theirs, ours in LEG.items():
        assert leg.fields.get(ours) == wanted.get(theirs), theirs
    if "flightDate" in wanted:
        assert leg.flies(issued, today) == day(wanted["flightDate"], today)
    if "fastTrack" in wanted:
        assert (leg.fields["fast_track"] == "Y") is wanted["fastTrack"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "character 0: ends; the format code"),
        ("S1", "character 0: format code 'S'"),
        ("M5" + BASIC[2:], "character 1: '5' legs"),
        ("M0" + BASIC[2:], "character 1: '0' legs"),
        (BASIC[:30], "character 23: ends; booking_reference"),
        (BASIC[:-6] + "<60000", "starts with no >"),
        (BASIC[:58] + "ZZ" + BASIC[60:], "'ZZ' is no size"),
        (BASIC[:58] + "0A" + BASIC[60:], "ends; the leg's conditional part needs 10"),
        (BASIC[:-4] + "0500", "ends; what is of the whole pass needs 5"),
        (BASIC + "X", "character 66: more behind the last leg"),
        (BASIC + "^102abc", "1 characters behind the security data"),
        (BASIC.replace("LUC", "L\nC"), r"character 13: '\n' is no character"),
    ],
)
def test_what_is_no_boarding_pass(text: str, why: str) -> None:
    with pytest.raises(BoardingPassError) as refused:
        parse(text)
    assert why in str(refused.value)


def test_the_turn_of_the_year() -> None:
    leg = parse(BASIC.replace(" 226F", " 001F")).legs[0]
    assert leg.flies(date(2026, 12, 30), date(2026, 12, 30)) == date(2027, 1, 1)
    assert leg.flies(None, date(2026, 12, 31)) == date(2027, 1, 1)
    assert parse(BASIC.replace(" 226F", " 366F")).legs[0].flies(None, date(2026, 6, 1)) is None
    assert parse(BASIC.replace(" 226F", " 000F")).legs[0].flies(None, date(2026, 6, 1)) is None


def test_personal_data_is_not_in_its_text() -> None:
    assert "DESMARAIS" not in repr(parse(BASIC))


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_noise_is_refused(noise: str | bytes) -> None:
    with pytest.raises(BoardingPassError):
        parse(noise)


@given(st.data())
def test_a_bent_pass_is_read_or_refused(data) -> None:
    bent = list(data.draw(st.sampled_from([row["barcode"] for row in ROWS] or [BASIC])))
    for _ in range(data.draw(st.integers(1, 4))):
        bent[data.draw(st.integers(0, len(bent) - 1))] = chr(data.draw(st.integers(32, 126)))
    cut = data.draw(st.integers(0, len(bent)))
    try:
        found = parse("".join(bent[:cut]))
    except BoardingPassError as error:
        assert 0 <= error.offset <= len(bent)  # noqa: PT017 both ends are right
    else:
        found.issued(date(2026, 1, 1))
        assert all(leg.flies(None, date(2026, 1, 1)) or True for leg in found.legs)
