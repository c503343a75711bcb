"""What is said to a PN532 and what it answers (NXP UM0701-02 §7).

A response has the code of its command plus one. Cards are found with InListPassiveTarget and spoken
to with InDataExchange; both run ISO/IEC 14443-4 inside the PN532: blocks, their repetition and the
chip's waiting time extensions never reach the host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from operator import xor

from drivers.errors import Garbled


class Code(IntEnum):
    """Commands."""

    DIAGNOSE = 0x00
    GET_FIRMWARE_VERSION = 0x02
    SET_SERIAL_BAUD_RATE = 0x10
    SET_PARAMETERS = 0x12
    SAM_CONFIGURATION = 0x14
    RF_CONFIGURATION = 0x32
    IN_DATA_EXCHANGE = 0x40
    IN_LIST_PASSIVE_TARGET = 0x4A
    IN_RELEASE = 0x52


#: HSU rates in the order of SetSerialBaudRate's parameter (§7.2.7).
BAUD_RATES = (9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000)
BAUDRATE = 115_200  # after power-on

NO_SAM = b"\x01\x00\x01"  # normal mode, no time-out, P70_IRQ driven
AUTOMATIC_RATS = b"\x14"  # flags fAutomaticATR_RES and fAutomaticRATS: as after power-on
FIELD_OFF, FIELD_ON = b"\x01\x00", b"\x01\x01"
RETRIES_OF_EXCHANGE = b"\x04\x02"  # MaxRtyCOM 2: a block spoilt in the air is asked for again
RETRIES_OF_SEARCH = b"\x05\xff\x01\x02"  # MxRtyPassiveActivation 2: an empty glass is answered
TYPE_A, TYPE_B = b"\x01\x00", b"\x01\x03\x00"  # one target, 106 kbit/s; AFI 00: every application
EVERY_TARGET = b"\x00"
CARD_PRESENCE = b"\x06"  # Diagnose: attention request, ISO/IEC 14443-4 card presence

MORE = 0x40  # bit 6 of Tg and of Status: the data go on in the next exchange
ERROR = 0x3F  # the bits of Status that are the error code
MOST_DATA = 262  # bytes in one InDataExchange: 265 less TFI, code and Tg or Status
TIMEOUT, FIELD_MISSING, DISAPPEARED, RELEASED = 0x01, 0x0A, 0x2B, 0x29

ERRORS = {
    TIMEOUT: "the chip did not answer",
    0x02: "a CRC error in the air",
    0x03: "a parity error in the air",
    0x05: "a framing error in the air",
    0x06: "a collision in the air",
    0x07: "its buffer is too small",
    0x09: "its radio's buffer overflowed",
    FIELD_MISSING: "the field is off",
    0x0B: "a protocol error in the air",
    0x0D: "it is too hot and switched its field off",
    0x0E: "its buffer overflowed",
    0x10: "an invalid parameter",
    0x13: "a format that does not match",
    0x27: "no card was activated",
    RELEASED: "the card was released",
    DISAPPEARED: "the card disappeared",
    0x2D: "too much current in its antenna",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A card that was activated: its number and its answer to reset as PC/SC would give it."""

    number: int
    atr: bytes = field(repr=False)


def first_target(found: bytes, kind: bytes) -> Target | None:
    """Return the ISO/IEC 14443-4 card of InListPassiveTarget's data ``found``, None if none is.

    ``kind`` is TYPE_A or TYPE_B, as asked. Raises Garbled where the data end too early.
    """
    if found[:1] in (b"", b"\x00"):
        return None
    try:
        historical = _type_a(found[2:]) if kind == TYPE_A else _type_b(found[2:])
        return None if historical is None else Target(found[1], atr(historical))
    except IndexError as error:
        raise Garbled(f"PN532: a target's description ends after {len(found)} bytes") from error


def _type_a(data: bytes) -> bytes | None:
    """Return the historical bytes: behind SENS_RES, SEL_RES and NFCID comes the ATS (TL T0 …)."""
    ats = data[4 + data[3] :]
    if not ats:  # a card of part 3 only, which is no travel document
        return None
    if len(ats) < ats[0] or ats[0] < 1:
        raise IndexError
    interface = (ats[1] >> 4 & 0b111).bit_count() if ats[0] > 1 else 0
    return ats[2 + interface : ats[0]]


def _type_b(data: bytes) -> bytes:
    """Return application data, protocol info and MBLI: 50, PUPI (4), those (4 + 3), ATTRIB_RES."""
    return data[5:12] + bytes([data[13] & 0xF0])


def atr(historical: bytes) -> bytes:
    """Return 3B 8n 80 01 historical TCK (PC/SC part 3 §3.1.3.2.3.1)."""
    if len(historical) > 15:
        raise Garbled(f"PN532: {len(historical)} historical bytes, an answer to reset holds 15")
    body = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
    return b"\x3b" + body + bytes([reduce(xor, body)])
