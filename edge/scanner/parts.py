"""The parts of an item's pictures, filled as lines come, encoded and put away beside.

There are ``BUFFERS`` of them: when all are being encoded, whoever writes waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.scanner.beside import Beside
from edge.scanner.pictures import PART, Image16, Mask, Overview, Rendered, as_counts, render

KeptT = TypeVar("KeptT")
Image = NDArray[np.float32]

BUFFERS = 2  # one is filled while the other is encoded


class Parts(Generic[KeptT]):
    """``keep`` puts the files of one part away and returns what they are called then."""

    def __init__(
        self,
        pixels: int,
        pitch_mm: float,
        keep: Callable[[list[Rendered]], list[KeptT]],
        beside: Beside,
    ) -> None:
        self.kept: list[KeptT] = []
        self.overview = Overview(pixels, pitch_mm)
        self._keep = keep
        self._beside = beside
        self._free = threading.Semaphore(BUFFERS)
        self._part: Image16 = np.empty((0, 0, pixels), np.uint16)
        self._lost: Mask = np.zeros(PART, np.bool_)
        self._filled = self._index = 0

    def add(self, lines: Image, lost: Mask) -> None:
        """Add transmissions (energies, n, pixels), and which of the lines (n,) are lost."""
        while lines.shape[1]:
            if not self._filled:
                self._free.acquire()
                self._part = np.empty((lines.shape[0], PART, lines.shape[2]), np.uint16)
                self._lost = np.zeros(PART, np.bool_)
            room = self._part[:, self._filled : self._filled + lines.shape[1]]
            count = room.shape[1]
            as_counts(lines[:, :count], out=room)
            self._lost[self._filled : self._filled + count] = lost[:count]
            self._filled += count
            lines, lost = lines[:, count:], lost[count:]
            if self._filled == PART:
                self._pass_on()

    def finish(self) -> None:
        """Have the rest encoded."""
        if self._filled:
            self._pass_on()

    def _pass_on(self) -> None:
        part, lost = self._part[:, : self._filled], self._lost[: self._filled]
        index = self._index
        self._filled, self._index = 0, index + 1

        def encode() -> None:
            try:
                with self._beside.lap("encode"):
                    files = render(part, index)
                    self.overview.add(part, lost)
                with self._beside.lap("keep"):
                    self.kept += self._keep(files)
            finally:
                self._free.release()

        self._beside.do("encode", encode)
