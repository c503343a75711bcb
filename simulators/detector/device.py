"""A line detector made of arithmetic: it reads out what a function, or an array, shows it.

Physics: ``rate`` lines a second while it runs, kept in a memory of limited depth until the host
takes them. Manners: answers commands at once, streams lines in between.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from drivers.detector.codec import Code, CommandDecoder, Flag, Order, Reply, Status, line, reply
from drivers.detector.detector import CONFIGURE, INFO
from simulators.cable import exclusive
from simulators.faults import LineFaults

Lines = NDArray[np.uint16]
DEPTH = 4096  # lines the detector remembers for a slow host
FASTEST = 10_000.0  # lines per second
JUMP = 50  # lines
SERIAL = b"SIM-0001"


@dataclass
class DetectorFaults(LineFaults):
    """The menu: the line's faults (of the answers to commands) and the detector's own."""

    drop: int = 0  # lines that are numbered and never sent
    repeat: int = 0  # lines sent twice
    swap: int = 0  # pairs of lines sent in the wrong order
    torn: int = 0  # lines cut half way
    wrong_crc: int = 0  # lines with one wrong bit
    restart: int = 0  # counts from 0 again by itself
    jump: int = 0  # numbers left out at once, JUMP of them
    stall: bool = False  # runs, and sends nothing


@dataclass
class FakeDetector:
    """The physics and the manners of a line detector.

    ``source(n)`` is line n: uint16 (energies, pixels); an array (n, energies, pixels) is played
    round and round.
    """

    source: Callable[[int], Lines] | Lines
    rate: float = 500.0  # lines per second, until configured
    order: Order = Order.LITTLE
    beam_on: bool = False  # set by the world: the tube's light falls on it
    faults: DetectorFaults = field(default_factory=DetectorFaults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.energies, self.pixels = self._look(0).shape
        self.running = False
        self._commands = CommandDecoder()
        self._memory: deque[bytes] = deque(maxlen=DEPTH)
        self._next = 0
        self._phase = 0.0
        self._time = 0.0
        self._late: bytes | None = None  # the first of a pair that is to be swapped

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._time += seconds
        if not self.running:
            return
        self._phase += seconds * self.rate
        while self._phase >= 1.0:
            self._phase -= 1.0
            self._read_out()

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return the answers to the commands in ``data``."""
        answers = [self._obey(code, rest) for code, rest in self._commands.feed(data)]
        return b"".join(self.faults.spoil(reply(answer)) for answer in answers)

    @exclusive
    def transmit(self) -> bytes:
        """Return the lines the host has not had."""
        if self.faults.stall:
            return b""
        said = b"".join(self._memory)
        self._memory.clear()
        return said

    def _look(self, number: int) -> Lines:
        if callable(self.source):
            return self.source(number)
        looked: Lines = self.source[number % len(self.source)]
        return looked

    def _read_out(self) -> None:
        if self.faults.take("restart"):
            self._next = 0
        if self.faults.take("jump"):
            self._next += JUMP
        flags = Flag.BEAM_ON if self.beam_on else Flag(0)
        microseconds = int(self._time * 1e6)
        raw = line(self._next, self._look(self._next), microseconds, flags, self.order)
        self._next += 1
        self._memory.extend(self._worn(raw))

    def _worn(self, raw: bytes) -> list[bytes]:
        if self._late is not None:
            late, self._late = self._late, None
            return [raw, late]
        for fault in ("drop", "repeat", "swap", "torn", "wrong_crc"):
            if self.faults.take(fault):
                return self._broken(fault, raw)
        return [raw]

    def _broken(self, fault: str, raw: bytes) -> list[bytes]:
        match fault:
            case "drop":
                return []
            case "repeat":
                return [raw, raw]
            case "swap":
                self._late = raw
                return []
            case "torn":
                return [raw[: len(raw) // 2]]
            case _:
                return [raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]]

    def _obey(self, code: int, data: bytes) -> Reply:
        match code:
            case Code.INFO:
                facts = INFO.pack(self.energies, self.pixels, int(FASTEST * 1000), SERIAL)
                return Reply(code, Status.DONE, facts)
            case Code.CONFIGURE if self.running:
                return Reply(code, Status.NOT_NOW)
            case Code.CONFIGURE:
                return Reply(code, self._configure(data))
            case Code.START:
                self._start()
            case Code.STOP:
                self.running = False
            case _:
                return Reply(code, Status.BAD_ARGUMENT)
        return Reply(code, Status.DONE)

    def _start(self) -> None:
        """Begin at line 0; started again while it runs it begins again."""
        self.running = True
        self._next, self._phase, self._late = 0, 0.0, None
        self._memory.clear()

    def _configure(self, data: bytes) -> Status:
        if len(data) != CONFIGURE.size:
            return Status.BAD_ARGUMENT
        millihertz, order = CONFIGURE.unpack(data)
        if not 0 < millihertz <= FASTEST * 1000 or order not in Order._value2member_map_:
            return Status.BAD_ARGUMENT
        self.rate, self.order = millihertz / 1000, Order(order)
        return Status.DONE
