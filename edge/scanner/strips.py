"""Lines cut into windows that overlap, so that an item is looked at while it still moves.

1. Lines are shrunk to what the recogniser works with, and no finer: memory is that of its pixels.
2. A window owns ``CORE_MM`` of the item, and sees the recogniser's reach beyond on both sides: what
   lies in the core is seen with all the neighbours that matter, as in one look at the whole. The
   first window owns the item's beginning, the last its end; every line is owned once. Windows
   begin on the recogniser's own grid.
3. There are two windows. When the other one is still being looked at, whoever writes waits.
4. What is found wholly outside a window's core is another window's to find. What reaches from core
   to core is found twice, and joined. The score is the highest of what is found. What falls behind
   half of it is dropped, as in one look.
5. A window that the recogniser can say nothing about is noted: its lines were not seen.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.xray.closeup import FINE_MM
from models.xray.scenes import ALIGN, HALO, WORKING_MM
from models.xray.segmenter import LEAST_HEAT, REGION, BadPicture, Finding, Region

Image = NDArray[np.float32]

CORE_MM = 1024.0
CORE_LINES = (64, 1024)  # at least and at most, whatever the pitch
WINDOWS = 2


class Recogniser(Protocol):
    """Anything that looks at a picture; `models.xray.segmenter.inspect` is one."""

    def __call__(self, transmission: Image, pitch_mm: float | None, threads: int) -> Finding:
        """Return what is found in a transmission (energies, lines, pixels)."""


@dataclass(frozen=True)
class Sight:
    """A recogniser, the finest pitch it makes use of, and how far a pixel's neighbours matter."""

    recognise: Recogniser
    finest_mm: float = FINE_MM
    reach_mm: float = HALO * WORKING_MM
    threads: int = 2


@dataclass(frozen=True)
class Plan:
    """How lines become windows: ``shrink`` of them one, then ``core`` and ``reach`` in these."""

    shrink: int
    core: int
    reach: int
    pitch_mm: float  # of what the recogniser gets

    @classmethod
    def of(cls, sight: Sight, pitch_mm: float) -> Plan:
        """Return the plan for lines and pixels ``pitch_mm`` apart."""
        shrink = max(1, int(sight.finest_mm / pitch_mm + 1e-6))
        pitch_mm *= shrink
        grid = ALIGN * max(1, round(WORKING_MM / pitch_mm))
        core = int(np.clip(CORE_MM / pitch_mm, *CORE_LINES)) // grid * grid
        return cls(shrink, core, int(np.ceil(sight.reach_mm / pitch_mm)), pitch_mm)

    @property
    def window(self) -> int:
        """Lines of a whole window."""
        return self.core + 2 * self.reach


@dataclass(frozen=True)
class Window:
    """Lines ``picture`` (energies, n, pixels) from ``first`` on, which owns ``core``."""

    picture: Image
    first: int
    core: range


class StripRecogniser:
    """Has every window looked at, and puts together what was found."""

    def __init__(self, sight: Sight, plan: Plan) -> None:
        self._sight, self._plan = sight, plan
        self._regions: list[Region] = []
        self._black = 0.0
        self.score = 0.0
        self.unseen: list[str] = []  # why nothing can be said about parts of the item

    def look(self, window: Window) -> None:
        """Look at one window; they come in order."""
        try:
            found = self._sight.recognise(window.picture, self._plan.pitch_mm, self._sight.threads)
        except BadPicture as error:
            self.unseen.append(str(error))
            return
        self._black += found.black * len(window.core)
        moved = [replace(region, y=region.y + window.first) for region in found.regions]
        own = [region for region in moved if _touches(region, window.core)]
        self.score = max(self.score, _score(found, own))
        self._join(own)

    def regions(self, lines: int, pixels: int) -> tuple[Region, ...]:
        """Return what was found, strongest first, in an item of ``lines`` × ``pixels``."""
        kept = (region for region in self._regions if region.score >= REGION * self.score)
        magnified = (_magnified(region, self._plan.shrink, lines, pixels) for region in kept)
        return tuple(sorted(magnified, key=lambda region: -region.score))

    def black(self, lines: int) -> float:
        """Return the share of the item's ``lines`` through which nothing came."""
        return min(1.0, self._black * self._plan.shrink / lines)

    def _join(self, new: list[Region]) -> None:
        """Add regions of one window; those that meet one of the window before are the same."""
        known, self._regions = self._regions, []
        for old in known:
            met = [region for region in new if _meet(old, region)]
            new = [region for region in new if region not in met]
            for region in met:
                old = _joined(old, region)
            self._regions.append(old)
        self._regions += new


class Windows:
    """Where shrunk lines are put; every full window goes to ``look`` and comes back by `done`."""

    def __init__(
        self, energies: int, pixels: int, plan: Plan, look: Callable[[Window], None]
    ) -> None:
        self._plan = plan
        self._look = look
        self._free: queue.SimpleQueue[Image] = queue.SimpleQueue()
        for _ in range(WINDOWS):
            self._free.put(np.empty((energies, plan.window, pixels), np.float32))
        self._picture = self._free.get()
        self._first = 0  # line of the item that the window begins with
        self._owned = 0  # lines of the item that windows before own
        self._lines = 0  # in the window

    def add(self, lines: Image) -> None:
        """Put lines (energies, n, pixels)."""
        while lines.shape[1]:
            room = self._picture[:, self._lines : self._lines + lines.shape[1]]
            count = room.shape[1]
            room[:] = lines[:, :count]
            self._lines += count
            lines = lines[:, count:]
            if self._lines == self._plan.window:
                self._pass_on(self._plan.reach)

    def finish(self) -> None:
        """Have the rest looked at."""
        if self._lines:
            self._pass_on(0)

    def done(self, window: Window) -> None:
        """Give a window back when it has been looked at."""
        whole = window.picture.base
        self._free.put(window.picture if whole is None else np.asarray(whole))

    def _pass_on(self, reach: int) -> None:
        """Let the window own all its lines but the last ``reach``; begin the next one."""
        picture, lines, first = self._picture, self._lines, self._first
        core = range(self._owned, first + lines - reach)
        self._picture = self._free.get()
        kept = 2 * reach
        self._picture[:, :kept] = picture[:, lines - kept : lines]
        self._first, self._owned, self._lines = first + lines - kept, core.stop, kept
        self._look(Window(picture[:, :lines], first, core))


def _score(found: Finding, own: list[Region]) -> float:
    """Return the score of a window's core: what was seen outside of it does not count."""
    if not found.regions:
        return found.score
    return max((region.score for region in own), default=min(found.score, LEAST_HEAT))


def _touches(region: Region, core: range) -> bool:
    return region.y < core.stop and region.y + region.h > core.start


def _meet(one: Region, other: Region) -> bool:
    across = one.x < other.x + other.w and other.x < one.x + one.w
    return across and one.y < other.y + other.h and other.y < one.y + one.h


def _joined(one: Region, other: Region) -> Region:
    stronger = max(one, other, key=lambda region: region.score)
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.w, other.x + other.w)
    bottom = max(one.y + one.h, other.y + other.h)
    return replace(stronger, x=x, y=y, w=right - x, h=bottom - y)


def _magnified(region: Region, shrink: int, lines: int, pixels: int) -> Region:
    x, y = region.x * shrink, region.y * shrink
    right = min((region.x + region.w) * shrink, pixels)
    bottom = min((region.y + region.h) * shrink, lines)
    return replace(region, x=x, y=y, w=max(right - x, 1), h=max(bottom - y, 1))
