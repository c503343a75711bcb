"""Reading a whole simulated chip in one process, with every fault of its menu."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import lds, tlv
from edge.documents.chip.apdu import Command, Response
from edge.documents.chip.atr import extended_length
from edge.documents.chip.errors import AccessDenied, ChipError, ChipLost, ChipRefused, MessageForged
from edge.documents.chip.reader import EXTENDED_READ_SIZE, Reading, read_chip
from edge.documents.folder import load
from simulators.chip.device import Chip
from simulators.chip.faults import USUAL, ChipFaults
from simulators.chip.serve import InProcess
from simulators.faults import inject, menu

LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
KEY_INPUT = "L898902C3674081221204159"
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")


def made_up(portrait: int = 9_000) -> dict[str, bytes]:
    """Files of the right form: a chip needs no signature to be read."""
    zone = tlv.encode(0x61, tlv.encode(0x5F1F, "".join(LINES).encode()))
    return {
        "COM": bytes.fromhex("60165F0104303130375F36063034303030305C046175636E"),
        "SOD": tlv.encode(0x77, bytes(1_500)),
        "DG1": zone,
        "DG2": tlv.encode(0x75, bytes(n % 251 for n in range(portrait))),
        "DG3": tlv.encode(0x63, b"fingerprint"),
        "DG14": tlv.encode(0x6E, bytes(300)),
        "DG15": tlv.encode(0x6F, bytes(160)),
    }


FILES = made_up()


def read(chip: Chip, size: int = 231, key_input: str = KEY_INPUT) -> Reading:
    reader = InProcess(chip)
    reader.power_on()
    return read_chip(reader, key_input, lambda count: bytes(range(count)), read_size=size)


def test_every_file_comes_as_it_lies_there() -> None:
    found = read(Chip(FILES))
    assert found.files == {k: v for k, v in FILES.items() if k != "DG3"}
    assert found.skipped == {"DG3": "opened by terminal authentication only"}
    # 2 to see that there is no PACE, 3 to open, then the files by 231, and one challenge refused.
    assert found.apdus == 2 + 3 + sum(-(-len(FILES[f]) // 231) for f in found.files)


def test_extended_lengths_take_few_round_trips() -> None:
    chip = Chip(FILES)
    assert extended_length(chip.atr)
    assert read(chip, EXTENDED_READ_SIZE).apdus == 1 + 2 + 3 + 6


def test_a_chip_without_extended_lengths_is_read_all_the_same() -> None:
    chip = Chip(FILES, faults=ChipFaults(no_extended=True))
    assert not extended_length(chip.atr)
    assert read(chip, EXTENDED_READ_SIZE).files["DG2"] == FILES["DG2"]


def test_a_file_beyond_32_kib_is_read_by_the_odd_instruction() -> None:
    files = made_up(portrait=70_000)
    assert read(Chip(files)).files["DG2"] == files["DG2"]
    assert read(Chip(files), EXTENDED_READ_SIZE).files["DG2"] == files["DG2"]


def test_a_key_that_nobody_lists_is_read() -> None:
    assert 15 not in lds.com(FILES["COM"]).data_groups
    assert read(Chip(FILES)).files["DG15"] == FILES["DG15"]


@pytest.mark.parametrize(
    "faults",
    [
        {"short": 100},
        {"short": 1},
        {"refuse_long": 128},
        {"refuse_long": 100},
        {"no_short_ids": True},
        {"short": 160, "no_short_ids": True},
    ],
)
def test_manners_that_cost_round_trips_only(faults: dict) -> None:
    small = made_up(portrait=400)
    assert read(Chip(small, faults=ChipFaults(**faults))).files["DG2"] == small["DG2"]


def test_the_smaller_size_is_remembered() -> None:
    refusing = read(Chip(FILES, faults=ChipFaults(refuse_long=128)))
    # Three sizes are tried in vain, once; everything after goes by 128.
    assert refusing.habits[-1] == "gives no more than 128 bytes at once"
    expected = 2 + 3 + 6 + sum(-(-len(FILES[f]) // 128) for f in refusing.files)
    assert expected - 2 <= refusing.apdus <= expected


def test_a_chip_that_goes_away_says_where() -> None:
    with pytest.raises(ChipLost, match=r"EF\.DG2, offset 2\d{3}: ") as lost:
        read(Chip(FILES, faults=ChipFaults(torn=3000)))
    assert (lost.value.doing, lost.value.offset) == ("EF.DG2", 2772)


def test_silence_is_a_lost_chip() -> None:
    with pytest.raises(ChipLost, match=r"EF\.CardAccess"):
        read(Chip(FILES, faults=ChipFaults(mute=1)))


def test_a_wrong_checksum_is_never_read() -> None:
    with pytest.raises(MessageForged, match="checksum"):
        read(Chip(FILES, faults=ChipFaults(garble=1)))


def test_a_wrong_status_costs_a_file_or_nothing() -> None:
    assert read(Chip(FILES, faults=ChipFaults(wrong_status=1))).files["DG1"] == FILES["DG1"]


def test_another_zone_does_not_open_it() -> None:
    with pytest.raises(AccessDenied, match="6300"):
        read(Chip(FILES), key_input="L898902C3674081221204158")
    with pytest.raises(AccessDenied, match="no key"):
        read(Chip(FILES), key_input="")


def test_a_clone_gives_another_portrait() -> None:
    found = read(Chip(FILES, faults=ChipFaults(clone=True)))
    assert found.files["DG2"] != FILES["DG2"]
    assert found.files["DG1"] == FILES["DG1"]


def test_a_missing_file_is_named_and_the_others_come() -> None:
    files = {k: v for k, v in FILES.items() if k != "DG2"}
    found = read(Chip(files))
    assert found.skipped["DG2"] == "EF.DG2: the chip answered 6A82 (file not found)"
    assert found.files["DG1"] == FILES["DG1"]


@pytest.mark.parametrize("torn", ["6105AA", "61847FFFFFFF00", "7F"])
def test_a_file_that_is_none_is_named(torn: str) -> None:
    found = read(Chip({**FILES, "DG2": bytes.fromhex(torn)}))
    assert found.skipped["DG2"].startswith("EF.DG2, offset")


def test_without_the_application_there_is_nothing() -> None:
    class NoPassport:
        def transmit(self, apdu: bytes) -> bytes:
            return Response(b"", 0x6A82).encode()

    with pytest.raises(ChipRefused, match="6A82"):
        read_chip(NoPassport(), KEY_INPUT, bytes)


def test_files_are_shut_before_authentication_and_after_a_bare_command() -> None:
    chip = Chip(FILES)
    reader = InProcess(chip)
    assert reader.transmit(Command(0, 0xB0, 0x9E, 0, le=6).encode()) == b"\x69\x82"
    read(chip)
    assert reader.transmit(Command(0, 0xB0, 0x9E, 0, le=6).encode()) == b"\x69\x82"
    assert reader.transmit(Command(0x0C, 0xB0, 0x9E, 0, le=6).encode()) == b"\x69\x82"


def test_the_menu_of_faults_names_them_all() -> None:
    assert set(USUAL) == set(menu(ChipFaults()))
    faults = ChipFaults()
    for name, value in USUAL.items():
        inject(faults, name, value)
    assert dataclasses.asdict(faults) == USUAL


@settings(max_examples=40)
@given(st.binary(max_size=40), st.lists(st.binary(max_size=60), max_size=30))
def test_a_chip_that_talks_noise_is_a_named_error(atr: bytes, answers: list[bytes]) -> None:
    class Noise:
        def transmit(self, apdu: bytes) -> bytes:
            return answers.pop() if answers else b"\x6f\x00"

    extended_length(atr)
    with pytest.raises(ChipError):
        read_chip(Noise(), KEY_INPUT, bytes)


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_the_chip_answers_any_command(raw: bytes) -> None:
    answer = Chip(FILES).process(raw)
    assert answer is not None
    assert len(answer) >= 2


@pytest.mark.parametrize(
    ("atr", "extended"),
    [
        ("3B8580018073842 1C0E2".replace(" ", ""), True),
        ("3B8880010000000000000000 09".replace(" ", ""), False),
        ("3B", False),
        ("", False),
        ("3BFF", False),
    ],
)
def test_what_an_answer_to_reset_says(atr: str, extended: bool) -> None:
    assert extended_length(bytes.fromhex(atr)) is extended


@here
def test_the_reference_passport_in_one_process() -> None:
    files = load(DATA / "bsi_tr03105_ref")
    found = read(Chip(files), key_input=lds.dg1(files["DG1"]).key_input)
    assert found.files == {k: v for k, v in files.items() if k not in ("DG3", "DG4")}
    assert set(found.skipped) == {"DG3", "DG4"}
