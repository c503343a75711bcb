import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.container_camera.camera import HEARTBEAT, ContainerCamera
from drivers.container_camera.codec import (
    Answer,
    Heartbeat,
    Missed,
    Place,
    Seen,
    Status,
    command,
    decoder,
    encode,
    parse,
)
from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.patience import Patience
from drivers.rubbish import Rubbish
from edge.scanner.container_number import Outcome, read
from simulators.cable import Cable, SimulatedTime
from simulators.container_camera.device import READS_IN, FakeContainerCamera

NUMBER = "CSQU3054383"

# Golden lines: those of docs/devices/container_camera.md. Their CRCs were computed bit by bit, not
# by our codec (below).

LINES = [
    (
        b"$OCR,000017,REAR,CSQU3054383,9999999999999999999999,22G1,350*F392",
        Seen(17, Place.REAR, NUMBER, (0.99,) * 11, "22G1", 350),
    ),
    (b"$NOR,000018,LEFT,no text found*7E80", Missed(18, Place.LEFT, "no text found")),
    (
        b"$HBT,000019,TOP,3*2CBD",
        Heartbeat(19, Place.TOP, Status.LENS_DIRTY | Status.DARK),
    ),
]


def crc_bit_by_bit(body: bytes) -> int:
    """CRC-16/CCITT-FALSE as its definition has it."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc


def test_the_crc_is_the_one_of_the_document() -> None:
    assert crc_bit_by_bit(b"123456789") == 0x29B1
    for line, _ in LINES:
        body, crc = line[1:].split(b"*")
        assert f"{crc_bit_by_bit(body):04X}".encode() == crc


@pytest.mark.parametrize(("line", "message"), LINES)
def test_the_lines_of_the_document(line: bytes, message) -> None:
    assert parse(line) == message
    assert encode(message) == line + b"\r\n"
    assert list(decoder().feed(line + b"\n")) == [message]


def test_the_commands_of_the_document() -> None:
    assert command("TRG") == b"$TRG*1E6C\r\n"
    assert command("LIT", "1") == b"$LIT,1*F153\r\n"


def line(body: str) -> bytes:
    return f"${body}*{crc_bit_by_bit(body.encode()):04X}".encode()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"$TRG*0000", "CRC is wrong"),
        (b"TRG*1E6C", "another form"),
        (b"$OCR,\xff*0000", "another form"),
        (line("QQQ,1"), "unknown message QQQ"),
        (line("OCR,1,REAR"), "OCR: 2 fields, not 6"),
        (line("OCR,1,REAR,CSQU3054383,99,22G1,350"), "2 digits of confidence for 11 characters"),
        (line("OCR,1,REAR,csqu,,22G1,350"), "on no container"),
        (line("OCR,x,REAR,CSQU,,22G1,350"), "a field is not a number"),
        (line("HBT,1,UNDER,0"), "UNDER"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, why: str) -> None:
    item = parse(raw)
    assert isinstance(item, Rubbish)
    assert why in item.detail


# Decoding under stress -------------------------------------------------------------------------

TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=11)
MESSAGES = st.one_of(
    st.builds(
        lambda n, place, text, sure: Seen(n, place, text, (sure,) * len(text), "22G1", 350),
        st.integers(0, 999_999), st.sampled_from(Place), TEXT,
        st.integers(0, 99).map(lambda v: v / 100),
    ),
    st.builds(Heartbeat, st.integers(0, 999_999), st.sampled_from(Place),
              st.integers(0, 7).map(Status)),
    st.builds(Missed, st.integers(0, 999_999), st.sampled_from(Place), st.just("no text found")),
    st.builds(Answer, st.sampled_from(["TRG", "LIT"]), st.sampled_from(["", "lamp failed"])),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(MESSAGES), st.integers(1, 40))
def test_any_chunking(messages: list, size: int) -> None:
    stream = b"".join(map(encode, messages))
    cutter = decoder()
    got = [x for i in range(0, len(stream), size) for x in cutter.feed(stream[i : i + size])]
    assert got == messages


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40), MESSAGES)), st.integers(1, 40))
def test_a_bad_line_costs_no_other(talk: list, size: int) -> None:
    noise = [b"#" + n.translate(None, b"\r\n") for n, _ in talk]
    stream = b"".join(n + b"\n" + encode(m) for n, (_, m) in zip(noise, talk, strict=True))
    cutter = decoder()
    got = [x for i in range(0, len(stream), size) for x in cutter.feed(stream[i : i + size])]
    assert [x for x in got if not isinstance(x, Rubbish)] == [m for _, m in talk]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=500), st.integers(1, 60))
def test_rubbish_never_breaks_it(noise: bytes, size: int) -> None:
    cutter = decoder()
    for i in range(0, len(noise), size):
        list(cutter.feed(noise[i : i + size]))
    assert list(cutter.feed(b"\n" + LINES[0][0] + b"\r\n"))[-1] == LINES[0][1]


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.data())
def test_no_single_bit_goes_unnoticed(message, data) -> None:
    raw = bytearray(encode(message).rstrip())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    got = [x for x in decoder().feed(bytes(raw) + b"\n") if not isinstance(x, Rubbish)]
    assert got == []


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, **settings) -> None:
        self.device = FakeContainerCamera(**settings)
        self.time = SimulatedTime(self.device)
        self.camera = ContainerCamera(
            Cable(self.device, self.time.advance), Patience(0.2, 2), self.time
        )

    def passes(self, number: str = NUMBER) -> Seen | Missed | None:
        self.device.container_passes(number)
        return self.camera.poll(2.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_container_is_read(bench: Bench) -> None:
    seen = bench.passes()
    assert (seen.text, seen.place, seen.size_type) == (NUMBER, Place.REAR, "22G1")
    assert min(seen.confidences) > 0.9
    assert bench.camera.poll(0.5) is None
    assert bench.time() >= READS_IN


def test_a_look_now(bench: Bench) -> None:
    bench.camera.trigger()
    assert bench.camera.poll(1.0) == Missed(1, Place.REAR, "nothing in view")
    bench.passes()
    bench.camera.trigger()
    assert bench.camera.poll(1.0).text == NUMBER


def test_heartbeats_keep_it_alive(bench: Bench) -> None:
    bench.device.faults.dirty = True
    assert bench.camera.status is None
    assert bench.camera.poll(HEARTBEAT + 0.1) is None
    assert bench.camera.status is Status.LENS_DIRTY
    bench.device.faults.no_heartbeat = True
    bench.camera.poll(3 * HEARTBEAT)
    assert bench.camera.silent_for > 2 * HEARTBEAT


def test_the_light(bench: Bench) -> None:
    bench.camera.light(on=False)
    assert not bench.device.lit
    bench.device.faults.dark = True
    with pytest.raises(Refused, match="lamp failed"):
        bench.camera.light(on=True)


def test_what_is_said_during_a_command_is_not_lost(bench: Bench) -> None:
    bench.device.container_passes(NUMBER)
    bench.device.tick(1.0)
    bench.camera.light(on=True)
    assert bench.camera.poll(0.1).text == NUMBER


@pytest.mark.parametrize(("fault", "right", "wrong"), [("dirty", 0.9, 0.03), ("dark", 0.5, 0.1)])
def test_a_camera_that_misreads(fault: str, right: float, wrong: float) -> None:
    outcomes = []
    for seed in range(60):
        bench = Bench(seed=seed)
        setattr(bench.device.faults, fault, True)
        seen = bench.passes()
        outcomes.append(read(seen.text, seen.confidences))
    taken = [str(o.number) for o in outcomes if o.number is not None]
    assert taken.count(NUMBER) >= right * len(outcomes)
    assert len(taken) - taken.count(NUMBER) <= wrong * len(outcomes)
    assert all(
        o.repairs for o in outcomes if o.number is not None and o.outcome is Outcome.REPAIRED
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_misread_character_is_repaired_or_refused(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.device.faults.misread = 1
    seen = bench.passes()
    assert seen.text != NUMBER
    found = read(seen.text, seen.confidences)
    assert found.outcome in (Outcome.REPAIRED, Outcome.AMBIGUOUS)
    assert str(found.number) == NUMBER or NUMBER in found.candidates


@pytest.mark.parametrize("seed", range(8))
def test_a_misread_that_the_camera_is_sure_of_is_never_read_as_it_stands(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.device.faults.sure_misread = 1
    seen = bench.passes()
    assert read(seen.text, seen.confidences).outcome is not Outcome.READ


def test_firmware_without_confidences(bench: Bench) -> None:
    bench.device.faults.no_confidence = True
    assert bench.passes() == Seen(1, Place.REAR, NUMBER, (), "22G1", 350)


def test_twice_and_missed(bench: Bench) -> None:
    bench.device.faults.twice = 1
    assert bench.passes() == bench.camera.poll(0.1)
    bench.device.faults.missed = 1
    assert bench.passes().reason == "no text found"


@pytest.mark.parametrize("fault", ["garble", "truncate", "wrong_crc"])
def test_a_bad_line_is_garbled_and_the_next_is_read(bench: Bench, fault: str) -> None:
    setattr(bench.device.faults, fault, 1)
    with pytest.raises(Garbled, match="container camera"):
        bench.passes()
    bench.time.advance(1)
    assert bench.passes().text == NUMBER


@pytest.mark.parametrize("fault", ["mute", "garble", "truncate", "noise"])
def test_a_command_is_asked_again(bench: Bench, fault: str) -> None:
    setattr(bench.device.faults, fault, 1)
    bench.camera.light(on=False)
    assert not bench.device.lit


def test_silence_is_named(bench: Bench) -> None:
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="silent after 2 × TRG"):
        bench.camera.trigger()


def test_an_unknown_command_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="unknown command"):
        bench.camera._ask("XYZ")


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        ContainerCamera(Gone()).poll(1)
