"""The tube: it warms up, ramps, gets hot, arcs, and is cut by its interlock. Numbers, no bytes.

1. The filament stands at its standby current and takes a while to the one that the emission needs;
   its limit caps the emission. Emission grows with it by the exponential law.
2. Voltage ramps up; the current comes when the voltage is there.
3. A tube that rested holds less voltage until it has been worked up to it: gas in it makes it arc.
4. What protects the tube latches and cuts the beam: arc, heat, voltage or current that is too high,
   or too low for ``PATIENCE``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, inf, log

from drivers.xray_source.source import Fault

WARM_UP = 3.0  # s of filament preheat after power on
RAMP = 100.0  # kV/s up
FALL = 8000.0  # kV/s down, when cut: nothing left after 20 ms
AMBIENT = 25.0  # °C
HOTTEST = 65.0  # °C at which it protects itself
HEATS = 0.02  # °C per second and watt
COOLS = 0.01  # per second, of what it is above ambient
FILAMENT = 0.4  # s to a third of the way
FULL_EMISSION, AT_AMPERES, PER_E = 5.0, 3.5, 0.25  # mA, at so many A; A for e times as much
PATIENCE = 2.0  # s that voltage or current may be short of what is asked for
WORKS_UP = 2.0  # kV/s by which a tube holds more, up to a fifth above what it is worked at
HOLDS = ((2160.0, 0.3), (720.0, 0.55), (72.0, 0.7), (8.0, 0.8))  # rest in h: share of 160 kV


@dataclass
class Tube:
    """The physics of a generator and its tube. kV, mA, A, °C, s."""

    kv_set: float = 0.0
    ma_set: float = 0.0
    filament_limit: float = 4.0
    filament_standby: float = 2.0
    on: bool = False
    interlock_closed: bool = True
    kv: float = 0.0
    filament: float = 2.0
    temperature: float = AMBIENT
    warm_in: float = WARM_UP
    beam_seconds: float = 0.0
    holds: float = inf  # kV without an arc
    latched: Fault = field(default_factory=lambda: Fault(0))
    filament_open: bool = False
    mains: float = 1.0  # of the voltage that can be reached
    regulation: tuple[float, float] = (1.0, 1.0)  # of kV and mA: above 1 it overshoots
    _short_for: float = 0.0

    def rest(self, hours: float) -> None:
        """Let the tube stand unused for ``hours``."""
        share = next((share for least, share in HOLDS if hours >= least), inf)
        self.holds = min(self.holds, share * 160.0)

    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.warm_in = max(0.0, self.warm_in - seconds)
        self._protect(seconds)
        if not self.interlock_closed or self.latched:
            self.on = False  # and stays off when the cause is gone
        target = self.kv_set * self.mains * self.regulation[0] if self.on else 0.0
        self.kv += max(-FALL * seconds, min(RAMP * seconds, target - self.kv))
        if self.on and 0.8 * self.holds <= self.kv:
            self.holds = max(self.holds, min(1.2 * self.kv, self.holds + WORKS_UP * seconds))
        self._heat(seconds)

    @property
    def ma(self) -> float:
        """The current: the grid opens when the voltage is there."""
        if not self.on or not self.kv >= 0.98 * self.kv_set > 0:
            return 0.0
        return min(self.ma_set * self.regulation[1], self.emission)

    @property
    def emission(self) -> float:
        """What the filament could give now."""
        return FULL_EMISSION * exp((self.filament - AT_AMPERES) / PER_E)

    @property
    def at_level(self) -> bool:
        """Whether voltage and current are what was asked for."""
        return self.ma >= 0.98 * self.ma_set > 0

    def _heat(self, seconds: float) -> None:
        self.beam_seconds += seconds * self.on
        self.temperature += seconds * HEATS * self.kv * self.ma
        self.temperature -= (self.temperature - AMBIENT) * min(1.0, seconds * COOLS)
        wanted = self.filament_standby
        if self.on and self.ma_set > 0:
            needed = AT_AMPERES + PER_E * log(self.ma_set / FULL_EMISSION) + 0.2  # a reserve
            wanted = min(self.filament_limit, max(needed, wanted))
        if self.filament_open:
            self.filament = wanted = 0.0
        self.filament += (wanted - self.filament) * (1 - exp(-seconds / FILAMENT))

    def _protect(self, seconds: float) -> None:
        if self.temperature > HOTTEST:
            self.latched |= Fault.OVER_TEMPERATURE
        if self.on and self.kv > 1.02 * self.holds:
            self.latched |= Fault.ARC
        if self.on and self.kv > 1.05 * self.kv_set > 0:
            self.latched |= Fault.OVER_VOLTAGE
        if self.on and self.ma > 1.1 * self.ma_set:
            self.latched |= Fault.OVER_CURRENT
        ramping = self.kv_set / RAMP
        low_kv, low_ma = self.kv < 0.95 * self.kv_set, self.ma < 0.9 * self.ma_set
        self._short_for = self._short_for + seconds if self.on and (low_kv or low_ma) else 0.0
        if self._short_for > PATIENCE + ramping:
            self.latched |= Fault.UNDER_VOLTAGE if low_kv else Fault.UNDER_CURRENT
