"""A detector's count that jumps ahead: lost lines, or another count; never work without end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.detector.ring import LEAST_LINES, LineRing, Tally
from tests.unit.detector_lines import came, missing, shows


def taken(ring: LineRing) -> tuple[list[int], int]:
    """Return the numbers of the lines that are there, and how many are not."""
    there, lost = [], 0
    while (block := ring.take(all_of_it=True)) is not None:
        assert shows(block)
        there += block.numbers[block.present].tolist()
        lost += len(missing(block))
        ring.release(block)
    return there, lost


def test_a_jump_ahead_is_so_many_lines_lost() -> None:
    ring = LineRing(2, 3, 8)
    ring.place(came(0, 1, LEAST_LINES))
    assert taken(ring) == ([0, 1], LEAST_LINES - 1)
    assert ring.tally == Tally(lost=LEAST_LINES - 1, overrun=1)


def test_one_wild_number_among_good_lines_is_one_line_and_no_more() -> None:
    ring = LineRing(2, 3, 64)
    ring.place(came(*range(20), 200_000, *range(20, 30)))
    assert taken(ring) == (list(range(30)), 0)
    assert ring.tally == Tally(restarted=1)


def test_a_count_that_has_jumped_for_good_is_no_count_that_goes_on() -> None:
    ring = LineRing(2, 3, 64)
    ring.place(came(*range(20)))
    ring.place(came(*range(5000, 5100)))
    assert ring.newest == 19
    assert taken(ring) == (list(range(20)), 0)
    assert ring.tally == Tally(restarted=100)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 120),
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 2**31 - 1 - 120))),
    st.integers(1, 60),
    st.integers(120, 300),
)
def test_wild_numbers_cost_no_more_than_they_are_lines(
    count: int, wild: list[tuple[int, int]], size: int, capacity: int
) -> None:
    """Whatever is numbered far ahead in between, every good line is shown, and nothing else."""
    numbers = list(range(count))
    far = max(capacity, LEAST_LINES)
    for at, ahead in wild:
        before = [number for number in numbers[:at] if number < count]
        numbers.insert(at, max(before, default=-1) + far + ahead)
    ring, there = LineRing(2, 3, capacity), []
    for start in range(0, len(numbers), size):
        ring.place(came(*numbers[start : start + size]))
        there += taken(ring)[0]
    assert there == list(range(count))
    assert ring.tally == Tally(restarted=len(wild))
