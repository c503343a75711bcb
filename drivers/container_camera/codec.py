"""Lines of a container number camera, version 1 of our own form: bytes in, messages out.

``$NAME,field,…*CRC`` CR LF, printable ASCII; CRC-16/CCITT-FALSE (polynomial 1021, start FFFF) over
what is between ``$`` and ``*``, four hexadecimal digits. From the camera:

OCR  sequence, place, text, confidences (two digits a character, 00–99), size and type, milliseconds
NOR  sequence, place, reason      a container passed, and nothing was read
HBT  sequence, place, status      every five seconds; bits: 1 lens dirty, 2 dark, 4 hot
ACK  command                      done
NAK  command, reason              not done

To it: ``TRG`` look now, ``LIT,0`` or ``LIT,1`` light. A line of another shape is an item too
(`Rubbish`), in its place, and costs no other line. All of it: docs/devices/container_camera.md.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag, StrEnum

from drivers.lines import LineDecoder
from drivers.rubbish import Rubbish

LONGEST = 160  # bytes of a line
_LINE = re.compile(rb"\$([A-Z]{3}(?:,[ -#%-)+\--~]*)*)\*([0-9A-F]{4})")
_COUNT = re.compile(r"\d{1,9}")
_TEXT = re.compile(r"[0-9A-Z ]{0,24}")


class Place(StrEnum):
    """Which side of the container a camera sees."""

    FRONT = "FRONT"
    REAR = "REAR"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    TOP = "TOP"


class Status(IntFlag):
    """What a camera says of itself."""

    LENS_DIRTY = 1
    DARK = 2
    HOT = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading: the text as it was read, and 0 to 1 for each of its characters."""

    sequence: int
    place: Place
    text: str
    confidences: tuple[float, ...]
    size_type: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """A container passed and nothing was read."""

    sequence: int
    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The camera lives."""

    sequence: int
    place: Place
    status: Status


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command; ``reason`` is empty where it was done."""

    command: str
    reason: str = ""


Message = Seen | Missed | Heartbeat | Answer
Item = Message | Rubbish


def decoder() -> LineDecoder[Message]:
    """Return what cuts the line's bytes into messages."""
    return LineDecoder(parse, LONGEST)


def command(name: str, *fields: str) -> bytes:
    """Return a line of ``name`` and ``fields``, as either side sends it."""
    body = ",".join((name, *fields)).encode("ascii")
    return b"$" + body + b"*" + _crc(body) + b"\r\n"


def unwrap(line: bytes) -> list[str] | None:
    """Return name and fields of a line without its end; None if its form or CRC is wrong."""
    shaped = _LINE.fullmatch(line)
    if not shaped or _crc(shaped[1]) != shaped[2]:
        return None
    return shaped[1].decode("ascii").split(",")


def parse(line: bytes) -> Item:
    """Return what one line, without its end, says."""
    if (parts := unwrap(line)) is None:
        return Rubbish(f"a line of {len(line)} bytes is of another form, or its CRC is wrong")
    name, *fields = parts
    if (read := _READERS.get(name)) is None:
        return Rubbish(f"unknown message {name}")
    try:
        return read(fields)
    except ValueError as error:
        return Rubbish(f"{name}: {error}")


def encode(message: Message) -> bytes:
    """Return ``message`` as the camera sends it."""
    match message:
        case Seen(sequence, place, text, confidences, size_type, milliseconds):
            sure = "".join(f"{min(99, round(c * 100)):02d}" for c in confidences)
            return command("OCR", f"{sequence:06d}", place, text, sure, size_type,
                           str(milliseconds))  # fmt: skip
        case Missed(sequence, place, reason):
            return command("NOR", f"{sequence:06d}", place, reason)
        case Heartbeat(sequence, place, status):
            return command("HBT", f"{sequence:06d}", place, str(int(status)))
        case Answer(name, reason):
            return command("NAK", name, reason) if reason else command("ACK", name)


def _seen(fields: list[str]) -> Message:
    _expect(fields, 6)
    text, sure, kind = fields[2:5]
    if not _TEXT.fullmatch(text) or not _TEXT.fullmatch(kind):
        raise ValueError("the text has characters that are on no container")
    if sure and (not sure.isdigit() or len(sure) != 2 * len(text)):
        raise ValueError(f"{len(sure)} digits of confidence for {len(text)} characters")
    confidences = tuple(int(sure[i : i + 2]) / 100 for i in range(0, len(sure), 2))
    return Seen(_count(fields[0]), Place(fields[1]), text, confidences, kind, _count(fields[5]))


def _missed(fields: list[str]) -> Message:
    _expect(fields, 3)
    return Missed(_count(fields[0]), Place(fields[1]), fields[2])


def _heartbeat(fields: list[str]) -> Message:
    _expect(fields, 3)
    return Heartbeat(_count(fields[0]), Place(fields[1]), Status(_count(fields[2]) & 7))


def _done(fields: list[str]) -> Message:
    _expect(fields, 1)
    return Answer(fields[0])


def _not_done(fields: list[str]) -> Message:
    _expect(fields, 2)
    return Answer(fields[0], fields[1] or "no reason given")


def _expect(fields: list[str], count: int) -> None:
    if len(fields) != count:
        raise ValueError(f"{len(fields)} fields, not {count}")


def _count(field: str) -> int:
    if not _COUNT.fullmatch(field):
        raise ValueError("a field is not a number")
    return int(field)


_READERS: dict[str, Callable[[list[str]], Message]] = {
    "OCR": _seen,
    "NOR": _missed,
    "HBT": _heartbeat,
    "ACK": _done,
    "NAK": _not_done,
}


def _crc(body: bytes) -> bytes:
    """Return the CRC of ``body`` in hexadecimal; of "123456789" it is 29B1."""
    return f"{binascii.crc_hqx(body, 0xFFFF):04X}".encode("ascii")
