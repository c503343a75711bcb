"""The machine-readable zone against every row of the collected material, and against noise."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents.mrz import Format, MrzError, check_digit, parse
from edge.documents.mrz_dates import birth, exists, expiry

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "mrz"
ZONE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<", min_size=88, max_size=88)


def rows(name: str) -> list:
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        reason = f"no shared material at {path}"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("row", rows("check_digit_calc"))
def test_the_check_digit_of_the_standard(row: dict) -> None:
    assert (check_digit(row["input"]) == row["digit"]) is row["ok"]


@pytest.mark.parametrize("row", rows("mrz_check_digits"))
@pytest.mark.parametrize("joined", ["lines", "one line", "text"])
def test_every_collected_zone(row: dict, joined: str) -> None:
    given_as = {"lines": row["mrz"], "one line": "".join(row["mrz"]), "text": "\n".join(row["mrz"])}
    mrz, expect = parse(given_as[joined]), row["expect"]
    checks = expect.get("checks_belgian_reading", expect["checks"])
    assert mrz.format == row["format"]
    assert mrz.checks == checks
    assert mrz.valid is all(checks.values())
    assert mrz.fields == expect["fields"]
    for name in ("birth_date", "expiry_date"):
        noted = any(note.startswith(f"{name} is not") for note in mrz.notes)
        if row["id"] == "mrz-10e1ae7bc1" and name == "birth_date":
            assert noted  # 29 February 2011, which the material itself does not tag
        else:
            assert noted is (expect.get(f"{name}_is_real_date") is False)


@pytest.mark.parametrize("row", rows("structural_invalid"))
def test_a_bad_structure_is_refused(row: dict) -> None:
    with pytest.raises(MrzError):
        parse(row["input"])


@pytest.mark.parametrize("row", rows("name_fields"))
def test_names_as_the_standard_reads_them(row: dict) -> None:
    mrz = parse([row["mrz_line1"], "L898902C36UTO7408122F1204159ZE184226B<<<<<10"])
    assert {name: mrz.fields[name] for name in row["expect"]} == row["expect"]


@pytest.mark.parametrize("row", rows("ocr_correction_pairs"))
def test_a_misread_zone_fails_where_it_was_misread(row: dict) -> None:
    assert list(parse(row["ocr_read"]).failing) == row["raw_failing"]
    assert parse(row["corrected"]).valid is row["corrected_all_check_digits_valid"]
    assert list(parse(row["corrected"]).failing) == row["corrected_failing"]


def test_the_error_says_what_and_where() -> None:
    with pytest.raises(MrzError, match=r"line 2, position 4: '\*'"):
        parse(["P<UTOERIKSSON<<ANNA" + "<" * 25, "L89*902C36UTO7408122F1204159ZE184226B<<<<<10"])
    with pytest.raises(MrzError, match="87 characters"):
        parse("P" * 87)


@given(st.text() | st.lists(st.text()))
def test_any_string_is_a_zone_or_an_error(text: str | list[str]) -> None:
    try:
        assert parse(text).format in Format
    except MrzError as error:
        assert str(error)  # noqa: PT017 both ends are right


@given(ZONE, st.sampled_from([90, 72, 88]))
def test_any_characters_of_the_right_count_are_a_zone(zone: str, size: int) -> None:
    mrz = parse((zone + zone)[:size])
    assert len(mrz.lines) * len(mrz.lines[0]) == size
    assert set(mrz.checks) >= {"document_number", "birth_date"}


@given(ZONE, st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_character_of_the_number_never_passes(zone: str, at: int, other: str) -> None:
    zone = "P" + zone[1:53] + check_digit(zone[44:53]) + zone[54:]
    wrong = zone[: 44 + at] + other + zone[45 + at :]
    if check_digit(wrong[44:53]) != check_digit(zone[44:53]) or (at == 9 and other != zone[53]):
        assert not parse(wrong).checks["document_number"]


TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("printed", "means"),
    [
        ("260601", date(2026, 6, 1)),
        ("410601", date(2041, 6, 1)),  # fifteen years from now is still ahead
        ("410602", date(1941, 6, 2)),
        ("120415", date(2012, 4, 15)),
        ("991231", date(1999, 12, 31)),
        ("260231", None),
        ("26<<<<", None),
    ],
)
def test_the_century_of_an_expiry(printed: str, means: date | None) -> None:
    assert expiry(printed, TODAY) == means


@given(st.dates(date(1926, 6, 2), TODAY))
def test_the_century_of_a_birth(day: date) -> None:
    assert birth(f"{day:%y%m%d}", TODAY) == day


@pytest.mark.parametrize(
    ("printed", "real"),
    [
        ("740812", True),
        ("74<<<<", True),
        ("<<<<<<", True),
        ("7402<<", True),
        ("000229", True),
        ("740231", False),
        ("740229", False),
        ("7413<<", False),
        ("74A812", False),
        ("7408", False),
    ],
)
def test_which_dates_exist(printed: str, real: bool) -> None:
    assert exists(printed) is real
