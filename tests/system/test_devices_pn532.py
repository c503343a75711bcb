"""A passport on a PN532, over a real port, by address only."""

import secrets
import time

import pytest

from drivers.chip_reader.chip_reader import Patience, open_reader
from drivers.errors import LinkLost, NoAnswer
from edge.documents.chip.errors import ChipLost
from edge.documents.chip.reader import read_chip, read_size
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.issuer import DAY, State, passport, utc
from simulators.pn532.card import Card
from simulators.pn532.device import FakePn532
from simulators.serve import on_pty, on_tcp

TODAY = utc(2026, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
ZONE = "L898902C3674081221204159"
IMAGE = b"\xff\xd8\xff\xe0" + bytes(n % 256 for n in range(12_000))
PATIENT = Patience(answer_within=2.0, card_within=1.0)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return passport(LINES, IMAGE, (30, 40), State("UT", TODAY).signer(TODAY - DAY, TODAY + DAY))


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
@pytest.mark.parametrize("kind", ["A", "B"])
@pytest.mark.parametrize("extended", [True, False])
def test_a_whole_passport(serve, kind: str, extended: bool, files: dict[str, bytes]) -> None:
    device = FakePn532()
    chip = Chip(files, faults=ChipFaults(no_extended=not extended))
    device.place(Card(chip, kind))
    with serve(device) as address:
        reader = open_reader(f"pn532:{address}", PATIENT)
        answer_to_reset = reader.power_on()
        size = read_size(answer_to_reset)
        reading = read_chip(reader, ZONE, secrets.token_bytes, read_size=size)
        reader.close()
    assert reading.files == {k: v for k, v in files.items() if k not in ("DG3", "DG4")}
    assert (answer_to_reset == chip.atr) == (kind == "A")  # type B has no historical bytes
    assert size > 10_000 or kind == "B" or not extended


def test_at_a_higher_baud_rate_and_back(files: dict[str, bytes]) -> None:
    device = FakePn532()
    device.place(Card(Chip(files)))
    with on_pty(device) as address:
        reader = open_reader(f"pn532:{address}?baud=921600", PATIENT)
        assert device.baudrate == 921_600
        reader.power_on()
        assert read_chip(reader, ZONE, secrets.token_bytes).files["DG2"] == files["DG2"]
        reader.close()
        until = time.monotonic() + 30
        while device.baudrate != 115_200 and time.monotonic() < until:
            time.sleep(0.005)
    assert device.baudrate == 115_200


def test_a_document_lifted_while_it_is_read_and_laid_down_again(files: dict[str, bytes]) -> None:
    device = FakePn532()
    device.place(Card(Chip(files)))
    with on_pty(device) as address:
        reader = open_reader(f"pn532:{address}", PATIENT)
        reader.power_on()
        device.faults.lift_after = 20
        with pytest.raises(ChipLost, match=r"EF\.DG2") as error:
            read_chip(reader, ZONE, secrets.token_bytes)
        assert isinstance(error.value.__cause__, LinkLost)
        device.place(Card(Chip(files)))
        reader.power_on()
        assert read_chip(reader, ZONE, secrets.token_bytes).files["DG2"] == files["DG2"]
        reader.close()


@pytest.mark.parametrize("fault", ["garble", "truncate", "noise", "no_ack", "nack", "slow"])
def test_a_bad_line(fault: str, files: dict[str, bytes]) -> None:
    device = FakePn532()
    device.place(Card(Chip(files)))
    with on_pty(device) as address:
        reader = open_reader(f"pn532:{address}", PATIENT)
        reader.power_on()
        setattr(device.faults, fault, 0.005 if fault == "slow" else 2)
        reading = read_chip(reader, ZONE, secrets.token_bytes, read_size=4096)
        reader.close()
    assert reading.files["DG2"] == files["DG2"]


def test_nothing_there() -> None:
    device = FakePn532()
    with on_tcp(device) as address:
        reader = open_reader(f"pn532:{address}", Patience(1.0, 0.1))
        with pytest.raises(NoAnswer, match="no chip on the glass"):
            reader.power_on()
        reader.close()
        device.faults.dead = True
        with pytest.raises(NoAnswer, match="did not acknowledge"):
            open_reader(f"pn532:{address}", Patience(1.0, 0.1))
    with pytest.raises(LinkLost):
        open_reader(f"pn532:{address}", PATIENT)
