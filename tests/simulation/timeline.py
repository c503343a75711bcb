"""Threads in simulated time: each is real, one runs at a time, and waiting costs nothing.

1. A strand is a thread that runs until it waits; what it waits for is a time, or something true.
2. Time passes between the turns of the strands, in steps that the world is told of. So whatever a
   test measures is the sum of the deadlines on the way, and the same on every machine.
3. What real code takes from ``threading``, ``queue`` and ``time`` has its double here: `Doubles`.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

STEP = 0.0025  # s; what the world is told at once, at most
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVER = float("inf")


class Timeline:
    """The time, the strands, and a world that is told how it passes. It is the edge's clock."""

    def __init__(self, world: Callable[[float], None]) -> None:
        self.at = 0.0
        self._world = world
        self._strands: list[Strand] = []

    def __call__(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Wait, in a strand, for ``seconds`` or until something is true."""
        current = threading.current_thread()
        [strand] = [one for one in self._strands if one.thread is current]
        strand.pause(self.at + seconds, until)

    def turn(self) -> bool:
        """Let each strand run that has waited long enough; return whether one did."""
        ready = [strand for strand in self._strands if strand.ready(self.at)]
        for strand in ready:
            strand.run()
        return bool(ready)

    def advance(self, upto: float) -> None:
        """Let time pass until the next strand wakes, a step of the world is over, or ``upto``."""
        wakes = [strand.wakes for strand in self._strands if not strand.over]
        then = max(self.at, min([*wakes, self.at + STEP, upto]))
        self._world(then - self.at)
        self.at = then

    def ends(self, strand: Strand, within: float) -> None:
        """Wait from outside until ``strand`` is over."""
        deadline = self.at + within
        while not strand.over and self.at < deadline:
            if not self.turn():
                self.advance(deadline)

    def add(self, strand: Strand) -> None:
        """Let ``strand`` have its turns."""
        self._strands.append(strand)


class Strand:
    """What `threading.Thread` is to the code under test."""

    def __init__(self, timeline: Timeline, target: Callable[[], None]) -> None:
        self.thread = threading.Thread(target=self._whole, args=(target,), daemon=True)
        self.wakes = 0.0
        self.over = False
        self._until: Callable[[], bool] = lambda: False
        self._timeline = timeline
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)

    def start(self) -> None:
        self.thread.start()
        self._timeline.add(self)

    def join(self, timeout: float) -> None:
        self._timeline.ends(self, timeout)

    def is_alive(self) -> bool:
        return not self.over

    def ready(self, now: float) -> bool:
        return not self.over and (now >= self.wakes or self._until())

    def run(self) -> None:
        """Let it run until it waits again, or is over."""
        self._go.release()
        self._back.acquire()

    def pause(self, wakes: float, until: Callable[[], bool]) -> None:
        self.wakes, self._until = wakes, until
        self._back.release()
        self._go.acquire()

    def _whole(self, target: Callable[[], None]) -> None:
        self._go.acquire()
        try:
            target()
        finally:
            self.over = True
            self._back.release()


class Doubles:
    """The modules that real code finds instead of its own, by their names."""

    def __init__(self, timeline: Timeline) -> None:
        class Waiting:
            """`queue.SimpleQueue` of a strand."""

            def __init__(self) -> None:
                self._held: deque[Any] = deque()

            def put(self, item: Any) -> None:
                self._held.append(item)

            def get_nowait(self) -> Any:
                if not self._held:
                    raise queue.Empty
                return self._held.popleft()

            def get(self, timeout: float) -> Any:
                timeline.wait(timeout, lambda: bool(self._held))
                return self.get_nowait()

        class Flag(threading.Event):
            """`threading.Event`, waited for by a strand."""

            def wait(self, timeout: float | None = None) -> bool:
                timeline.wait(EVER if timeout is None else timeout, self.is_set)
                return self.is_set()

        def strand(target: Callable[[], None], **_: object) -> Strand:
            return Strand(timeline, target)

        self.time = SimpleNamespace(monotonic=timeline)
        self.queue = SimpleNamespace(SimpleQueue=Waiting, Empty=queue.Empty)
        self.threading = SimpleNamespace(Thread=strand, Event=Flag, Lock=threading.Lock)
