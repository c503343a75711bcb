"""An item's lines on their way to a finding, while the item still moves.

1. Lines go, a few at a time, from the ring through the calibration into a part of the picture and,
   shrunk, into a window of the recogniser. Then their place in the ring is free again. Windows are
   looked at in one thread and parts encoded and kept in another: where these do not keep up, the
   ring overruns, and lines that are lost are told. Memory is bounded whatever the length.
2. The first ``lead`` lines are air: the gain follows them (edge/scanner/drift.py), then they are
   left out. Until it is known how many they are, lines wait in the ring.
3. The picture ends with the last line that the beam lit (edge/scanner/trailing.py). A line within
   that was not lit, never came, or equals the line before it is black and counted as lost. Lines
   whose pixels are scrambled leave the item unseen (edge/scanner/plausibility.py).
4. What is given up ends soon; what was kept of it until then is in ``kept``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from drivers.detector.ring import LineBlock, LineRing, Tally
from drivers.errors import NoAnswer
from edge.scanner.beside import Beside
from edge.scanner.calibration import FLOOR, Calibration
from edge.scanner.drift import follow
from edge.scanner.moments import Counts, Mask, Moments, lost_lines
from edge.scanner.parts import Parts
from edge.scanner.pictures import Rendered
from edge.scanner.plausibility import Plausibility
from edge.scanner.shrink import shrunk
from edge.scanner.strips import Plan, Sight, StripRecogniser, Window, Windows
from edge.scanner.trailing import Trailing
from models.xray.segmenter import Region

KeptT = TypeVar("KeptT")
Image = NDArray[np.float32]

CHUNK = 32  # lines at a time: 5 000 pixels × two energies of these stay in a core's cache
WAIT = 0.05  # s; how soon it is noticed that the item is given up


class GivenUp(Exception):
    """Nobody wants this item any more."""


@dataclass(frozen=True)
class Seen(Generic[KeptT]):
    """What became of an item's lines."""

    lines: int
    lost: int  # of them
    frozen: int  # equal to the line before; in the air in front of the item, too
    saturated: float  # share of the picture
    score: float
    regions: tuple[Region, ...]
    unseen: list[str]  # why nothing can be said about parts of it
    black: float  # share of the picture through which nothing came
    pictures: list[KeptT]  # of every part, the uppermost first
    overview: Image = field(repr=False)  # (energies, lines, pixels), see Overview
    overview_pitch: float
    overview_lost: Mask = field(repr=False)  # (lines of the overview,)
    tally: Tally
    calibration: Calibration = field(repr=False)
    stages: dict[str, float]  # ms of work, beside one another


