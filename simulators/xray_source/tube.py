"""The tube: it warms up, ramps, gets hot, arcs, and is cut by its interlock. Numbers, no bytes."""

from __future__ import annotations

from dataclasses import dataclass

WARM_UP = 3.0  # s of filament preheat after power on
RAMP = 100.0  # kV/s up
FALL = 8000.0  # kV/s down, when cut: nothing left after 20 ms
AMBIENT = 25.0  # °C
HOTTEST = 65.0  # °C at which it protects itself
HEATS = 0.02  # °C per second and watt
COOLS = 0.01  # per second, of what it is above ambient


@dataclass
class Tube:
    """The physics of a generator and its tube. kV, mA, °C, s."""

    kv_set: float = 0.0
    ma_set: float = 0.0
    on: bool = False
    interlock_closed: bool = True
    kv: float = 0.0
    temperature: float = AMBIENT
    warm_in: float = WARM_UP
    beam_seconds: float = 0.0
    arced: bool = False
    overheated: bool = False

    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.warm_in = max(0.0, self.warm_in - seconds)
        self.overheated = self.overheated or self.temperature > HOTTEST
        if not self.interlock_closed or self.arced or self.overheated:
            self.on = False  # and stays off when the cause is gone
        target = self.kv_set if self.on else 0.0
        self.kv += max(-FALL * seconds, min(RAMP * seconds, target - self.kv))
        self.beam_seconds += seconds * self.on
        self.temperature += seconds * HEATS * self.kv * self.ma
        self.temperature -= (self.temperature - AMBIENT) * min(1.0, seconds * COOLS)

    @property
    def ma(self) -> float:
        """The current: the grid opens when the voltage is there."""
        return self.ma_set if self.on and self.kv >= 0.98 * self.kv_set > 0 else 0.0

    @property
    def at_level(self) -> bool:
        """Whether voltage and current are what was asked for."""
        return self.ma > 0
