import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.patience import Patience
from drivers.xray_source.codec import Command, Decoder, Message, Sum
from drivers.xray_source.source import Fault, FilamentOrder, Scale, SourceStatus, XraySource
from drivers.xray_source.warm_up import HOUR, MOST_ARCS, TABLE, Stage, TooManyArcs, WarmUp, plan
from simulators.cable import Cable, SimulatedTime
from simulators.xray_source.device import FakeXraySource
from simulators.xray_source.tube import WARM_UP

# Golden bytes: the worked frames of the protocol's document -------------------------------------


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (Message(22), b"\x02\x32\x32\x2c\x70\x03"),
        (Message(10, ("2048",)), b"\x0210,2048,\x79\x03"),
        (Message(99, ("1",)), b"\x0299,1,\x45\x03"),
        (Message(99, ("0",)), b"\x0299,0,\x46\x03"),
    ],
)
def test_the_frames_of_the_document(message: Message, frame: bytes) -> None:
    assert message.encode() == frame
    assert list(Decoder().feed(frame)) == [message]


def test_the_other_habit() -> None:
    # By hand, the sum ending before the last comma: 32 + 32 = 64h; −64h & 7Fh = 1Ch; | 40h = 5Ch.
    assert Message(22).encode(Sum.WITHOUT_LAST_COMMA) == b"\x0222,\x5c\x03"
    assert list(Decoder(Sum.WITH_LAST_COMMA).feed(b"\x0222,\x5c\x03")) == []
    assert list(Decoder(Sum.WITHOUT_LAST_COMMA).feed(b"\x0222,\x5c\x03")) == [Message(22)]


# Decoding under stress -------------------------------------------------------------------------

ARGUMENT = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=","), max_size=6
)
MESSAGES = st.builds(Message, st.integers(0, 99), st.lists(ARGUMENT, max_size=5).map(tuple))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(Sum), st.lists(MESSAGES), st.integers(1, 20))
def test_any_chunking(habit: Sum, messages: list[Message], size: int) -> None:
    stream = b"".join(m.encode(habit) for m in messages)
    decoder = Decoder(habit)
    got = [m for i in range(0, len(stream), size) for m in decoder.feed(stream[i : i + size])]
    assert (got, decoder.discarded) == (messages, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=30), MESSAGES)), st.integers(1, 20))
def test_nothing_is_lost_between_noise(talk: list[tuple[bytes, Message]], size: int) -> None:
    stream = b"".join(n.replace(b"\x03", b"") + m.encode() for n, m in talk)
    decoder = Decoder()
    got = [m for i in range(0, len(stream), size) for m in decoder.feed(stream[i : i + size])]
    assert got == [m for _, m in talk]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    decoder = Decoder()
    for i in range(0, len(noise), size):
        list(decoder.feed(noise[i : i + size]))
    assert list(decoder.feed(b"\x0222,\x70\x03"))[-1:] == [Message(22)]


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.integers(0, 200))
def test_a_frame_cut_short_is_not_taken(message: Message, cut: int) -> None:
    raw = message.encode()
    short = raw[: cut % len(raw)]
    assert list(Decoder().feed(short + Message(22).encode())) == [Message(22)]


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(
        self,
        habit: Sum = Sum.WITH_LAST_COMMA,
        silent: bool = True,
        order: FilamentOrder = FilamentOrder.LIMIT_FIRST,
    ) -> None:
        self.device = FakeXraySource(habit, silent, filament=order)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.source = XraySource(
            link, habit, patience=Patience(0.05, 2), clock=self.time, filament=order
        )

    def warm(self) -> "Bench":
        self.time.advance(WARM_UP)
        self.source.set_kv(160)
        self.source.set_ma(1.0)
        return self

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            self.time.advance(0.01)


@pytest.fixture(params=[(habit, silent) for habit in Sum for silent in (True, False)])
def bench(request) -> Bench:
    return Bench(*request.param)


def test_a_beam_comes_and_goes(bench: Bench) -> None:
    bench.warm()
    assert bench.source.set_points() == pytest.approx((160, 1.0), abs=0.04)
    bench.source.beam(True)
    bench.wait(0.5)
    assert 40 < bench.source.read_back().kv < 60  # on its way up
    assert bench.source.read_back().ma == 0
    assert not bench.device.beam_on
    bench.wait(1.5)
    assert bench.source.read_back().kv == pytest.approx(160, abs=0.1)
    assert bench.source.read_back().ma == pytest.approx(1.0, abs=0.01)
    assert bench.source.status() == SourceStatus(True, True, False)
    assert bench.device.beam_on
    bench.source.beam(False)
    assert not bench.device.beam_on
    bench.wait(0.03)
    assert bench.source.read_back().kv == 0


def test_a_cold_tube_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="XRAY: not ready"):
        bench.source.beam(True)


