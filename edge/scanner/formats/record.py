"""One scan and what was found in it, as every format is written from it and read into it.

1. Planes are unsigned integers, (lines, pixels), low energy first where there are two. ``bits`` is
   their depth: 2 ** bits − 1 means that nothing is in the beam.
2. x is the pixel along the detector, y the line along the belt, both from 0.
3. Every time knows its zone.
4. What is not known is None or "unknown"; nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.uint16]
Mask = NDArray[np.bool_]

UNKNOWN = "unknown"


class ItemKind(StrEnum):
    """What is inspected, in DICOS's terms (4010,1042)."""

    CARGO = "CARGO"
    BAGGAGE = "BAGGAGE"


class Energy(StrEnum):
    """Which of two energies a plane shows."""

    LOW = "low"
    HIGH = "high"


class Verdict(StrEnum):
    """What the scan as a whole amounts to."""

    ALARM = "alarm"
    CLEAR = "clear"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Scanner:
    """The machine: who made it, which one it is, where it stands, how it was set."""

    manufacturer: str = UNKNOWN
    model: str = UNKNOWN
    serial: str = UNKNOWN
    station: str = UNKNOWN
    site: str = UNKNOWN
    address: str = UNKNOWN
    software: str = UNKNOWN
    calibrated: datetime | None = None
    kilovolts: float | None = None
    microamperes: float | None = None
    belt_mm_s: float | None = None


@dataclass(frozen=True)
class Item:
    """The object of inspection. ``authority`` is who gave it its name."""

    name: str
    kind: ItemKind = ItemKind.CARGO
    authority: str = UNKNOWN


@dataclass(frozen=True, eq=False)
class Scan:
    """One picture of one item."""

    inspection: str
    item: Item
    scanner: Scanner
    began: datetime
    planes: tuple[Plane, ...]
    bits: int = 16
    pitch_mm: tuple[float, float] | None = None  # line to line, pixel to pixel

    def __post_init__(self) -> None:
        if len(self.planes) not in (1, 2):
            raise ValueError(f"{len(self.planes)} planes; one, or low and high energy, are wanted")
        if len({plane.shape for plane in self.planes}) != 1 or self.planes[0].ndim != 2:
            raise ValueError("the planes of a scan have one size: lines × pixels")
        if self.began.tzinfo is None:
            raise ValueError("the time of a scan knows its zone")

    @property
    def energies(self) -> tuple[Energy, ...]:
        """What each plane shows."""
        return (Energy.LOW, Energy.HIGH) if len(self.planes) == 2 else (Energy.HIGH,)

    @property
    def shape(self) -> tuple[int, int]:
        """Return lines and pixels."""
        lines, pixels = self.planes[0].shape
        return int(lines), int(pixels)


@dataclass(frozen=True)
class Threat:
    """A potential threat object: its box in pixels, its shape in the box, how sure, and of what."""

    x: int
    y: int
    w: int
    h: int
    score: float | None = None
    kind: str = ""  # firearm, knife, …; empty: something that does not belong
    mask: Mask | None = None  # (h, w)
    alarm: bool = True
    opaque: bool = False  # the beam does not come through: nothing can be said about what is behind

    def __post_init__(self) -> None:
        if self.w < 1 or self.h < 1 or self.x < 0 or self.y < 0:
            raise ValueError(f"not a box in a picture: {self.x},{self.y} {self.w}×{self.h}")
        if self.mask is not None and self.mask.shape != (self.h, self.w):
            raise ValueError(f"the mask {self.mask.shape} is not of the size of the box")


@dataclass(frozen=True)
class Report:
    """What an algorithm made of a scan."""

    verdict: Verdict
    algorithm: str
    version: str
    decided: datetime
    processing_ms: float = 0.0
    threats: tuple[Threat, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def alarms(self) -> int:
        """How many of the threats are alarms."""
        return sum(threat.alarm for threat in self.threats)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values; masks are left out."""
        return {
            "verdict": self.verdict.value,
            "algorithm": self.algorithm,
            "version": self.version,
            "decided": self.decided.isoformat(),
            "processing_ms": self.processing_ms,
            "parameters": self.parameters,
            "threats": [_plain(threat) for threat in self.threats],
        }


def _plain(threat: Threat) -> dict[str, Any]:
    return {
        name: getattr(threat, name)
        for name in ("x", "y", "w", "h", "score", "kind", "alarm", "opaque")
    }
