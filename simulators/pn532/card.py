"""A chip on the antenna, as ISO/IEC 14443-3 and -4 present it to a PN532."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from simulators.chip.device import GoneAway

UID = bytes.fromhex("08a1b2c3")  # begins with 08: a random identifier, as documents have
_SENS_RES, _SEL_RES = bytes.fromhex("0008"), 0x20  # single-size UID; speaks ISO/IEC 14443-4
# TL T0 TA TB TC: frames of 256 bytes, 106 to 848 kbit/s, FWI 11 and SFGI 0, CID.
_INTERFACE = bytes.fromhex("78 77 b0 02")
_APPLICATION_DATA = bytes.fromhex("00000000")
_PROTOCOL_INFO = bytes.fromhex("f781b1")  # every rate, frames of 256 bytes, ISO 14443-4, FWI 11


class Chip(Protocol):
    """What is asked of a chip; `simulators.chip.device.Chip` is one."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def reset(self) -> None:
        """Forget everything, as when the power goes."""

    def process(self, raw: bytes) -> bytes | None:
        """Return the response to ``raw``, None for none; GoneAway where it left."""


@dataclass
class Card:
    """``chip`` and how it shows itself in the air."""

    chip: Chip
    kind: Literal["A", "B"] = "A"
    gone: bool = field(default=False, init=False)  # lifted in the middle of something

    def description(self) -> bytes:
        """Return what InListPassiveTarget says of it, behind the target's number."""
        if self.kind == "B":
            pupi = UID
            return b"\x50" + pupi + _APPLICATION_DATA + _PROTOCOL_INFO + b"\x01\x00"
        ats = _INTERFACE + self.chip.atr[4:-1]  # the historical bytes
        return _SENS_RES + bytes([_SEL_RES, len(UID)]) + UID + bytes([len(ats) + 1]) + ats

    def exchange(self, apdu: bytes) -> bytes | None:
        """Return the chip's response, None where it says nothing or went away."""
        try:
            return self.chip.process(apdu)
        except GoneAway:
            self.gone = True
            return None
