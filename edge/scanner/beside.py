"""Work that is done beside the lines: one thread for each kind, in order.

1. What goes wrong there is raised where somebody looks: at the next `check`, or at the end.
2. Nobody's thread outlives the block. Work that has begun is finished.
3. ``laps`` has the milliseconds of each kind of work, which go by beside one another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Self


class Beside:
    """A thread for each kind of work, while the block runs."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._turn = threading.Lock()
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._jobs: list[Future[None]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def do(self, kind: str, job: Callable[[], None]) -> None:
        """Have ``job`` done after the others of its kind."""
        if kind not in self._threads:
            self._threads[kind] = self._stack.enter_context(ThreadPoolExecutor(1, kind))
        self._jobs.append(self._threads[kind].submit(job))

    def check(self) -> None:
        """Raise what has gone wrong, if anything."""
        over = [job for job in self._jobs if job.done()]
        self._jobs = [job for job in self._jobs if job not in over]
        for job in over:
            job.result()

    def finish(self) -> None:
        """Wait until all is done; raise what has gone wrong."""
        for job in self._jobs:
            job.result()

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``name``. Any thread may."""
        begun = time.perf_counter()
        yield
        taken = (time.perf_counter() - begun) * 1000
        with self._turn:
            self.laps[name] = round(self.laps.get(name, 0.0) + taken, 1)
