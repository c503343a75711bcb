"""Lines of a radiation portal: bytes in, events out. No clock, no port.

ASCII lines ending CR LF (or LF), comma separated, no checksum, maybe a time behind the last field:

GB NB        background, gamma and neutron: counts per second of four detectors
GH GL NH     the same, out of bounds: high, low: the portal cannot be relied on
GS NS        scan during an occupancy: counts in 200 ms of four detectors
GA NA        the same, in alarm
SP           seconds, mph, km/h
TT TC        tamper, clear
GX           number of the occupancy, then background: the occupancy has ended
SG1–3 SN1–2  settings

A line of another shape is an event too (`Rubbish`), in its place, and costs no other line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from drivers.lines import LineDecoder
from drivers.rubbish import Rubbish

LONGEST = 128  # bytes of a line
DETECTORS = 4
SCAN = 0.2  # s
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d\d[-:]\d\d[-:]\d\d(\.\d{1,6})?Z?")
_COUNT = re.compile(r"\d{1,8}")
_DECIMAL = re.compile(r"\d{1,6}(\.\d{1,6})?")


class Ray(Enum):
    """What is counted."""

    GAMMA = auto()
    NEUTRON = auto()


class Level(Enum):
    """How the portal judges its own background."""

    NORMAL = auto()
    HIGH = auto()
    LOW = auto()


@dataclass(frozen=True, slots=True)
class Background:
    """Counts per second of four detectors while nothing is in the portal."""

    ray: Ray
    counts: tuple[int, ...]
    level: Level = Level.NORMAL
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """Counts in 200 ms of four detectors while something is in the portal."""

    ray: Ray
    counts: tuple[int, ...]
    alarm: bool = False
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """How long the passage took (s) and how fast it was."""

    seconds: float
    mph: float
    kph: float
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class Tamper:
    """A cabinet was opened, or is closed again."""

    open: bool
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class OccupancyEnd:
    """The portal is empty again; ``background`` as it was used for the alarm."""

    number: int
    background: tuple[int, ...]
    stamp: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of settings, as sent."""

    name: str
    values: tuple[str, ...]
    stamp: str | None = None


Event = Background | Scan | Speed | Tamper | OccupancyEnd | Setting
Item = Event | Rubbish


def decoder() -> LineDecoder[Event]:
    """Return what cuts the line's bytes into messages."""
    return LineDecoder(parse, LONGEST)


def parse(line: bytes) -> Item:
    """Return what one line, without its end, says."""
    if not line.isascii() or not line.decode("ascii").isprintable():
        return Rubbish(f"a line of {len(line)} bytes is not printable ASCII")
    name, *fields = line.decode("ascii").split(",")
    stamp = fields.pop() if fields and _TIME.fullmatch(fields[-1]) else None
    if (read := _READERS.get(name)) is None:
        return Rubbish(f"unknown message in a line of {len(line)} bytes")
    try:
        return read(name, fields, stamp)
    except ValueError as error:
        return Rubbish(f"{name}: {error}")


def encode(event: Event) -> bytes:
    """Return ``event`` as the portal sends it."""
    match event:
        case Background(ray, counts, level):
            name = _BACKGROUND_NAMES[ray, level]
            fields = [f"{count:06d}" for count in counts]
        case Scan(ray, counts, alarm):
            name = ("G" if ray is Ray.GAMMA else "N") + ("A" if alarm else "S")
            fields = [f"{count:06d}" for count in counts]
        case Speed(seconds, mph, kph):
            name, fields = "SP", [f"{seconds:.4f}", f"{mph:.1f}", f"{kph:.1f}"]
        case Tamper():
            name, fields = ("TT" if event.open else "TC"), []
        case OccupancyEnd(number, background):
            name, fields = "GX", [f"{count:06d}" for count in (number, *background)]
        case Setting(name, values):
            fields = list(values)
    return ",".join([name, *fields, *([event.stamp] if event.stamp else [])]).encode() + b"\r\n"


_BACKGROUND_NAMES = {
    (Ray.GAMMA, Level.NORMAL): "GB",
    (Ray.GAMMA, Level.HIGH): "GH",
    (Ray.GAMMA, Level.LOW): "GL",
    (Ray.NEUTRON, Level.NORMAL): "NB",
    (Ray.NEUTRON, Level.HIGH): "NH",
}
_BACKGROUNDS = {name: key for key, name in _BACKGROUND_NAMES.items()}


def _background(name: str, fields: list[str], stamp: str | None) -> Event:
    ray, level = _BACKGROUNDS[name]
    return Background(ray, _counts(fields, DETECTORS), level, stamp)


def _scan(name: str, fields: list[str], stamp: str | None) -> Event:
    ray = Ray.GAMMA if name[0] == "G" else Ray.NEUTRON
    return Scan(ray, _counts(fields, DETECTORS), name[1] == "A", stamp)


def _speed(name: str, fields: list[str], stamp: str | None) -> Event:
    del name
    if len(fields) != 3 or not all(_DECIMAL.fullmatch(field) for field in fields):
        raise ValueError(f"{len(fields)} fields are not seconds, mph, km/h")
    seconds, mph, kph = map(float, fields)
    return Speed(seconds, mph, kph, stamp)


def _tamper(name: str, fields: list[str], stamp: str | None) -> Event:
    if fields and not all(_COUNT.fullmatch(field) for field in fields):
        raise ValueError("a field is not a number")
    return Tamper(name == "TT", stamp)


def _end(name: str, fields: list[str], stamp: str | None) -> Event:
    del name
    number, *background = _counts(fields, None)
    return OccupancyEnd(number, tuple(background), stamp)


def _setting(name: str, fields: list[str], stamp: str | None) -> Event:
    return Setting(name, tuple(fields), stamp)


def _counts(fields: list[str], expected: int | None) -> tuple[int, ...]:
    if not fields or (expected is not None and len(fields) != expected):
        raise ValueError(f"{len(fields)} fields, not {expected or 'one or more'}")
    for place, field in enumerate(fields, 1):
        if not _COUNT.fullmatch(field):
            raise ValueError(f"field {place} is not a count")
    return tuple(map(int, fields))


_READERS: dict[str, Callable[[str, list[str], str | None], Event]] = {
    **dict.fromkeys(_BACKGROUNDS, _background),
    **dict.fromkeys(("GS", "GA", "NS", "NA"), _scan),
    "SP": _speed,
    **dict.fromkeys(("TT", "TC"), _tamper),
    "GX": _end,
    **dict.fromkeys(("SG1", "SG2", "SG3", "SN1", "SN2"), _setting),
}
