"""What the detector's own thread does: references, and the lines of an item into a ring.

1. These block, and are told to end by an event. Whatever happens the ring is ended: nobody waits
   for lines that never come. What fails is told at once, while the detector still runs: a stop that
   is not answered must not keep the beam on. Whoever polls the detector stops it then
   (edge/scanner/devices.py).
2. A reference is as long as its noise wants, within bounds: the gain's error is to be ``ERROR``.
   The second look at the air, which checks a calibration, is as short as any.
3. A scan ends when it is told to, or at MOST_LINES: then it is cut, and says so.
4. A detector whose count does not go on for SILENT_AFTER is silent: the beam must not stay on for
   nothing. ``quiet`` says how long it had not gone on when the end was called for: what did not
   come then was not seen.
5. One that has no line to send yet is asked whether it is there, every ASK_EVERY, so that a link
   which is gone is not taken for a slow start (edge/scanner/watch.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from drivers.detector.detector import Detector
from drivers.detector.ring import LineRing
from edge.scanner.moments import Moments, lost_lines

READ_WITHIN = 0.02  # s; how soon a scan notices that it shall end
ASK_EVERY = 0.04  # s; three times in the silence that a link may keep
ENOUGH = 32  # lines of a reference at a time
BEGINS_WITHIN = 1.0  # s from the start to the first line
SILENT_AFTER = 0.12  # s between two lines; the beam is to be off 0.2 s after a link is lost
SLOW = 4  # lines of a slow detector that may stay away
DRAIN_WITHIN = 0.1  # s of silence after a stop: nothing is on its way any more
DRAIN_MOST = 0.5  # s; a detector that does not stop is not waited for
MOST_LINES = 60_000
REFERENCE_LINES = (128, 1024)  # good lines, at least and at most
REFERENCE_TRIES = 4  # times the most lines that may come while good ones are wanted
ERROR = 0.001  # of the gain: a third of the non-uniformity that may be left


@dataclass(frozen=True)
class Ended:
    """How a scan ended."""

    cut: bool  # more came than is ever looked at
    quiet: float  # s without a new line before it was told to end


def reference(
    detector: Detector, most: int = REFERENCE_LINES[1], silent_after: float = SILENT_AFTER
) -> Moments:
    """Return the moments of at most ``most`` good lines. Raises the detector's DriverErrors."""
    taken, tries = Moments(), REFERENCE_TRIES * most
    ring = detector.start()
    lines = _Lines(detector, silent_after)
    while not _enough(taken, most) and ring.newest < tries:
        if lines.come() and ring.ready >= ENOUGH and (block := ring.take()) is not None:
            good = block.present & ~lost_lines(block.counts)
            taken.add(block.counts[:, good])
            ring.release(block)
    detector.stop()
    return taken


def _enough(taken: Moments, most: int) -> bool:
    if taken.lines < REFERENCE_LINES[0]:
        return False
    error = np.median(taken.spread / np.maximum(taken.mean, 1)) / np.sqrt(taken.lines)
    return bool(error <= ERROR) or taken.lines >= most


def scan(
    detector: Detector,
    end: threading.Event,
    begun: Callable[[LineRing], None],
    silent_after: float = SILENT_AFTER,
) -> Ended:
    """Take lines from now until ``end`` is set; ``begun`` is called with the ring when they come.

    Raises the detector's DriverErrors.
    """
    ring = detector.start()
    try:
        lines = _Lines(detector, silent_after)
        while not end.is_set() and ring.newest < MOST_LINES:
            first = not lines.begun
            if lines.come() and first:
                begun(ring)
        asked = time.monotonic()
        detector.stop()
        heard = max(lines.heard, _drained(detector))
    finally:
        ring.end()
    return Ended(ring.newest >= MOST_LINES, max(0.0, asked - heard))


class _Lines:
    """The lines of a detector that was started, as they come."""

    def __init__(self, detector: Detector, silent_after: float) -> None:
        self._detector = detector
        self._silent_after = max(silent_after, SLOW / detector.rate)
        self.begun = False
        self.heard = self._asked = time.monotonic()  # the last line, or the start

    def come(self) -> bool:
        """Wait a little; return whether the count went on. Raises NoAnswer and Garbled."""
        if self._detector.fill(READ_WITHIN):
            self.begun, self.heard = True, time.monotonic()
            return True
        now = time.monotonic()
        if now - self.heard >= (self._silent_after if self.begun else BEGINS_WITHIN):
            raise self._detector.silence(now - self.heard)
        if now - max(self.heard, self._asked) >= ASK_EVERY:
            self._asked = now
            self._detector.nudge()
        return False


def _drained(detector: Detector) -> float:
    """Take in what was on its way when the detector was stopped; return when the last line came."""
    now = time.monotonic()
    heard, over, most = 0.0, now + DRAIN_WITHIN, now + DRAIN_MOST
    while (now := time.monotonic()) < min(over, most):
        if detector.fill(DRAIN_WITHIN / 4):
            heard, over = now, now + DRAIN_WITHIN
    return heard
