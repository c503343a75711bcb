"""A vehicle weighed axle by axle: readings in, axles and their sum out. No bytes, no clock.

1. An axle is on the bridge from the first reading above ``BEGINS`` to the first one below
   ``LEAST``: the platform still swings when an axle has left it.
2. Its weight is the last one at which it rested, for at least ``FEWEST`` readings in a row within
   one increment. One that was driven over without stopping has none.
3. A sum with an axle that has none is no weight of the vehicle. Axles share their load through the
   suspension: the sum is within 1 to 3 % of the whole, and never for trade.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.weighbridge.codec import Reading

BEGINS = 500.0  # kg
LEAST = 200.0  # kg; less is dirt, wind, or a person
FEWEST = 3  # readings


@dataclass(frozen=True, slots=True)
class Axle:
    """One axle; ``kilograms`` is None where it never rested."""

    kilograms: float | None


@dataclass
class AxleTracker:
    """Gathers the readings of one vehicle, in the order in which they come."""

    axles: list[Axle] = field(default_factory=list)
    _rested: float | None = None
    _row: list[float] = field(default_factory=list)
    _occupied: bool = False

    def feed(self, reading: Reading) -> Axle | None:
        """Take one reading; return the axle that it ended, if any."""
        weight = reading.kilograms
        if weight is None or reading.out_of_range:
            self._row.clear()
            return None
        if weight < LEAST:
            return self._leave()
        self._occupied = self._occupied or weight > BEGINS
        self._rest(weight, reading)
        return None

    @property
    def total(self) -> float | None:
        """The sum of the axles so far in kg; None where one of them has no weight."""
        weights = [axle.kilograms for axle in self.axles]
        return None if not weights or None in weights else sum(w for w in weights if w is not None)

    def _rest(self, weight: float, reading: Reading) -> None:
        step = reading.increment * (weight / reading.weight if reading.weight else 1.0)
        if reading.motion or (self._row and abs(weight - self._row[0]) > step * 1.001):
            self._row.clear()
        if not reading.motion:
            self._row.append(weight)
        if len(self._row) >= FEWEST:
            self._rested = weight

    def _leave(self) -> Axle | None:
        axle = Axle(self._rested) if self._occupied else None
        if axle:
            self.axles.append(axle)
        self._occupied, self._rested = False, None
        self._row.clear()
        return axle
