import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost
from drivers.patience import Patience
from drivers.radiation.codec import (
    Background,
    Decoder,
    Level,
    OccupancyEnd,
    Ray,
    Rubbish,
    Scan,
    Setting,
    Speed,
    Tamper,
    encode,
    parse,
)
from drivers.radiation.occupancy import Occupancy, OccupancyTracker, alarm_level, sigma
from drivers.radiation.portal import RadiationPortal
from simulators.cable import Cable, SimulatedTime
from simulators.radiation.device import FakePortal

# Golden lines ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b"GB,000822,000750,000770,000757", Background(Ray.GAMMA, (822, 750, 770, 757))),
        (b"NB,000002,000000,000004,000001", Background(Ray.NEUTRON, (2, 0, 4, 1))),
        (
            b"GH,004100,003900,004000,003950",
            Background(Ray.GAMMA, (4100, 3900, 4000, 3950), Level.HIGH),
        ),
        (b"GL,000008,000007,000007,000007", Background(Ray.GAMMA, (8, 7, 7, 7), Level.LOW)),
        (b"NH,000060,000058,000061,000055", Background(Ray.NEUTRON, (60, 58, 61, 55), Level.HIGH)),
        (b"GS,000164,000150,000154,000151", Scan(Ray.GAMMA, (164, 150, 154, 151))),
        (b"GA,000464,000450,000454,000451", Scan(Ray.GAMMA, (464, 450, 454, 451), alarm=True)),
        (b"NS,000000,000001,000000,000000", Scan(Ray.NEUTRON, (0, 1, 0, 0))),
        (b"NA,000009,000008,000007,000009", Scan(Ray.NEUTRON, (9, 8, 7, 9), alarm=True)),
        (b"SP,2.7000,5.0,8.0", Speed(2.7, 5.0, 8.0)),
        (b"TT", Tamper(open=True)),
        (b"TC", Tamper(open=False)),
        (b"GX,000017,003099,000007", OccupancyEnd(17, (3099, 7))),
        (b"SG1,6.0,010,2", Setting("SG1", ("6.0", "010", "2"))),
    ],
)
def test_the_lines_of_the_document(line: bytes, event) -> None:
    assert parse(line) == event
    assert encode(event) == line + b"\r\n"
    assert list(Decoder().feed(line + b"\n")) == [event]


@pytest.mark.parametrize("stamp", ["09-15-20.123", "09:15:20", "2026-03-01T09:15:20.5Z"])
def test_a_time_may_follow(stamp: str) -> None:
    event = parse(f"GB,000822,000750,000770,000757,{stamp}".encode())
    assert event == Background(Ray.GAMMA, (822, 750, 770, 757), stamp=stamp)
    assert parse(f"TT,{stamp}".encode()) == Tamper(open=True, stamp=stamp)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"GB,1,2,3", "GB: 3 fields, not 4"),
        (b"GB,1,2,3,4,5", "GB: 5 fields"),
        (b"GS,1,2,x,4", "GS: field 3 is not a count"),
        (b"GS,1,2,-3,4", "field 3"),
        (b"SP,1.0,2.0", "SP: 2 fields"),
        (b"SP,1.0,2.0,nan", "SP"),
        (b"GX", "GX: 0 fields"),
        (b"TT,open", "TT: a field is not a number"),
        (b"QQ,1", "unknown message"),
        (b"GB,\xff", "not printable"),
    ],
)
def test_what_is_wrong_is_said(line: bytes, why: str) -> None:
    item = parse(line)
    assert isinstance(item, Rubbish)
    assert why in item.detail


# Decoding under stress -------------------------------------------------------------------------

COUNTS = st.tuples(*[st.integers(0, 999_999)] * 4)
EVENTS = st.one_of(
    st.builds(Background, st.just(Ray.GAMMA), COUNTS, st.sampled_from(Level)),
    st.builds(Scan, st.sampled_from(Ray), COUNTS, st.booleans()),
    st.builds(Tamper, st.booleans()),
    st.builds(OccupancyEnd, st.integers(0, 999_999), COUNTS),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS), st.integers(1, 40))
