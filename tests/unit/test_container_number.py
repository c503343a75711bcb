import json
import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.container_number import (
    Category,
    NumberError,
    Outcome,
    Repair,
    check_digit,
    parse,
    read,
    settle,
)
from edge.scanner.container_type import KINDS, LENGTHS, SIZES, size_type

ROWS = Path(__file__).parents[2].parent / "shared/data/container/iso6346.jsonl"
GOOD = ("CSQU3054383", "MWCU6059784", "CBHU3202732", "TCNU7200794", "GYOU4047990")


@pytest.mark.parametrize("text", GOOD)
def test_numbers_on_real_containers(text: str) -> None:
    number = parse(text)
    assert str(number) == text
    assert number.category is Category.FREIGHT_CONTAINER
    assert (number.owner, number.serial, number.check_digit) == (text[:3], text[4:10],
                                                                 int(text[10]))  # fmt: skip


def test_the_worked_example_of_the_standard() -> None:
    # CSQU305438: 13·1 + 30·2 + 28·4 + 32·8 + 3·16 + 0 + 5·64 + 4·128 + 3·256 + 8·512 = 6185; mod 11
    # is 3.
    assert check_digit("CSQU305438") == 3
    assert check_digit("TASU117000") == 0  # remainder 10 is written 0


def test_how_it_is_painted() -> None:
    assert parse(" csqu 305438-3 ").spaced == "CSQU 305438 3"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CSQU305438", "10 characters, not 11"),
        ("", "0 characters"),
        ("CSQU3054Z83", "character 9 is 'Z', not a digit"),
        ("CSQX3054383", "character 4 is 'X', not U, J, Z or R"),
        ("C5QU3054383", "character 2 is '5', not a letter"),
        ("CSQU3054384", "check digit 4 does not fit; 3 would"),
        ("ÄSQU3054383", "character 1"),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(NumberError, match=why):
        parse(text)


def test_the_rows_of_the_data() -> None:
    if not ROWS.exists():
        pytest.skip(f"no test data at {ROWS}")
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    for row in rows:
        try:
            parse(row["number"])
            valid = True
        except NumberError:
            valid = False
        assert valid == row["valid"], row
    assert len(rows) >= 9


NUMBERS = st.builds(
    lambda owner, category, serial: (ten := owner + category + serial) + str(check_digit(ten)),
    st.text(string.ascii_uppercase, min_size=3, max_size=3),
    st.sampled_from("UJZ"),
    st.text(string.digits, min_size=6, max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(NUMBERS, st.text(string.ascii_uppercase + string.digits, min_size=9, max_size=12)))
def test_python_stdnum_says_the_same(text: str) -> None:
    stdnum = pytest.importorskip("stdnum.iso6346")
    try:
        parse(text)
        ours = True
    except NumberError:
        ours = False
    assert ours == stdnum.is_valid(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.lists(st.floats(0, 1), max_size=12))
def test_no_text_breaks_it(text: str, confidences: list[float]) -> None:
    found = read(text, confidences)
    assert (found.number is not None) == (found.outcome in (Outcome.READ, Outcome.REPAIRED))
    assert len(found.detail) <= 300


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.integers(0, 10), st.sampled_from(string.ascii_uppercase + string.digits))
def test_a_sure_camera_is_never_overruled(text: str, place: int, other: str) -> None:
    wrong = text[:place] + other + text[place + 1 :]
    found = read(wrong, [0.99] * 11)
    shaped = other.isalpha() == text[place].isalpha() and (place != 3 or other in "UJZR")
    if shaped:  # the sort is right, the camera is sure: only the check digit may say no
        assert found.outcome in (Outcome.READ, Outcome.UNREADABLE)


def doubting(*places: int) -> list[float]:
    return [0.3 if place in places else 0.95 for place in range(1, 12)]


# Repairs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "repairs"),
    [
        ("CSQ03054383", "CSQU3054383", [Repair(4, "0", "U")]),
        ("CSQU3O54383", "CSQU3054383", [Repair(6, "O", "0")]),
        ("C5QU3054383", "CSQU3054383", [Repair(2, "5", "S")]),
        ("CBHU32O2732", "CBHU3202732", [Repair(7, "O", "0")]),
        ("MWCU6O5978A", "MWCU6059784", [Repair(6, "O", "0"), Repair(11, "A", "4")]),
    ],
)
def test_a_character_of_the_wrong_sort_is_repaired_and_told(text, number, repairs) -> None:
    found = read(text)
    assert found.outcome is Outcome.REPAIRED
    assert (str(found.number), list(found.repairs)) == (number, repairs)
    assert text in found.detail
    assert number in found.detail


