"""Which file is where on the chip (ICAO Doc 9303-10 §3.11.3, tables 38 and 39)."""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION = bytes.fromhex("A0000002471001")  # the eMRTD application, LDS 1


@dataclass(frozen=True, slots=True)
class FileId:
    """One elementary file: its name, its two-byte identifier and its short one."""

    name: str
    fid: int
    sfi: int


FILES = {
    "COM": FileId("COM", 0x011E, 0x1E),
    "SOD": FileId("SOD", 0x011D, 0x1D),
} | {f"DG{n}": FileId(f"DG{n}", 0x0100 | n, n) for n in range(1, 17)}

#: Fingerprints and irises: only terminal authentication opens them (Doc 9303-11 §7).
EXTENDED_ACCESS = ("DG3", "DG4")

#: Public keys for chip authentication (in DG14) and active authentication (DG15).
KEYS_OF_THE_CHIP = ("DG14", "DG15")
