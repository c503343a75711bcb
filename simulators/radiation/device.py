"""A radiation portal made of arithmetic: background, vehicles, what they carry, and the lines.

Physics: Poisson counts in four detectors, two on each side; a vehicle shields a tenth of the
background; a source in it raises the counts as it passes, by the inverse square of its distance
from each detector, through what lies around it (lead for gamma, polyethylene for neutrons).
Manners: background every 5 s while empty; every 200 ms scans while occupied, in alarm from
B + n·√B over five; then speed and GX.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from math import exp

import numpy as np

from drivers.radiation.codec import (
    DETECTORS,
    SCAN,
    Background,
    Event,
    Level,
    OccupancyEnd,
    Ray,
    Scan,
    Setting,
    Speed,
    Tamper,
    encode,
)
from drivers.radiation.occupancy import WINDOW, alarm_level
from simulators.cable import exclusive
from simulators.faults import LineFaults

BACKGROUND_EVERY = 5.0  # s
AVERAGED = 20.0  # s over which the portal knows its background
SHIELDED = 0.9  # of the background, behind a vehicle's metal
NEAREST = 2.0  # m from source to detectors, at the closest
LEAD = 0.125  # per mm, of 662 keV (caesium 137; NIST XCOM)
POLYETHYLENE = 1 / 33  # per mm, of fission neutrons
SIDES = (-1, -1, 1, 1)  # where detectors 1 to 4 stand
N_SIGMA = {Ray.GAMMA: 6.0, Ray.NEUTRON: 5.0}


@dataclass
class PortalFaults(LineFaults):
    """The menu: the line's faults and the portal's own."""

    lost_end: int = 0  # occupancies whose GX is never sent
    stuck: bool = False  # the light barrier is blind: a passage never ends
    silent: bool = False  # the portal stops talking
    no_neutrons: bool = False  # their counter has failed: its lines do not come
    gamma_high: bool = False
    gamma_low: bool = False
    neutron_high: bool = False
    dead_detector: int = 0  # 1–4 counts nothing


@dataclass
class Vehicle:
    """What passes: length in m, speed in km/h, and a source in it.

    ``gamma`` and ``neutron`` are counts per second of all detectors, of the bare source in the
    middle of the portal. It lies ``beside`` m to the right of that, ``along`` of the length from
    the front, and in ``lead`` and ``polyethylene``, mm.
    """

    length: float
    kph: float
    gamma: float = 0.0
    neutron: float = 0.0
    beside: float = 0.0
    lead: float = 0.0
    polyethylene: float = 0.0
    along: float = 0.5
    inside_for: float = 0.0  # s

    @property
    def duration(self) -> float:
        """How long it is in the portal (s)."""
        return self.length / (self.kph / 3.6)

    def strength(self, ray: Ray, side: int) -> float:
        """Return the counts per second that its source adds now in a detector on ``side``."""
        ahead = self.inside_for * self.kph / 3.6 - self.length * self.along
        across = NEAREST - side * self.beside
        if ray is Ray.GAMMA:
            full = self.gamma * exp(-LEAD * self.lead)
        else:
            full = self.neutron * exp(-POLYETHYLENE * self.polyethylene)
        return full / DETECTORS * NEAREST**2 / (across**2 + ahead**2)


@dataclass
class FakePortal:
    """The physics and the manners of a portal. Rates are counts per second and detector."""

    gamma: float = 770.0
    neutron: float = 3.0
    stamped: bool = False
    seed: int = 1
    faults: PortalFaults = field(default_factory=PortalFaults)
    vehicle: Vehicle | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._outbox = bytearray()
        self._time = 0.0
        self._since_scan = 0.0
        self._since_background = BACKGROUND_EVERY
        self._number = 0
        self._recent = {ray: deque[int](maxlen=WINDOW) for ray in Ray}
        self._known = {ray: int(self._rate(ray) * DETECTORS) for ray in Ray}
        for name in ("SG1", "SG2", "SG3", "SN1", "SN2"):
            self._say(Setting(name, (f"{N_SIGMA[Ray.GAMMA]:.1f}", "010", "2")))

    @exclusive
    def vehicle_enters(
        self,
        length: float = 6.0,
        kph: float = 8.0,
        gamma: float = 0.0,
        neutron: float = 0.0,
        beside: float = 0.0,
        lead: float = 0.0,
        polyethylene: float = 0.0,
        along: float = 0.5,
    ) -> float:
        """Let a vehicle pass (see `Vehicle`); return how long it takes (s)."""
        self.vehicle = Vehicle(length, kph, gamma, neutron, beside, lead, polyethylene, along)
        self._since_scan = 0.0
        for recent in self._recent.values():
            recent.clear()
        return self.vehicle.duration

    @exclusive
    def set_tamper(self, opened: bool) -> None:
        """Open or close the cabinet."""
        self._say(Tamper(opened))

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        while seconds > 1e-9:
            step = min(SCAN / 4, seconds)
            seconds -= step
            self._time += step
            if self.vehicle:
                self._pass(self.vehicle, step)
            else:
                self._idle(step)

    def receive(self, data: bytes) -> bytes:
        """Return nothing: a portal takes no commands."""
        del data
        return b""

    @exclusive
    def transmit(self) -> bytes:
        """Return what the portal said."""
        said, self._outbox = bytes(self._outbox), bytearray()
        return b"" if self.faults.silent else said

    def _idle(self, seconds: float) -> None:
        self._since_background += seconds
        if self._since_background < BACKGROUND_EVERY:
            return
        self._since_background = 0.0
        for ray in Ray:
            seen = self._counts([self._rate(ray) * AVERAGED] * DETECTORS)
            counts = tuple(round(count / AVERAGED) for count in seen)
            self._known[ray] = sum(counts)
            self._tell(ray, Background(ray, counts, self._level(ray)))

    def _pass(self, vehicle: Vehicle, seconds: float) -> None:
        vehicle.inside_for += seconds
        self._since_scan += seconds
        if self._since_scan >= SCAN - 1e-9:
            self._since_scan = 0.0
            for ray in Ray:
                natural = self._rate(ray) * SHIELDED
                rates = [natural + vehicle.strength(ray, side) for side in SIDES]
                self._scan(ray, self._counts([rate * SCAN for rate in rates]))
        if vehicle.inside_for >= vehicle.duration and not self.faults.stuck:
            self._leave(vehicle)

    def _scan(self, ray: Ray, counts: tuple[int, ...]) -> None:
        self._recent[ray].append(sum(counts))
        seconds = SCAN * len(self._recent[ray])
        level = alarm_level(self._known[ray] * seconds, N_SIGMA[ray])
        self._tell(ray, Scan(ray, counts, alarm=sum(self._recent[ray]) > level))

    def _leave(self, vehicle: Vehicle) -> None:
        self.vehicle, self._since_background = None, 0.0
        self._number += 1
        self._say(Speed(vehicle.duration, round(vehicle.kph / 1.609, 1), vehicle.kph))
        if not self.faults.take("lost_end"):
            self._say(OccupancyEnd(self._number, tuple(self._known.values())))

    def _rate(self, ray: Ray) -> float:
        faults = self.faults
        if ray is Ray.NEUTRON:
            return self.neutron * (20.0 if faults.neutron_high else 1.0)
        return self.gamma * (5.0 if faults.gamma_high else 0.01 if faults.gamma_low else 1.0)

    def _level(self, ray: Ray) -> Level:
        if ray is Ray.NEUTRON:
            return Level.HIGH if self.faults.neutron_high else Level.NORMAL
        if self.faults.gamma_high:
            return Level.HIGH
        return Level.LOW if self.faults.gamma_low else Level.NORMAL

    def _counts(self, rates: list[float]) -> tuple[int, ...]:
        counts = [int(count) for count in self._rng.poisson(rates)]
        dead = int(self.faults.dead_detector) - 1
        return tuple(0 if number == dead else count for number, count in enumerate(counts))

    def _tell(self, ray: Ray, event: Event) -> None:
        if ray is Ray.GAMMA or not self.faults.no_neutrons:
            self._say(event)

    def _say(self, event: Event) -> None:
        line = encode(event)
        if self.stamped:
            minutes, seconds = divmod(self._time, 60)
            stamp = f"{int(minutes) // 60 % 24:02d}-{int(minutes) % 60:02d}-{seconds:06.3f}"
            line = line.removesuffix(b"\r\n") + f",{stamp}\r\n".encode("ascii")
        self._outbox += self.faults.spoil(line)