def test_any_chunking(events: list, size: int) -> None:
    stream = b"".join(map(encode, events))
    decoder = Decoder()
    assert [
        x for i in range(0, len(stream), size) for x in decoder.feed(stream[i : i + size])
    ] == events


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40), EVENTS)), st.integers(1, 40))
def test_a_bad_line_costs_no_other(talk: list, size: int) -> None:
    noise = [b"#" + n.replace(b"\n", b"") for n, _ in talk]
    stream = b"".join(n + b"\n" + encode(e) for n, (_, e) in zip(noise, talk, strict=True))
    decoder = Decoder()
    got = [x for i in range(0, len(stream), size) for x in decoder.feed(stream[i : i + size])]
    assert [x for x in got if not isinstance(x, Rubbish)] == [e for _, e in talk]
    assert len(got) == 2 * len(talk)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=500), st.integers(1, 60))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    decoder = Decoder()
    for i in range(0, len(noise), size):
        list(decoder.feed(noise[i : i + size]))
    assert list(decoder.feed(b"\nTT\r\n"))[-1] == Tamper(open=True)


# Arithmetic ------------------------------------------------------------------------------------


def test_alarm_level_and_sigma_by_hand() -> None:
    assert alarm_level(2500.0, 6.0) == 2800.0
    assert sigma(2800.0, 2500.0) == 6.0
    assert sigma(2500.0, 2500.0) == 0.0


def track(*events) -> tuple[OccupancyTracker, list[Occupancy]]:
    tracker = OccupancyTracker()
    return tracker, [ended for e in events if (ended := tracker.feed(e))]


def scans(*sums: int) -> list[Scan]:
    return [Scan(Ray.GAMMA, (n, 0, 0, 0)) for n in sums]


BACK = Background(Ray.GAMMA, (625, 625, 625, 625))


def test_an_occupancy_by_hand() -> None:
    _, (done,) = track(
        BACK, *scans(500, 500, 560, 560, 600, 580, 500), Speed(1.4, 5, 8), OccupancyEnd(3, (2500,))
    )
    assert done.complete
    assert (done.number, done.speed.kph) == (3, 8)
    assert done.gamma.foreground == 560 + 560 + 600 + 580 + 500  # the largest five in a row
    assert done.gamma.sigma == pytest.approx((2800 - 2500) / 50)
    assert done.neutron.sigma is None
    assert done.neutron.foreground == 0


def test_fewer_than_five_scans_and_no_background() -> None:
    _, (done,) = track(*scans(10, 20), OccupancyEnd(1, ()))
    assert done.gamma.foreground == 30
    assert done.gamma.sigma is None
    _, (done,) = track(BACK, *scans(600, 600), OccupancyEnd(1, ()))
    assert done.gamma.sigma == pytest.approx((1200 - 1000) / math.sqrt(1000))


def test_a_lost_end_is_noticed_by_background_or_by_the_next_vehicle() -> None:
    tracker, (first,) = track(BACK, *scans(1, 2), BACK)
    assert not first.complete
    assert not tracker.occupied
    _, (first, second) = track(
        *scans(1, 2), Speed(1, 5, 8), *scans(3), Speed(1, 5, 8), OccupancyEnd(9, ())
    )
    assert (first.number, second.number) == (None, 9)
    assert (first.gamma.foreground, second.gamma.foreground) == (3, 3)


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, **settings) -> None:
        self.device = FakePortal(**settings)
        self.time = SimulatedTime(self.device)
        self.portal = RadiationPortal(
            Cable(self.device, self.time.advance), Patience(1.0), self.time
        )

    def listen(self, seconds: float) -> list:
        end = self.time() + seconds
        heard = []
        while self.time() < end:
            if event := self.portal.poll(end - self.time()):
                heard.append(event)
        return heard

    def passage(self, **vehicle: float) -> Occupancy:
        self.listen(6)
        tracker = OccupancyTracker()
        for ray in Ray:
            tracker.feed(Background(ray, (self.device._known[ray], 0, 0, 0)))
        self.device.vehicle_enters(**vehicle)
        return next(done for e in self.listen(12) if (done := tracker.feed(e)))


