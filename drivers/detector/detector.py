"""The line detector as the rest of the software sees it: configure, start, read lines, stop.

1. Lines keep coming while a command is answered; none is thrown away.
2. `start` begins the count at 0 in a ring of its own; every number after that is in a block, there
   or marked as missing. One thread fills the ring, another may take from it.
3. A running detector that says nothing in time is NoAnswer; one that only sends what is no line
   is Garbled.
4. Every answer, and every line that goes on counting, is a sign of life: ``heard`` is called. One
   that has nothing to say can be asked with `nudge`, which waits for nothing.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from drivers.detector.codec import Code, Decoder, Order, Reply, Status, command
from drivers.detector.ring import LineBlock, LineRing
from drivers.errors import Garbled, NoAnswer, Refused
from drivers.link import Link
from drivers.patience import Clock, Patience

INFO = struct.Struct("<BxHI16s")  # energies, pixels, highest rate (mHz), serial number
CONFIGURE = struct.Struct("<IBxxx")  # rate (mHz), order
_READ = 0.1  # s; a link is asked at least this often


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What is at the other end: lines of ``energies`` × ``pixels``, at most ``rate`` a second."""

    energies: int
    pixels: int
    rate: float
    serial: str


class Detector:
    """A line detector on TCP. Blocking: one thread owns one detector.

    Every verb raises NoAnswer, Garbled, Refused or LinkLost. ``heard`` is called, in that thread,
    at every sign of life.
    """

    def __init__(
        self,
        link: Link,
        patience: Patience = Patience(answer_within=1.0),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self._link, self._patience, self._clock, self._heard = link, patience, clock, heard
        self._decoder = Decoder(1, 1)  # until the detector has said its shape
        self.info = self._introduce()
        self.rate = self.info.rate  # lines per second; until configured, the highest
        self.ring = self._decoder.ring
        self.running = False  # started, and its stop not confirmed
        self._given: LineBlock | None = None  # by the last `read`

    def configure(
        self, rate: float, order: Order = Order.LITTLE, patience: Patience | None = None
    ) -> None:
        """Set lines per second and byte order; Refused while it runs or out of range."""
        self._command(Code.CONFIGURE, CONFIGURE.pack(round(rate * 1000), order), patience)
        self.rate = rate

    def start(self, lines: int | None = None) -> LineRing:
        """Begin to read out, from line 0; return the ring of ``lines`` lines that they land in."""
        self.ring = LineRing(self.info.energies, self.info.pixels, lines)
        self._given = None
        self._decoder.expect(self.ring)
        self.running = True  # it may be, whatever becomes of the answer
        self._command(Code.START)
        return self.ring

    def stop(self, patience: Patience | None = None) -> None:
        """End the read-out. Lines on their way still come with `fill`."""
        self._command(Code.STOP, patience=patience)
        self.running = False

    def nudge(self) -> None:
        """Ask for a sign of life without waiting for it; `fill` and `read` take it in."""
        self._link.write(command(Code.INFO))

    def fill(self, timeout: float = 0.05) -> bool:
        """Take in what came within ``timeout`` s; return whether the count went on."""
        before = self.ring.newest
        self._take(timeout)
        return self.ring.newest > before

    def read(self, timeout: float = 1.0, at_least: int = 1) -> LineBlock:
        """Return the lines that came: once there are ``at_least``, or when ``timeout`` s are over.

        For one thread that both fills the ring and takes from it; what was returned before is
        released. Raises NoAnswer if there is not one line in that time, Garbled if only rubbish.
        """
        if self._given is not None:
            self.ring.release(self._given)
        deadline = self._clock() + timeout
        while (left := deadline - self._clock()) > 0 and self.ring.ready < at_least:
            self.fill(min(left, _READ))
        self._given = self.ring.take(all_of_it=left <= 0)
        if self._given is None:
            raise self.silence(timeout)
        return self._given

    def silence(self, seconds: float) -> NoAnswer:
        """Return what to raise after ``seconds`` without a line."""
        if torn := self.ring.tally.torn:
            return Garbled(f"detector: {torn} torn frames and no line in {seconds:.2f} s")
        return NoAnswer(f"detector: no line in {seconds:.2f} s")

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _introduce(self) -> DetectorInfo:
        answer = self._command(Code.INFO)
        if len(answer.data) != INFO.size:
            raise Garbled(f"detector: introduces itself with {len(answer.data)} bytes")
        energies, pixels, millihertz, serial = INFO.unpack(answer.data)
        name = serial.rstrip(b"\0").decode("ascii", "replace")
        self._decoder = Decoder(energies, pixels)
        return DetectorInfo(energies, pixels, millihertz / 1000, name)

    def _command(self, code: Code, data: bytes = b"", patience: Patience | None = None) -> Reply:
        patience = patience or self._patience
        for _ in range(patience.tries):
            self._link.write(command(code, data))
            if answer := self._await(code, patience.answer_within):
                if answer.status != Status.DONE:
                    raise Refused(f"detector: {code.name} refused: {_named(answer.status)}")
                return answer
        raise NoAnswer(f"detector silent after {patience.tries} × {code.name}")

    def _await(self, code: Code, within: float) -> Reply | None:
        deadline = self._clock() + within
        while (left := deadline - self._clock()) > 0:
            for answer in self._take(min(left, _READ)):
                if answer.code == code:
                    return answer
        return None

    def _take(self, timeout: float) -> list[Reply]:
        """Take in what came within ``timeout`` s; return the answers."""
        before = self._decoder.ring.newest
        answers = self._decoder.feed(self._link.read(timeout))
        if answers or self._decoder.ring.newest > before:
            self._heard()
        return answers


def _named(status: int) -> str:
    known = status in Status._value2member_map_
    return Status(status).name.lower().replace("_", " ") if known else f"status {status}"
