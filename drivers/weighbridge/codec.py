"""Frames of a weighbridge's indicator: bytes in, readings out. No clock, no port.

Mettler-Toledo's continuous output, which most indicators can be set to:

STX  SWA SWB SWC  weight    tare      CR  [CHK]
02   1 byte each  6 digits  6 digits  0D  1 byte, a setting of the indicator

SWA  bits 0–2  decimal point: 0 two zeros behind the digits, 1 one, 2 none, 3–7 one to five decimals
     bits 3–4  increment: 1, 2 or 5 of the last digit; bit 5 always one
SWB  bit 0 net, 1 negative, 2 out of range, 3 motion, 4 kilograms (else pounds), 5 one,
     6 not zeroed since power came
SWC  bits 0–2  unit other than that: 1 grams, 2 tonnes; bit 5 one
CHK  two's complement of the low seven bits of the sum of all before it, STX and CR included

1. Bit 7 is parity where the line has seven bits, and is not looked at.
2. Digits may be blank in front, and all blank where the display is: then there is no weight.
3. What is cut short, badly summed or of another shape is skipped and counted.

Source: Mettler-Toledo, continuous output format, as in the manuals of its indicators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

STX, CR = 0x02, 0x0D
SHORT, LONG = 17, 18  # bytes of a frame, without and with checksum
_SEVEN = bytes(i & 0x7F for i in range(256))
_DIGITS = re.compile(rb" *\d{0,6}")
_NET, _NEGATIVE, _RANGE, _MOTION, _KG, _ONE, _POWER_UP = 1, 2, 4, 8, 16, 32, 64
_EXPONENT = (2, 1, 0, -1, -2, -3, -4, -5)  # of ten, by bits 0–2 of SWA
_INCREMENT = {1: 1, 2: 2, 3: 5}  # of the last digit, by bits 3–4 of SWA


class Unit(StrEnum):
    """What the number counts."""

    KILOGRAM = "kg"
    POUND = "lb"
    GRAM = "g"
    TONNE = "t"


KILOGRAMS = {Unit.KILOGRAM: 1.0, Unit.POUND: 0.45359237, Unit.GRAM: 0.001, Unit.TONNE: 1000.0}
_UNITS = {0: None, 1: Unit.GRAM, 2: Unit.TONNE}  # by bits 0–2 of SWC; None: SWB says


@dataclass(frozen=True, slots=True)
class Reading:
    """What the display shows. ``weight`` is signed, in ``unit``; None where it shows none."""

    weight: float | None
    tare: float = 0.0
    unit: Unit = Unit.KILOGRAM
    increment: float = 1.0  # the smallest step of the display, in ``unit``
    net: bool = False
    motion: bool = False
    out_of_range: bool = False
    zeroed: bool = True  # since power came

    @property
    def kilograms(self) -> float | None:
        """The weight in kilograms, gross or net as the display has it."""
        return None if self.weight is None else self.weight * KILOGRAMS[self.unit]


class Decoder:
    """Cuts a byte stream into readings; noise is skipped and counted, never raised."""

    def __init__(self, checksum: bool = True) -> None:
        self._size = LONG if checksum else SHORT
        self._buffer = bytearray()
        self.discarded = 0  # bytes that were no frame
        self.bad_sums = 0  # frames that were whole but for their checksum

    def reset(self) -> None:
        """Forget what is half read."""
        self._buffer.clear()

    def feed(self, data: bytes) -> Iterator[Reading]:
        """Yield every reading completed by ``data``."""
        self._buffer += data.translate(_SEVEN)
        while self._find_start() and len(self._buffer) >= self._size:
            reading = self._parse(bytes(self._buffer[: self._size]))
            used = self._size if reading else 1
            self.discarded += 0 if reading else 1
            del self._buffer[:used]
            if reading:
                yield reading

    def _find_start(self) -> bool:
        start = self._buffer.find(STX)
        noise = len(self._buffer) if start < 0 else start
        self.discarded += noise
        del self._buffer[:noise]
        return start >= 0

    def _parse(self, raw: bytes) -> Reading | None:
        reading = _reading(raw[:SHORT])
        if reading and len(raw) == LONG and checksum(raw[:SHORT]) != raw[SHORT]:
            self.bad_sums += 1
            return None
        return reading


def checksum(raw: bytes) -> int:
    """Return the checksum byte of a frame from STX to CR."""
    return -sum(byte & 0x7F for byte in raw) & 0x7F


def encode(reading: Reading, decimals: int = 0, with_checksum: bool = True) -> bytes:
    """Return ``reading`` as an indicator sends it, with ``decimals`` (−2 to 5) digits.

    ValueError if it does not fit into six digits.
    """
    scale = 10.0**decimals
    step = round(reading.increment * scale)
    size = next((code for code, wide in _INCREMENT.items() if wide == step), 1)
    swa = (2 + decimals) | size << 3 | _ONE
    flags = {
        _NET: reading.net,
        _NEGATIVE: (reading.weight or 0) < 0,
        _RANGE: reading.out_of_range,
        _MOTION: reading.motion,
        _KG: reading.unit is Unit.KILOGRAM,
        _POWER_UP: not reading.zeroed,
    }
    swb = _ONE | sum(bit for bit, on in flags.items() if on)
    swc = _ONE | next((code for code, unit in _UNITS.items() if unit is reading.unit), 0)
    raw = bytes([STX, swa, swb, swc]) + _digits(reading.weight, scale)
    raw += _digits(reading.tare, scale) + bytes([CR])
    return raw + bytes([checksum(raw)]) if with_checksum else raw


def _digits(value: float | None, scale: float) -> bytes:
    if value is None:
        return b" " * 6
    text = f"{round(abs(value) * scale):06d}"
    if len(text) > 6:
        raise ValueError(f"{value} does not fit into six digits")
    return text.encode("ascii")


def _reading(raw: bytes) -> Reading | None:
    _, swa, swb, swc = raw[:4]
    weight, tare = raw[4:10], raw[10:16]
    shaped = raw[16] == CR and swa & swb & swc & _ONE and swc & 7 in _UNITS and swa >> 3 & 3
    if not shaped or not _DIGITS.fullmatch(weight) or not _DIGITS.fullmatch(tare):
        return None
    exponent = _EXPONENT[swa & 7]
    shown = _value(weight, exponent)
    return Reading(
        weight=-shown if shown and swb & _NEGATIVE else shown,
        tare=_value(tare, exponent) or 0.0,
        unit=_UNITS[swc & 7] or (Unit.KILOGRAM if swb & _KG else Unit.POUND),
        increment=_scaled(_INCREMENT[swa >> 3 & 3], exponent),
        net=bool(swb & _NET),
        motion=bool(swb & _MOTION),
        out_of_range=bool(swb & _RANGE),
        zeroed=not swb & _POWER_UP,
    )


def _value(digits: bytes, exponent: int) -> float | None:
    text = digits.strip()
    return _scaled(int(text), exponent) if text else None


def _scaled(number: int, exponent: int) -> float:
    """Return number × 10^exponent, the nearest float to what the display shows."""
    return number * 10.0**exponent if exponent >= 0 else number / 10.0**-exponent
