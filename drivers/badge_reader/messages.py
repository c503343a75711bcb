"""Commands of the control panel and replies of the reader (SIA OSDP v2.2 §6, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from drivers.errors import Garbled


class Command(IntEnum):
    """What a panel says."""

    POLL = 0x60
    ID = 0x61
    CAPABILITIES = 0x62
    LED = 0x69
    BUZZER = 0x6A
    KEYSET = 0x75
    CHALLENGE = 0x76
    CRYPTOGRAM = 0x77


class Reply(IntEnum):
    """What a reader answers."""

    ACK = 0x40
    NAK = 0x41
    ID = 0x45
    CAPABILITIES = 0x46
    LOCAL_STATUS = 0x48
    RAW_CARD = 0x50
    FORMATTED_CARD = 0x51
    KEYPAD = 0x53
    CRYPTOGRAM = 0x76
    FIRST_MAC = 0x78
    BUSY = 0x79


class Nak(IntEnum):
    """Why a reader refuses (§7.3)."""

    CHECK = 0x01
    LENGTH = 0x02
    UNKNOWN_COMMAND = 0x03
    SEQUENCE = 0x04
    SECURITY_BLOCK = 0x05
    NEEDS_SECURITY = 0x06
    BIOMETRIC_TYPE = 0x07
    BIOMETRIC_FORMAT = 0x08
    RECORD = 0x09


class Colour(IntEnum):
    """What its light can show (§6.10)."""

    OFF = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4


class Format(IntEnum):
    """How a badge's bits are to be read (§7.10)."""

    UNSPECIFIED = 0
    WIEGAND = 1
    ASCII = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """What a reader says it is."""

    vendor: bytes
    model: int
    version: int
    serial: int
    firmware: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CardRead:
    """A badge was shown: its number of bits, the bytes they fill from the left, their format."""

    bits: int
    data: bytes = field(repr=False)  # whoever knows it can make the badge
    format: Format


@dataclass(frozen=True, slots=True)
class Tamper:
    """The reader was opened, or with ``opened`` false closed again."""

    opened: bool


Event = CardRead | Tamper

COMMUNICATION_SECURITY = 9  # the capability; bit 0 of its compliance is AES-128 (Annex B)
_AES = 0x01


def identity(data: bytes) -> Identity:
    """Read a PDID reply: vendor (3), model, version, serial (4), firmware (3)."""
    if len(data) != 12:
        raise Garbled(f"OSDP: an identification of {len(data)} bytes, not 12")
    serial = int.from_bytes(data[5:9], "little")
    return Identity(data[:3], data[3], data[4], serial, (data[9], data[10], data[11]))


def knows_secure_channel(capabilities: bytes) -> bool:
    """Whether a PDCAP reply (triples: function, compliance, number) offers AES-128."""
    if len(capabilities) % 3:
        raise Garbled(f"OSDP: capabilities of {len(capabilities)} bytes, not in threes")
    triples = (capabilities[i : i + 3] for i in range(0, len(capabilities), 3))
    return any(f == COMMUNICATION_SECURITY and level & _AES for f, level, _ in triples)


def event(code: int, data: bytes) -> Event | None:
    """Return what a reply to POLL tells of, None where it is nothing for us."""
    match code:
        case Reply.RAW_CARD:
            return _raw_card(data)
        case Reply.FORMATTED_CARD:
            return _formatted_card(data)
        case Reply.LOCAL_STATUS:
            if len(data) != 2:
                raise Garbled(f"OSDP: a local status of {len(data)} bytes, not 2")
            return Tamper(opened=bool(data[0]))
    return None


def _raw_card(data: bytes) -> CardRead:
    """Read RAW: reader, format, number of bits (2), the bits."""
    bits = int.from_bytes(data[2:4], "little")
    if len(data) < 4 or len(data) - 4 != (bits + 7) // 8 or not bits:
        raise Garbled(f"OSDP: {bits} bits of a card in {len(data)} bytes")
    known = data[1] in Format._value2member_map_
    return CardRead(bits, data[4:], Format(data[1]) if known else Format.UNSPECIFIED)


def _formatted_card(data: bytes) -> CardRead:
    """Read FMT: reader, direction, number of characters, the characters."""
    if len(data) < 4 or len(data) - 3 != data[2]:
        raise Garbled(f"OSDP: a formatted card in {len(data)} bytes")
    return CardRead(8 * data[2], data[3:], Format.ASCII)


def led(colour: Colour) -> bytes:
    """Return LED's data: reader 0, light 0, nothing temporary, steadily ``colour`` from now on."""
    temporary = bytes(7)
    permanent = bytes([1, 1, 0, colour, colour])
    return bytes(2) + temporary + permanent


def beep(times: int) -> bytes:
    """Return BUZZER's data: reader 0, default tone, 0.1 s on and off, ``times``."""
    return bytes([0, 2, 1, 1, times])


def keyset(key: bytes) -> bytes:
    """Return KEYSET's data: key type 1 (SCBK), its length, the key."""
    return bytes([1, len(key)]) + key
