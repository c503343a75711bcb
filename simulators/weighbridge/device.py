"""A weighbridge made of arithmetic: a platform that swings, and an indicator that speaks for it.

Physics: the load comes on over some seconds and the platform swings about it, less and less; wind
shakes it; the zero drifts. Manners: ten frames a second, unasked; weight in whole increments;
motion where the last half second moved by more than an increment; out of range above capacity and
nine increments.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from math import cos, exp, floor, log10, pi

import numpy as np

from drivers.weighbridge.codec import KILOGRAMS, Reading, Unit, encode
from simulators.cable import exclusive
from simulators.faults import LineFaults

EVERY = 0.1  # s between frames
DRIVES = 2.0  # s from the first axle on the bridge to the last
SWING = 0.03  # of a load's change
PERIOD = 0.5  # s of a swing
DAMPED = 0.6  # s in which a swing falls to a third
MOVES_WITHIN = 5  # frames that are looked at for motion
RESERVE = 9  # increments above the capacity that are still shown


@dataclass
class WeighbridgeFaults(LineFaults):
    """The menu: the line's faults and the weighbridge's own."""

    frozen: bool = False  # the display stands still, and says that it is at rest
    wind: float = 0.0  # kg, standard deviation
    zero_drift: float = 0.0  # kg per second
    not_zeroed: bool = False  # power came back, and nobody zeroed it
    blank: bool = False  # the display shows nothing
    other_checksum: bool = False  # with a checksum where none is set, or without
    wrong_sum: int = 0  # frames whose checksum is wrong


@dataclass
class FakeWeighbridge:
    """The physics and the manners of a weighbridge.

    Loads and capacity are in kg; ``increment`` (1, 2 or 5 of a power of ten) and tare in ``unit``.
    """

    capacity: float = 60_000.0
    increment: float = 20.0
    checksum: bool = True
    unit: Unit = Unit.KILOGRAM
    seed: int = 1
    faults: WeighbridgeFaults = field(default_factory=WeighbridgeFaults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._outbox = bytearray()
        self._now = 0.0
        self._since_frame = 0.0
        self._from, self._load, self._since = 0.0, 0.0, 1e9
        self._tare = 0.0
        self._zero = 0.0
        self._shown: deque[float] = deque(maxlen=MOVES_WITHIN)
        self._last: Reading | None = None

    @exclusive
    def drive_on(self, kilograms: float) -> None:
        """Let a vehicle, or the next of its axles, come onto the bridge and stop."""
        self._from, self._load, self._since = self._now_on, kilograms, 0.0

    @exclusive
    def drive_off(self) -> None:
        """Let it leave."""
        self._from, self._load, self._since = self._now_on, 0.0, 0.0

    @exclusive
    def tare(self, weight: float) -> None:
        """Press the tare key: from now on the display is net; 0 shows gross again."""
        self._tare = weight

    @exclusive
    def zero(self) -> None:
        """Press the zero key."""
        self._zero = self._now_on
        self.faults.not_zeroed = False

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        while seconds > 1e-9:
            step = min(seconds, EVERY - self._since_frame)
            seconds -= step
            self._since += step
            self._since_frame += step
            self._zero -= self.faults.zero_drift * step
            if self._since_frame >= EVERY - 1e-9:
                self._since_frame = 0.0
                self._say()

    def receive(self, data: bytes) -> bytes:
        """Return nothing: this indicator's keys are on its front."""
        del data
        return b""

    @exclusive
    def transmit(self) -> bytes:
        """Return what the indicator said."""
        said, self._outbox = bytes(self._outbox), bytearray()
        return said

    @property
    def _now_on(self) -> float:
        """What presses on the load cells now, kg."""
        change = self._load - self._from
        share = min(1.0, self._since / DRIVES)
        after = max(0.0, self._since - DRIVES)
        swing = SWING * change * exp(-after / DAMPED) * cos(2 * pi * self._since / PERIOD)
        return self._from + change * share + (swing if self._since < 60 else 0.0) * (share > 0)

    def _say(self) -> None:
        reading = self._last if self.faults.frozen and self._last else self._reading()
        self._last = reading
        raw = encode(reading, self._decimals, self.checksum != self.faults.other_checksum)
        if self.faults.take("wrong_sum"):
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        self._outbox += self.faults.spoil(raw)

    def _reading(self) -> Reading:
        gross = self._now_on - self._zero + self.faults.wind * float(self._rng.standard_normal())
        gross /= KILOGRAMS[self.unit]
        self._shown.append(gross)
        limit = self.capacity / KILOGRAMS[self.unit] + RESERVE * self.increment
        shown = round(gross / self.increment) * self.increment
        return Reading(
            weight=None if self.faults.blank else min(shown, limit) - self._tare,
            tare=self._tare,
            unit=self.unit,
            increment=self.increment,
            net=self._tare != 0,
            motion=max(self._shown) - min(self._shown) > self.increment,
            out_of_range=not -20 * self.increment <= shown <= limit,
            zeroed=not self.faults.not_zeroed,
        )

    @property
    def _decimals(self) -> int:
        """How many digits stand behind the point; negative are zeros in front of it."""
        return -floor(log10(self.increment) + 1e-9)
