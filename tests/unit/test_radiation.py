import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost
from drivers.patience import Patience
from drivers.radiation.codec import (
    Background,
    Level,
    OccupancyEnd,
    Ray,
    Scan,
    Setting,
    Speed,
    Tamper,
    decoder,
    encode,
    parse,
)
from drivers.radiation.occupancy import (
    LONGEST,
    MOST_SCANS,
    SILENT,
    Counting,
    Occupancy,
    OccupancyTracker,
    alarm_level,
    sigma,
    sliding,
)
from drivers.radiation.portal import RadiationPortal
from drivers.radiation.verdict import STALE, Alarm, Thresholds, judge
from drivers.rubbish import Rubbish
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
    assert list(decoder().feed(line + b"\n")) == [event]


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
    cutter = decoder()
    assert [
        x for i in range(0, len(stream), size) for x in cutter.feed(stream[i : i + size])
    ] == events


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40), EVENTS)), st.integers(1, 40))
def test_a_bad_line_costs_no_other(talk: list, size: int) -> None:
    noise = [b"#" + n.translate(None, b"\r\n") for n, _ in talk]
    stream = b"".join(n + b"\n" + encode(e) for n, (_, e) in zip(noise, talk, strict=True))
    cutter = decoder()
    got = [x for i in range(0, len(stream), size) for x in cutter.feed(stream[i : i + size])]
    assert [x for x in got if not isinstance(x, Rubbish)] == [e for _, e in talk]
    assert len(got) == 2 * len(talk)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=500), st.integers(1, 60))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    cutter = decoder()
    for i in range(0, len(noise), size):
        list(cutter.feed(noise[i : i + size]))
    assert list(cutter.feed(b"\nTT\r\n"))[-1] == Tamper(open=True)


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


def test_the_window_slides_by_one_scan() -> None:
    assert sliding([1, 2, 3, 4, 5, 6, 7]) == [15, 20, 25]
    assert sliding([1, 2]) == [3]
    assert sliding([]) == [0]
    _, (done,) = track(BACK, *scans(500, 600, 500, 500, 500, 500), OccupancyEnd(1, ()))
    assert done.gamma.foreground == 2600
    assert done.gamma.peak == pytest.approx(0.5)  # the first second
    assert done.gamma.seconds == 1.0


def test_each_detector_by_hand() -> None:
    counts = (125, 125, 125, 185)  # five of them: 625, 625, 625, 925 against 625 each
    _, (done,) = track(BACK, *[Scan(Ray.GAMMA, counts)] * 5, OccupancyEnd(1, ()))
    assert [done.gamma.detector_sigma(i) for i in range(4)] == pytest.approx([0, 0, 0, 12.0])
    assert done.gamma.sigma == pytest.approx(300 / 50)


def test_a_detector_without_background_is_not_divided_by_zero() -> None:
    quiet = Background(Ray.NEUTRON, (0, 0, 0, 0))
    _, (done,) = track(quiet, Scan(Ray.NEUTRON, (3, 0, 0, 0)), OccupancyEnd(1, ()))
    assert done.neutron.sigma is None  # over all there is none
    assert done.neutron.detector_sigma(0) == 2.0  # (3 − 1) / √1: less than a count is one


# Occupancies that go wrong ---------------------------------------------------------------------


def test_an_occupancy_that_never_ends_is_overdue() -> None:
    tracker = OccupancyTracker()
    assert tracker.overdue(99.0) is None
    tracker.feed(BACK, 0.0)
    for scan_number in range(10):
        tracker.feed(Scan(Ray.GAMMA, (125, 125, 125, 125)), 1.0 + 0.2 * scan_number)
    assert tracker.overdue(2.8 + SILENT - 0.1) is None
    ended = tracker.overdue(2.8 + SILENT)
    assert not ended.complete
    assert len(ended.gamma.scans) == 10
    assert not tracker.occupied
    assert tracker.overdue(1000.0) is None


