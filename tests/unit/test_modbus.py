"""Golden frames: the standard's worked CRC, and rows of the Modbus frames in the shared data."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.modbus import ModbusMaster, ModbusRefused
from drivers.patience import Patience
from simulators.cable import Cable
from simulators.faults import LineFaults
from simulators.modbus import DEVICE_BUSY, Denied, RtuServer, crc

GOLDEN = Path(__file__).parents[2].parent / "shared/data/serial/modbus/frames.jsonl"


class Wire:
    """A link that answers each write with what it was given."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.inbox: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        if self.answers and (answer := self.answers.pop(0)):
            self.inbox += [answer[i : i + 1] for i in range(len(answer))]  # one byte at a time

    def read(self, timeout: float) -> bytes:
        return self.inbox.pop(0) if self.inbox else b""

    def close(self) -> None:
        pass


class Controller:
    """Ten input and ten holding registers; register 9 is busy."""

    def __init__(self) -> None:
        self.faults = LineFaults()
        self.held = list(range(10))
        self.server = RtuServer(self, unit=17)

    def inputs(self) -> list[int]:
        return [0x1000 + i for i in range(10)]

    def holdings(self) -> list[int]:
        return self.held

    def write(self, address: int, value: int) -> None:
        if address == 9:
            raise Denied(DEVICE_BUSY)
        self.held[address] = value

    def tick(self, seconds: float) -> None:
        pass

    def receive(self, data: bytes) -> bytes:
        return b"".join(self.faults.spoil(answer) for answer in self.server.feed(data))

    def transmit(self) -> bytes:
        return b""


