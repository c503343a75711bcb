"""The PN532's frames, its driver and its simulator, in simulated time."""

import json
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.chip_reader.chip_reader import open_reader
from drivers.chip_reader.pn532.codec import (
    FROM_PN532,
    LONGEST,
    TO_PN532,
    WAKE_UP,
    Ack,
    Decoder,
    Message,
    Nack,
    SyntaxFault,
    encode,
)
from drivers.chip_reader.pn532.commands import TYPE_A, TYPE_B, atr, first_target
from drivers.chip_reader.pn532.port import address_of, open_pn532
from drivers.chip_reader.pn532.reader import Pn532Reader, Timing
from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.rubbish import Rubbish
from simulators.cable import Cable, SimulatedTime
from simulators.pn532.card import Card
from simulators.pn532.device import FakePn532

GOLDEN = Path(__file__).parents[2].parent / "shared/data/serial/pn532/frames_literal.jsonl"


def h(text: str) -> bytes:
    return bytes.fromhex(text)


# Frames as printed elsewhere: nfcpy's tests and HSU start-up, a node-pn532 log, NXP's forum.
PRINTED = [
    ("00 00 ff 00 ff 00", Ack()),
    ("00 00 ff ff 00 00", Nack()),
    ("00 00 ff 01 ff 7f 81 00", SyntaxFault()),
    ("00 00 ff 02 fe d4 02 2a 00", Message(TO_PN532, 0x02)),
    ("00 00 ff 05 fb d4 14 01 00 01 16 00", Message(TO_PN532, 0x14, h("01 00 01"))),
    ("00 00 ff 02 fe d5 15 16 00", Message(FROM_PN532, 0x15)),
    ("00 00 ff 02 fe d5 11 1a 00", Message(FROM_PN532, 0x11)),
    ("00 00 ff 04 fc d4 4a 01 00 e1 00", Message(TO_PN532, 0x4A, h("01 00"))),
    ("00 00 ff 05 fb d4 00 31 32 33 96 00", Message(TO_PN532, 0x00, b"123")),
]
FRAMES = st.one_of(
    st.just(Ack()),
    st.just(Nack()),
    st.just(SyntaxFault()),
    st.builds(
        Message,
        st.sampled_from([TO_PN532, FROM_PN532]),
        st.integers(0, 255),
        st.binary(max_size=LONGEST - 2),
    ),
)


def feed(stream: bytes, size: int = 1000) -> list:
    decoder = Decoder()
    return [x for i in range(0, len(stream), size) for x in decoder.feed(stream[i : i + size])]


# Golden bytes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("printed", "frame"), PRINTED)
def test_printed_frames(printed: str, frame) -> None:
    assert encode(frame) == h(printed)
    assert feed(h(printed), 1) == [frame]


@pytest.mark.skipif(not GOLDEN.exists(), reason=f"no shared material at {GOLDEN}")
def test_shared_literal_frames() -> None:
    kinds = {"ack": Ack, "nak": Nack, "error": SyntaxFault, "command": Message, "response": Message}
    rows = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    assert len(rows) == 5
    for row in rows:
        (frame,) = feed(h(row["frame_hex"]))
        assert type(frame) is kinds[row["kind"]]
        assert encode(frame) == h(row["frame_hex"])


def test_an_extended_frame_is_as_the_manual_lays_it_out() -> None:
    data = bytes(258)  # with TFI and code 260 = 0x0104: LCS = 0x100 - 0x05
    raw = encode(Message(TO_PN532, 0x40, data))
    assert raw[:10] == h("00 00 ff ff ff 01 04 fb d4 40")
    assert raw[-2:] == h("ec 00")  # 0xD4 + 0x40 + 0xEC = 0x200
    assert feed(raw, 7) == [Message(TO_PN532, 0x40, data)]
    with pytest.raises(ValueError, match="265"):
        encode(Message(TO_PN532, 0x40, bytes(264)))


def test_the_wake_up_preamble_is_no_frame() -> None:
    assert feed(WAKE_UP + encode(Ack()), 1) == [Ack()]