@pytest.fixture(params=[False, True])
def bench(request) -> Bench:
    return Bench(stamped=request.param)


def test_an_empty_portal_says_its_background(bench: Bench) -> None:
    heard = bench.listen(60)
    assert [e.name for e in heard[:5]] == ["SG1", "SG2", "SG3", "SN1", "SN2"]
    gamma = [e for e in heard[5:] if e.ray is Ray.GAMMA]
    assert 11 <= len(gamma) <= 13
    rate = sum(sum(e.counts) for e in gamma) / len(gamma) / 4
    assert rate == pytest.approx(770, abs=5 * math.sqrt(770 / (4 * len(gamma))))
    assert (heard[-1].stamp is not None) == bench.device.stamped
    assert bench.portal.silent_for < 6


def test_an_innocent_vehicle(bench: Bench) -> None:
    done = bench.passage(length=6.0, kph=8.0)
    assert done.complete
    assert done.speed.kph == 8.0
    assert done.speed.seconds == pytest.approx(2.7)
    assert 12 <= len(done.gamma.scans) <= 14
    assert not done.gamma.alarm
    assert done.gamma.sigma < 3


def test_a_gamma_source_is_alarmed(bench: Bench) -> None:
    done = bench.passage(gamma=2500.0)
    assert done.gamma.alarm
    assert not done.neutron.alarm
    assert done.gamma.sigma > 6


def test_a_neutron_source_is_alarmed(bench: Bench) -> None:
    done = bench.passage(neutron=200.0)
    assert done.neutron.alarm
    assert not done.gamma.alarm
    assert done.neutron.sigma > 5


def test_a_lost_end(bench: Bench) -> None:
    bench.device.faults.lost_end = 1
    assert not bench.passage().complete


def test_tamper(bench: Bench) -> None:
    bench.listen(1)
    bench.device.set_tamper(True)
    bench.device.set_tamper(False)
    assert [e.open for e in bench.listen(1) if isinstance(e, Tamper)] == [True, False]


@pytest.mark.parametrize(
    ("fault", "ray", "level"),
    [
        ("gamma_high", Ray.GAMMA, Level.HIGH),
        ("gamma_low", Ray.GAMMA, Level.LOW),
        ("neutron_high", Ray.NEUTRON, Level.HIGH),
    ],
)
def test_a_portal_that_cannot_be_relied_on(bench: Bench, fault, ray, level) -> None:
    bench.listen(1)
    setattr(bench.device.faults, fault, True)
    heard = bench.listen(6)
    assert {e.level for e in heard if e.ray is ray} == {level}
    assert {e.level for e in heard if e.ray is not ray} == {Level.NORMAL}


@pytest.mark.parametrize("fault", ["truncate", "noise"])
def test_a_bad_line_is_garbled_and_the_next_is_read(bench: Bench, fault: str) -> None:
    bench.listen(1)
    setattr(bench.device.faults, fault, 1)
    with pytest.raises(Garbled, match="radiation portal"):
        bench.listen(6)
    assert any(isinstance(e, Background) for e in bench.listen(6))


def test_half_a_line_and_then_silence_is_garbled() -> None:
    class Half:
        said = b"GB,0008"

        def read(self, timeout: float) -> bytes:
            said, self.said = self.said, b""
            return said

    ticks = iter(range(1000))
    with pytest.raises(Garbled, match="7 bytes without an end"):
        RadiationPortal(Half(), clock=lambda: next(ticks) * 0.3).poll(5)


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        RadiationPortal(Gone()).poll(1)