def test_the_interlock_cuts_the_beam_and_does_not_give_it_back(bench: Bench) -> None:
    bench.warm().source.beam(True)
    bench.wait(2)
    bench.device.set_interlock(False)
    assert not bench.device.beam_on
    assert not bench.source.interlock()
    assert bench.source.status() == SourceStatus(False, False, False)
    with pytest.raises(Refused, match="interlock open"):
        bench.source.beam(True)
    bench.device.set_interlock(True)
    bench.wait(1)
    assert bench.source.interlock()
    assert not bench.source.status().beam_on


def test_a_longer_status_is_not_asked_about_the_loop(bench: Bench) -> None:
    bench.device.long_status = True
    assert bench.source.status() == SourceStatus(False, True, False)
    bench.device.set_interlock(False)
    assert bench.source.status() == SourceStatus(False, False, False)


def test_an_arc_latches(bench: Bench) -> None:
    bench.warm().source.beam(True)
    bench.device.faults.arc = 1
    bench.wait(0.1)
    assert bench.source.status() == SourceStatus(False, True, True)
    assert bench.source.faults() == Fault.ARC
    with pytest.raises(Refused, match="XRAY: fault"):
        bench.source.beam(True)
    bench.source.reset_faults()
    bench.source.beam(True)


def test_a_hot_tube_protects_itself(bench: Bench) -> None:
    bench.warm().source.beam(True)
    bench.device.faults.over_temperature = True
    bench.wait(0.1)
    assert bench.source.faults() == Fault.OVER_TEMPERATURE
    assert bench.source.read_back().temperature > 65
    with pytest.raises(Refused, match="RESET_FAULTS: fault"):
        bench.source.reset_faults()
    bench.device.faults.over_temperature = False
    bench.wait(120)
    bench.source.reset_faults()


def test_hours_and_version(bench: Bench) -> None:
    bench.device.tube.beam_seconds = 3600 * 1234.5
    assert bench.source.hours() == 1234.5
    assert bench.source.version() == ("XRS160SIM", "A1", "1.0")


def test_outside_the_scale_is_never_sent(bench: Bench) -> None:
    for wrong in (-1, 161, float("nan")):
        with pytest.raises(ValueError, match="kV is outside"):
            bench.source.set_kv(wrong)
    with pytest.raises(ValueError, match="mA is outside"):
        bench.source.set_ma(5.1)


@pytest.mark.parametrize("fault", ["mute", "garble", "truncate", "noise", "deaf"])
def test_one_bad_frame_is_asked_again(bench: Bench, fault: str) -> None:
    setattr(bench.device.faults, fault, 1)
    bench.source.set_kv(100)
    assert bench.device.tube.kv_set == pytest.approx(100, abs=0.1)
    setattr(bench.device.faults, fault, 1)
    assert bench.source.status() == SourceStatus(False, True, False)


def test_a_generator_that_never_understands(bench: Bench) -> None:
    bench.device.faults.deaf = 2
    error = NoAnswer if bench.device.silent_on_bad_sum else Garbled
    with pytest.raises(error, match="PROGRAM_KV"):
        bench.source.set_kv(100)


def test_silence_and_rubbish_are_told_apart(bench: Bench) -> None:
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="silent after 2 × STATUS") as caught:
        bench.source.status()
    assert not isinstance(caught.value, Garbled)
    bench.device.faults.truncate = 2
    with pytest.raises(Garbled):
        bench.source.status()


def test_the_wrong_habit_is_not_taken_for_an_answer() -> None:
    device = FakeXraySource(Sum.WITHOUT_LAST_COMMA)
    time = SimulatedTime(device)
    with pytest.raises(NoAnswer):
        XraySource(Cable(device, time.advance), clock=time).status()


def test_a_late_answer_is_not_taken_for_the_next_question(bench: Bench) -> None:
    done = Message(Command.PROGRAM_KV, ("$",)).encode(bench.device.habit)
    bench.source._link._inbox += done
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer):
        bench.source.set_kv(50)


def test_an_unknown_command_is_error_6() -> None:
    answer = FakeXraySource().receive(Message(42).encode())
    assert list(Decoder().feed(answer)) == [Message(42, ("6",))]


@pytest.mark.parametrize("say", [("?",), ("$", "$"), ("x",)])
def test_an_answer_that_makes_no_sense_is_garbled(say: tuple[str, ...]) -> None:
    class Odd:
        said = b""

        def write(self, data: bytes) -> None:
            command = next(iter(Decoder().feed(data))).command
            self.said = Message(command, say).encode()

        def read(self, timeout: float) -> bytes:
            said, self.said = self.said, b""
            return said

    with pytest.raises(Garbled):
        XraySource(Odd(), patience=Patience(0.01, 1)).beam(False)
    with pytest.raises(Garbled):
        XraySource(Odd(), patience=Patience(0.01, 1)).status()


