import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.patience import Patience
from drivers.xray_source.codec import Command, Decoder, Message, Sum
from drivers.xray_source.source import Fault, SourceStatus, XraySource
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
    def __init__(self, habit: Sum = Sum.WITH_LAST_COMMA, silent: bool = True) -> None:
        self.device = FakeXraySource(habit, silent)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.source = XraySource(link, habit, patience=Patience(0.05, 2), clock=self.time)

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