def test_a_vehicle_that_broke_down_in_the_portal_is_overdue() -> None:
    tracker, ended, now = OccupancyTracker(), [], 0.0
    while now < 2.5 * LONGEST:
        now += 0.2
        tracker.feed(scans(500)[0], now)
        ended += filter(None, [tracker.overdue(now)])
    assert len(ended) == 2
    assert ended[0].gamma.foreground == 2500


def test_without_a_clock_memory_is_bounded_all_the_same() -> None:
    tracker, ended = OccupancyTracker(), []
    for _ in range(2 * MOST_SCANS + 5):
        ended += filter(None, [tracker.feed(scans(1)[0])])
    assert [len(one.gamma.scans) for one in ended] == [MOST_SCANS, MOST_SCANS]


def test_a_background_out_of_bounds_is_none() -> None:
    high = Background(Ray.GAMMA, (4000, 4000, 4000, 4000), Level.HIGH)
    tracker, (one, two) = track(
        BACK, high, *scans(500), OccupancyEnd(1, ()), BACK, *scans(500), OccupancyEnd(2, ())
    )
    assert (one.gamma.background, one.gamma.level) == ((625,) * 4, Level.HIGH)
    assert (two.gamma.background, two.gamma.level) == ((625,) * 4, Level.NORMAL)
    assert tracker.levels == {Ray.GAMMA: Level.NORMAL}


def test_the_background_keeps_still_during_an_occupancy_and_has_an_age() -> None:
    tracker = OccupancyTracker()
    tracker.feed(BACK, 10.0)
    tracker.feed(scans(500)[0], 25.0)
    done = tracker.feed(OccupancyEnd(1, (9999,)), 26.0)
    assert done.gamma.background == (625,) * 4  # not what GX says
    assert done.gamma.background_age == 15.0


@pytest.mark.parametrize(
    "events",
    [
        [Tamper(open=True), *scans(500), Tamper(open=False), *scans(500)],  # before it, and during
        [*scans(500), Tamper(open=True), *scans(500)],
        [*scans(500), Tamper(open=True), Tamper(open=False), *scans(500)],
    ],
)
def test_a_cabinet_that_was_open_is_noted(events) -> None:
    _, (done, after) = track(
        *events, OccupancyEnd(1, ()), Tamper(open=False), *scans(500), OccupancyEnd(2, ())
    )
    assert done.tampered
    assert not after.tampered


# Verdicts --------------------------------------------------------------------------------------

NEUTRONS = Background(Ray.NEUTRON, (3, 3, 3, 3))


def quiet(ray: Ray = Ray.NEUTRON, count: int = 5, alarm: bool = False) -> list[Scan]:
    each = 125 if ray is Ray.GAMMA else 1
    return [Scan(ray, (each,) * 4, alarm)] * count


def judged(*events, thresholds: Thresholds = Thresholds()):  # noqa: B008
    _, (done,) = track(*events, OccupancyEnd(7, ()))
    return judge(done, thresholds)


def test_no_alarm_by_hand() -> None:
    verdict = judged(BACK, NEUTRONS, *quiet(Ray.GAMMA), *quiet())
    assert (verdict.alarm, verdict.gamma.alarm, verdict.neutron.alarm) == (Alarm.NO,) * 3
    assert verdict.gamma.background == 2500
    assert verdict.gamma.level == 2800
    assert verdict.gamma.sigma == 0.0
    assert verdict.number == 7
    assert verdict.gamma.reasons == ()
    assert verdict.detail.startswith("gamma no alarm (2500 counts, +0.0 σ); neutron no alarm")


