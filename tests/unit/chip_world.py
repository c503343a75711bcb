"""Chips for the tests of this folder: made once each, as keys take a while."""

from __future__ import annotations

import secrets
from datetime import date
from functools import cache

from edge.documents.chip.reader import Reading, read_chip, read_size
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.issue import Issued, issue
from simulators.chip.issuer import DAY, Signer, State, utc
from simulators.chip.personalisation import ef_dg1, ef_dg2, ef_dg3
from simulators.chip.profile import parse
from simulators.chip.serve import InProcess

TODAY = utc(2026, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
KEY_INPUT = "L898902C3674081221204159"
CAN = "123456"
GROUPS = {
    "DG1": ef_dg1(LINES),
    "DG2": ef_dg2(b"\xff\xd8\xff\xe0" + bytes(n % 251 for n in range(3_000)), 30, 40),
    "DG3": ef_dg3([b"fingerprint"]),
}


@cache
def state() -> State:
    return State("UT", TODAY)


@cache
def signer() -> Signer:
    return state().signer(TODAY - DAY, TODAY + DAY)


@cache
def issued(protocol: str) -> Issued:
    profile = parse(protocol)
    return issue(GROUPS, signer(), profile, secrets.token_bytes, can=CAN, today=date(2026, 6, 1))


def read(held: Issued, faults: ChipFaults | None = None, **how) -> Reading:
    """Read a chip that holds ``held`` in one process."""
    return read_from(Chip(held.files, faults=faults, keys=held.keys), **how)


def read_from(chip: Chip, key_input: str = KEY_INPUT, **how) -> Reading:
    reader = InProcess(chip)
    size = how.pop("read_size", None) or read_size(reader.power_on())
    return read_chip(reader, key_input, secrets.token_bytes, read_size=size, **how)


def statuses(reading: Reading) -> dict[str, str]:
    return {name: check.status.value for name, check in reading.authentications.items()}
