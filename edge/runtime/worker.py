"""One thread owns one blocking device.

1. The thread opens the device, and opens it again, with backoff, when the link is lost.
2. Between jobs it polls, and however many jobs wait, a poll that is due comes after the next one;
   whatever a poll returns is posted to the lane.
3. A job is answered through a future. While the device is away a job fails at once, and what waited
   when it went away fails too: no old command is carried out when the device comes back.
   A device that refuses one is polled first: a gate that refuses to close may be on fire, and
   whoever asked shall know that before the refusal.
4. Every poll that goes wrong is posted by name. A device that stays silent, or refuses, is failed
   but not given up: the polls go on.
5. Whatever else goes wrong in a driver is a bug: it is posted by name and the device is reopened.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from contract.health import DeviceState
from drivers.errors import DriverError, LinkLost, Refused
from edge.runtime.backoff import Backoff

IDLE_TURN = 1.0  # s between looks at the stop of a worker that has nothing to poll
SILENT_POLLS = 3
"""Polls without an answer before a device counts as failed: one lost frame is not a fault."""


class Closable(Protocol):
    """What a worker needs of a driver."""

    def close(self) -> None:
        """Let go of the device."""


DeviceT = TypeVar("DeviceT", bound=Closable)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Seen:
    """What a poll of ``device`` returned."""

    device: str
    value: object


@dataclass(frozen=True)
class Condition:
    """How ``device`` is from now on; ``error`` says why it is not connected."""

    device: str
    state: DeviceState
    error: Exception | None = None


@dataclass(frozen=True)
class Trouble:
    """One poll of ``device`` went wrong; it may be the only one."""

    device: str
    error: Exception


Happening = Seen | Condition | Trouble
Post = Callable[[Happening], None]


@dataclass(frozen=True)
class _Job(Generic[DeviceT]):
    run: Callable[[DeviceT], object]
    answer: Future[object]


class Worker(Generic[DeviceT]):
    """A thread, its device, and the jobs that wait for both."""

    def __init__(
        self,
        name: str,
        open_device: Callable[[], DeviceT],
        post: Post,
        *,
        poll: Callable[[DeviceT], object | None] | None = None,
        every: float = 0.05,
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self._open = open_device
        self._post = post
        self._poll = poll
        self._every = every
        self._backoff = backoff or Backoff()
        self._jobs: queue.SimpleQueue[_Job[DeviceT] | None] = queue.SimpleQueue()
        self._away: Exception | None = LinkLost(f"{name} is not open yet")
        self._silent = 0
        self._turn = threading.Lock()  # the jobs and whether the device is away change together
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to open the device."""
        self._thread.start()

    def stop(self, within: float = 5.0) -> None:
        """Close the device and end the thread; raise RuntimeError if it does not end in time."""
        self._stopping.set()
        self._jobs.put(None)
        self._thread.join(within)
        if self._thread.is_alive():
            raise RuntimeError(f"the thread of {self.name} hangs in its driver")

    def ask(self, job: Callable[[DeviceT], ResultT]) -> Future[ResultT]:
        """Run ``job`` on the device in its thread; the future raises what the job raises."""
        answer: Future[ResultT] = Future()
        with self._turn:
            if (away := self._away) is None:
                self._jobs.put(_Job(job, answer))  # type: ignore[arg-type]  # Future is invariant
        if away is not None:
            answer.set_exception(away)
        return answer

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                device = self._open()
            except DriverError as error:
                self._lost(error)
                continue
            except Exception as error:  # noqa: BLE001 the supervisor of this thread
                self._lost(error)
                continue
            try:
                self._serve(device)
            except LinkLost as error:
                self._lost(error)
            except Exception as error:  # noqa: BLE001 the supervisor of this thread
                self._lost(error)
            finally:
                with contextlib.suppress(DriverError, OSError):
                    device.close()

    def _lost(self, error: Exception) -> None:
        self._gone(error, DeviceState.RECONNECTING)
        self._stopping.wait(self._backoff.wait())

    def _gone(self, error: Exception, state: DeviceState) -> None:
        with self._turn:
            self._away = error
            dropped = list(self._waiting())
        self._post(Condition(self.name, state, error))
        for job in dropped:
            if job.answer.set_running_or_notify_cancel():  # False: nobody wants it any more
                job.answer.set_exception(error)

    def _waiting(self) -> Iterator[_Job[DeviceT]]:
        with contextlib.suppress(queue.Empty):
            while True:
                if job := self._jobs.get_nowait():
                    yield job

    def _serve(self, device: DeviceT) -> None:
        self._well()
        due = time.monotonic() + self._every
        while not self._stopping.is_set():
            wait = max(0.0, due - time.monotonic()) if self._poll else IDLE_TURN
            try:
                job = self._jobs.get(timeout=wait)
            except queue.Empty:
                job = None
            if job is not None:
                self._do(job, device)
            if self._poll is not None and time.monotonic() >= due:
                self._look(device)
                due = time.monotonic() + self._every

    def _do(self, job: _Job[DeviceT], device: DeviceT) -> None:
        if not job.answer.set_running_or_notify_cancel():
            return
        try:
            job.answer.set_result(job.run(device))
        except LinkLost as error:
            job.answer.set_exception(error)
            raise
        except Refused as error:
            try:
                self._look(device)
            finally:
                job.answer.set_exception(error)
        except Exception as error:  # noqa: BLE001 handed to whoever asked
            job.answer.set_exception(error)

    def _look(self, device: DeviceT) -> None:
        if self._poll is None:
            return
        try:
            value = self._poll(device)
        except LinkLost:
            raise
        except DriverError as error:
            self._unanswered(error)
            return
        if self._silent >= SILENT_POLLS:
            self._well()
        self._silent = 0
        if value is not None:
            self._post(Seen(self.name, value))

    def _unanswered(self, error: DriverError) -> None:
        self._silent += 1
        self._post(Trouble(self.name, error))
        if self._silent == SILENT_POLLS:
            self._gone(error, DeviceState.FAILED)

    def _well(self) -> None:
        self._silent = 0
        with self._turn:
            self._away = None
        self._backoff.reset()
        self._post(Condition(self.name, DeviceState.CONNECTED))