@pytest.mark.parametrize(("sums", "alarm"), [(559, Alarm.NO), (560, Alarm.YES)])
def test_the_level_itself_is_an_alarm(sums: int, alarm: Alarm) -> None:
    even = [Scan(Ray.GAMMA, (sums // 4,) * 3 + (sums - 3 * (sums // 4),))] * 5
    verdict = judged(BACK, NEUTRONS, *even, *quiet())
    assert (verdict.gamma.alarm, verdict.gamma.level) == (alarm, 2800)


def test_one_detector_alone_is_an_alarm() -> None:
    beside = [Scan(Ray.GAMMA, (115, 115, 115, 160))] * 5  # hardly above B over all, 7 σ in one
    verdict = judged(BACK, NEUTRONS, *beside, *quiet())
    assert verdict.gamma.alarm is Alarm.YES
    assert verdict.gamma.reasons == ("7.0 σ in detector 4",)
    assert verdict.gamma.sigma < 1
    alone = Thresholds(single_detector=False)
    assert judged(BACK, NEUTRONS, *beside, *quiet(), thresholds=alone).alarm is Alarm.NO


def test_the_portals_own_alarm_stands() -> None:
    verdict = judged(BACK, NEUTRONS, *quiet(Ray.GAMMA, alarm=True), *quiet())
    assert verdict.gamma.alarm is Alarm.YES
    assert verdict.gamma.reasons == ("the portal's own alarm",)
    assert verdict.neutron.alarm is Alarm.NO
    assert verdict.alarm is Alarm.YES


LOW, HIGH = (Background(Ray.GAMMA, (9,) * 4, Level.LOW),
             Background(Ray.NEUTRON, (90,) * 4, Level.HIGH))  # fmt: skip
G, N, U = quiet(Ray.GAMMA), quiet(), Alarm.UNDETERMINED
ONE_DEAD = [Background(Ray.GAMMA, (625, 625, 3, 625)), NEUTRONS,
            *[Scan(Ray.GAMMA, (125, 125, 0, 125))] * 5, *N]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "gamma", "neutron", "why"),
    [
        ([BACK, NEUTRONS, *G], Alarm.NO, U, "no scan of it came"),
        ([BACK, NEUTRONS, *G, *N[:2]], Alarm.NO, U, "scans of it are missing"),
        ([NEUTRONS, *G, *N], U, Alarm.NO, "its background is not known"),
        ([BACK, LOW, NEUTRONS, *G, *N], U, Alarm.NO, "its background is low"),
        ([BACK, NEUTRONS, HIGH, *G, *N], Alarm.NO, U, "its background is high"),
        ([BACK, NEUTRONS, *G, Tamper(open=True), *N], U, U, "a cabinet was open"),
        (ONE_DEAD, U, Alarm.NO, "detector 3 counts nothing"),
    ],
)
def test_what_nobody_can_tell(events, gamma: Alarm, neutron: Alarm, why: str) -> None:
    verdict = judged(*events)
    assert (verdict.gamma.alarm, verdict.neutron.alarm) == (gamma, neutron)
    assert why in verdict.detail


def test_a_lost_end_and_a_spoilt_line_leave_it_open() -> None:
    tracker = OccupancyTracker()
    for event in (BACK, NEUTRONS, *quiet(Ray.GAMMA), *quiet()):
        tracker.feed(event)
    tracker.spoil()
    ended = tracker.feed(BACK)
    verdict = judge(ended)
    assert verdict.alarm is Alarm.UNDETERMINED
    assert "the end of the passage was lost" in verdict.detail
    assert "1 lines were spoilt" in verdict.detail


def told(*talk) -> list[Occupancy]:
    """Return what ended in ``talk``; None is a line that was spoilt, or a link that was lost."""
    tracker, ended = OccupancyTracker(), []
    for event in talk:
        if event is None:
            tracker.spoil()
        elif done := tracker.feed(event):
            ended.append(done)
    return ended


EMPTY, END = [BACK, NEUTRONS], OccupancyEnd(7, ())


@pytest.mark.parametrize(
    "talk",
    [
        [*EMPTY, None, *G, *N],  # the first scan, of an alarm it may be, was spoilt
        [*EMPTY, *G, None, *N],  # the link was lost in mid-passage
        [*EMPTY, None, None, *G, *N],  # lost, not there at the first attempt, back in mid-passage
        [None, *EMPTY, None, *G, *N],  # what was known before it was lost again proves nothing
        [*EMPTY, None, BACK, *G, *N],  # was the other line a background out of bounds?
        [*EMPTY, None, LOW, NEUTRONS, BACK, None, *G, *N],
        [*EMPTY, *G, *N, Speed(1, 5, 8), None, *G, *N],  # GX, or the next one's first scan
    ],
)
def test_what_was_spoilt_before_the_first_good_scan_is_not_forgotten(talk: list) -> None:
    *_, done = told(*talk, END)
    assert done.complete
    assert done.spoilt >= 1
    assert judge(done).alarm is Alarm.UNDETERMINED
    assert "spoilt or not heard" in judge(done).detail


@pytest.mark.parametrize("proof", [EMPTY, EMPTY[::-1]])
def test_normal_backgrounds_of_both_rays_prove_that_the_portal_was_empty(proof: list) -> None:
    [before, after] = told(*EMPTY, None, *G, *N, END, *proof, *G, *N, END)
    assert (before.spoilt, after.spoilt) == (1, 0)
    assert judge(after).alarm is Alarm.NO


def test_an_end_alone_is_no_proof_and_neither_is_time() -> None:
    [_, after] = told(*EMPTY, None, *G, *N, END, *G, *N, END)
    assert judge(after).alarm is Alarm.UNDETERMINED
    tracker = OccupancyTracker()
    for event in (*EMPTY, *G, *N):
        tracker.feed(event, 0.0)
    tracker.spoil()
    assert tracker.overdue(SILENT).spoilt == 1
    for event in (*G, *N):  # the link is back, and it is still in there
        tracker.feed(event, SILENT + 1)
    assert tracker.feed(END, SILENT + 2).spoilt == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | EVENTS | st.sampled_from(EMPTY), max_size=40))
