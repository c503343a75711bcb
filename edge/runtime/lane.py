"""What every lane has, whatever it does: devices, faults, a record, and a report of its health.

1. A device that is not connected is a fault under its error's name until it is connected again.
   Trouble of a device that is connected is a fault until it has been CALM.
2. Every fault is recorded when it comes and when it goes, and logged.
3. ``record`` says whether the event is on disk. If it is not, nothing may act on it; the lane is
   then out of service until a later record succeeds, and what could not be told is told then.
   ``owe`` is for what has happened whatever the disk says: it is written as soon as it can be.
4. A report is recorded when something changed, and every REPORT_EVERY seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from contract.health import DeviceHealth, DeviceState, Fault, Report, Service
from contract.names import Message
from contract.topics import Stream
from edge.runtime.clock import Clock
from edge.runtime.faults import FaultBook
from edge.runtime.worker import Condition, Happening, Trouble, Worker
from edge.uplink.errors import UplinkError
from edge.uplink.outbox import Outbox

REPORT_EVERY = 15.0  # s between reports of a lane where nothing changes
CALM = 2.0  # s without trouble: a noisy line must not fill the record with ups and downs
RETRY_DISK_EVERY = 1.0  # s between attempts to write to a disk that refused
OUT_OF_SERVICE = frozenset(
    {
        *("closed", "fault", "paused", "evacuating", "testing"),
        *("test_arming", "test_raising", "test_scanning", "test_judging", "test_clearing"),
    }
)
"""Phases, of any kind of lane, in which nobody and nothing is served."""
OUTBOX = "outbox"  # the name under which the disk's faults are told

log = structlog.get_logger()


class Stoppable(Protocol):
    """What a lane needs of its workers."""

    name: str

    def start(self) -> None:
        """Begin."""

    def stop(self, within: float = ...) -> None:
        """End."""


class Lane:
    """The state that every kind of lane shares. It lives in the agent's loop."""

    def __init__(
        self, outbox: Outbox, clock: Clock, phase: Callable[[], str], models: Mapping[str, str]
    ) -> None:
        self.outbox = outbox
        self.clock = clock
        self.closing = False
        self.faults = FaultBook(phase, self._tell)
        self._phase = phase
        self._models = dict(models)
        self._workers: list[Stoppable] = []
        self._devices: dict[str, DeviceHealth] = {}
        self._troubled: dict[tuple[str, str], float] = {}
        self._owed: deque[Callable[[], bool]] = deque()
        self._untold: deque[Fault] = deque(maxlen=1000)
        self._disk_error: UplinkError | None = None
        self._next_report = 0.0
        self._next_attempt = 0.0
        self._reported: Report | None = None

    # Devices

    def add(self, worker: Worker[Any]) -> None:
        """Take ``worker`` and its device into the lane."""
        self._workers.append(worker)
        self._devices[worker.name] = DeviceHealth(
            name=worker.name, state=DeviceState.RECONNECTING, detail="not open yet"
        )

    def beside(self, worker: Stoppable) -> None:
        """Have ``worker``, which has no device, start and stop with the lane."""
        self._workers.append(worker)

    def start(self) -> None:
        """Start every worker."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop every worker; one that hangs is logged and left to end with the process."""
        for worker in self._workers:
            try:
                worker.stop()
            except RuntimeError as error:
                log.error("worker.hangs", device=worker.name, error=str(error))

    def notice(self, happening: Happening) -> None:
        """Take in how a device is."""
        match happening:
            case Condition(device, state, error):
                detail = "" if error is None else str(error)[:300]
                self._devices[device] = DeviceHealth(name=device, state=state, detail=detail)
                self.faults.replace(device, "" if error is None else type(error).__name__, detail)
            case Trouble(device, error):
                self.trouble(device, error)

    def trouble(self, device: str, error: Exception) -> None:
        """Note that ``device`` failed this once; forgotten when it has been CALM."""
        name = type(error).__name__
        self._troubled[device, name] = self.clock.monotonic()
        self.faults.raise_(device, name, str(error))

    def _calm_down(self, now: float) -> None:
        for (device, name), at in list(self._troubled.items()):
            health = self._devices.get(device)
            connected = health is None or health.state is DeviceState.CONNECTED
            if connected and now - at >= CALM:
                del self._troubled[device, name]
                self.faults.clear(device, name)

    def connected(self, *devices: str) -> bool:
        """Return whether all of ``devices`` are connected."""
        return all(self._devices[name].state is DeviceState.CONNECTED for name in devices)

    def stopped(self, cause: tuple[str, str] | None) -> None:
        """Note why the lane stopped: the phase it was in, and what happened."""
        if cause is not None:
            phase, event = cause
            name = "".join(word.capitalize() for word in event.split("_"))
            self.faults.raise_("lane", name, f"{event} while {phase}")

    def reopened(self) -> None:
        """Forget why the lane stopped."""
        self.faults.clear("lane")

    # The record

    @property
    def disk_full(self) -> bool:
        """Whether nothing, or almost nothing, can be recorded any more."""
        return self._disk_error is not None or not self.outbox.accepting

    def record(
        self,
        stream: Stream,
        event_type: str,
        data: Message,
        state: Mapping[str, str] | None = None,
    ) -> bool:
        """Write one event to disk, with the lane's ``state``; return whether it is there."""
        try:
            self.outbox.record(stream, event_type, data, state=state)
        except UplinkError as error:
            self._refused(error)
            return False
        return True

    def owe(
        self, stream: Stream, event_type: str, data: Message, state: Mapping[str, str] | None = None
    ) -> None:
        """Write one event now, or, in this order, when the disk takes it again."""
        self._owed.append(lambda: self.record(stream, event_type, data, state))
        self._tell_all()

    def _refused(self, error: UplinkError) -> None:
        log.error("record.failed", error=type(error).__name__, detail=str(error))
        if self._disk_error is None:
            self._disk_error = error
            self.faults.raise_(OUTBOX, type(error).__name__, str(error))

    def _tell(self, fault: Fault) -> None:
        write = log.warning if fault.raised else log.info
        name = "fault.raised" if fault.raised else "fault.cleared"
        write(name, fault=fault.name, device=fault.device, detail=fault.detail, phase=fault.phase)
        self._untold.append(fault)
        self._tell_all()

    def _tell_all(self) -> None:
        while self._owed and self._disk_error is None:
            if not self._owed[0]():
                return
            self._owed.popleft()
        while self._untold and self._disk_error is None:
            if not self.record(Stream.HEALTH, "health.fault", self._untold[0]):
                return
            self._untold.popleft()

    # The report

    def tick(self) -> None:
        """Try a refused disk again; report when it is time or when something changed."""
        now = self.clock.monotonic()
        self._calm_down(now)
        self._watch_quota()
        if self._disk_error is not None and now >= self._next_attempt:
            self._next_attempt = now + RETRY_DISK_EVERY
            self._try_disk()
        report = self.report()
        if now >= self._next_report or _differs(report, self._reported):
            self._next_report = now + REPORT_EVERY
            self._reported = report
            self.record(Stream.HEALTH, "health.report", report)

    def _watch_quota(self) -> None:
        if self.outbox.accepting:
            self.faults.clear(OUTBOX, "OutboxNearlyFull")
            return
        detail = f"{self.outbox.fill:.0%} of its events are used; connect the lane to central"
        self.faults.raise_(OUTBOX, "OutboxNearlyFull", detail)

    def _try_disk(self) -> None:
        self._disk_error = None
        if self.record(Stream.HEALTH, "health.report", self.report()):
            self.faults.clear(OUTBOX)
            self._tell_all()

    def report(self) -> Report:
        """Return how the lane is now."""
        return Report(
            service=self._service(),
            phase=self._phase(),
            devices=list(self._devices.values()),
            faults=self.faults.all,
            outbox_events=self.outbox.depth,
            outbox_fill=self.outbox.fill,
            models=self._models,
        )

    def _service(self) -> Service:
        if self._phase() in OUT_OF_SERVICE:
            return Service.OUT_OF_SERVICE
        return Service.DEGRADED if self.faults.all else Service.IN_SERVICE


def _differs(report: Report, before: Report | None) -> bool:
    silent = {"outbox_events": 0, "outbox_fill": 0.0}  # these change with every event
    return before is None or report.model_copy(update=silent) != before.model_copy(update=silent)
