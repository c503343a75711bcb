"""An item's lines on their way to a finding: nothing that was not seen passes for clear."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.inspection import Finding
from drivers.detector.ring import LineRing, Tally
from drivers.errors import NoAnswer
from edge.scanner.acquisition import Ended
from edge.scanner.analysis import DISORDER, FEW
from edge.scanner.pictures import LONGEST, PART, as_counts
from edge.scanner.processing import GivenUp, Processing
from edge.scanner.strips import Sight
from edge.scanner.trailing import Trailing
from models.xray import segmenter
from models.xray.projection import make_detector, raw_counts
from tests.unit.processing_world import (
    CALIBRATION,
    LEAD,
    PIXELS,
    QUIET,
    WELL,
    arrivals,
    fed,
    item,
    judged,
    kept,
    pace,
    processing,
    sees,
    shown,
)


@pytest.mark.parametrize("lines", [1, 33, 700, PART, PART + 1, 2 * PART + 7])
def test_every_line_of_an_item_is_in_the_pictures(lines):
    raw = item(lines)
    seen = fed(processing(), raw, lines=8192)
    assert (seen.lines, seen.lost, seen.tally) == (lines, 0, Tally())
    wanted = as_counts(seen.calibration.normalise(raw[:, LEAD:]))
    for kind, plane in zip(("low", "high"), wanted, strict=True):
        assert np.array_equal(shown(seen, kind), plane)
    assert seen.overview.shape[1] == -(-lines // (1 if lines <= LONGEST else 2))
    assert judged(seen).finding is Finding.CLEAR
    assert set(seen.stages) >= {"normalise", "shrink", "recognise", "encode", "keep"}


def test_the_gain_follows_the_air_in_front_of_the_item():
    drifted = make_detector(PIXELS, seed=1, dead=0)
    drifted.gain[:, 20:30] *= 1.005
    raw = raw_counts(np.zeros((2, 400, PIXELS), np.float32), drifted, 4)
    seen = fed(processing(), raw, lead=300)
    assert seen.lines == 100
    assert np.mean(seen.calibration.gain[:, 20:30] / CALIBRATION.gain[:, 20:30]) > 1.002
    drifted.gain[:, 20:30] *= 1.1
    seen = fed(
        processing(), raw_counts(np.zeros((2, 400, PIXELS), np.float32), drifted, 4), lead=300
    )
    found = judged(seen)
    assert found.finding is Finding.UNREADABLE
    assert "air reference" in found.notes[0]


def test_a_suspect_item_is_suspect_and_a_torn_stream_makes_it_unreadable():
    seen = fed(processing(0.9), item(100))
    assert judged(seen).finding is Finding.SUSPECT
    assert judged(replace(seen, lost=3)).finding is Finding.UNREADABLE


@pytest.mark.parametrize(
    ("change", "ended", "note"),
    [
        ({"lost": 3}, WELL, "3 lines lost"),
        ({"tally": Tally(restarted=1)}, WELL, "counted afresh"),
        ({"unseen": ["black"]}, WELL, "black"),
        ({"saturated": 0.0011}, WELL, "0.11 % of the picture saturated"),
        ({"tally": Tally(repeated=FEW + 6)}, WELL, "out of order"),
        ({"tally": Tally(swapped=FEW + 6)}, WELL, "out of order"),
        ({"tally": Tally(torn=FEW + 6)}, WELL, "torn"),
        ({"calibration": replace(CALIBRATION, trouble="drifted")}, WELL, "drifted"),
        ({}, Ended(cut=True, quiet=0.0), "longer than"),
        ({}, Ended(cut=False, quiet=QUIET + 0.05), "no lines in the last 0.20 s"),
    ],
)
def test_what_was_not_seen_is_unreadable_and_says_why(change, ended, note):
    seen = fed(processing(), item(100))
    assert DISORDER * seen.lines < 6
    found = judged(replace(seen, **change), ended)
    assert found.finding is Finding.UNREADABLE
    assert any(note in text for text in found.notes)


def test_what_does_no_harm_is_told():
    seen = fed(processing(), item(100))
    tally = Tally(lost=2, overrun=2, repeated=1, torn=1)
    found = judged(replace(seen, lost=2, frozen=1, tally=tally, saturated=0.0005))
    assert found.finding is Finding.CLEAR
    assert len(found.notes) == 6


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.integers(0, 119), max_size=40),
    st.sets(st.integers(LEAD, 119), max_size=30),
    st.integers(6, 60),
)
def test_lost_and_unlit_lines_are_black_and_counted(gone, unlit, capacity):
    raw = item(100)
    beam_on = np.ones(120, bool)
    beam_on[list(unlit)] = False
    numbers = [n for n in range(120) if n not in gone]
    lit = [n for n in numbers if beam_on[n] and n >= LEAD]
    if not lit:
        with pytest.raises(NoAnswer):
            fed(processing(), raw, numbers, beam_on)
        return
    seen = fed(processing(), raw, numbers, beam_on)
    picture = shown(seen, "high")
    for number, row in enumerate(picture, LEAD):
        assert (row == 1).all() == (number not in lit)
    assert seen.lost == sum(number + LEAD not in lit for number in range(len(picture)))
    assert seen.overview_lost.sum() == seen.lost
    assert LEAD + len(picture) > lit[-1]
    assert (judged(seen).finding is Finding.UNREADABLE) == (seen.lost > 2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["lit", "dark", "lost"]), max_size=40), st.integers(1, 7))
def test_where_the_lit_part_ends(states, size):
    trailing, picture = Trailing(), 0
    for at in range(0, len(states), size):
        some = states[at : at + size]
        present = np.array([state != "lost" for state in some])
        beam_on = np.array([state == "lit" for state in some])
        before, within = trailing.add(present, beam_on)
        picture += before + within
    last = max((i for i, state in enumerate(states) if state == "lit"), default=-1)
    assert picture == last + 1
    rest = states[last + 1 :]
    assert trailing.lost == (rest.index("dark") if "dark" in rest else len(rest))


def test_nothing_but_dark_lines_is_no_item():
    with pytest.raises(NoAnswer, match="beam lights it"):
        fed(processing(), item(50), beam_on=np.zeros(70, bool))


def test_an_item_longer_than_the_ring_is_seen_whole_while_it_moves():
    raw = item(3000)
    job, ring = processing(), LineRing(2, PIXELS, 256)
    job.expect(LEAD)
    results = []
    reader = threading.Thread(target=lambda: results.append(job.run(ring)))
    reader.start()
    at = 0
    while at < raw.shape[1]:
        at = pace(ring, raw, at)
    ring.end()
    reader.join(60)
    [seen] = results
    assert (seen.lines, seen.lost, seen.tally) == (3000, 0, Tally())
    assert np.array_equal(
        shown(seen, "low"), as_counts(seen.calibration.normalise(raw[:, LEAD:]))[0]
    )


def test_a_recogniser_too_slow_is_an_overrun_and_a_hold():
    begun, go_on = threading.Event(), threading.Event()

    def slow(picture, pitch_mm, threads):
        begun.set()
        assert go_on.wait(60)
        return segmenter.Finding(0.0, (), 0.0, np.zeros((1, 1), np.float32), (1, 1))

    raw = item(6000)
    job, ring = Processing(CALIBRATION, 1.0, Sight(slow), kept), LineRing(2, PIXELS, 512)
    job.expect(LEAD)
    results = []
    reader = threading.Thread(target=lambda: results.append(job.run(ring)))
    reader.start()
    at = 0
    while not begun.is_set():
        at = pace(ring, raw, at)
    for start in range(at, raw.shape[1], 256):
        ring.place(arrivals(raw, np.arange(start, min(start + 256, raw.shape[1]))))
    go_on.set()
    ring.end()
    reader.join(60)
    [seen] = results
    assert seen.tally.overrun > 0
    assert seen.lost >= seen.tally.overrun
    found = judged(seen)
    assert found.finding is Finding.UNREADABLE
    assert any("too slow" in note for note in found.notes)


@pytest.mark.parametrize("where", ["recognise", "keep"])
def test_what_goes_wrong_on_the_way_is_raised_and_blocks_nobody(where):
    def fails(*_):
        raise ZeroDivisionError(where)

    sight = Sight(fails) if where == "recognise" else sees()
    keep = fails if where == "keep" else kept
    with pytest.raises(ZeroDivisionError, match=where):
        fed(Processing(CALIBRATION, 1.0, sight, keep), item(12_000), lines=12_288)


def test_what_is_given_up_ends_soon():
    job, ring = processing(), LineRing(2, PIXELS, 64)
    errors = []

    def run():
        try:
            job.run(ring)
        except GivenUp as error:
            errors.append(error)

    reader = threading.Thread(target=run)
    reader.start()
    job.give_up()
    reader.join(60)
    assert errors


def test_what_is_given_up_does_not_go_on_with_black_lines():
    job = processing()
    job.give_up()
    with pytest.raises(GivenUp):
        job._blacken(1)
