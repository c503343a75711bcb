from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.inspection import Day
from drivers.xray_source.source import ReadBack
from edge.scanner.config import DoseEstimate
from edge.scanner.dose import DoseBook, Exposed, kerma

HOW = DoseEstimate(output=100.0, at_kv=160.0, distance=1.0)
TUBE = ReadBack(kv=160.0, ma=1.0, temperature=25.0)
TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2)


def test_the_estimate_is_charge_times_output_by_voltage_and_distance_squared() -> None:
    assert kerma(HOW, TUBE, 2.0) == pytest.approx(200.0)
    assert kerma(HOW, ReadBack(80.0, 1.0, 25.0), 2.0) == pytest.approx(50.0)
    assert kerma(HOW, ReadBack(160.0, 3.0, 25.0), 2.0) == pytest.approx(600.0)
    far = DoseEstimate(output=100.0, at_kv=160.0, distance=2.0)
    assert kerma(far, TUBE, 2.0) == pytest.approx(50.0)


def test_a_dark_tube_gives_nothing() -> None:
    assert kerma(HOW, ReadBack(0.0, 0.0, 25.0), 10.0) == 0


@given(st.lists(st.floats(0, 5), max_size=20))
def test_a_day_is_the_sum_of_what_was_on(seconds: list[float]) -> None:
    book = DoseBook.opened(HOW, None, TODAY)
    total = sum((book.on(TUBE, each) for each in seconds), Exposed())
    assert book.day.beam_on_s == pytest.approx(total.seconds)
    assert book.day.dose_estimate_ugy == pytest.approx(total.micrograys)


def test_a_day_is_kept_over_a_restart_and_ends_at_midnight() -> None:
    book = DoseBook.opened(HOW, None, TODAY)
    book.on(TUBE, 2.0)
    kept = book.counted().model_dump_json()
    again = DoseBook.opened(HOW, kept, TODAY)
    assert again.day == Day(day=TODAY, items=1, beam_on_s=2.0, dose_estimate_ugy=200.0)
    assert DoseBook.opened(HOW, kept, TOMORROW).day.items == 0
    again.turn(TOMORROW)
    assert (again.day.day, again.day.beam_on_s) == (TOMORROW, 0.0)


@pytest.mark.parametrize("kept", ["", "{", "null", '{"day": "tomorrow"}'])
def test_a_spoilt_page_begins_anew(kept: str) -> None:
    assert DoseBook.opened(HOW, kept, TODAY).day.items == 0