# ATS and ATQB become an answer to reset (PC/SC part 3) ------------------------------------------


def test_an_ats_becomes_an_answer_to_reset() -> None:
    # A DESFire EV1 as nfc-list and pcsc_scan show it: ATS 06 75 77 81 02 80, ATR 3B 81 80 01 80 80.
    found = h("01 01 0344 20 07 04101112131415 06 75 77 81 02 80")
    target = first_target(found, TYPE_A)
    assert target
    assert target.atr == h("3b 81 80 01 80 80")


def test_a_type_b_card_gives_application_data_protocol_and_mbli() -> None:
    found = h("01 01 50 11223344 a1a2a3a4 33 81 91 01 10")
    target = first_target(found, TYPE_B)
    assert target
    body = h("88 80 01 a1a2a3a4 338191 10")
    assert target.atr == h("3b") + body + bytes([reduce(xor, body)])


def test_no_target_and_one_that_is_no_document() -> None:
    assert first_target(h("00"), TYPE_A) is None
    assert first_target(h("01 01 0004 08 04 11223344"), TYPE_A) is None  # MIFARE Classic: no ATS


@given(st.binary(max_size=40), st.sampled_from([TYPE_A, TYPE_B]))
def test_a_wrong_description_is_garbled_and_nothing_else(found: bytes, kind: bytes) -> None:
    try:
        target = first_target(found, kind)
    except Garbled:
        return
    assert target is None or target.atr[0] == 0x3B


def test_too_many_historical_bytes() -> None:
    with pytest.raises(Garbled, match="16 historical"):
        atr(bytes(16))


# Decoding under stress -------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(FRAMES, max_size=6), st.integers(1, 40))
def test_any_chunking(frames: list, size: int) -> None:
    assert feed(b"".join(map(encode, frames)), size) == frames


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(FRAMES, st.binary(max_size=12)), max_size=5), st.integers(1, 40))
def test_nothing_is_lost_between_noise(talk: list, size: int) -> None:
    stream = b"".join(noise.replace(b"\xff", b"") + encode(frame) for frame, noise in talk)
    assert [x for x in feed(stream, size) if not isinstance(x, Rubbish)] == [f for f, _ in talk]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 40))
def test_rubbish_never_breaks_it_and_a_frame_still_passes(noise: bytes, size: int) -> None:
    decoder = Decoder()
    for i in range(0, len(noise), size):
        list(decoder.feed(noise[i : i + size]))
    for _ in range(400):
        if not decoder.half:
            break
        list(decoder.give_up())
    assert not decoder.half
    good = Message(FROM_PN532, 0x41, b"\x00\x90\x00")
    assert [x for x in decoder.feed(encode(good)) if not isinstance(x, Rubbish)] == [good]


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=263), st.data())
def test_one_wrong_bit_never_passes_for_another_message(data: bytes, draw) -> None:
    raw = bytearray(encode(Message(FROM_PN532, 0x41, data)))
    place = draw.draw(st.integers(1, len(raw) - 2))
    raw[place] ^= 1 << draw.draw(st.integers(0, 7))
    decoder = Decoder()
    items = list(decoder.feed(bytes(raw)))
    while decoder.half:
        items += decoder.give_up()
    whole = len(data) + 2
    assert not any(isinstance(x, Message) and len(x.data) + 2 == whole for x in items)


# Driver and simulator --------------------------------------------------------------------------


class Echo:
    """A chip that says what it heard, ``stretch`` times, and 9000."""

    atr = h("3b 85 80 01 8073842180 d2")

    def __init__(self, stretch: int = 1) -> None:
        self.stretch, self.heard, self.resets = stretch, [], 0
        self.silent = False

    def reset(self) -> None:
        self.resets += 1

    def process(self, raw: bytes) -> bytes | None:
        self.heard.append(raw)
        return None if self.silent else raw * self.stretch + b"\x90\x00"


class Bench:
    def __init__(self, kind: str = "A", stretch: int = 1) -> None:
        self.device = FakePn532()
        self.time = SimulatedTime(self.device)
        self.chip = Echo(stretch)
        self.card = Card(self.chip, kind)
        self.device.place(self.card)
        link = Cable(self.device, self.time.advance)
        self.reader = Pn532Reader(link, timing=Timing(2.0, 1.0), clock=self.time)


