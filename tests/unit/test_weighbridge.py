import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost, NoAnswer, NotReady, Refused
from drivers.patience import Patience
from drivers.weighbridge.codec import Decoder, Reading, Unit, checksum, encode
from drivers.weighbridge.weighbridge import Weighbridge
from simulators.cable import Cable, SimulatedTime
from simulators.weighbridge.device import FakeWeighbridge

# Golden bytes: put together by hand from the tables of the document ------------------------------
# 02 | SWA 2A: no decimals (010), ×1 (01), one | SWB 30: gross, positive, at rest, kg | SWC 20
# The sum up to CR is 2D3; its low seven bits are 53; 80 − 53 = 2D.
GROSS = b"\x02\x2a\x30\x20012340000000\r\x2d"
# SWA 2D: two decimals (100 wants 4: here 101, three), ×1 | SWB 39: net, motion, kg
NET = b"\x02\x2d\x39\x20  1500000250\r"
# SWA 31: one dummy zero (001), ×2 (10) | SWB 22: negative, pounds
POUNDS = b"\x02\x31\x22\x20000044000000\r"
# SWA 2C: two decimals, ×1 | SWB 64: out of range, pounds bit off, power-up | SWC 22: tonnes
BLANK = b"\x02\x2c\x64\x22      000000\r"


@pytest.mark.parametrize(
    ("frame", "reading"),
    [
        (GROSS[:-1], Reading(12_340.0)),
        (NET, Reading(1.5, 0.25, Unit.KILOGRAM, 0.001, net=True, motion=True)),
        (POUNDS, Reading(-440.0, 0.0, Unit.POUND, 20.0)),
        (
            BLANK,
            Reading(None, 0.0, Unit.TONNE, 0.01, out_of_range=True, zeroed=False),
        ),
    ],
)
def test_the_frames_of_the_document(frame: bytes, reading: Reading) -> None:
    assert list(Decoder(checksum=False).feed(frame)) == [reading]


def test_the_checksum_of_the_document() -> None:
    assert checksum(GROSS[:-1]) == 0x2D
    assert list(Decoder().feed(GROSS)) == [Reading(12_340.0)]
    assert encode(Reading(12_340.0)) == GROSS
    assert sum(byte & 0x7F for byte in GROSS) & 0x7F == 0  # what it is made for


@pytest.mark.parametrize("code", range(8))
def test_every_decimal_point(code: int) -> None:
    frame = bytes([2, 0x28 | code]) + b"\x30\x20012345000000\r"
    (reading,) = Decoder(checksum=False).feed(frame)
    shown = ("1234500", "123450", "12345", "1234.5", "123.45", "12.345", "1.2345", "0.12345")
    assert reading.weight == float(shown[code])
    assert reading.increment == float(f"1e{2 - code}")


def test_units_in_kilograms() -> None:
    assert Reading(1000.0, unit=Unit.POUND).kilograms == pytest.approx(453.59237)
    assert Reading(38.12, unit=Unit.TONNE).kilograms == pytest.approx(38_120)
    assert Reading(250.0, unit=Unit.GRAM).kilograms == 0.25
    assert Reading(None).kilograms is None


def test_parity_in_bit_seven_is_not_looked_at() -> None:
    assert list(Decoder().feed(bytes(b | 0x80 for b in GROSS))) == [Reading(12_340.0)]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="six digits"):
        encode(Reading(1_000_000.0))


# Decoding under stress -------------------------------------------------------------------------

READINGS = st.builds(
    Reading,
    weight=st.one_of(st.none(), st.integers(-999_999, 999_999).filter(bool).map(float)),
    tare=st.integers(0, 999_999).map(float),
    unit=st.sampled_from([Unit.KILOGRAM, Unit.POUND]),
    increment=st.sampled_from([1.0, 2.0, 5.0]),
    net=st.booleans(),
    motion=st.booleans(),
    out_of_range=st.booleans(),
    zeroed=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(READINGS), st.integers(1, 30), st.booleans())
def test_any_chunking(readings: list[Reading], size: int, summed: bool) -> None:
    stream = b"".join(encode(r, with_checksum=summed) for r in readings)
    decoder = Decoder(summed)
    got = [r for i in range(0, len(stream), size) for r in decoder.feed(stream[i : i + size])]
    assert (got, decoder.discarded) == (readings, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=30), READINGS)), st.integers(1, 30))
def test_nothing_is_lost_between_noise(talk: list[tuple[bytes, Reading]], size: int) -> None:
    noise = [bytes(b for b in n if b & 0x7F != 2) for n, _ in talk]
    stream = b"".join(n + encode(r) for n, (_, r) in zip(noise, talk, strict=True))
    decoder = Decoder()
    got = [r for i in range(0, len(stream), size) for r in decoder.feed(stream[i : i + size])]
    assert got == [r for _, r in talk]
    assert decoder.discarded == sum(map(len, noise))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    decoder = Decoder()
    for i in range(0, len(noise), size):
        list(decoder.feed(noise[i : i + size]))
    assert list(decoder.feed(GROSS * 3))[-1:] == [Reading(12_340.0)]
    assert len(decoder._buffer) < 18


