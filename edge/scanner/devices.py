"""The scanner's devices, each in its worker: how it is opened, what a poll of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.container_camera.camera import BAUDRATE as CAMERA_BAUDRATE
from drivers.container_camera.camera import ContainerCamera, Missed
from drivers.container_camera.camera import Seen as SeenNumber
from drivers.conveyor.conveyor import BAUDRATE as CONVEYOR_BAUDRATE
from drivers.conveyor.conveyor import Conveyor
from drivers.conveyor.registers import ConveyorState
from drivers.detector.detector import Detector
from drivers.link import open_link
from drivers.radiation.codec import Event as RadiationEvent
from drivers.radiation.portal import BAUDRATE as PORTAL_BAUDRATE
from drivers.radiation.portal import RadiationPortal
from drivers.weighbridge.weighbridge import BAUDRATE as WEIGHBRIDGE_BAUDRATE
from drivers.weighbridge.weighbridge import Weighbridge
from drivers.xray_source.codec import Sum
from drivers.xray_source.source import BAUDRATE as SOURCE_BAUDRATE
from drivers.xray_source.source import ReadBack, SourceStatus, XraySource
from edge.runtime.worker import Post, Worker
from edge.scanner.config import Geometry, ScannerDevices, XRaySourceDevice
from edge.scanner.watch import Pulse

CONVEYOR, SOURCE, DETECTOR, PORTAL = "conveyor", "xray-source", "detector", "radiation-portal"
WEIGHBRIDGE, CAMERA = "weighbridge", "container-camera"

CONVEYOR_POLL = 0.02  # s; 8 mm of belt at scanning speed
SOURCE_POLL = 0.05  # s
DETECTOR_POLL = 1.0  # s; only to notice a link that is gone
PORTAL_POLL = 0.2  # s that one look at the portal may block its thread
CAMERA_POLL = 0.2  # s that one look at the camera may block its thread
WEIGHBRIDGE_POLL = 2.0  # s; only to notice a link that is gone
AT_LEVEL = 0.97  # of the set voltage: the beam is steady


CameraReading = SeenNumber | Missed


@dataclass(frozen=True)
class SourceState:
    """What the generator says of itself."""

    status: SourceStatus
    read_back: ReadBack


class ConveyorPoll:
    """One beat of the host's heart, and what the controller sees."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._beat = 0

    def __call__(self, conveyor: Conveyor) -> ConveyorState:
        """Beat, read, return."""
        self._beat += 1
        conveyor.heartbeat(self._beat)
        state = conveyor.read()
        self._pulse.beat()
        return state


@dataclass(frozen=True)
class Workers:
    """One thread per device."""

    conveyor: Worker[Conveyor]
    source: Worker[XraySource]
    detector: Worker[Detector]
    portal: Worker[RadiationPortal] | None
    weighbridge: Worker[Weighbridge] | None
    camera: Worker[ContainerCamera] | None
    pulses: tuple[Pulse, Pulse]  # of conveyor and generator

    def all(self) -> list[Worker[Any]]:
        """Return those that are there."""
        may_be: list[Worker[Any] | None] = [self.portal, self.weighbridge, self.camera]
        return [self.conveyor, self.source, self.detector, *(w for w in may_be if w is not None)]

    def silent_for(self) -> float:
        """Return the seconds since the one of conveyor and generator was heard that is quieter."""
        return max(pulse.silent_for() for pulse in self.pulses)


def workers(devices: ScannerDevices, geometry: Geometry, post: Post) -> Workers:
    """Return the workers of a scanner, not started."""
    rate = geometry.scan_speed / geometry.pitch
    belt, tube = Pulse(), Pulse()

    def still_there(detector: Detector) -> None:
        detector.configure(rate)  # harmless while it does not run, and an answer is an answer

    return Workers(
        conveyor=Worker(
            CONVEYOR, _conveyor(devices), post, poll=ConveyorPoll(belt), every=CONVEYOR_POLL
        ),
        source=Worker(
            SOURCE,
            _source(devices.xray_source),
            post,
            poll=lambda source: _look(source, tube),
            every=SOURCE_POLL,
        ),
        detector=Worker(
            DETECTOR, _detector(devices, rate), post, poll=still_there, every=DETECTOR_POLL
        ),
        portal=_portal(devices, post),
        weighbridge=_weighbridge(devices, post),
        camera=_camera(devices, post),
        pulses=(belt, tube),
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


def _look(source: XraySource, pulse: Pulse) -> SourceState:
    seen = source.read_back()
    # The status last: where a fault cuts the beam between the two, the fault is what is told.
    state = SourceState(source.status(), seen)
    pulse.beat()
    return state


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


def _weighbridge(devices: ScannerDevices, post: Post) -> Worker[Weighbridge] | None:
    where = devices.weighbridge
    if where is None:
        return None

    def open_weighbridge() -> Weighbridge:
        link = open_link(where.url, where.baudrate or WEIGHBRIDGE_BAUDRATE)
        return Weighbridge(link, where.checksum)

    return Worker(
        WEIGHBRIDGE, open_weighbridge, post, poll=Weighbridge.read, every=WEIGHBRIDGE_POLL
    )


def _camera(devices: ScannerDevices, post: Post) -> Worker[ContainerCamera] | None:
    where = devices.container_camera
    if where is None:
        return None

    def open_camera() -> ContainerCamera:
        return ContainerCamera(open_link(where.url, where.baudrate or CAMERA_BAUDRATE))

    return Worker(CAMERA, open_camera, post, poll=_watch, every=0.001)


def _watch(camera: ContainerCamera) -> CameraReading | None:
    return camera.poll(CAMERA_POLL)
