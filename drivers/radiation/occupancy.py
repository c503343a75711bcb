"""What one passage through the portal amounts to. Events in, occupancies out; no bytes, no clock.

1. An occupancy begins with the first scan and ends with GX. A background line in between, or a
   scan behind the speed, means that GX was lost: the occupancy is handed out, marked incomplete.
2. One that never ends is handed out by `overdue`, incomplete too: where no scan has come for
   ``SILENT``, or where it has lasted ``LONGEST`` (a vehicle broke down, a light barrier is blind).
3. Background: the last normal one before the occupancy. One out of bounds (GH, GL, NH) is no
   background; it only marks its ray as not to be relied on until a normal one comes.
4. A cabinet that was open at any time during it is noted, and so are lines that were spoilt or not
   heard. These count from when the portal was last known to be empty, not from the first scan that
   was understood: what they would have said may be of the passage's beginning. Known to be empty
   it is once it has said a normal background of every ray since.
5. Foreground F = the largest sum of five neighbouring scans (counts in a second) while the window
   slides by one scan, over all detectors and in each. σ = (F − B) / √B; alarm level = B + n·√B. In
   a passage shorter than a second, B is what falls into its scans. Without a background there is
   no σ. What verdict follows is in verdict.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.radiation.codec import (
    SCAN,
    Background,
    Event,
    Level,
    OccupancyEnd,
    Ray,
    Scan,
    Speed,
    Tamper,
)

WINDOW = 5  # scans of 200 ms: one second
SILENT = 2.0  # s without a scan; they come five times a second
LONGEST = 120.0  # s; a lorry of 20 m at walking pace takes 15
MOST_SCANS = round(LONGEST / SCAN) * 2  # of one ray, whatever the clock says: memory is bounded


@dataclass(frozen=True, slots=True)
class Counting:
    """One kind of ray during one occupancy."""

    scans: tuple[tuple[int, ...], ...] = ()  # counts of four detectors, each 200 ms
    background: tuple[int, ...] | None = None  # counts per second of four detectors
    alarm: bool = False  # the portal's own verdict
    level: Level = Level.NORMAL  # of the last background line, usable or not
    background_age: float | None = None  # s when the occupancy began; None without a clock

    @property
    def foreground(self) -> int:
        """The largest count of any second, over all detectors."""
        return max(sliding([sum(scan) for scan in self.scans]))

    @property
    def seconds(self) -> float:
        """What the foreground was counted in: a second, or the whole of a shorter passage."""
        return SCAN * min(WINDOW, len(self.scans))

    @property
    def expected(self) -> float:
        """What the background gives in that time, over all detectors; 0 without one."""
        return self.seconds * sum(self.background or ())

    @property
    def sigma(self) -> float | None:
        """By how many σ the foreground is above the background; None without one."""
        return sigma(self.foreground, self.expected) if self.expected else None

    @property
    def peak(self) -> float:
        """Seconds from the first scan to the middle of the largest second."""
        sums = sliding([sum(scan) for scan in self.scans])
        return SCAN * sums.index(max(sums)) + self.seconds / 2

    def detector_sigma(self, detector: int) -> float | None:
        """Return the σ of one detector (0–3) against its own background; None without one."""
        if not self.background or not self.scans:
            return None
        counts = [scan[detector] for scan in self.scans]
        expected = max(self.seconds * self.background[detector], LEAST)
        return sigma(max(sliding(counts)), expected)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """One passage. ``number`` is the portal's, None where its end was lost."""

    gamma: Counting
    neutron: Counting
    number: int | None = None
    speed: Speed | None = None
    tampered: bool = False  # a cabinet was open at any time during it
    spoilt: int = 0  # lines that were none, or not heard, since the portal was known to be empty

    @property
    def complete(self) -> bool:
        """Whether the portal said that it ended."""
        return self.number is not None