def test_an_error_in_place_of_an_interlock_reads_as_open() -> None:
    class Errs:
        def write(self, data: bytes) -> None: ...

        def read(self, timeout: float) -> bytes:
            return Message(Command.INTERLOCK, ("1",)).encode()

    assert not XraySource(Errs()).interlock()


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            return b""

        def write(self, data: bytes) -> None:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        XraySource(Gone()).beam(False)


# The filament ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "frames"),
    [
        # 4 A and 2.5 A of 5 A are 3276 and 2048; "12,3276," adds up to 18D: −18D & 7F is 73.
        (FilamentOrder.LIMIT_FIRST, [b"\x0213,2048,\x76\x03", b"\x0212,3276,\x73\x03"]),
        (FilamentOrder.STANDBY_FIRST, [b"\x0212,2048,\x77\x03", b"\x0213,3276,\x72\x03"]),
    ],
)
def test_the_frames_of_the_filament(order: FilamentOrder, frames: list[bytes]) -> None:
    said: list[bytes] = []

    class Ear:
        answer = b""

        def write(self, data: bytes) -> None:
            said.append(data)
            command = next(iter(Decoder().feed(data))).command
            wanted = {16: "4095", 17: "4095"}.get(command, "$")
            self.answer = Message(command, (wanted,)).encode()

        def read(self, timeout: float) -> bytes:
            heard, self.answer = self.answer, b""
            return heard

    XraySource(Ear(), scale=Scale(amperes=5.0), filament=order).set_filament(4.0, 2.5)
    assert said[2:] == frames


@pytest.mark.parametrize("order", FilamentOrder)
def test_limit_and_standby_reach_the_tube(order: FilamentOrder) -> None:
    bench = Bench(order=order)
    for limit, standby in ((4.5, 4.2), (2.5, 1.5), (3.5, 3.0)):  # up and down past each other
        bench.source.set_filament(limit, standby)
        assert bench.source.filament() == pytest.approx((limit, standby), abs=0.002)
        assert bench.device.tube.filament_limit == pytest.approx(limit, abs=0.002)


def test_a_wrong_order_is_refused_and_not_obeyed() -> None:
    bench = Bench(order=FilamentOrder.LIMIT_FIRST)
    wrong = XraySource(
        Cable(bench.device, bench.time.advance),
        clock=bench.time,
        filament=FilamentOrder.STANDBY_FIRST,
    )
    with pytest.raises(Refused, match="out of range"):
        wrong.set_filament(4.5, 1.0)
    assert bench.device.tube.filament_standby <= bench.device.tube.filament_limit


@pytest.mark.parametrize(("limit", "standby"), [(2.0, 3.0), (6.0, 2.0), (2.0, -1.0)])
def test_a_filament_outside_its_scale_is_never_sent(limit: float, standby: float) -> None:
    bench = Bench()
    before = (bench.device.tube.filament_limit, bench.device.tube.filament_standby)
    with pytest.raises(ValueError, match="A is"):
        bench.source.set_filament(limit, standby)
    assert (bench.device.tube.filament_limit, bench.device.tube.filament_standby) == before


def test_a_filament_at_standby_is_sooner_at_its_current() -> None:
    def seconds(standby: float) -> float:
        bench = Bench().warm()
        bench.source.set_kv(20)
        bench.source.set_filament(4.0, standby)
        bench.wait(3)
        bench.source.beam(True)
        start = bench.time()
        while not bench.device.beam_on:
            bench.wait(0.01)
        return bench.time() - start

    assert seconds(2.9) < seconds(1.0)


# Faults by their cause -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "latched"),
    [
        ("open_filament", Fault.UNDER_CURRENT),
        ("sagging", Fault.UNDER_VOLTAGE),
        ("overshoot", Fault.OVER_VOLTAGE),
        ("runaway", Fault.OVER_CURRENT),
    ],
)
def test_what_is_out_of_bounds_latches_and_cuts_the_beam(fault: str, latched: Fault) -> None:
    bench = Bench().warm()
    setattr(bench.device.faults, fault, True)
    bench.source.beam(True)
    bench.wait(6)
    assert bench.source.faults() == latched
    assert bench.source.status() == SourceStatus(False, True, True)
    setattr(bench.device.faults, fault, False)
    bench.source.reset_faults()
    bench.wait(2)
    bench.source.beam(True)
    bench.wait(6)
    assert bench.source.faults() == Fault(0)
    assert bench.device.beam_on


def test_a_limit_that_is_too_low_is_an_under_current() -> None:
    bench = Bench().warm()
    bench.source.set_filament(2.8, 2.0)  # enough for 0.3 mA, not for 1 mA
    bench.source.beam(True)
    bench.wait(6)
    assert bench.source.faults() == Fault.UNDER_CURRENT


