"""A detector that saturates, freezes, exchanges bytes or counts wildly is a hold that says why."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.inspection import Finding
from drivers.detector.ring import LineRing, Tally
from edge.scanner.pictures import as_counts
from models.xray.projection import raw_counts
from tests.unit.processing_world import (
    CALIBRATION,
    DETECTOR,
    LEAD,
    PIXELS,
    arrivals,
    fed,
    item,
    judged,
    processing,
    shown,
)


@pytest.mark.parametrize(
    ("lines", "pixels", "finding"), [(1, 4, Finding.CLEAR), (100, 5, Finding.UNREADABLE)]
)
def test_saturated_pixels_are_told_and_many_are_a_hold(lines, pixels, finding):
    raw = item(100)
    raw[:, LEAD : LEAD + lines, :pixels] = 65_535
    seen = fed(processing(), raw)
    assert seen.saturated == pytest.approx(pixels / PIXELS * lines / 100)
    found = judged(seen)
    assert found.finding is finding
    assert any("saturated" in note for note in found.notes)


def test_open_air_is_not_saturated():
    raw = raw_counts(np.zeros((2, 2000, PIXELS), np.float32), DETECTOR, 5)
    seen = fed(processing(), raw)
    assert seen.saturated == 0
    assert judged(seen).notes == []


def test_a_detector_wholly_at_the_rail_is_saturated_and_not_frozen():
    raw = item(100)
    raw[:, LEAD:] = 65_535
    raw[:, LEAD:, 3] = 0  # a pixel that is stuck
    seen = fed(processing(), raw)
    assert (seen.frozen, seen.lost) == (0, 0)
    assert seen.saturated == pytest.approx(1 - 1 / PIXELS)
    assert judged(seen).finding is Finding.UNREADABLE


@pytest.mark.parametrize("first", [LEAD - 10, LEAD, 60])
def test_a_detector_that_freezes_is_a_hold(first):
    raw = item(100)
    raw[:, first:] = raw[:, first, None]
    seen = fed(processing(), raw)
    assert seen.frozen == raw.shape[1] - first - 1
    assert seen.lost == raw.shape[1] - max(first + 1, LEAD)
    found = judged(seen)
    assert found.finding is Finding.UNREADABLE
    assert any("the detector froze" in note for note in found.notes)


def test_frozen_air_in_front_of_an_item_is_not_followed_and_told():
    raw = item(100)
    raw[:, 2:LEAD] = raw[:, 2, None] // 2
    seen = fed(processing(), raw)
    assert (seen.frozen, seen.lost) == (LEAD - 3, 0)
    assert np.array_equal(seen.calibration.gain, CALIBRATION.gain)
    found = judged(seen)
    assert found.finding is Finding.CLEAR
    assert found.notes == ["17 lines equal the line before them: the detector froze"]


@pytest.mark.parametrize("first", [0, LEAD, 60, 110])
def test_a_detector_that_exchanges_bytes_is_a_hold(first):
    raw = item(100)
    raw[:, first:] = raw[:, first:].byteswap()
    found = judged(fed(processing(), raw))
    assert found.finding is Finding.UNREADABLE
    assert any("scrambled" in note for note in found.notes)


def wild(at, number, times):
    """Return an item of 100 lines, and what became of it with a line of any number before one."""
    raw, ring, job = item(100), LineRing(2, PIXELS, 256), processing()
    ring.place(arrivals(raw, np.arange(at)))
    strange = arrivals(raw, np.array([at] * times))
    ring.place(replace(strange, numbers=np.array([number] * times, np.uint32)))
    ring.place(arrivals(raw, np.arange(at, raw.shape[1])))
    ring.end()
    job.expect(LEAD)
    return raw, job.run(ring)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 119), st.integers(256, 2**31 - 1), st.integers(1, 300))
def test_a_wild_number_is_a_hold_and_no_work_and_hides_nothing(at, ahead, times):
    _, seen = wild(at, at + ahead, times)
    assert (seen.lines, seen.lost, seen.tally) == (100, 0, Tally(restarted=times))
    assert judged(seen).finding is Finding.UNREADABLE


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 119), st.integers(0, 400) | st.integers(0, 2**32 - 1), st.integers(1, 3)
)  # fmt: skip
def test_no_number_whatever_hides_lines_of_a_clear_item(at, number, times):
    raw, seen = wild(at, number, times)
    assert seen.lines <= 100 + 256
    assert seen.tally != Tally() or seen.lost
    if judged(seen).finding is Finding.CLEAR:
        true = as_counts(seen.calibration.normalise(raw[:, LEAD:]))[1]
        assert (shown(seen, "high")[:100] != true).any(1).sum() <= 2
