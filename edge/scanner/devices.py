"""The scanner's devices, each in its worker: how it is opened, what a poll of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.conveyor.conveyor import BAUDRATE as CONVEYOR_BAUDRATE
from drivers.conveyor.conveyor import Conveyor
from drivers.conveyor.registers import ConveyorState
from drivers.detector.detector import Detector
from drivers.link import open_link
from drivers.radiation.codec import Event as RadiationEvent
from drivers.radiation.portal import BAUDRATE as PORTAL_BAUDRATE
from drivers.radiation.portal import RadiationPortal
from drivers.xray_source.codec import Sum
from drivers.xray_source.source import BAUDRATE as SOURCE_BAUDRATE
from drivers.xray_source.source import ReadBack, SourceStatus, XraySource
from edge.runtime.worker import Post, Worker
from edge.scanner.config import Geometry, ScannerDevices, XRaySourceDevice

CONVEYOR, SOURCE, DETECTOR, PORTAL = "conveyor", "xray-source", "detector", "radiation-portal"

CONVEYOR_POLL = 0.02  # s; 8 mm of belt at scanning speed
SOURCE_POLL = 0.05  # s
DETECTOR_POLL = 1.0  # s; only to notice a link that is gone
PORTAL_POLL = 0.2  # s that one look at the portal may block its thread
AT_LEVEL = 0.97  # of the set voltage: the beam is steady


@dataclass(frozen=True)
class SourceState:
    """What the generator says of itself."""

    status: SourceStatus
    read_back: ReadBack


class ConveyorPoll:
    """One beat of the host's heart, and what the controller sees."""

    def __init__(self) -> None:
        self._beat = 0

    def __call__(self, conveyor: Conveyor) -> ConveyorState:
        """Beat, read, return."""
        self._beat += 1
        conveyor.heartbeat(self._beat)
        return conveyor.read()


@dataclass(frozen=True)
class Workers:
    """One thread per device."""

    conveyor: Worker[Conveyor]
    source: Worker[XraySource]
    detector: Worker[Detector]
    portal: Worker[RadiationPortal] | None

    def all(self) -> list[Worker[Any]]:
        """Return those that are there."""
        found: list[Worker[Any]] = [self.conveyor, self.source, self.detector]
        return found if self.portal is None else [*found, self.portal]


def workers(devices: ScannerDevices, geometry: Geometry, post: Post) -> Workers:
    """Return the workers of a scanner, not started."""
    rate = geometry.scan_speed / geometry.pitch

    def still_there(detector: Detector) -> None:
        detector.configure(rate)  # harmless while it does not run, and an answer is an answer

    return Workers(
        conveyor=Worker(
            CONVEYOR, _conveyor(devices), post, poll=ConveyorPoll(), every=CONVEYOR_POLL
        ),
        source=Worker(SOURCE, _source(devices.xray_source), post, poll=_look, every=SOURCE_POLL),
        detector=Worker(
            DETECTOR, _detector(devices, rate), post, poll=still_there, every=DETECTOR_POLL
        ),
        portal=_portal(devices, post),
    )


def _conveyor(devices: ScannerDevices) -> Callable[[], Conveyor]:
    where = devices.conveyor
    return lambda: Conveyor(
        open_link(where.url, where.baudrate or CONVEYOR_BAUDRATE), unit=where.address
    )


def _source(where: XRaySourceDevice) -> Callable[[], XraySource]:
    habit = Sum.WITH_LAST_COMMA if where.trailing_comma else Sum.WITHOUT_LAST_COMMA

    def open_source() -> XraySource:
        source = XraySource(open_link(where.url, where.baudrate or SOURCE_BAUDRATE), habit)
        source.beam(on=False)  # whatever a crash left behind
        source.set_kv(where.kilovolts)
        source.set_ma(where.milliamperes)
        return source

    return open_source


def _look(source: XraySource) -> SourceState:
    return SourceState(source.status(), source.read_back())


def _detector(devices: ScannerDevices, rate: float) -> Callable[[], Detector]:
    def open_detector() -> Detector:
        detector = Detector(open_link(devices.detector.url))
        detector.stop()  # whatever a crash left running
        detector.configure(rate)
        return detector

    return open_detector


def _portal(devices: ScannerDevices, post: Post) -> Worker[RadiationPortal] | None:
    where = devices.radiation_portal
    if where is None:
        return None

    def open_portal() -> RadiationPortal:
        return RadiationPortal(open_link(where.url, where.baudrate or PORTAL_BAUDRATE))

    return Worker(PORTAL, open_portal, post, poll=_listen, every=0.001)


def _listen(portal: RadiationPortal) -> RadiationEvent | None:
    return portal.poll(PORTAL_POLL)