@pytest.mark.parametrize("kind", ["A", "B"])
def test_power_on_transmit_close(kind: str) -> None:
    bench = Bench(kind)
    said = bench.reader.power_on()
    assert said[:1] == b"\x3b"
    if kind == "A":
        assert said[:-1] == Echo.atr[:-1]
    assert bench.reader.transmit(b"abc") == b"abc\x90\x00"
    before = bench.chip.resets
    bench.reader.close()
    bench.reader.close()
    assert bench.chip.resets > before  # its power is gone


@pytest.mark.parametrize("size", [1, 261, 262, 263, 264, 524, 525, 4096])
@pytest.mark.parametrize("stretch", [0, 1, 4])
def test_long_commands_and_responses_are_chained(size: int, stretch: int) -> None:
    bench = Bench(stretch=stretch)
    bench.reader.power_on()
    apdu = bytes(i % 251 for i in range(size))
    assert bench.reader.transmit(apdu) == apdu * stretch + b"\x90\x00"
    assert bench.chip.heard == [apdu]
    pieces = -(-size // 262) - 1 + -(-(size * stretch + 2) // 262)
    assert bench.device.exchanges == pieces


@pytest.mark.parametrize("fault", ["garble", "truncate", "noise", "no_ack", "nack"])
@pytest.mark.parametrize("count", [1, 2])
def test_faults_of_the_line_that_it_lives_with(fault: str, count: int) -> None:
    bench = Bench()
    bench.reader.power_on()
    for n in range(10):
        setattr(bench.device.faults, fault, count)
        bench.device.faults.seed = 1000 * n
        apdu = bytes([n]) * 40
        assert bench.reader.transmit(apdu) == apdu + b"\x90\x00"
    assert len(bench.chip.heard) == 10  # and none was carried out twice


def test_a_response_that_stays_spoilt_is_garbled_and_power_on_helps() -> None:
    bench = Bench()
    bench.reader.power_on()
    bench.device.faults.garble = 20
    with pytest.raises(NoAnswer):
        bench.reader.transmit(b"abc")
    bench.device.faults.garble = 0
    with pytest.raises(NoAnswer, match="powered on"):
        bench.reader.transmit(b"abc")
    bench.reader.power_on()
    assert bench.reader.transmit(b"abcd") == b"abcd\x90\x00"


def test_a_mute_reader_is_no_answer_and_the_command_is_not_carried_out_twice() -> None:
    bench = Bench()
    bench.reader.power_on()
    bench.device.faults.mute = 1
    with pytest.raises(NoAnswer, match="IN_DATA_EXCHANGE"):
        bench.reader.transmit(b"abc")
    assert bench.chip.heard == [b"abc"]
    assert bench.time() < 2.5


def test_a_slow_chip_is_waited_for_and_one_too_slow_is_not_mixed_up() -> None:
    bench = Bench()
    bench.reader.power_on()
    bench.device.faults.slow = 1.5
    assert bench.reader.transmit(b"abc") == b"abc\x90\x00"
    bench.device.faults.slow = 2.5
    with pytest.raises(NoAnswer):
        bench.reader.transmit(b"late")
    bench.device.faults.slow = 0
    bench.reader.power_on()
    assert bench.reader.transmit(b"next") == b"next\x90\x00"


def test_a_card_that_is_lifted_is_lost_even_in_the_middle_of_a_response() -> None:
    bench = Bench(stretch=100)
    bench.reader.power_on()
    bench.device.faults.lift_after = 3
    with pytest.raises(LinkLost, match="went away"):
        bench.reader.transmit(b"abcdefghij")
    with pytest.raises(NoAnswer, match="no chip on the glass"):
        bench.reader.power_on()
    bench.device.place(Card(Echo()))
    assert bench.reader.power_on()[:-1] == Echo.atr[:-1]
    bench.device.remove()
    with pytest.raises(LinkLost):
        bench.reader.transmit(b"abc")


def test_a_chip_that_says_nothing_but_is_there_is_no_answer() -> None:
    bench = Bench()
    bench.reader.power_on()
    bench.chip.silent = True
    with pytest.raises(NoAnswer, match="still there"):
        bench.reader.transmit(b"abc")


def test_an_error_in_the_air_is_garbled() -> None:
    bench = Bench()
    bench.reader.power_on()
    bench.device.faults.air = 1
    with pytest.raises(Garbled, match="CRC error in the air"):
        bench.reader.transmit(b"abc")


def test_an_empty_glass_and_a_card_that_comes_late() -> None:
    bench = Bench()
    bench.device.remove()
    with pytest.raises(NoAnswer, match="no chip on the glass"):
        bench.reader.power_on()


def test_a_command_it_does_not_know_is_refused() -> None:
    bench = Bench()
    bench.device.faults.refuse = 1
    with pytest.raises(Refused, match="SAM_CONFIGURATION"):
        bench.reader.power_on()


def test_a_dead_reader_is_no_answer_soon() -> None:
    bench = Bench()
    bench.device.faults.dead = True
    with pytest.raises(NoAnswer, match="did not acknowledge"):
        bench.reader.power_on()
    assert bench.time() < 1.5
    bench.reader.close()


def test_it_sleeps_until_it_is_woken() -> None:
    device = FakePn532()
    question = encode(Message(TO_PN532, 0x02))
    assert device.receive(question) == b""
    answer = encode(Ack()) + h("00 00 ff 06 fa d5 03 32 01 06 07 e8 00")
    assert device.receive(WAKE_UP + question) == answer


# Baud rates ------------------------------------------------------------------------------------


class Port(Cable):
    """A serial port at one baud rate: at another one than the device's, all is rubbish."""

    def __init__(self, device: FakePn532, time: SimulatedTime, baudrate: int) -> None:
        super().__init__(device, time.advance)
        self._fake, self._baudrate = device, baudrate

    def write(self, data: bytes) -> None:
        matches = self._fake.baudrate == self._baudrate
        super().write(data if matches else bytes(b | 0xAA for b in data))


def opened(device: FakePn532, url: str) -> Pn532Reader:
    time = SimulatedTime(device)
    return open_pn532(
        url,
        Timing(2.0, 1.0),
        clock=time,
        connect=lambda _, rate: Port(device, time, rate),
        pause=time.advance,
    )


def test_the_baud_rate_is_raised_and_set_back() -> None:
    device = FakePn532()
    device.place(Card(Echo()))
    reader = opened(device, "pn532:/dev/ttyUSB0?baud=921600")
    assert device.baudrate == 921_600
    reader.power_on()
    assert reader.transmit(b"abc") == b"abc\x90\x00"
    reader.close()
    assert device.baudrate == 115_200


def test_a_reader_left_at_a_high_rate_is_found_again() -> None:
    device = FakePn532()
    opened(device, "pn532:/dev/ttyUSB0?baud=460800").hang_up()  # as when the host dies
    assert device.baudrate == 460_800
    reader = opened(device, "pn532:/dev/ttyUSB0?baud=460800")
    reader.close()
    assert device.baudrate == 115_200


def test_nothing_there_at_any_rate() -> None:
    device = FakePn532()
    device.faults.dead = True
    with pytest.raises(NoAnswer):
        opened(device, "pn532:/dev/ttyUSB0?baud=460800")


@pytest.mark.parametrize(
    "url", ["pn532:", "pn532:/dev/x?baud=1", "pn532:/dev/x?speed=1", "pn532:/dev/x?baud=-5"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(LinkLost, match="no address"):
        address_of(url)


def test_addresses() -> None:
    assert address_of("pn532:/dev/ttyUSB0") == ("/dev/ttyUSB0", 115_200)
    assert address_of("pn532:socket://10.0.0.1:4001?baud=230400") == (
        "socket://10.0.0.1:4001",
        230_400,
    )
    with pytest.raises(LinkLost, match="cannot open"):
        open_reader("pn532:/dev/no-such-port")
