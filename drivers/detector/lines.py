"""Puts numbered lines in order and says what is missing. No bytes, no clock, no port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REORDER = 4  # lines; a swap on the way reaches no further than this
_ROOM = 256  # lines a block has room for at first
_WRAP = 1 << 32


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Neighbouring lines in order, and what went wrong among them.

    ``lines`` uint16 (n, energies, pixels); ``numbers`` int64 (n,), which goes on where 32 bits
    wrap; ``times`` µs of the detector's clock (n,); ``beam_on`` bool (n,). ``lost`` are ranges of
    numbers before or between these lines that never came; ``repeated`` and ``swapped`` count
    lines; ``torn`` counts losses of step in the stream.
    """

    lines: NDArray[np.uint16]
    numbers: NDArray[np.int64]
    times: NDArray[np.uint64]
    beam_on: NDArray[np.bool_]
    lost: tuple[range, ...] = ()
    repeated: int = 0
    swapped: int = 0
    torn: int = 0

    @property
    def first_line(self) -> int:
        """The number of the first line."""
        return int(self.numbers[0])


class LineSorter:
    """Collects lines as they come and hands them out in order."""

    def __init__(self, energies: int, pixels: int) -> None:
        self._lines = np.empty((_ROOM, energies, pixels), np.uint16)
        self._numbers: list[int] = []
        self._times: list[int] = []
        self._beam_on: list[bool] = []
        self._expected = 0  # the number that comes after the last block
        self._newest = 0
        self._repeated = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: int, pixels: NDArray[np.uint16], time_us: int, beam_on: bool) -> None:
        """Keep one line; ``number`` is the wrapped 32-bit counter."""
        count = len(self._numbers)
        if count == len(self._lines):
            self._lines = np.concatenate((self._lines, np.empty_like(self._lines)))
        self._lines[count] = pixels
        # The nearest number to the newest that has these 32 bits.
        self._newest += (number - self._newest + _WRAP // 2) % _WRAP - _WRAP // 2
        self._numbers.append(self._newest)
        self._times.append(time_us)
        self._beam_on.append(beam_on)

    def take(self, torn: int, *, all_of_it: bool) -> LineBlock | None:
        """Return the lines collected, in order, or None if there are none to give."""
        arrived = np.array(self._numbers, np.int64)
        numbers, order = np.unique(arrived, return_index=True)
        late = int(np.searchsorted(numbers, self._expected))  # given out already, or given up
        numbers, order = numbers[late:], order[late:]
        self._repeated += len(arrived) - len(numbers)
        ready = len(numbers) if all_of_it else self._ready(numbers)
        block = self._block(numbers[:ready], order[:ready], torn) if ready else None
        self._keep(order[ready:].tolist())
        return block

    def _block(self, numbers: NDArray[np.int64], order: NDArray[np.intp], torn: int) -> LineBlock:
        in_place = np.array_equal(order, np.arange(len(order)))  # then no copy is needed
        block = LineBlock(
            lines=self._lines[: len(order)] if in_place else self._lines[order],
            numbers=numbers,
            times=np.array(self._times, np.uint64)[order],
            beam_on=np.array(self._beam_on, np.bool_)[order],
            lost=_holes(self._expected, numbers),
            repeated=self._repeated,
            swapped=int(np.count_nonzero(np.diff(order) < 0)),
            torn=torn,
        )
        self._expected, self._repeated = int(numbers[-1]) + 1, 0
        return block

    def _ready(self, numbers: NDArray[np.int64]) -> int:
        """Return how many lines stand before a hole that may still be filled."""
        steps = np.diff(numbers, prepend=self._expected - 1)
        recent = np.flatnonzero(steps[-REORDER:] > 1)
        return int(max(0, len(numbers) - REORDER) + recent[0]) if len(recent) else len(numbers)

    def _keep(self, held: list[int]) -> None:
        kept = self._lines[held]
        self._lines = np.empty_like(self._lines)  # the old one may now belong to a block
        self._lines[: len(held)] = kept
        self._numbers = [self._numbers[i] for i in held]
        self._times = [self._times[i] for i in held]
        self._beam_on = [self._beam_on[i] for i in held]


def _holes(expected: int, numbers: NDArray[np.int64]) -> tuple[range, ...]:
    steps = np.diff(numbers, prepend=expected - 1)
    return tuple(
        range(int(numbers[i] - steps[i] + 1), int(numbers[i])) for i in np.flatnonzero(steps > 1)
    )
