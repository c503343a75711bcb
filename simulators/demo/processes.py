"""The programmes of the border, each a process of its own, as they would be on their machines."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

STOP_WITHIN = 10.0  # s to end by itself before it is killed
TAIL = 12  # lines of a log that are shown when a programme ends unasked


class ProgrammeError(Exception):
    """A programme of the border could not start or ended; the text has its last words."""


def call(module: str, *arguments: str) -> str:
    """Run ``python -m module arguments`` to its end; return what it printed."""
    done = subprocess.run(  # noqa: S603 our own programmes
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgrammeError(f"{module} {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


class Programme:
    """One process and its log."""

    def __init__(self, name: str, module: str, *arguments: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", module, *arguments]
        self._file: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self.log.open("wb")
        self._process = subprocess.Popen(  # noqa: S603 our own programmes
            self._command, stdout=self._file, stderr=subprocess.STDOUT
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._file is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._file.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def must_run(self) -> None:
        """Raise ProgrammeError, with the end of its log, if the programme has ended."""
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            raise ProgrammeError(f"{self.name} ended with {code}:\n{self._last_words()}")

    def wait_for(self, what: str, ready: Callable[[], bool], within: float) -> None:
        """Wait until ``ready``; raise ProgrammeError if that takes longer than ``within`` s."""
        deadline = time.monotonic() + within
        while not ready():
            self.must_run()
            if time.monotonic() > deadline:
                raise ProgrammeError(f"{self.name}: no {what} in {within} s:\n{self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL:])
