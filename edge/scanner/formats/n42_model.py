"""What a radiation instrument recorded, in plain values: the part of N42.42-2011 that is used here.

Counts are numbers of events; times know their zone unless the file left it out; durations are in
seconds, speeds in m/s, energies in keV.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Instrument:
    """Who measured."""

    manufacturer: str = "unknown"
    model: str = "unknown"
    identifier: str | None = None
    kind: str = "Portal Monitor"  # RadInstrumentClassCode
    version: str = "unknown"


@dataclass(frozen=True)
class Detector:
    """One detector: its name in the file, what it counts and of what it is made."""

    id: str
    category: str  # Gamma, Neutron, …
    kind: str  # PVT, He3, NaI, …


@dataclass(frozen=True)
class Counts:
    """Events in one detector, by energy window where there are several."""

    detector: str
    live_s: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Spectrum:
    """Events in one detector by channel, and the polynomial from channel to keV, if known."""

    detector: str
    live_s: float
    channels: tuple[float, ...]
    energy: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """What was counted in one span of time."""

    id: str
    kind: str  # Foreground, Background, …
    start: datetime
    real_s: float
    gross: tuple[Counts, ...] = ()
    spectra: tuple[Spectrum, ...] = ()
    occupied: bool | None = None
    speed: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """What the instrument raised an alarm about, and in which detectors."""

    category: str
    description: str
    detectors: tuple[str, ...]


@dataclass(frozen=True)
class Recording:
    """Everything of one file."""

    instrument: Instrument
    detectors: tuple[Detector, ...]
    measurements: tuple[Measurement, ...]
    alarms: tuple[Alarm, ...] = ()
    nuclides: tuple[str, ...] = ()
