"""Which file is where on the chip (ICAO Doc 9303-10 §3.11.3, tables 38, 39; -11 §9.2.11)."""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION = bytes.fromhex("A0000002471001")  # the eMRTD application, LDS 1
MASTER_FILE = bytes.fromhex("3F00")


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

#: In the master file: what is there before anything is opened, and what PACE opens (§3.11.2).
CARD_ACCESS = FileId("CardAccess", 0x011C, 0x1C)
CARD_SECURITY = FileId("CardSecurity", 0x011D, 0x1D)
DIRECTORY = FileId("DIR", 0x2F00, 0x1E)
ATR_INFO = FileId("ATR_INFO", 0x2F01, 0x01)
MASTER_FILES = {f.name: f for f in (CARD_ACCESS, CARD_SECURITY, DIRECTORY, ATR_INFO)}

#: In the application: whose certificates the chip believes (Doc 9303-11 appendix K.2).
TRUST_POINTS = FileId("CVCA", 0x011C, 0x1C)

#: Fingerprints and irises: only terminal authentication opens them (Doc 9303-11 §7).
EXTENDED_ACCESS = ("DG3", "DG4")