class Ticks:
    """A clock on which every look takes 10 ms."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def master(link, tries: int = 3) -> ModbusMaster:
    return ModbusMaster(link, 17, Patience(0.1, tries), name="plc", clock=Ticks())


@pytest.fixture
def plc() -> Controller:
    return Controller()


def test_the_crc_of_the_document() -> None:
    assert crc(bytes.fromhex("01030000000A")) == bytes.fromhex("C5CD")


def golden(unit: int) -> dict[str, bytes]:
    if not GOLDEN.exists():
        pytest.skip(f"needs the shared Modbus frames at {GOLDEN}")
    rows = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    return {
        row["kind"]: bytes.fromhex(row["frame_hex"])
        for row in rows
        if row["framing"] == "RTU" and row["dev_id"] == unit
    }


def test_golden_request_and_response() -> None:
    frames = golden(17)
    wire = Wire(frames["Response"])
    assert master(wire).holding_registers(0x7C, 2) == (0x8D, 0x8E)
    assert wire.sent == [frames["Request"]]


def test_golden_exception() -> None:
    with pytest.raises(ModbusRefused, match="ILLEGAL_DATA_ADDRESS") as caught:
        master(Wire(golden(17)["Exception"])).holding_registers(0x7C, 2)
    assert caught.value.code == 2


@pytest.mark.parametrize("unit", [17, 255])
def test_the_server_answers_the_golden_request(unit: int) -> None:
    frames = golden(unit)
    table = Controller()
    table.held = [0] * 0x7C + [0x8D, 0x8E]
    assert list(RtuServer(table, unit).feed(frames["Request"])) == [frames["Response"]]
    table.held = [0]
    assert list(RtuServer(table, unit).feed(frames["Request"])) == [frames["Exception"]]


def test_every_verb(plc: Controller) -> None:
    host = master(Cable(plc))
    assert host.input_registers(2, 3) == (0x1002, 0x1003, 0x1004)
    host.write_register(3, 0xBEEF)
    host.write_registers(4, [1, 2, 3])
    assert host.holding_registers(0, 10) == (0, 1, 2, 0xBEEF, 1, 2, 3, 7, 8, 9)


def test_bits_against_bytes_written_by_hand() -> None:
    def framed(text: str) -> bytes:
        body = bytes.fromhex(text)
        return body + crc(body)

    wire = Wire(framed("11 01 02 CD 01"), framed("11 02 01 05"), framed("11 05 0003 FF00"))
    host = master(wire)
    assert host.coils(0x13, 9) == (True, False, True, True, False, False, True, True, True)
    assert host.discrete_inputs(0, 3) == (True, False, True)
    host.write_coil(3, True)
    assert wire.sent[2] == framed("11 05 0003 FF00")


def test_refusals_are_named_and_asked_once(plc: Controller) -> None:
    host = master(Cable(plc))
    with pytest.raises(ModbusRefused, match=r"plc.*SERVER_DEVICE_BUSY"):
        host.write_register(9, 1)
    with pytest.raises(ModbusRefused, match="ILLEGAL_DATA_ADDRESS"):
        host.input_registers(8, 3)
    with pytest.raises(ModbusRefused, match="ILLEGAL_DATA_VALUE"):
        master(
            Wire(bytes.fromhex("1184037101")[:3] + crc(bytes.fromhex("118403")))
        ).input_registers(0, 1)


def test_silence(plc: Controller) -> None:
    plc.faults.mute = 3
    wire = Wire()
    with pytest.raises(NoAnswer, match="3 tries") as caught:
        master(wire).input_registers(0, 1)
    assert not isinstance(caught.value, Garbled)
    assert len(wire.sent) == 3


@pytest.mark.parametrize("fault", ["mute", "garble", "truncate"])
def test_two_bad_answers_are_asked_again(plc: Controller, fault: str) -> None:
    setattr(plc.faults, fault, 2)
    assert master(Cable(plc, wait=lambda s: None)).input_registers(0, 2) == (0x1000, 0x1001)


def test_rubbish_only_is_garbled(plc: Controller) -> None:
    plc.faults.garble = 3
    with pytest.raises(Garbled, match="line settings"):
        master(Cable(plc, wait=lambda s: None)).input_registers(0, 2)


def test_noise_before_a_frame_costs_nothing(plc: Controller) -> None:
    plc.faults.noise = 50
    host = master(Cable(plc), tries=1)
    for _ in range(50):
        assert host.input_registers(0, 2) == (0x1000, 0x1001)


def test_a_late_answer_is_not_taken_for_the_next_question(plc: Controller) -> None:
    cable = Cable(plc)
    cable._inbox += next(
        plc.server.feed(
            bytes.fromhex("1104") + bytes(3) + b"\x01" + crc(bytes.fromhex("110400000001"))
        )
    )
    assert master(cable).input_registers(5, 1) == (0x1005,)


@pytest.mark.parametrize("reply", ["1103021000", "1104041000 1000", "1104011000"])
def test_an_answer_to_another_question_is_garbled(reply: str) -> None:
    body = bytes.fromhex(reply)
    with pytest.raises(Garbled):
        master(Wire(body + crc(body)), tries=1).input_registers(0, 1)


def test_another_units_answer_is_not_ours() -> None:
    body = bytes.fromhex("120402 1000")
    with pytest.raises(NoAnswer):
        master(Wire(body + crc(body)), tries=1).input_registers(0, 1)


def test_a_lost_link_passes_through() -> None:
    class Lost(Wire):
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost, match="gone"):
        master(Lost()).input_registers(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_no_answer_whatever_it_is_breaks_the_master(answer: bytes) -> None:
    with pytest.raises((NoAnswer, Refused)):
        master(Wire(answer, answer), tries=2).write_register(3, 0x1234)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=12)), st.integers(1, 9))
def test_the_server_finds_requests_in_any_stream(noise: list[bytes], size: int) -> None:
    request = bytes.fromhex("110400000001")
    request += crc(request)
    quiet = [bytes(b for b in piece if b != 17) for piece in noise]
    stream = b"".join(piece + request for piece in quiet)
    server = RtuServer(Controller(), 17)
    got = [a for i in range(0, len(stream), size) for a in server.feed(stream[i : i + size])]
    assert len(got) == len(noise)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_the_server_survives_anything(stream: bytes, size: int) -> None:
    server = RtuServer(Controller(), 17)
    for i in range(0, len(stream), size):
        list(server.feed(stream[i : i + size]))
    request = bytes.fromhex("110400000001")
    request += crc(request)
    # A request swallowed by a false start is asked again: at most a longest frame is lost.
    assert any(list(server.feed(request)) for _ in range(40))


def test_a_write_of_many_registers_must_be_consistent() -> None:
    for text in ("1110000000020400010002", "11100000000103000100", "1110000800030600010001 0001"):
        body = bytes.fromhex(text)
        (answer,) = RtuServer(Controller(), 17).feed(body + crc(body))
        assert answer[1] in (0x10, 0x90)
