"""From the wire to the finding: no spoilt stream is ever a silent clear."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.inspection import Finding
from drivers.detector.codec import Decoder, Flag, Order, line
from drivers.detector.ring import LineRing, Tally
from drivers.errors import NoAnswer
from edge.scanner.pictures import as_counts
from tests.unit.processing_world import LEAD, PIXELS, item, judged, processing, shown

RAW = item(140)
FRAMES = [
    line(number, RAW[:, number], number * 500, Flag.BEAM_ON, Order.LITTLE)
    for number in range(RAW.shape[1])
]


def numbered(number, pixels):
    return line(number, pixels, number * 500, Flag.BEAM_ON, Order.LITTLE)


def frozen(first, count):
    """Return frames that show line ``first`` again and again, under new numbers."""
    return [numbered(n, RAW[:, first]) for n in range(first, min(first + count, len(FRAMES)))]


def exchanged(first, count):
    """Return frames whose head is right, and the bytes of their pixels exchanged."""
    some = range(first, min(first + count, len(FRAMES)))
    return [numbered(n, RAW[:, n].byteswap()) for n in some]


def dropped(draw, frames, at):
    del frames[at : at + draw(st.sampled_from([1, 1, 2, 3, 30]))]


def repeated(draw, frames, at):
    frames[at:at] = [frames[at]] * draw(st.integers(1, 20))


def swapped(_, frames, at):
    frames[at : at + 2] = frames[at : at + 2][::-1]


def torn(draw, frames, at):
    frames[at] = frames[at][: draw(st.integers(1, len(frames[at])))]


def flipped(draw, frames, at):
    where = draw(st.integers(0, len(frames[at]) - 1))
    frames[at] = frames[at][:where] + b"?" + frames[at][where + 1 :]


def started_again(_, frames, at):
    """Let the count begin anew; the clock goes on."""
    frames[at:at] = [
        line(n, RAW[:, n], 10**6 + n, Flag.BEAM_ON, Order.LITTLE) for n in range(9)
    ]  # fmt: skip


def frozen_for_a_while(draw, frames, at):
    some = frozen(at, draw(RUNS))
    frames[at : at + len(some)] = some


def exchanged_for_a_while(draw, frames, at):
    some = exchanged(at, draw(RUNS))
    frames[at : at + len(some)] = some


def counted_wildly(draw, frames, at):
    number = draw(st.sampled_from([161, 200, 500, 200_000, 2**31, 2**32 - 1]))
    frames[at:at] = [line(number, RAW[:, 0], at * 500, Flag.BEAM_ON, Order.LITTLE)]


RUNS = st.sampled_from([1, 2, 3, 30, 160])
SPOILS = [
    dropped, repeated, swapped, torn, flipped, started_again, frozen_for_a_while,
    exchanged_for_a_while, counted_wildly,
]  # fmt: skip


@st.composite
def spoilt_streams(draw):
    """Return frames, and how often they were spoilt."""
    frames, spoils = list(FRAMES), draw(st.lists(st.sampled_from(SPOILS), max_size=6))
    for spoil in spoils:
        spoil(draw, frames, draw(st.integers(0, len(frames) - 2)))
    return frames, len(spoils)


@settings(max_examples=80, deadline=None)
@given(spoilt_streams(), st.integers(20, 3000))
def test_no_spoilt_stream_is_ever_a_silent_clear(spoilt, size):
    frames, spoils = spoilt
    stream = b"".join(frames)
    try:
        seen = sent(stream, size)
    except NoAnswer:
        return
    picture = shown(seen, "high")
    black = (picture == 1).all(1)
    true = np.zeros_like(picture)  # a line beyond the item is never true
    there = as_counts(seen.calibration.normalise(RAW[:, LEAD:]))[1][: len(picture)]
    true[: len(there)] = there
    untrue = (picture != true).any(1) & ~black
    assert seen.lost == black.sum()
    found = judged(seen)
    if found.finding is Finding.CLEAR:
        last = max((n for n, frame in enumerate(FRAMES) if frame in frames), default=0)
        assert len(picture) >= last + 1 - LEAD
        assert black.sum() <= 2
        assert seen.tally.restarted == 0
        # One line by itself that is wrong, with a right CRC, cannot be told from another one.
        assert untrue.sum() <= spoils
    if not untrue.any() and stream != b"".join(FRAMES[: LEAD + len(picture)]):
        told = seen.tally != Tally() or bool(found.notes)
        assert told or len(picture) < len(there)


def sent(stream, size=3000):
    """Return what is seen of a stream that comes ``size`` bytes at a time."""
    decoder, job = Decoder(2, PIXELS), processing()
    decoder.ring = LineRing(2, PIXELS, 256)
    for at in range(0, len(stream), size):
        decoder.feed(stream[at : at + size])
    decoder.ring.end()
    job.expect(LEAD)
    return job.run(decoder.ring)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 156), st.sampled_from([4, 8, 160]), st.integers(20, 3000))
def test_a_frozen_detector_is_held_as_soon_as_more_than_the_lane_allows_is_lost(at, count, size):
    stream = b"".join([*FRAMES[:at], *frozen(at, count), *FRAMES[at + count :]])
    found = judged(sent(stream, size))
    assert "the detector froze" in " ".join(found.notes)
    if at + count >= LEAD + 4:
        lost = min(at + count, len(FRAMES)) - max(at + 1, LEAD)
        assert (found.finding, found.lost) == (Finding.UNREADABLE, lost)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 150), st.sampled_from([10, 30, 160]), st.integers(20, 3000))
def test_exchanged_bytes_are_held(at, count, size):
    stream = b"".join([*FRAMES[:at], *exchanged(at, count), *FRAMES[at + count :]])
    found = judged(sent(stream, size))
    assert found.finding is Finding.UNREADABLE
    assert "scrambled" in " ".join(found.notes)
