"""The detector's stream and ring: whatever comes, what is shown is right and the rest is told."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.detector.codec import CommandDecoder, Flag, Order, line
from drivers.detector.ring import REORDER, LineRing, Tally
from tests.unit.detector_lines import came, decoding, frame, missing, shows


def feed(stream: bytes, size: int = 1 << 20):
    decoder = decoding()
    for i in range(0, len(stream), size):
        decoder.feed(stream[i : i + size])
    return decoder.ring.take(all_of_it=True), decoder.ring.tally


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(1, 90))
def test_any_chunking(count: int, size: int) -> None:
    block, tally = feed(b"".join(map(frame, range(count))), size)
    if not count:
        assert block is None
        return
    assert block.numbers.tolist() == list(range(count))
    assert block.present.all()
    assert shows(block)
    assert tally == Tally()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8), st.integers(1, 90))
def test_noise_between_lines_costs_none(noise: list[bytes], size: int) -> None:
    block, tally = feed(b"".join(n + frame(i) for i, n in enumerate(noise)) + bytes(80), size)
    assert block.numbers.tolist() == list(range(len(noise)))
    assert block.present.all()
    assert tally.torn <= sum(map(bool, noise)) + 1
    assert (tally.torn > 0) or not any(n for n in noise)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(1, 90))
def test_a_line_cut_short_costs_itself_only(kept: int, size: int) -> None:
    block, tally = feed(frame(0) + frame(1)[:kept] + frame(2) + frame(3), size)
    assert missing(block) == ([1] if kept < len(frame(1)) else [])
    assert shows(block)
    assert tally.torn == (0 < kept < len(frame(1)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(frame(1)) - 1), st.integers(0, 7), st.integers(1, 200))
def test_any_wrong_bit_is_found(place: int, bit: int, size: int) -> None:
    wrong = bytearray(frame(1))
    wrong[place] ^= 1 << bit
    block, tally = feed(frame(0) + bytes(wrong) + frame(2), size)
    assert (block.numbers.tolist(), missing(block)) == ([0, 1, 2], [1])
    assert (tally.lost, tally.torn) == (1, 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 90))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    feed(b"XLN1\x01\x00\x02\x00\x03\x00" + noise + b"XRP1" + noise, size)
    decoder = CommandDecoder()
    for i in range(0, len(noise), size):
        decoder.feed(noise[i : i + size])


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.integers(0, 3))
def test_order_holes_and_repeats(arrival: list[int], gone: set[int], twice: int) -> None:
    sent = [n for n in arrival if n not in gone] + [n for n in (twice,) if n not in gone]
    sent += [6]
    block, tally = feed(b"".join(map(frame, sent)))
    assert block.numbers.tolist() == list(range(7))
    assert missing(block) == sorted(gone)
    assert shows(block)
    unique = list(dict.fromkeys(sent))
    late = sum(n < max(unique[:i], default=0) for i, n in enumerate(unique))
    assert tally == Tally(lost=len(gone), repeated=twice not in gone, swapped=late)


# The stream as a whole: whatever is done to it, what is shown is right and the rest is told -------


@st.composite
def spoilt(draw):
    """Return frames as they come, in pieces, and how many of them are whole."""
    frames = [frame(n) for n in range(draw(st.integers(1, 60)))]
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.integers(0, max(len(frames) - 1, 0)))
        match draw(st.sampled_from(["drop", "repeat", "swap", "tear", "flip"])):
            case "drop":
                del frames[at : at + 1]
            case "repeat":
                frames[at:at] = frames[at : at + 1]
            case "swap":
                frames[at : at + 2] = frames[at : at + 2][::-1]
            case "tear":
                frames[at : at + 1] = [f[: draw(st.integers(1, 43))] for f in frames[at : at + 1]]
            case "flip":
                flipped = bytearray(b"".join(frames[at : at + 1]))
                if flipped:
                    flipped[draw(st.integers(0, len(flipped) - 1))] ^= 8
                frames[at : at + 1] = [bytes(flipped)]
    return frames, draw(st.integers(1, 200))


@settings(max_examples=150, deadline=None)
@given(spoilt(), st.integers(1, 20))
def test_whatever_happens_to_a_stream_is_shown_or_told(stream, capacity: int) -> None:
    frames, size = stream
    decoder = decoding(lines=capacity)
    whole = b"".join(frames)
    seen, shown = 0, set()

    def taken(all_of_it: bool) -> None:
        nonlocal seen
        while (block := decoder.ring.take(all_of_it=all_of_it)) is not None:
            assert block.first == seen
            assert shows(block)
            seen += len(block)
            shown.update(block.numbers[block.present].tolist())
            decoder.ring.release(block)

    for i in range(0, len(whole), size):
        decoder.feed(whole[i : i + size])
        taken(all_of_it=False)
    taken(all_of_it=True)
    sent = {int.from_bytes(f[10:14], "little") for f in frames if f in map(frame, range(61))}
    tally = decoder.ring.tally
    assert shown <= sent
    assert tally.lost == seen - len(shown)
    # What was sent whole and is not shown was too late, or had no room: it is counted.
    told = tally.overrun + tally.repeated + tally.restarted + tally.torn
    assert len(sent - shown) <= told
    if whole == b"".join(map(frame, range(len(frames)))):
        assert tally == Tally(lost=tally.overrun, overrun=tally.overrun)


def test_a_swap_across_two_blocks_loses_nothing() -> None:
    decoder = decoding()
    decoder.feed(frame(0) + frame(2))
    first = decoder.ring.take()
    decoder.feed(frame(1) + frame(3))
    second = decoder.ring.take()
    assert (first.numbers.tolist(), second.numbers.tolist()) == ([0], [1, 2, 3])
    assert decoder.ring.tally == Tally(swapped=1)


def test_a_hole_is_given_up_when_enough_lines_have_passed() -> None:
    decoder = decoding()
    decoder.feed(frame(0) + frame(2))
    decoder.ring.take()
    assert decoder.ring.take() is None
    decoder.feed(b"".join(map(frame, range(3, 2 + REORDER))))
    block = decoder.ring.take()
    assert missing(block) == [1]
    decoder.feed(frame(1) + frame(8))  # too late
    assert not block.counts[:, 0].any(), "what was handed out as missing is not filled any more"
    assert decoder.ring.tally.repeated == 1


def test_the_counter_goes_on_where_32_bits_wrap() -> None:
    decoder = decoding()
    last = (1 << 32) - 2
    decoder.ring._newest = decoder.ring._taken = decoder.ring._released = last - 1
    decoder.ring._taken += 1
    decoder.feed(b"".join(frame(n & 0xFFFFFFFF) for n in range(last, last + 5)))
    numbers = [n for _ in range(2) for n in decoder.ring.take().numbers.tolist()]
    assert numbers == list(range(last, last + 5))  # the ring ends where the 32 bits do


# The ring ----------------------------------------------------------------------------------------


def test_blocks_are_views_of_the_ring() -> None:
    ring = LineRing(2, 3, 8)
    ring.place(came(*range(6)))
    block = ring.take()
    assert np.shares_memory(block.counts, ring.counts)
    ring.release(block)
    ring.place(came(*range(6, 14)))
    parts = [ring.take(), ring.take()]
    assert [part.numbers.tolist() for part in parts] == [[6, 7], [8, 9, 10, 11, 12, 13]]
    assert all(shows(part) for part in parts)


def test_a_reader_too_slow_is_an_overrun_and_what_it_holds_stays_as_it_is() -> None:
    ring = LineRing(2, 3, 8)
    ring.place(came(*range(8)))
    held = ring.take()
    ring.place(came(8, 9, 10))
    assert shows(held)
    assert ring.take() is None
    assert ring.tally == Tally(overrun=3)
    ring.release(held)
    ring.place(came(11))
    ring.end()
    late = ring.take()
    assert (late.numbers.tolist(), missing(late)) == ([8, 9, 10, 11], [8, 9, 10])
    assert ring.tally == Tally(lost=3, overrun=3)
    assert ring.over


@pytest.mark.parametrize("time", [10, 11])
def test_a_detector_that_counts_afresh_is_no_repeat(time: int) -> None:
    ring = LineRing(2, 3, 8)
    for start in range(0, 24, 8):
        ring.place(came(*range(start, start + 8)))
        ring.release(ring.take())
    ring.place(came(20, time=time))
    ring.place(came(0, 1, 2))  # from beyond the ring, whatever its clock says
    assert ring.tally == Tally(repeated=time == 10, restarted=3 + (time != 10))
    assert ring.newest == 23


def test_nothing_but_repeats_is_not_kept_for_ever() -> None:
    decoder = decoding()
    decoder.feed(frame(0))
    decoder.ring.take()
    decoder.feed(frame(0) * 10)
    assert decoder.ring.take() is None
    decoder.feed(frame(1))
    assert decoder.ring.take().numbers.tolist() == [1]
    assert decoder.ring.tally == Tally(repeated=10)


def test_it_keeps_up_with_the_fastest_detector() -> None:
    pixels = np.arange(2 * 5000, dtype=np.uint16).reshape(2, 5000)
    stream = b"".join(line(n, pixels, n, Flag(0), Order.BIG) for n in range(200))
    best = 0.0
    for _ in range(5):
        decoder = decoding(5000, 256)
        start = time.perf_counter()
        for i in range(0, len(stream), 1 << 18):
            decoder.feed(stream[i : i + (1 << 18)])
        best = max(best, len(stream) / (time.perf_counter() - start) / 1e6)
    print(f"decoder: {best:.0f} MB/s")
    assert decoder.ring.tally == Tally()
    assert best > 80  # MB/s; 40 are needed