class Processing(Generic[KeptT]):
    """One item. ``keep`` puts the files of a part away and returns what they are called then."""

    def __init__(
        self,
        calibration: Calibration,
        pitch_mm: float,
        sight: Sight,
        keep: Callable[[list[Rendered]], list[KeptT]],
    ) -> None:
        self._calibration = calibration
        self._energies, self._pixels = calibration.offset.shape
        self._beside = Beside()
        self._parts = Parts(self._pixels, pitch_mm, keep, self._beside)
        plan = Plan.of(sight, pitch_mm)
        self._shrink = plan.shrink
        self._strips = StripRecogniser(sight, plan)
        self._windows = Windows(
            self._energies, -(-self._pixels // plan.shrink), plan, self._to_recogniser
        )
        chunk = -(-CHUNK // plan.shrink) * plan.shrink
        self._chunk = np.empty((self._energies, chunk, self._pixels), np.float32)
        self._chunk_lost = np.zeros(chunk, np.bool_)
        self._in_chunk = 0
        self._lead: int | None = None
        self._given_up = False
        self._changed = threading.Condition()  # of these two
        self._air = Moments()
        self._plausibility = Plausibility()
        self._trailing = Trailing()
        self._lines = self._lost = self._saturated = 0

    def expect(self, lead: int) -> None:
        """Say how many lines of air come first. Only the first word counts."""
        with self._changed:
            self._lead = lead if self._lead is None else self._lead
            self._changed.notify_all()

    def give_up(self) -> None:
        """Let `run` raise GivenUp soon."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    @property
    def kept(self) -> list[KeptT]:
        """What was put away until now, the uppermost first."""
        return self._parts.kept

    def run(self, ring: LineRing) -> Seen[KeptT]:
        """Look at what comes through ``ring`` until it ends.

        Raises GivenUp, NoAnswer if no line was lit, and what calibration, recogniser and ``keep``
        raise.
        """
        with self._beside:
            for block in self._blocks(ring):
                self._take(block)
                ring.release(block)
                self._beside.check()
            self._finish()
            self._beside.finish()
        return self._seen(ring.tally)

    def _blocks(self, ring: LineRing) -> Iterator[LineBlock]:
        with self._changed:
            self._changed.wait_for(lambda: self._lead is not None or self._given_up)
        while not ring.over:
            block = ring.take(CHUNK, WAIT)
            if self._given_up:
                raise GivenUp
            if block is not None:
                yield block

    def _take(self, block: LineBlock) -> None:
        good = self._good(block)
        assert self._lead is not None
        lead = min(max(self._lead - block.first, 0), len(block))
        self._look_at_air(block.counts[:, :lead], good[:lead])
        if lead == len(block):
            return
        self._follow_air()
        before, within = self._trailing.add(block.present[lead:], block.beam_on[lead:])
        self._blacken(before)
        for at in range(lead, lead + within, CHUNK):
            some = slice(at, min(at + CHUNK, lead + within))
            self._put(block.counts[:, some], good[some])

    def _good(self, block: LineBlock) -> Mask:
        """Return which lines came, were lit by the beam, and are not the one before again."""
        good = block.present & block.beam_on
        with self._beside.lap("check"):
            return good & ~self._plausibility.add(block.counts, good)

    def _look_at_air(self, counts: Counts, good: Mask) -> None:
        with self._beside.lap("calibrate"):
            self._air.add(counts[:, good & ~lost_lines(counts)])

    def _follow_air(self) -> None:
        if self._air.lines:
            self._calibration = follow(self._calibration, self._air)
            self._air = Moments()

    def _blacken(self, lines: int) -> None:
        """Put lines that show nothing."""
        nothing = np.zeros((self._energies, min(lines, CHUNK), self._pixels), np.uint16)
        for at in range(0, lines, CHUNK):
            count = min(CHUNK, lines - at)
            self._put(nothing[:, :count], np.zeros(count, np.bool_))

    def _put(self, counts: Counts, good: Mask) -> None:
        """Put a few lines into the chunk; those that are not ``good`` become black."""
        if self._given_up:
            raise GivenUp
        while counts.shape[1]:
            room = self._chunk[:, self._in_chunk : self._in_chunk + counts.shape[1]]
            count = room.shape[1]
            fine = good[:count] & ~lost_lines(counts[:, :count])
            self._chunk_lost[self._in_chunk : self._in_chunk + count] = ~fine
            self._normalise(counts[:, :count], fine, room)
            self._in_chunk += count
            if self._in_chunk == self._chunk.shape[1]:
                self._empty_chunk()
            counts, good = counts[:, count:], good[count:]

    def _normalise(self, counts: Counts, fine: Mask, out: Image) -> None:
        with self._beside.lap("normalise"):
            self._calibration.normalise(counts, out=out)
            out[:, ~fine] = FLOOR
            railed = self._calibration.saturated(counts)[:, fine]
        self._lines += len(fine)
        self._lost += int(np.count_nonzero(~fine))
        self._saturated += int(np.count_nonzero(railed))

    def _empty_chunk(self) -> None:
        lines, lost = self._chunk[:, : self._in_chunk], self._chunk_lost[: self._in_chunk]
        self._in_chunk = 0
        with self._beside.lap("shrink"):
            small = shrunk(lines, self._shrink)
        self._parts.add(lines, lost)
        self._windows.add(small)

    def _finish(self) -> None:
        self._blacken(self._trailing.lost)
        if not self._lines:
            raise NoAnswer("not one line; check that the detector runs and that the beam lights it")
        if self._in_chunk:
            self._empty_chunk()
        self._windows.finish()
        self._parts.finish()

    def _to_recogniser(self, window: Window) -> None:
        def look() -> None:
            try:
                with self._beside.lap("recognise"):
                    self._strips.look(window)
            finally:
                self._windows.done(window)

        self._beside.do("recognise", look)

    def _seen(self, tally: Tally) -> Seen[KeptT]:
        return Seen(
            lines=self._lines,
            lost=self._lost,
            frozen=self._plausibility.frozen,
            saturated=self._saturated / (self._lines * self._calibration.offset.size),
            score=self._strips.score,
            regions=self._strips.regions(self._lines, self._pixels),
            unseen=[*self._strips.unseen, *self._plausibility.trouble],
            black=self._strips.black(self._lines),
            pictures=self.kept,
            overview=self._parts.overview.picture(),
            overview_pitch=self._parts.overview.pitch_mm,
            overview_lost=self._parts.overview.lost(),
            tally=tally,
            calibration=self._calibration,
            stages=self._beside.laps,
        )