def test_no_passage_is_without_alarm_that_may_have_lost_a_line(talk: list) -> None:
    """Whatever is said: what is not an alarm has both normal backgrounds behind the last loss."""
    tracker, since = OccupancyTracker(), set(Ray)
    for event in talk:
        if event is None:
            tracker.spoil()
            since = set()
            continue
        if (done := tracker.feed(event)) and since != set(Ray):
            assert judge(done).alarm is not Alarm.NO
        if isinstance(event, Background) and event.level is Level.NORMAL:
            since.add(event.ray)


def test_an_old_background_leaves_it_open() -> None:
    counting = Counting(((125,) * 4,) * 5, (625,) * 4, background_age=STALE + 1)
    neutrons = Counting(((1,) * 4,) * 5, (3,) * 4, background_age=1.0)
    verdict = judge(Occupancy(counting, neutrons, number=1))
    assert (verdict.gamma.alarm, verdict.neutron.alarm) == (Alarm.UNDETERMINED, Alarm.NO)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=40), st.floats(0, 1000))
def test_no_events_break_the_verdict(events: list, step: float) -> None:
    tracker = OccupancyTracker()
    for number, event in enumerate(events):
        for ended in (tracker.feed(event, number * step), tracker.overdue(number * step)):
            if ended:
                verdict = judge(ended)
                assert len(verdict.detail) <= 300
                assert not (verdict.alarm is Alarm.NO and not ended.complete)


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
            tracker.feed(Background(ray, (round(self.device._known[ray] / 4),) * 4))
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


@pytest.mark.parametrize(
    ("vehicle", "gamma", "neutron"),
    [
        ({}, Alarm.NO, Alarm.NO),
        ({"gamma": 2500.0}, Alarm.YES, Alarm.NO),
        ({"gamma": 2500.0, "lead": 60.0}, Alarm.NO, Alarm.NO),  # e^−7.5 of it is left
        ({"gamma": 2500.0, "kph": 40.0}, Alarm.YES, Alarm.NO),
        ({"gamma": 300.0, "beside": 0.0}, Alarm.NO, Alarm.NO),
        ({"gamma": 300.0, "beside": -1.5}, Alarm.YES, Alarm.NO),  # near one pillar
        ({"neutron": 200.0}, Alarm.NO, Alarm.YES),
        ({"neutron": 200.0, "polyethylene": 200.0}, Alarm.NO, Alarm.NO),
    ],
)
def test_verdicts_of_the_simulated_portal(bench: Bench, vehicle, gamma, neutron) -> None:
    verdict = judge(bench.passage(**vehicle))
    assert (verdict.gamma.alarm, verdict.neutron.alarm) == (gamma, neutron), verdict.detail


