"""What one passage through the portal amounts to. Events in, occupancies out; no bytes, no clock.

1. An occupancy begins with the first scan and ends with GX. A background line in between, or a
   scan behind the speed, means that GX was lost: the occupancy is handed out, marked incomplete.
2. Foreground F = the largest sum of five neighbouring scans over all detectors (counts in a
   second); background B = the last before the occupancy, summed over all detectors.
3. σ = (F − B) / √B; alarm level = B + n·√B. In a passage shorter than a second, B is what falls
   into its scans. Without a background there is no σ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from drivers.radiation.codec import SCAN, Background, Event, OccupancyEnd, Ray, Scan, Speed

WINDOW = 5  # scans of 200 ms: one second


@dataclass(frozen=True, slots=True)
class Counting:
    """One kind of ray during one occupancy."""

    scans: tuple[tuple[int, ...], ...] = ()  # counts of four detectors, each 200 ms
    background: tuple[int, ...] | None = None  # counts per second of four detectors
    alarm: bool = False  # the portal's own verdict

    @property
    def foreground(self) -> int:
        """The largest count of any second, over all detectors."""
        sums = [sum(scan) for scan in self.scans]
        spans = [sums[i : i + WINDOW] for i in range(max(1, len(sums) - WINDOW + 1))]
        return max(map(sum, spans))

    @property
    def sigma(self) -> float | None:
        """By how many σ the foreground is above the background; None without one."""
        seconds = SCAN * min(WINDOW, len(self.scans))
        expected = seconds * sum(self.background or ())
        return sigma(self.foreground, expected) if expected else None


@dataclass(frozen=True, slots=True)
class Occupancy:
    """One passage. ``number`` is the portal's, None where its end was lost."""

    gamma: Counting
    neutron: Counting
    number: int | None = None
    speed: Speed | None = None

    @property
    def complete(self) -> bool:
        """Whether the portal said that it ended."""
        return self.number is not None


@dataclass
class OccupancyTracker:
    """Gathers the events of a passage."""

    backgrounds: dict[Ray, tuple[int, ...]] = field(default_factory=dict)
    _scans: dict[Ray, list[Scan]] = field(default_factory=lambda: {ray: [] for ray in Ray})
    _speed: Speed | None = None

    def feed(self, event: Event) -> Occupancy | None:
        """Take one event; return the occupancy that it ended, if any."""
        match event:
            case Scan():
                ended = self._end(None) if self._speed else None
                self._scans[event.ray].append(event)
                return ended
            case Speed():
                self._speed = event
            case OccupancyEnd():
                return self._end(event.number)
            case Background():
                ended = self._end(None) if self.occupied else None
                self.backgrounds[event.ray] = event.counts
                return ended
        return None

    @property
    def occupied(self) -> bool:
        """Whether something is in the portal."""
        return any(self._scans.values())

    def _end(self, number: int | None) -> Occupancy:
        ended = Occupancy(
            self._counting(Ray.GAMMA), self._counting(Ray.NEUTRON), number, self._speed
        )
        self._scans, self._speed = {ray: [] for ray in Ray}, None
        return ended

    def _counting(self, ray: Ray) -> Counting:
        scans = self._scans[ray]
        return Counting(
            tuple(scan.counts for scan in scans),
            self.backgrounds.get(ray),
            any(scan.alarm for scan in scans),
        )


def alarm_level(background: float, n: float) -> float:
    """Return the counts per second from which ``n`` σ above ``background`` is an alarm."""
    return background + n * math.sqrt(background)


def sigma(foreground: float, background: float) -> float:
    """Return by how many σ ``foreground`` is above ``background`` (counts per second, > 0)."""
    return (foreground - background) / math.sqrt(background)
