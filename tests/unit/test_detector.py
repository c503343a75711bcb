import struct
import zlib

import numpy as np
import pytest

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
from drivers.detector.ring import Tally
from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.patience import Patience
from simulators.cable import Cable, SimulatedTime
from simulators.detector.device import DEPTH, FakeDetector
from tests.unit.detector_lines import decoding, missing, picture, shows

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
    decoder = decoding(2)
    decoder.feed(whole)
    block = decoder.ring.take(all_of_it=True)
    assert np.array_equal(block.counts[:, 42], PIXELS)
    assert block.counts.dtype == np.uint16
    assert (len(block), block.times[42], block.beam_on[42]) == (43, 1_000_000, True)
    assert missing(block) == list(range(42))
    assert decoder.ring.tally == Tally(lost=42)


def test_the_control_frames_of_the_document() -> None:
    start = bytes.fromhex("58434d31 03 00 0000")
    assert command(Code.START) == start + crc32(start)
    done = bytes.fromhex("58525031 03 02 0000")
    assert Decoder(1, 1).feed(done + crc32(done)) == [Reply(3, 2)]
    assert reply(Reply(3, 2)) == done + crc32(done)
    assert CommandDecoder().feed(start + crc32(start)) == [(3, b"")]


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
    assert block.first == 0
    assert 99 <= len(block) <= 101
    assert np.array_equal(block.counts[:, 7], picture(7))
    assert block.times[1] - block.times[0] < 600_000
    bench.device.beam_on = True
    assert bench.detector.read(at_least=20).beam_on.all()


def test_stop_and_start_again(bench: Bench) -> None:
    bench.detector.start()
    bench.time.advance(0.2)
    bench.detector.stop()
    assert bench.detector.read().first == 0
    with pytest.raises(NoAnswer, match="no line"):
        bench.detector.read(0.2)
    bench.detector.start()
    bench.time.advance(0.2)
    bench.detector.start()  # without taking what came
    bench.time.advance(0.1)
    block = bench.detector.read()
    assert block.first == 0
    assert bench.detector.ring.tally == Tally()


def test_what_it_refuses(bench: Bench) -> None:
    with pytest.raises(Refused, match="CONFIGURE refused: bad argument"):
        bench.detector.configure(rate=1e6)
    bench.detector.start()
    with pytest.raises(Refused, match="not now"):
        bench.detector.configure(rate=100)


@pytest.mark.parametrize(
    ("fault", "count", "expected", "lost"),
    [
        ("drop", 3, Tally(lost=3), [10, 11, 12]),
        ("repeat", 2, Tally(repeated=2), []),
        ("swap", 2, Tally(swapped=2), []),
        ("torn", 1, Tally(lost=1, torn=1), [10]),
        ("wrong_crc", 2, Tally(lost=2, torn=1), [10, 11]),
        ("jump", 1, Tally(lost=50), list(range(10, 60))),
    ],
)
def test_what_happens_to_lines_is_reported(bench: Bench, fault, count, expected, lost) -> None:
    ring = bench.detector.start()
    bench.time.advance(0.1001)
    setattr(bench.device.faults, fault, count)
    bench.time.advance(0.2)
    block = bench.detector.read()
    assert (ring.tally, missing(block)) == (expected, lost)
    if fault != "jump":
        assert shows(block)


def test_a_detector_that_restarts_by_itself_is_told(bench: Bench) -> None:
    ring = bench.detector.start()
    bench.time.advance(0.1001)
    bench.detector.read()
    bench.device.faults.restart = 1
    bench.time.advance(0.05)
    with pytest.raises(NoAnswer):
        bench.detector.read(0.02)
    assert ring.tally.restarted == 5 + 2


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
    ring = bench.detector.start()
    bench.time.advance((DEPTH + 100) / 100)
    block = bench.detector.read()
    assert not block.present[:99].any()
    assert block.present[102:].all()
    assert abs(ring.tally.lost - 100) <= 1


def test_nothing_is_handed_out_before_its_place_in_the_order(bench: Bench) -> None:
    bench.detector.start()
    bench.device.faults.swap = 1
    bench.time.advance(0.0101)  # the first line is held back
    with pytest.raises(NoAnswer):
        bench.detector.read(0.001)
    assert bench.detector.read(0.1).present.all()


def test_answers_lost_and_spoilt(bench: Bench) -> None:
    for fault in ("mute", "garble", "truncate", "noise"):
        setattr(bench.device.faults, fault, 1)
        bench.detector.stop()
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="2 × STOP"):
        bench.detector.stop()


def test_every_sign_of_life_is_told(bench: Bench) -> None:
    heard: list[float] = []
    bench.detector._heard = lambda: heard.append(bench.time())
    bench.detector.configure(rate=100)
    bench.detector.start()
    assert len(heard) == 2
    bench.time.advance(0.05)
    assert bench.detector.fill()
    assert len(heard) == 3
    bench.device.faults.stall = True
    assert not bench.detector.fill()
    assert len(heard) == 3
    bench.detector.nudge()  # takes no time, and its answer is taken in with the lines
    assert not bench.detector.fill()
    assert len(heard) == 4
    bench.device.faults.mute = 1
    bench.detector.nudge()
    assert not bench.detector.fill()
    assert len(heard) == 4


def test_it_knows_whether_it_may_run(bench: Bench) -> None:
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="2 × START"):
        bench.detector.start()
    assert bench.device.running
    assert bench.detector.running, "nobody knows whether it heard"
    bench.device.faults.mute, before = 1, bench.time()
    with pytest.raises(NoAnswer, match="1 × STOP"):
        bench.detector.stop(Patience(0.04, 1))
    assert bench.time() - before < 0.05
    assert bench.detector.running
    bench.detector.stop()
    assert not bench.detector.running


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