def test_a_doubted_character_is_repaired() -> None:
    assert read("CSQU3054333").outcome is Outcome.UNREADABLE  # nobody said that it is doubtful
    found = read("CSQU3054333", [0.9] * 9 + [0.4, 0.9])
    assert (str(found.number), found.repairs) == ("CSQU3054383", (Repair(10, "3", "8"),))


def test_several_numbers_are_told_and_none_taken() -> None:
    found = read("CSQU3054384", doubting(3, 5, 7))
    assert found.outcome is Outcome.AMBIGUOUS
    assert found.number is None
    assert found.candidates == ("CSOU3064384", "CSQU8064384")
    assert all(parse(number) for number in found.candidates)
    assert "CSOU3064384" in found.detail


def test_where_all_is_in_doubt_nothing_is_repaired() -> None:
    assert read("CSQU3054384", doubting(3, 5, 7, 9)).outcome is Outcome.UNREADABLE
    assert read("CSQU3054384", [0.3] * 11).outcome is Outcome.UNREADABLE


def test_what_has_three_wrong_sorts_is_not_guessed() -> None:
    assert read("C5QU3O5A383").outcome is Outcome.UNREADABLE


def test_how_often_a_misread_number_comes_out_right_or_wrong() -> None:
    # One look-alike of the other sort, no confidences: what the reference camera does worst.
    rng = random.Random(4)
    swap = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B", "4": "A",
            "O": "0", "I": "1", "Z": "2", "S": "5", "G": "6", "B": "8", "A": "4"}  # fmt: skip
    right = wrong = total = 0
    while total < 400:
        ten = (
            "".join(rng.choices(string.ascii_uppercase, k=3)) + "U" + f"{rng.randrange(10**6):06d}"
        )
        number = ten + str(check_digit(ten))
        places = [i for i, c in enumerate(number) if c in swap and i != 3]
        if not places:
            continue
        at = rng.choice(places)
        found = read(number[:at] + swap[number[at]] + number[at + 1 :])
        total += 1
        right += str(found.number) == number
        wrong += found.number is not None and str(found.number) != number
    assert right / total > 0.75
    assert wrong == 0


# Several cameras -------------------------------------------------------------------------------


def test_two_cameras_of_one_container() -> None:
    good, repaired = read("CSQU3054383"), read("CSQU3O54383")
    assert settle([repaired, good]) is good
    assert settle([repaired, read("????")]) is repaired
    assert settle([]) is None
    assert settle([read("????")]).outcome is Outcome.UNREADABLE


def test_two_cameras_that_contradict_each_other() -> None:
    found = settle([read("CSQU3054383"), read("MWCU6059784")])
    assert found.outcome is Outcome.AMBIGUOUS
    assert found.candidates == ("CSQU3054383", "MWCU6059784")
    assert found.number is None


def test_two_doubtful_readings_may_have_one_number_in_common() -> None:
    one, other = (read("CSQU3054384", doubting(*places)) for places in ((3, 5, 7), (3, 7, 10)))
    assert one.candidates == ("CSOU3064384", "CSQU8064384")
    assert other.candidates == ("CSOU3064384", "CSQU3064334")
    found = settle([one, other])
    assert (found.outcome, str(found.number)) == (Outcome.REPAIRED, "CSOU3064384")
    assert settle([one, one]).outcome is Outcome.AMBIGUOUS


# Size and type ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "length", "height", "kind"),
    [
        ("22G1", 6058, 2591, "general purpose"),
        ("45R1", 12_192, 2896, "refrigerated"),
        ("L5G1", 13_716, 2896, "general purpose"),
        ("22t1", 6058, 2591, "tank"),
        ("42U1", 12_192, 2591, "open top"),
        ("??G1", None, None, None),
    ],
)
def test_common_codes(code, length, height, kind) -> None:
    found = size_type(code)
    if length is None:
        assert found is None
        return
    assert (found.length, found.height, found.kind) == (length, height, kind)
    assert kind in found.told


def test_a_code_of_the_owners_own_is_no_error() -> None:
    assert size_type("7XY9").told == "code 7XY9"
    assert size_type("221") is None
    assert "20 ft, 8.5 ft high" in size_type("22G1").told


def test_the_tables_are_sane() -> None:
    assert list(LENGTHS.values()) == sorted(LENGTHS.values()) or min(LENGTHS.values()) == 2991
    assert all(1000 < height < 3000 for height, _ in SIZES.values())
    assert len(KINDS) == 10
