"""The weighbridge as the rest of the software sees it: what stands on it, once it stands still.

1. The indicator speaks by itself, several times a second, and takes no commands from here: it is a
   sealed instrument, and zero and tare are its own keys.
2. `read` is the next reading from now on; what was said before it was asked for is thrown away.
3. `weigh` waits until the readings have been without motion and within one increment of each other
   for `SETTLED`. A load that does not come to rest in time is NotReady.
4. A weight that is out of range, or shown by an indicator that was never zeroed, is Refused: it
   must not be taken for one.
"""

from __future__ import annotations

import time
from collections import deque

from drivers.errors import Garbled, NoAnswer, NotReady, Refused
from drivers.link import Link, drain
from drivers.patience import Clock, Patience
from drivers.weighbridge.codec import Decoder, Reading, Unit

__all__ = ["BAUDRATE", "Reading", "Unit", "Weighbridge"]

BAUDRATE = 9600  # 8N1; a line of seven bits and parity reads as well
SETTLED = 1.0  # s without motion
FEWEST = 3  # readings within that time


class Weighbridge:
    """An indicator on a serial link. Blocking: one thread owns one weighbridge.

    ``checksum`` is a setting of the indicator. Every verb raises NoAnswer, Garbled or LinkLost.
    """

    def __init__(
        self,
        link: Link,
        checksum: bool = True,
        patience: Patience = Patience(answer_within=1.0, tries=1),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
    ) -> None:
        self._link, self._patience, self._clock = link, patience, clock
        self._decoder = Decoder(checksum)
        self._waiting: deque[Reading] = deque()

    def read(self) -> Reading:
        """Return what the display shows now, in motion or not."""
        self._forget()
        return self._next()

    def weigh(self, within: float) -> Reading:
        """Return the reading at which the load has come to rest within ``within`` seconds.

        Raises NotReady while it moves, Refused where the display shows no usable weight.
        """
        self._forget()
        deadline = self._clock() + within
        kept: list[tuple[float, Reading]] = []
        while self._clock() < deadline:
            reading = self._next()
            if reading.out_of_range and not reading.motion:
                _usable(reading)
            if not _rests(reading) or (kept and not _same(kept[0][1], reading)):
                kept.clear()
            if _rests(reading):
                kept.append((self._clock(), reading))
            if len(kept) >= FEWEST and kept[-1][0] - kept[0][0] >= SETTLED:
                return _usable(reading)
        raise NotReady(
            f"weighbridge: the load did not come to rest within {within:g} s; is it still moving?"
        )

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _forget(self) -> None:
        drain(self._link)
        self._decoder.reset()
        self._waiting.clear()

    def _next(self) -> Reading:
        deadline = self._clock() + self._patience.answer_within * self._patience.tries
        heard = 0
        while not self._waiting:
            left = deadline - self._clock()
            if left <= 0:
                raise self._why_not(heard)
            data = self._link.read(left)
            heard += len(data)
            self._waiting.extend(self._decoder.feed(data))
        return self._waiting.popleft()

    def _why_not(self, heard: int) -> NoAnswer:
        if heard:
            return Garbled(
                f"weighbridge: {heard} bytes and no reading; check its output format, its checksum "
                "setting and the line's"
            )
        return NoAnswer("weighbridge silent; is its continuous output on?")


def _rests(reading: Reading) -> bool:
    return not reading.motion and reading.weight is not None


def _same(first: Reading, other: Reading) -> bool:
    """Return whether two readings at rest show the same load."""
    if (first.unit, first.net, first.tare) != (other.unit, other.net, other.tare):
        return False
    assert first.weight is not None
    assert other.weight is not None
    return abs(first.weight - other.weight) <= first.increment * 1.001


def _usable(reading: Reading) -> Reading:
    if reading.out_of_range:
        raise Refused("weighbridge: the load is out of its range; the display shows no weight")
    if not reading.zeroed:
        raise Refused("weighbridge: not zeroed since power came; zero it empty, at its own keys")
    return reading