def test_the_filament_is_read_back() -> None:
    bench = Bench().warm()
    assert bench.source.read_back().filament == pytest.approx(2.0, abs=0.01)
    bench.source.beam(True)
    bench.wait(3)
    assert 3.0 < bench.source.read_back().filament < 3.5


# Warming up after a rest -----------------------------------------------------------------------


def test_a_tube_in_use_needs_no_stages() -> None:
    assert plan(7.9 * HOUR, 160, 1) == ()
    assert plan(0, 160, 1) == ()


def test_the_longer_the_rest_the_lower_and_slower_the_start() -> None:
    plans = [plan(hours * HOUR, 160.0, 1.0) for hours in (8, 72, 720, 2160)]
    lengths = [sum(stage.seconds for stage in stages) for stages in plans]
    assert lengths == sorted(lengths)
    assert [stages[0].kv for stages in plans] == [96.0, 80.0, 64.0, 40.0]
    for stages in plans:
        assert [s.kv for s in stages] == sorted(s.kv for s in stages)
        assert (stages[-1].kv, stages[-1].ma) == (160.0, 1.0)


def test_a_rest_that_nobody_knows_is_the_longest() -> None:
    assert plan(None, 160, 1) == plan(TABLE[0].rest, 160, 1) == plan(-5.0, 160, 1)


def test_the_stages_follow_each_other() -> None:
    walk = WarmUp([Stage(80, 1, 10), Stage(160, 1, 5)])
    assert [walk.wanted(now) for now in (100.0, 109.9)] == [Stage(80, 1, 10)] * 2
    assert walk.remaining(104.0) == 11.0
    assert walk.remaining(500.0) == 0.0
    assert walk.present == Stage(80, 1, 10), "no time passes by asking"
    assert walk.wanted(110.0) == Stage(160, 1, 5)
    assert walk.wanted(115.0) is None
    assert walk.remaining(115.0) == 0.0


def test_after_an_interruption_a_stage_lasts_its_whole_time_again() -> None:
    walk = WarmUp([Stage(80, 1, 10), Stage(160, 1, 5)])
    assert walk.wanted(0.0) == Stage(80, 1, 10)
    walk.wanted(9.0)
    walk.again()
    assert walk.remaining(1000.0) == 15.0
    assert [walk.wanted(now) for now in (1000.0, 1009.0)] == [Stage(80, 1, 10)] * 2
    assert walk.wanted(1010.0) == Stage(160, 1, 5)


def test_a_tube_without_a_table_needs_no_stages() -> None:
    assert plan(None, 160, 1, ()) == plan(1e9, 160, 1, ()) == ()
    walk = WarmUp(())
    assert (walk.present, walk.wanted(0.0), walk.remaining(0.0)) == (None, None, 0.0)


def test_an_arc_goes_back_by_one_stage() -> None:
    walk = WarmUp([Stage(80, 1, 10), Stage(120, 1, 10), Stage(160, 1, 5)])
    walk.wanted(0.0)
    assert walk.wanted(20.0) == Stage(160, 1, 5)
    assert walk.arced(22.0) == Stage(120, 1, 10)
    assert walk.wanted(31.0) == Stage(120, 1, 10)
    assert walk.wanted(32.0) == Stage(160, 1, 5)
    for _ in range(MOST_ARCS - 1):
        walk.arced(33.0)
    with pytest.raises(TooManyArcs, match="looked at"):
        walk.arced(33.0)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.none(), st.floats(-1e6, 1e9)), st.floats(20, 450), st.floats(0.1, 50))
def test_no_plan_goes_beyond_what_was_asked(rest: float | None, kv: float, ma: float) -> None:
    for stage in plan(rest, kv, ma):
        assert 0 < stage.kv <= kv
        assert 0 < stage.ma <= ma
        assert stage.seconds > 0


@pytest.mark.parametrize("hours", [8.0, 72.0, 720.0, 2160.0])
def test_a_rested_tube_arcs_without_the_plan_and_not_with_it(hours: float) -> None:
    bench = Bench().warm()
    bench.device.tube.rest(hours)
    bench.source.beam(True)
    bench.wait(3)
    assert bench.source.faults() == Fault.ARC
    bench.source.reset_faults()
    walk = WarmUp(plan(hours * HOUR, 160.0, 0.05))  # the tank stays cool
    while (stage := walk.wanted(bench.time())) is not None:
        bench.source.set_kv(stage.kv)
        bench.source.set_ma(stage.ma)
        if not bench.device.tube.on:
            bench.source.beam(True)
        for _ in range(20):
            bench.device.tick(min(walk.remaining(bench.time()), 5.0) / 20)
        bench.time._now += min(walk.remaining(bench.time()), 5.0)
        assert bench.device.tube.latched == Fault(0)
    assert bench.device.beam_on