@settings(max_examples=60, deadline=None)
@given(READINGS, st.integers(1, 17))
def test_a_frame_cut_short_is_not_taken(reading: Reading, cut: int) -> None:
    raw = encode(reading)
    assume(raw[cut:] != GROSS[: len(raw) - cut])  # or the next frame's start is its checksum
    got = list(Decoder().feed(raw[:cut] + GROSS))
    assert got == [Reading(12_340.0)]


@settings(max_examples=60, deadline=None)
@given(READINGS, st.integers(0, 17), st.integers(0, 6))
def test_no_single_bit_goes_unnoticed(reading: Reading, where: int, bit: int) -> None:
    raw = bytearray(encode(reading))
    raw[where] ^= 1 << bit
    assert list(Decoder().feed(bytes(raw))) == []


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, **settings) -> None:
        self.device = FakeWeighbridge(**settings)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.bridge = Weighbridge(link, self.device.checksum, Patience(1.0, 1), clock=self.time)


@pytest.fixture(params=[True, False])
def bench(request) -> Bench:
    return Bench(checksum=request.param)


def test_an_empty_bridge(bench: Bench) -> None:
    assert bench.bridge.read() == Reading(0.0, increment=20.0)


def test_a_lorry_is_weighed_once_it_stands(bench: Bench) -> None:
    bench.device.drive_on(38_123.0)
    bench.time.advance(1.0)
    assert bench.bridge.read().motion
    reading = bench.bridge.weigh(within=20)
    assert reading.kilograms == 38_120.0
    assert not reading.motion
    bench.device.drive_off()
    bench.time.advance(0.6)
    assert bench.bridge.weigh(20).kilograms == 0.0


def test_a_lorry_that_does_not_stand_is_not_weighed(bench: Bench) -> None:
    bench.device.drive_on(20_000.0)
    bench.device.faults.wind = 200.0
    with pytest.raises(NotReady, match="come to rest within 5 s"):
        bench.bridge.weigh(within=5)


def test_a_creeping_zero_is_no_rest() -> None:
    bench = Bench()
    bench.device.faults.zero_drift = 60.0  # slow enough not to show as motion
    with pytest.raises(NotReady):
        bench.bridge.weigh(within=5)


def test_net_and_tare(bench: Bench) -> None:
    bench.device.drive_on(30_000.0)
    bench.device.tare(12_000.0)
    reading = bench.bridge.weigh(20)
    assert (reading.net, reading.weight, reading.tare) == (True, 18_000.0, 12_000.0)


def test_too_heavy_is_refused(bench: Bench) -> None:
    bench.device.drive_on(61_000.0)
    with pytest.raises(Refused, match="out of its range"):
        bench.bridge.weigh(20)


def test_an_indicator_that_was_never_zeroed_is_refused(bench: Bench) -> None:
    bench.device.faults.not_zeroed = True
    with pytest.raises(Refused, match="not zeroed"):
        bench.bridge.weigh(20)
    bench.device.zero()
    assert bench.bridge.weigh(20).weight == 0.0


def test_a_blank_display_is_no_weight(bench: Bench) -> None:
    bench.device.faults.blank = True
    assert bench.bridge.read().weight is None
    with pytest.raises(NotReady):
        bench.bridge.weigh(3)


@pytest.mark.parametrize(("unit", "increment", "kilograms"), [
    (Unit.TONNE, 0.02, 12_340.0), (Unit.POUND, 50.0, 12_337.7), (Unit.GRAM, 5.0, 12.345),
])  # fmt: skip
def test_other_units(unit: Unit, increment: float, kilograms: float) -> None:
    bench = Bench(unit=unit, increment=increment)
    bench.device.drive_on(12.345 if unit is Unit.GRAM else 12_345.0)
    assert bench.bridge.weigh(20).kilograms == pytest.approx(kilograms, abs=0.1)


@pytest.mark.parametrize("fault", ["mute", "garble", "truncate", "noise", "wrong_sum"])
def test_a_bad_frame_costs_no_other(fault: str) -> None:
    bench = Bench()
    bench.device.drive_on(10_000.0)
    setattr(bench.device.faults, fault, 2)
    assert bench.bridge.weigh(20).weight == 10_000.0


def test_a_frozen_display_is_seen_only_by_who_expects_a_change(bench: Bench) -> None:
    bench.bridge.read()
    bench.device.faults.frozen = True
    bench.device.drive_on(30_000.0)
    bench.time.advance(5)
    assert bench.bridge.weigh(20).weight == 0.0  # and a lorry of 0 kg is a fault of the lane's


def test_the_wrong_checksum_setting_is_garbled() -> None:
    bench = Bench()
    bench.device.faults.other_checksum = True
    with pytest.raises(Garbled, match="checksum"):
        bench.bridge.read()


def test_silence_is_named() -> None:
    bench = Bench()
    bench.device.faults.mute = 1000
    with pytest.raises(NoAnswer, match="silent") as caught:
        bench.bridge.read()
    assert not isinstance(caught.value, Garbled)


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        Weighbridge(Gone()).read()