def test_a_source_at_the_back_peaks_late(bench: Bench) -> None:
    front, back = (bench.passage(gamma=9000.0, along=along, length=12.0) for along in (0.1, 0.9))
    assert front.gamma.peak < 2.0
    assert back.gamma.peak > 3.5


def test_a_source_beside_a_pillar_is_seen_there(bench: Bench) -> None:
    done = bench.passage(gamma=4000.0, beside=1.0)
    left, right = (done.gamma.detector_sigma(i) for i in (0, 3))
    assert right > 3 * left


def follow(bench: Bench, tracker: OccupancyTracker, seconds: float) -> Occupancy | None:
    """Return the first occupancy within ``seconds``, ended or overdue."""
    end = bench.time() + seconds
    while bench.time() < end:
        event = bench.portal.poll(0.3)
        ended = event and tracker.feed(event, bench.time())
        if ended := ended or tracker.overdue(bench.time()):
            return ended
    return None


def test_a_stuck_light_barrier_is_overdue(bench: Bench) -> None:
    bench.device.faults.stuck = True
    bench.listen(6)
    bench.device.vehicle_enters()
    ended = follow(bench, OccupancyTracker(), LONGEST + 5)
    assert not ended.complete
    assert judge(ended).alarm is Alarm.UNDETERMINED


def test_a_portal_that_falls_silent_in_mid_occupancy_is_overdue(bench: Bench) -> None:
    tracker = OccupancyTracker()
    bench.listen(6)
    bench.device.vehicle_enters()
    assert follow(bench, tracker, 1.0) is None
    bench.device.faults.silent = True
    ended = follow(bench, tracker, 10.0)
    assert 4 <= len(ended.gamma.scans) <= 7
    assert judge(ended).alarm is Alarm.UNDETERMINED
    assert bench.portal.silent_for > SILENT - 1


def test_a_link_that_is_back_in_mid_passage_leaves_it_open(bench: Bench) -> None:
    tracker = OccupancyTracker()
    assert follow(bench, tracker, 6.0) is None
    tracker.spoil()  # lost, before anything enters
    bench.device.vehicle_enters(gamma=2500.0, along=0.0)
    bench.listen(1.5)  # nobody hears it: the source is at the front
    done = follow(bench, tracker, 12.0)
    assert done.complete
    assert judge(done).alarm is not Alarm.NO
    assert done.spoilt == 1


def test_a_neutron_counter_that_failed_is_noticed(bench: Bench) -> None:
    bench.device.faults.no_neutrons = True
    verdict = judge(bench.passage())
    assert (verdict.gamma.alarm, verdict.neutron.alarm) == (Alarm.NO, Alarm.UNDETERMINED)
    assert "neutron undetermined: no scan of it came" in verdict.detail


def test_a_dead_detector_is_noticed(bench: Bench) -> None:
    bench.device.faults.dead_detector = 2
    tracker = OccupancyTracker()
    for event in bench.listen(6):
        tracker.feed(event)
    bench.device.vehicle_enters()
    done = next(done for e in bench.listen(12) if (done := tracker.feed(e)))
    assert "detector 2 counts nothing" in judge(done).detail


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
    with pytest.raises(Garbled, match="half a line of 7 bytes"):
        RadiationPortal(Half(), clock=lambda: next(ticks) * 0.3).poll(5)


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        RadiationPortal(Gone()).poll(1)
