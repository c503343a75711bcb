"""A bounded ring that a detector's lines land in once, and that is read without a copy.

1. A line's place follows from its number, so that lines out of order fall into place by themselves.
2. One thread writes (`place`), one reads (`take`, then `release`). The writer never waits: a line
   for which there is no room yet is an overrun, dropped and counted, and later missing.
3. A hole among the newest `REORDER` numbers may still be filled: what is behind it is held back.
   What is handed out with a hole has it marked (``present``) and black; it never gets filled.
4. A number that is there, or was handed out already, is repeated and dropped. One that comes after
   a higher one is swapped. An old number with another time, or one from beyond the ring, behind
   or ahead, is of another count: restarted, one line each, and not placed. The old one may go on.
5. Numbers are 32 bits on the wire and go on where these wrap.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

REORDER = 4  # lines; a swap on the way reaches no further than this
RING_BYTES = 64 << 20  # 1.7 s of two energies × 5 000 pixels at 2 000 lines a second
LEAST_LINES, MOST_LINES = 256, 16_384
_WRAP = 1 << 32

Lines = NDArray[np.uint16]
Numbers = NDArray[np.int64]
Times = NDArray[np.uint64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tally:
    """What went wrong since the count began, in lines; ``torn`` in losses of step.

    ``lost`` were handed out missing, ``overrun`` among them because the reader was too slow.
    """

    lost: int = 0
    overrun: int = 0
    repeated: int = 0
    swapped: int = 0
    torn: int = 0
    restarted: int = 0


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Neighbouring lines, seen in the ring until they are released.

    ``counts`` uint16 (energies, n, pixels), black where a line is missing; ``first`` the number of
    its first line; ``present`` and ``beam_on`` bool (n,); ``times`` (n,) µs of its own clock.
    """

    counts: Lines
    first: int
    present: Mask
    times: Times
    beam_on: Mask

    def __len__(self) -> int:
        return len(self.present)

    @property
    def numbers(self) -> Numbers:
        """The number of each line."""
        return np.arange(self.first, self.first + len(self), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Lines as they came: numbers (n,) of 32 bits, times and beam_on (n,), and their pixels.

    ``pixels`` (n, energies, pixels) may be of either byte order and lie anywhere.
    """

    numbers: NDArray[np.unsignedinteger]
    times: Times
    beam_on: Mask
    pixels: NDArray[np.uint16]

    def only(self, at: slice | Mask) -> Arrivals:
        """Return some of the lines; without a copy if they are a slice."""
        return Arrivals(self.numbers[at], self.times[at], self.beam_on[at], self.pixels[at])


def ring_lines(energies: int, pixels: int) -> int:
    """Return how many lines a ring of about RING_BYTES has."""
    return min(max(RING_BYTES // (2 * energies * pixels), LEAST_LINES), MOST_LINES)


class LineRing:
    """The ring: ``counts`` is (energies, lines, pixels) uint16."""

    def __init__(self, energies: int, pixels: int, lines: int | None = None) -> None:
        self.capacity = lines or ring_lines(energies, pixels)
        self._far = max(self.capacity, LEAST_LINES)  # ahead; a jump by less is of lost lines
        self.counts: Lines = np.zeros((energies, self.capacity, pixels), np.uint16)
        self._held = np.full(self.capacity, -1, np.int64)  # the number in each place
        self._times: Times = np.zeros(self.capacity, np.uint64)
        self._beam_on: Mask = np.zeros(self.capacity, np.bool_)
        self._changed = threading.Condition()
        self._forget()

    def _forget(self) -> None:
        self._held[:] = -1
        self._newest = -1
        self._latest = 0  # time of the newest line, µs
        self._taken = self._released = 0  # handed out, and free to be written over, up to here
        self._ended = False
        self._tally = Tally()

    # The writer's side

    def begin(self) -> None:
        """Begin to count at 0; where lines were handed out already the detector has restarted."""
        with self._changed:
            if self._taken:
                self._count(restarted=1)
            else:
                self._forget()

    def place(self, came: Arrivals) -> None:
        """Put lines where they belong."""
        with self._changed:
            numbers, came = self._near(self._unwrapped(came.numbers), came)
            before = np.maximum.accumulate(np.concatenate(([self._newest], numbers)))
            ahead = numbers > before[:-1]
            if ahead.all():
                self._store_ahead(numbers, came)
            else:
                self._store_mixed(numbers, ahead, came)
            self._changed.notify_all()

    def tear(self) -> None:
        """Count a loss of step in the stream."""
        with self._changed:
            self._count(torn=1)

    def end(self) -> None:
        """Nothing more comes: whatever is there can be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    # The reader's side

    def take(
        self, at_least: int = 1, timeout: float = 0.0, *, all_of_it: bool = False
    ) -> LineBlock | None:
        """Return the lines that are ready, once they are ``at_least`` or ``timeout`` s are over.

        None if there are none. A block ends where the ring does, so one may be shorter.
        ``all_of_it``: hold nothing back; so it is after `end`.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or self._ready(all_of_it) - self._taken >= at_least, timeout
            )
            upto = self._ready(all_of_it or self._ended)
            upto = min(upto, (self._taken // self.capacity + 1) * self.capacity)
            return self._block(upto) if upto > self._taken else None

    def release(self, block: LineBlock) -> None:
        """Let the lines of ``block``, and those before it, be written over."""
        with self._changed:
            self._released = max(self._released, block.first + len(block))

    @property
    def over(self) -> bool:
        """Whether it has ended and everything was taken."""
        with self._changed:
            return self._ended and self._ready(all_of_it=True) <= self._taken

    @property
    def ready(self) -> int:
        """How many lines can be taken now, missing ones included."""
        with self._changed:
            return self._ready(all_of_it=False) - self._taken

    @property
    def newest(self) -> int:
        """The highest number that came; -1 before the first."""
        return self._newest

    @property
    def tally(self) -> Tally:
        """What went wrong until now."""
        return self._tally

    # Inside; the lock is held

    def _unwrapped(self, numbers: NDArray[np.unsignedinteger]) -> Numbers:
        """Return the numbers nearest to the newest that have these 32 bits."""
        half = _WRAP // 2
        step = (numbers.astype(np.int64) - self._newest + half) % _WRAP - half
        return self._newest + step

    def _near(self, numbers: Numbers, came: Arrivals) -> tuple[Numbers, Arrivals]:
        """Return the lines without those that are too far ahead of the ones before them."""
        highest = np.maximum.accumulate(np.concatenate(([self._newest], numbers)))
        if (np.diff(highest) <= self._far).all():
            return numbers, came
        near, newest = np.ones(len(numbers), np.bool_), self._newest
        for index, number in enumerate(numbers.tolist()):
            near[index] = number <= newest + self._far
            newest = max(newest, number) if near[index] else newest
        self._count(restarted=int(np.count_nonzero(~near)))
        return numbers[near], came.only(near)

    def _store_ahead(self, numbers: Numbers, came: Arrivals) -> None:
        """Store lines whose numbers rise from beyond the newest."""
        if not len(numbers):
            return
        room = int(np.searchsorted(numbers, self._released + self.capacity))
        if room:
            self._write(numbers[:room], came.only(slice(room)))
        if room < len(numbers):
            self._count(overrun=len(numbers) - room)
        self._newest = int(numbers[-1])
        self._latest = max(self._latest, int(came.times[-1]))

    def _store_mixed(self, numbers: Numbers, ahead: Mask, came: Arrivals) -> None:
        """Store lines in the order of their coming; rare, so piece by piece."""
        edges = np.flatnonzero(np.diff(ahead)) + 1
        for start, stop in zip((0, *edges), (*edges, len(ahead)), strict=True):
            some = came.only(slice(start, stop))
            if ahead[start]:
                self._store_ahead(numbers[start:stop], some)
            else:
                for index, number in enumerate(numbers[start:stop].tolist()):
                    self._store_late(number, some.only(slice(index, index + 1)))

    def _store_late(self, number: int, came: Arrivals) -> None:
        """Store a line that comes after one with a higher number, if its place is free."""
        place = number % self.capacity
        there = self._held[place] == number
        if self._afresh(number, int(came.times[0]), int(self._times[place]) if there else None):
            self._count(restarted=1)
        elif there or number < self._taken:
            self._count(repeated=1)
        elif number >= self._released + self.capacity:
            self._count(overrun=1)
        else:
            self._count(swapped=1)
            self._write(np.array([number]), came)

    def _afresh(self, number: int, time: int, held: int | None) -> bool:
        """Return whether a late line is of another count; ``held`` is the time of its namesake."""
        if held is not None:
            return time != held
        return time > self._latest or number <= self._newest - self.capacity

    def _write(self, numbers: Numbers, came: Arrivals) -> None:
        pixels = came.pixels.transpose(1, 0, 2)
        for here, there in self._places(numbers):
            self.counts[:, here] = pixels[:, there]
            self._held[here] = numbers[there]
            self._times[here] = came.times[there]
            self._beam_on[here] = came.beam_on[there]

    def _places(self, numbers: Numbers) -> list[tuple[slice | NDArray[np.intp], slice]]:
        """Return which places take which of the lines: slices wherever it is possible."""
        count, start = len(numbers), int(numbers[0]) % self.capacity
        if int(numbers[-1]) - int(numbers[0]) != count - 1:
            return [(numbers % self.capacity, slice(count))]
        first = min(count, self.capacity - start)
        parts: list[tuple[slice | NDArray[np.intp], slice]] = [
            (slice(start, start + first), slice(first))
        ]
        return parts if first == count else [*parts, (slice(count - first), slice(first, count))]

    def _ready(self, all_of_it: bool) -> int:
        """Return the number up to which lines can be handed out."""
        top = min(self._newest + 1, self._released + self.capacity)
        if all_of_it or self._ended:
            return top
        recent = np.arange(max(self._taken, self._newest - REORDER + 1), top)
        missing = recent[self._held[recent % self.capacity] != recent]
        return int(missing[0]) if missing.size else top

    def _block(self, upto: int) -> LineBlock:
        first, self._taken = self._taken, upto
        start = first % self.capacity
        here = slice(start, start + upto - first)
        present = self._held[here] == np.arange(first, upto)
        if not present.all():
            missing = start + np.flatnonzero(~present)
            self.counts[:, missing] = 0
            self._times[missing], self._beam_on[missing] = 0, False
            self._count(lost=len(missing))
        return LineBlock(
            self.counts[:, here], first, present, self._times[here], self._beam_on[here]
        )

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self._tally, name) + count for name, count in more.items()}
        self._tally = replace(self._tally, **counted)
