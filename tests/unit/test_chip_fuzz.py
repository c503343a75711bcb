"""A hostile chip: whatever it says, a clear error or a true reading, in bounded time and space."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import NoAnswer
from edge.documents.chip import buffers, session
from edge.documents.chip.errors import ChipError, Endless
from edge.documents.chip.reader import read_chip
from edge.documents.chip.session import MOST
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.serve import InProcess
from tests.fuzz.fuzz_apdu import one
from tests.unit.chip_world import KEY_INPUT, issued, read

PROTOCOLS = (
    "BAC+CA-ECDH-3DES@12+AA-ECDSA",
    "PACE-ECDH-GM-AES128@12+CA-ECDH-AES128@12",
    "PACE-ECDH-CAM-AES128@12+TA",
    "PACE-ECDH-IM-AES256@12",
)
UNPROTECTED = ("CardAccess",)


class Bent(InProcess):
    """A reader on whose chip one answer is not what the chip said."""

    def __init__(self, chip: Chip, at: int, bend) -> None:
        super().__init__(chip)
        self._left, self._bend = at, bend

    def transmit(self, apdu: bytes) -> bytes:
        answer = super().transmit(apdu)
        self._left -= 1
        return self._bend(answer) if self._left == -1 else answer


def flip(where: int, how: int):
    def bend(answer: bytes) -> bytes:
        at = where % len(answer)
        return answer[:at] + bytes([answer[at] ^ how]) + answer[at + 1 :]

    return bend


BENDS = st.one_of(
    st.builds(flip, st.integers(0, 4000), st.integers(1, 255)),
    st.integers(0, 40).map(lambda n: lambda answer: answer[:n]),
    st.binary(max_size=60).map(lambda noise: lambda _: noise),
    st.sampled_from([0x9000, 0x6282, 0x6300, 0x6700, 0x6988, 0x6C01, 0x6CFF, 0x6A82]).map(
        lambda status: lambda _: status.to_bytes(2, "big")
    ),
    st.just(lambda answer: answer + answer),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PROTOCOLS), st.integers(0, 30), BENDS)
def test_one_bent_answer_never_gives_a_false_file(protocol: str, at: int, bend) -> None:
    held = issued(protocol)
    reader = Bent(Chip(held.files, keys=held.keys), at, bend)
    reader.power_on()
    try:
        found = read_chip(
            reader, KEY_INPUT, secrets.token_bytes, read_size=4000, terminal=held.terminal
        )
    except ChipError as error:
        assert str(error)  # noqa: PT017 both ends are right
        return
    for name, raw in found.files.items():
        assert raw == held.files[name] or name in UNPROTECTED or not raw


class Noise:
    """A chip that says what it is told to say, then refuses."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = list(reversed(answers))

    def transmit(self, apdu: bytes) -> bytes:
        if not self._answers:
            return b"\x6f\x00"
        answer = self._answers.pop()
        if not answer:
            raise NoAnswer("silence")
        return answer


WELL_FORMED = st.sampled_from(
    [
        bytes.fromhex("31143012060A04007F0007020204020202010202010D9000"),
        bytes.fromhex("7C128010") + bytes(16) + b"\x90\x00",
        bytes.fromhex("7C0082009000"),
        bytes.fromhex("7C00") + b"\x90\x00",
        bytes.fromhex("8000000000000000") + b"\x90\x00",
        bytes.fromhex("990290008E080000000000000000") + b"\x90\x00",
        b"\x90\x00",
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(WELL_FORMED | st.binary(max_size=60), max_size=25), st.booleans())
def test_a_chip_that_makes_it_all_up_is_a_named_error(answers: list[bytes], bac: bool) -> None:
    with pytest.raises(ChipError) as error:
        read_chip(Noise(answers), KEY_INPUT, secrets.token_bytes, bac_after_pace=bac)
    assert str(error.value)


def test_a_chip_that_gives_a_byte_at_a_time_for_ever_is_ended(monkeypatch) -> None:
    monkeypatch.setattr(session, "MOST", 1500)
    assert MOST > 100_000 / 32
    held = issued("BAC")
    endless = {**held.files, "DG2": b"\x75\x82\xff\xff" + bytes(0xFFFF)}
    with pytest.raises(Endless, match="not done after 1500 commands"):
        read(replace(held, files=endless), ChipFaults(short=1, no_extended=True))


def test_a_file_that_says_it_is_huge_is_not_asked_for() -> None:
    held = issued("BAC")
    huge = b"\x75\x84\x7f\xff\xff\xff" + bytes(99)
    found = read(replace(held, files={**held.files, "DG2": huge}))
    assert "none has over 262144" in found.skipped["DG2"]


@settings(max_examples=80)
@given(st.binary(max_size=60))
def test_any_declaration_of_buffers_gives_a_size(raw: bytes) -> None:
    assert 0 < buffers.read_size(raw, 231) <= 0x7FFF


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("7F660802020FFF02020FFF", 4063),  # 4095 bytes of response hold 4063 of data
        ("43018046020000" "7F6608020201080202010B", 239),
        ("7F66080202FFFF0202FFFF", 32767),
        ("7F660402020FFF", 999),
        ("", 999),
    ],
)  # fmt: skip
def test_the_buffers_that_a_chip_declares(raw: str, size: int) -> None:
    assert buffers.read_size(bytes.fromhex(raw), 999) == size


def test_a_chip_is_asked_for_no_more_than_it_declared() -> None:
    held = issued("BAC")
    small = replace(held, files={**held.files, "ATR_INFO": buffers.declared(300, 600)})
    asked: list[int] = []

    class Watched(Chip):
        def _opened(self, command):
            if command.ins == 0xB0:
                asked.append(command.le)
            return super()._opened(command)

    reader = InProcess(Watched(small.files, keys=small.keys))
    reader.power_on()
    found = read_chip(reader, KEY_INPUT, secrets.token_bytes, read_size=16_384)
    assert found.files["DG2"] == held.files["DG2"]
    assert max(asked) == 559


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_the_fuzzer_s_targets_take_anything(data: bytes) -> None:
    one(data)
