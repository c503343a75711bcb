"""Lines from the detector, as one array per exposure: what is lost stays visible as black lines.

1. A scan is what the beam showed: behind the last line that it lit, the exposure ends. A line
   within that was not lit is lost like one that never came: nothing was inspected there.
2. These run in the detector's own thread: they block, and they are told to end by an event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from drivers.detector.detector import Detector
from drivers.detector.lines import REORDER, LineBlock
from drivers.errors import NoAnswer

Counts = NDArray[np.uint16]

READ_WITHIN = 0.05  # s; how soon a scan notices that it shall end
ENOUGH = REORDER + 1  # lines at a time: the first of so many never waits for one that is late
SILENT_AFTER = 1.0  # s without a line from a running detector
DRAIN_WITHIN = 0.1  # s of silence after a stop: nothing is on its way any more
MOST_LINES = 60_000  # a longer scan is cut: memory stays bounded


@dataclass(frozen=True)
class Exposure:
    """Raw counts (energies, lines, pixels), low energy first, and what was lost of them."""

    counts: Counts = field(repr=False)
    lost: int
    repeated: int
    swapped: int
    torn: int

    @property
    def lines(self) -> int:
        """How many lines it has, lost ones included."""
        return int(self.counts.shape[1])

    def without_lead(self, lines: int) -> Exposure:
        """Return the exposure without its first ``lines`` lines, of which one at least is left."""
        return replace(self, counts=self.counts[:, min(lines, self.lines - 1) :])


def take(detector: Detector, lines: int) -> Exposure:
    """Return an exposure of at least ``lines`` lines. Raises the detector's DriverErrors."""
    return assembled(_run(detector, lambda taken: taken >= lines, lambda: None))


def scan(detector: Detector, end: threading.Event, begun: Callable[[], None]) -> Exposure:
    """Return everything from now until ``end`` is set; ``begun`` is called when lines come.

    Raises the detector's DriverErrors.
    """

    def enough(taken: int) -> bool:
        return end.is_set() or taken >= MOST_LINES

    return assembled(_lit(_run(detector, enough, begun)))


def _run(
    detector: Detector, enough: Callable[[int], bool], begun: Callable[[], None]
) -> list[LineBlock]:
    blocks: list[LineBlock] = []
    detector.start()
    try:
        taken, heard = 0, time.monotonic()
        while not enough(taken):
            try:
                block = detector.read(READ_WITHIN, ENOUGH)
            except NoAnswer:
                if time.monotonic() - heard >= SILENT_AFTER:
                    raise
                continue
            heard = time.monotonic()
            if not blocks:
                begun()
            blocks.append(block)
            taken = int(block.numbers[-1]) + 1
    finally:
        detector.stop()
    return [*blocks, *_drained(detector)]


def _drained(detector: Detector) -> Iterable[LineBlock]:
    while True:
        try:
            yield detector.read(DRAIN_WITHIN)
        except NoAnswer:
            return


def _lit(blocks: list[LineBlock]) -> list[LineBlock]:
    """Return ``blocks`` up to the last line that the beam lit, without those that it did not."""
    return [_only(block, block.beam_on) for block in blocks if block.beam_on.any()]


def _only(block: LineBlock, which: NDArray[np.bool_]) -> LineBlock:
    return replace(
        block,
        lines=block.lines[which],
        numbers=block.numbers[which],
        times=block.times[which],
        beam_on=block.beam_on[which],
    )


def assembled(blocks: list[LineBlock]) -> Exposure:
    """Put ``blocks`` into one array, every line at its number; raise NoAnswer if there is none."""
    if not blocks:
        raise NoAnswer("not one line; check that the detector runs and that the beam lights it")
    count = int(blocks[-1].numbers[-1]) + 1
    energies, pixels = blocks[0].lines.shape[1:]
    counts = np.zeros((energies, count, pixels), np.uint16)
    for block in blocks:
        counts[:, block.numbers] = block.lines.transpose(1, 0, 2)
    return Exposure(
        counts=counts,
        lost=count - sum(len(block.numbers) for block in blocks),
        repeated=sum(block.repeated for block in blocks),
        swapped=sum(block.swapped for block in blocks),
        torn=sum(block.torn for block in blocks),
    )
