import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.detector.codec import (
    Code,
    CommandDecoder,
    Decoder,
    Flag,
    Order,
    Reply,
    command,
    line,
    reply,
)
from drivers.detector.detector import Detector
from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.patience import Patience
from simulators.cable import Cable, SimulatedTime
from simulators.detector.device import DEPTH, FakeDetector

# Golden bytes: docs/devices/detector.md, written there by hand; the CRCs by an outside tool ------

LITTLE = bytes.fromhex(
    "584c4e31 01 01 02 00 0200 2a000000 40420f0000000000 08000000 0102 0304 fdff ffff"
)
BIG = bytes.fromhex(
    "584c4e31 01 01 02 01 0200 2a000000 40420f0000000000 08000000 0201 0403 fffd ffff"
)
PIXELS = np.array([[0x0201, 0x0403], [0xFFFD, 0xFFFF]], np.uint16)


def crc32(data: bytes) -> bytes:
    """CRC-32 from its definition (reflected polynomial EDB88320), not from a library."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
    return struct.pack("<I", value ^ 0xFFFFFFFF)


@pytest.mark.parametrize(("golden", "order"), [(LITTLE, Order.LITTLE), (BIG, Order.BIG)])
def test_the_line_of_the_document(golden: bytes, order: Order) -> None:
    whole = golden + crc32(golden)
    assert line(42, PIXELS, 1_000_000, Flag.BEAM_ON, order) == whole
    decoder = Decoder(2, 2)
    decoder.feed(whole)
    block = decoder.take(all_of_it=True)
    assert np.array_equal(block.lines, PIXELS[None])
    assert block.lines.dtype == np.uint16
    assert (block.first_line, block.times[0], block.beam_on[0]) == (42, 1_000_000, True)
    assert block.lost == (range(42),)


def test_the_control_frames_of_the_document() -> None:
    start = bytes.fromhex("58434d31 03 00 0000")
    assert command(Code.START) == start + crc32(start)
    done = bytes.fromhex("58525031 03 02 0000")
    assert Decoder(1, 1).feed(done + crc32(done)) == [Reply(3, 2)]
    assert reply(Reply(3, 2)) == done + crc32(done)
    assert CommandDecoder().feed(start + crc32(start)) == [(3, b"")]


# Decoding under stress -------------------------------------------------------------------------


def picture(number: int) -> np.ndarray:
    return np.full((2, 3), number % 65536, np.uint16) + np.arange(3, dtype=np.uint16)


def frame(number: int) -> bytes:
    return line(number, picture(number), number * 10, Flag(0), Order.LITTLE)


def feed(stream: bytes, size: int = 1 << 20):
    decoder = Decoder(2, 3)
    for i in range(0, len(stream), size):
        decoder.feed(stream[i : i + size])
    return decoder.take(all_of_it=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(1, 90))
def test_any_chunking(count: int, size: int) -> None:
    block = feed(b"".join(map(frame, range(count))), size)
    if not count:
        assert block is None
        return
    assert block.numbers.tolist() == list(range(count))
    assert np.array_equal(block.lines, np.stack([picture(n) for n in range(count)]))
    assert (block.lost, block.repeated, block.swapped, block.torn) == ((), 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8), st.integers(1, 90))
def test_noise_between_lines_costs_none(noise: list[bytes], size: int) -> None:
    stream = b"".join(n + frame(i) for i, n in enumerate(noise))
    block = feed(stream + bytes(80), size)
    assert block.numbers.tolist() == list(range(len(noise)))
    assert block.torn <= sum(map(bool, noise)) + 1
    assert (block.torn > 0) or not any(n for n in noise)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(1, 90))
def test_a_line_cut_short_costs_itself_only(kept: int, size: int) -> None:
    block = feed(frame(0) + frame(1)[:kept] + frame(2) + frame(3), size)
    assert block.numbers.tolist() == [0, 2, 3] if kept < len(frame(1)) else [0, 1, 2, 3]
    assert block.torn == (0 < kept < len(frame(1)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(frame(1)) - 1), st.integers(0, 7))
def test_any_wrong_bit_is_found(place: int, bit: int) -> None:
    wrong = bytearray(frame(1))
    wrong[place] ^= 1 << bit
    block = feed(frame(0) + bytes(wrong) + frame(2))
    assert block.numbers.tolist() == [0, 2]
    assert block.lost == (range(1, 2),)
    assert block.torn == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 90))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    feed(b"XLN1\x01\x00\x02\x00\x03\x00" + noise + b"XRP1" + noise, size)
    decoder = CommandDecoder()
    for i in range(0, len(noise), size):
        decoder.feed(noise[i : i + size])


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.integers(0, 3))
def test_order_holes_and_repeats(arrival: list[int], missing: set[int], twice: int) -> None:
    sent = [n for n in arrival if n not in missing] + [n for n in (twice,) if n not in missing]
    sent += [6]
    block = feed(b"".join(map(frame, sent)))
    assert block.numbers.tolist() == sorted(set(sent))
    assert [n for hole in block.lost for n in hole] == sorted(missing)
    assert block.repeated == (twice not in missing)
    unique = list(dict.fromkeys(sent))
    assert (block.swapped > 0) == (unique != sorted(unique))


def test_a_swap_across_two_blocks_loses_nothing() -> None:
    decoder = Decoder(2, 3)
    decoder.feed(frame(0) + frame(2))
    first = decoder.take()
    decoder.feed(frame(1) + frame(3))
    second = decoder.take()
    assert (first.numbers.tolist(), second.numbers.tolist()) == ([0], [1, 2, 3])
    assert (first.lost, second.lost, second.swapped) == ((), (), 1)


def test_a_hole_is_given_up_when_enough_lines_have_passed() -> None:
    decoder = Decoder(2, 3)
    decoder.feed(frame(0) + frame(2))
    decoder.take()
    assert decoder.take() is None
    decoder.feed(b"".join(map(frame, range(3, 8))))
    block = decoder.take()
    assert block.lost == (range(1, 2),)
    decoder.feed(frame(1) + frame(8))  # too late
    block = decoder.take()
    assert (block.numbers.tolist(), block.repeated) == ([8], 1)


def test_the_counter_goes_on_where_32_bits_wrap() -> None:
    decoder = Decoder(2, 3)
    decoder._sorter._expected = decoder._sorter._newest = (1 << 32) - 2
    decoder.feed(b"".join(frame(n & 0xFFFFFFFF) for n in range((1 << 32) - 2, (1 << 32) + 3)))
    assert decoder.take().numbers.tolist() == list(range((1 << 32) - 2, (1 << 32) + 3))


def test_nothing_but_repeats_is_not_kept_for_ever() -> None:
    decoder = Decoder(2, 3)
    decoder.feed(frame(0))
    decoder.take()
    decoder.feed(frame(0) * 10)
    assert decoder.take() is None
    assert decoder.waiting == 0
    decoder.feed(frame(1))
    assert decoder.take().repeated == 10


def test_it_keeps_up_with_a_fast_detector() -> None:
    pixels = np.arange(2 * 1024, dtype=np.uint16).reshape(2, 1024)
    stream = b"".join(line(n, pixels, n, Flag(0), Order.BIG) for n in range(2000))
    best = 0.0
    for _ in range(5):
        decoder = Decoder(2, 1024)
        start = time.perf_counter()
        for i in range(0, len(stream), 1 << 18):
            decoder.feed(stream[i : i + (1 << 18)])
            decoder.take()
        best = max(best, len(stream) / (time.perf_counter() - start) / 1e6)
    print(f"decoder: {best:.0f} MB/s")
    assert best > 100  # MB/s


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self) -> None:
        self.device = FakeDetector(picture, rate=100)
        self.time = SimulatedTime(self.device)
        self.detector = Detector(Cable(self.device, self.time.advance), Patience(0.1, 2), self.time)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_introduces_itself(bench: Bench) -> None:
    info = bench.detector.info
    assert (info.energies, info.pixels, info.serial) == (2, 3, "SIM-0001")


@pytest.mark.parametrize("order", Order)
def test_lines_come_at_the_rate_asked_for(bench: Bench, order: Order) -> None:
    bench.detector.configure(rate=200.0, order=order)
    bench.detector.start()
    bench.time.advance(0.5)
    block = bench.detector.read()
    assert block.first_line == 0
    assert 99 <= len(block.lines) <= 101
    assert np.array_equal(block.lines[7], picture(7))
    assert block.times[1] - block.times[0] < 600_000
    bench.device.beam_on = True
    assert bench.detector.read(at_least=20).beam_on.all()


def test_stop_and_start_again(bench: Bench) -> None:
    bench.detector.start()
    bench.time.advance(0.2)
    bench.detector.stop()
    assert bench.detector.read().first_line == 0
    with pytest.raises(NoAnswer, match="no line"):
        bench.detector.read(0.2)
    bench.detector.start()
    bench.time.advance(0.2)
    bench.detector.start()  # without taking what came
    bench.time.advance(0.1)
    block = bench.detector.read()
    assert (block.first_line, block.lost, block.repeated) == (0, (), 0)


def test_what_it_refuses(bench: Bench) -> None:
    with pytest.raises(Refused, match="CONFIGURE refused: bad argument"):
        bench.detector.configure(rate=1e6)
    bench.detector.start()
    with pytest.raises(Refused, match="not now"):
        bench.detector.configure(rate=100)


@pytest.mark.parametrize(
    ("fault", "count", "expected"),
    [
        ("drop", 3, {"lost": (range(10, 13),)}),
        ("repeat", 2, {"repeated": 2}),
        ("swap", 2, {"swapped": 2}),
        ("torn", 1, {"lost": (range(10, 11),), "torn": 1}),
        ("wrong_crc", 2, {"lost": (range(10, 12),), "torn": 1}),
    ],
)
def test_what_happens_to_lines_is_reported(bench: Bench, fault, count, expected) -> None:
    bench.detector.start()
    bench.time.advance(0.1001)
    setattr(bench.device.faults, fault, count)
    bench.time.advance(0.2)
    block = bench.detector.read()
    clean = {"lost": (), "repeated": 0, "swapped": 0, "torn": 0}
    assert {name: getattr(block, name) for name in clean} == clean | expected
    assert all(
        np.array_equal(x, picture(n)) for x, n in zip(block.lines, block.numbers, strict=True)
    )


def test_a_stalled_detector_is_no_answer(bench: Bench) -> None:
    bench.detector.start()
    bench.device.faults.stall = True
    with pytest.raises(NoAnswer):
        bench.detector.read(0.3)


def test_nothing_but_torn_lines_is_garbled(bench: Bench) -> None:
    bench.detector.start()
    bench.device.faults.torn = 1000
    with pytest.raises(Garbled, match="torn"):
        bench.detector.read(0.3)


def test_a_host_too_slow_for_the_memory_learns_what_it_lost(bench: Bench) -> None:
    bench.detector.start()
    bench.time.advance((DEPTH + 100) / 100)
    block = bench.detector.read()
    (lost,) = block.lost
    assert lost.start == 0
    assert abs(lost.stop - 100) <= 1


def test_answers_lost_and_spoilt(bench: Bench) -> None:
    for fault in ("mute", "garble", "truncate", "noise"):
        setattr(bench.device.faults, fault, 1)
        bench.detector.stop()
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="2 × STOP"):
        bench.detector.stop()


def test_an_array_is_played_round_and_round() -> None:
    device = FakeDetector(np.stack([picture(n) for n in range(4)]))
    assert np.array_equal(device._look(6), picture(2))


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def write(self, data: bytes) -> None: ...

        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        Detector(Gone())


def test_the_library_crc_is_the_one_of_the_document() -> None:
    assert struct.pack("<I", zlib.crc32(LITTLE)) == crc32(LITTLE)
    assert zlib.crc32(b"123456789") == 0xCBF43926  # the check value of CRC-32