@dataclass
class OccupancyTracker:
    """Gathers the events of a passage. ``now`` is any clock's; without it none is overdue."""

    backgrounds: dict[Ray, tuple[int, ...]] = field(default_factory=dict)
    levels: dict[Ray, Level] = field(default_factory=dict)
    _scans: dict[Ray, list[Scan]] = field(default_factory=lambda: {ray: [] for ray in Ray})
    _speed: Speed | None = None
    _open: bool = False  # a cabinet is, now
    _tampered: bool = False
    _spoilt: int = 0
    _normal: set[Ray] = field(default_factory=set)  # of which a background came since the last one
    _known_at: dict[Ray, float] = field(default_factory=dict)
    _began: float | None = None
    _last: float | None = None

    def feed(self, event: Event, now: float | None = None) -> Occupancy | None:
        """Take one event; return the occupancy that it ended, if any."""
        match event:
            case Scan():
                return self._scan(event, now)
            case Speed():
                self._speed = event
            case Tamper():
                self._open = event.open
                self._tampered |= event.open
            case OccupancyEnd():
                return self._end(event.number)
            case Background():
                return self._background(event, now)
        return None

    def spoil(self) -> None:
        """Note a line that was none, or not heard: what it would have said is missing."""
        self._spoilt += 1
        self._normal.clear()

    def overdue(self, now: float) -> Occupancy | None:
        """Return an occupancy that ought to have ended long ago, as it stands."""
        if not self.occupied or self._began is None or self._last is None:
            return None
        if now - self._last >= SILENT or now - self._began >= LONGEST:
            return self._end(None)
        return None

    @property
    def occupied(self) -> bool:
        """Whether something is in the portal."""
        return any(self._scans.values())

    def _scan(self, scan: Scan, now: float | None) -> Occupancy | None:
        full = len(self._scans[scan.ray]) >= MOST_SCANS
        ended = self._end(None) if self._speed or full else None
        if not self.occupied:
            self._began, self._tampered = now, self._open
        self._last = now
        self._scans[scan.ray].append(scan)
        return ended

    def _background(self, event: Background, now: float | None) -> Occupancy | None:
        ended = self._end(None) if self.occupied else None
        self.levels[event.ray] = event.level
        if event.level is Level.NORMAL:
            self.backgrounds[event.ray] = event.counts
            if now is not None:
                self._known_at[event.ray] = now
            self._empty(event.ray)
        return ended

    def _empty(self, ray: Ray) -> None:
        """Take note that the portal says of ``ray`` that nothing is in it."""
        self._normal.add(ray)
        if len(self._normal) == len(Ray):
            self._spoilt = 0

    def _end(self, number: int | None) -> Occupancy:
        ended = Occupancy(
            self._counting(Ray.GAMMA),
            self._counting(Ray.NEUTRON),
            number,
            self._speed,
            self._tampered or self._open,
            self._spoilt,
        )
        self._scans, self._speed = {ray: [] for ray in Ray}, None
        self._began = self._last = None
        return ended

    def _counting(self, ray: Ray) -> Counting:
        scans, known_at = self._scans[ray], self._known_at.get(ray)
        age = None if self._began is None or known_at is None else self._began - known_at
        return Counting(
            tuple(scan.counts for scan in scans),
            self.backgrounds.get(ray),
            any(scan.alarm for scan in scans),
            self.levels.get(ray, Level.NORMAL),
            age,
        )


LEAST = 1.0  # counts; a background below is taken for it, or a single count would be an alarm


def sliding(counts: Sequence[int]) -> list[int]:
    """Return the sums of each ``WINDOW`` neighbours, or of all where there are fewer."""
    return [sum(counts[i : i + WINDOW]) for i in range(max(1, len(counts) - WINDOW + 1))]


def alarm_level(background: float, n: float) -> float:
    """Return the counts per second from which ``n`` σ above ``background`` is an alarm."""
    return background + n * math.sqrt(background)


def sigma(foreground: float, background: float) -> float:
    """Return by how many σ ``foreground`` is above ``background`` (counts per second, > 0)."""
    return (foreground - background) / math.sqrt(background)
