import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.barcode_reader.codec import (
    TRIGGER_OFF,
    TRIGGER_ON,
    Scan,
    Symbology,
    decoder,
    encode,
)
from drivers.barcode_reader.reader import BarcodeReader, Dialect
from drivers.errors import Garbled
from drivers.patience import Patience
from drivers.rubbish import Rubbish
from simulators.barcode_reader.device import FakeBarcodeReader
from simulators.cable import Cable, SimulatedTime

PASS = b"M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 106>60000"
SEAL = bytes(range(256))
SCANS = [Scan(PASS, "]Q3"), Scan(PASS, "]z3"), Scan(SEAL, "]d1"), Scan(b"\x02\x00\x05]Q3", "]L0")]


def feed(dialect: Dialect, stream: bytes, size: int = 10_000) -> list:
    known = decoder(dialect)
    return [x for i in range(0, len(stream), size) for x in known.feed(stream[i : i + size])]


# Golden bytes, from docs/devices/barcode_reader.md, worked by hand ------------------------------


def test_a_frame_of_the_document() -> None:
    raw = bytes.fromhex("02 00 06 5D 51 33 41 0D 42 0C D6")
    assert feed(Dialect.FRAMED, raw) == [Scan(b"A\rB", "]Q3")]
    assert encode(Scan(b"A\rB", "]Q3"), Dialect.FRAMED) == raw
    assert (TRIGGER_ON, TRIGGER_OFF) == (b"\x16\x54\x0d", b"\x16\x55\x0d")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_lines_with_any_end(end: bytes) -> None:
    stream = b"]Q3" + PASS + end + PASS + end
    assert feed(Dialect.LINES, stream, 1) == [Scan(PASS, "]Q3"), Scan(PASS)]


def test_symbologies() -> None:
    kinds = [Scan(b"", aim).symbology for aim in ("]Q3", "]d1", "]z3", "]L0", "]C1", "")]
    assert kinds == [
        Symbology.QR,
        Symbology.DATA_MATRIX,
        Symbology.AZTEC,
        Symbology.PDF417,
        Symbology.OTHER,
        Symbology.OTHER,
    ]


# Decoding under stress -------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SCANS)), st.integers(1, 20))
def test_any_chunking(scans: list, size: int) -> None:
    stream = b"".join(encode(scan, Dialect.FRAMED) for scan in scans)
    assert feed(Dialect.FRAMED, stream, size) == scans


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SCANS), st.binary(max_size=20))), st.integers(1, 20))
def test_nothing_is_lost_between_noise(talk: list, size: int) -> None:
    stream = b"".join(n.replace(b"\x02", b"") + encode(s, Dialect.FRAMED) for s, n in talk)
    good = [x for x in feed(Dialect.FRAMED, stream, size) if isinstance(x, Scan)]
    assert good == [scan for scan, _ in talk]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(Dialect), st.binary(max_size=600), st.integers(1, 50))
def test_rubbish_never_breaks_it_and_a_code_still_passes(dialect, noise, size) -> None:
    known = decoder(dialect)
    for i in range(0, len(noise), size):
        list(known.feed(noise[i : i + size]))
    for _ in range(600):
        if not known.half:
            break
        known.give_up()
        list(known.feed(b""))
    assert list(known.feed(encode(SCANS[0], dialect))) == [SCANS[0]]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 74), st.integers(0, 7))
def test_one_wrong_bit_is_found(place: int, bit: int) -> None:
    raw = bytearray(encode(SCANS[0], Dialect.FRAMED))
    raw[place % len(raw)] ^= 1 << bit
    assert not any(isinstance(x, Scan) for x in feed(Dialect.FRAMED, bytes(raw)))


def test_too_long_is_said_and_forgotten() -> None:
    items = feed(Dialect.LINES, b"x" * 5000 + b"\r" + PASS + b"\r", 512)
    assert isinstance(items[0], Rubbish)
    assert items[-1] == Scan(PASS)
    assert isinstance(feed(Dialect.FRAMED, b"\x02\xff\xff]Q3")[0], Rubbish)


def test_what_was_read_is_in_no_text() -> None:
    assert "DESMARAIS" not in repr(Scan(PASS, "]Q3"))


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, dialect: Dialect) -> None:
        self.device = FakeBarcodeReader(dialect)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.reader = BarcodeReader(link, dialect, Patience(0.3, 1), self.time)


@pytest.fixture(params=Dialect)
def bench(request) -> Bench:
    return Bench(request.param)


def test_a_code_is_read_once(bench: Bench) -> None:
    assert bench.reader.poll(0.1) is None
    bench.device.show(PASS, "]z3")
    assert bench.reader.poll(1) == Scan(PASS, "]z3")
    assert bench.reader.poll(1) is None


def test_a_code_taken_away_too_early(bench: Bench) -> None:
    bench.device.show(PASS)
    bench.time.advance(0.1)
    bench.device.take_away()
    assert bench.reader.poll(1) is None


def test_the_trigger(bench: Bench) -> None:
    bench.reader.trigger(on=False)
    bench.device.show(PASS)
    assert bench.reader.poll(1) is None
    bench.reader.trigger(on=True)
    assert bench.reader.poll(1) == Scan(PASS, "]Q3")


@pytest.mark.parametrize(("fault", "why"), [("half_code", "then silence"), ("wrong_crc", "CRC")])
def test_a_broken_code_is_said_once_and_the_next_is_read(fault: str, why: str) -> None:
    bench = Bench(Dialect.FRAMED)
    setattr(bench.device.faults, fault, 1)
    bench.device.show(PASS)
    with pytest.raises(Garbled, match=why):
        bench.reader.poll(1)
    bench.device.show(PASS)
    assert bench.reader.poll(1) == Scan(PASS, "]Q3")


def test_every_other_fault(bench: Bench) -> None:
    bench.device.faults.twice = 1
    bench.device.show(PASS)
    assert [bench.reader.poll(1), bench.reader.poll(1)] == [Scan(PASS, "]Q3")] * 2
    bench.device.faults.no_identifier = 1
    bench.device.show(PASS)
    bare = "" if bench.device.dialect is Dialect.LINES else "]Q3"
    assert bench.reader.poll(1) == Scan(PASS, bare)
    bench.device.faults.blind = True
    bench.device.show(PASS)
    assert bench.reader.poll(1) is None
