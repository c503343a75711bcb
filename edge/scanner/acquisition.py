"""Lines from the detector, as one array per exposure: what is lost stays visible as black lines.

These run in the detector's own thread: they block, and they are told to end by an event.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from drivers.detector.detector import Detector
from drivers.detector.lines import LineBlock
from drivers.errors import NoAnswer

Counts = NDArray[np.uint16]

READ_WITHIN = 0.05  # s; how soon a scan notices that it shall end
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
    return _run(detector, lambda taken: taken >= lines, lambda: None)


def scan(detector: Detector, end: threading.Event, begun: Callable[[], None]) -> Exposure:
    """Return everything from now until ``end`` is set; ``begun`` is called when lines come.

    Raises the detector's DriverErrors.
    """
    return _run(detector, lambda taken: end.is_set() or taken >= MOST_LINES, begun)


def _run(detector: Detector, enough: Callable[[int], bool], begun: Callable[[], None]) -> Exposure:
    blocks: list[LineBlock] = []
    detector.start()
    try:
        taken, silent = 0, 0.0
        while not enough(taken):
            try:
                block = detector.read(READ_WITHIN)
            except NoAnswer:
                silent += READ_WITHIN
                if silent >= SILENT_AFTER:
                    raise
                continue
            silent = 0.0
            if not blocks:
                begun()
            blocks.append(block)
            taken = int(block.numbers[-1]) + 1
    finally:
        detector.stop()
    return assembled([*blocks, *_drained(detector)])


def _drained(detector: Detector) -> Iterable[LineBlock]:
    while True:
        try:
            yield detector.read(DRAIN_WITHIN)
        except NoAnswer:
            return


def assembled(blocks: list[LineBlock]) -> Exposure:
    """Put ``blocks`` into one array, every line at its number; raise NoAnswer if there is none."""
    if not blocks:
        raise NoAnswer("the detector gave not one line; check that it is running")
    count = int(blocks[-1].numbers[-1]) + 1
    energies, pixels = blocks[0].lines.shape[1:]
    counts = np.zeros((energies, count, pixels), np.uint16)
    for block in blocks:
        counts[:, block.numbers] = block.lines.transpose(1, 0, 2)
    return Exposure(
        counts=counts,
        lost=sum(len(gap) for block in blocks for gap in block.lost),
        repeated=sum(block.repeated for block in blocks),
        swapped=sum(block.swapped for block in blocks),
        torn=sum(block.torn for block in blocks),
    )
