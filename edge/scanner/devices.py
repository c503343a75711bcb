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
from drivers.errors import DriverError, LinkLost
from drivers.link import open_link
from drivers.patience import Patience
from drivers.radiation.codec import Event as RadiationEvent
from drivers.radiation.portal import BAUDRATE as PORTAL_BAUDRATE
from drivers.radiation.portal import RadiationPortal
from drivers.weighbridge.weighbridge import BAUDRATE as WEIGHBRIDGE_BAUDRATE
from drivers.weighbridge.weighbridge import Weighbridge
from drivers.xray_source.source import BAUDRATE as SOURCE_BAUDRATE
from drivers.xray_source.source import Fault, ReadBack, SourceStatus, XraySource
from edge.runtime.worker import Post, Worker
from edge.scanner.config import Geometry, ScannerDevices
from edge.scanner.source_config import XRaySourceDevice
from edge.scanner.watch import Pulse

CONVEYOR, SOURCE, DETECTOR, PORTAL = "conveyor", "xray-source", "detector", "radiation-portal"
WEIGHBRIDGE, CAMERA = "weighbridge", "container-camera"

CONVEYOR_POLL = 0.02  # s; 8 mm of belt at scanning speed
SOURCE_POLL = 0.05  # s
DETECTOR_POLL = 0.04  # s; three times in the silence that a link may keep
DETECTOR_PATIENCE = Patience(answer_within=0.04, tries=6)  # one lost answer is no silence
PORTAL_POLL = 0.2  # s that one look at the portal may block its thread
CAMERA_POLL = 0.2  # s that one look at the camera may block its thread
WEIGHBRIDGE_POLL = 2.0  # s; only to notice a link that is gone
AT_LEVEL = 0.97  # of the set voltage: the beam is steady


NO_FAULT = Fault(0)

CameraReading = SeenNumber | Missed


@dataclass(frozen=True)
class SourceState:
    """What the generator says of itself, and which faults are latched, as far as it names them."""

    status: SourceStatus
    read_back: ReadBack
    faults: Fault = NO_FAULT


class GeneratorFault(Exception):
    """The generator has protected itself, and tells why."""

    def __init__(self, faults: Fault) -> None:
        names = [str(fault.name).lower().replace("_", " ") for fault in Fault if fault in faults]
        super().__init__(f"latched: {', '.join(names)}; find the cause before the lane is opened")


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


class SourcePoll:
    """What the generator says of itself; once for each fault, why.

    A fault is told at once and named at the next look: the beam does not wait for its name. Not
    every model has names for its faults.
    """

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._faulty = False
        self._named: Fault | None = None

    def __call__(self, source: XraySource) -> SourceState:
        """Read, and ask for names."""
        seen = source.read_back()
        # The status last: where a fault cuts the beam between the two, the fault is what is told.
        status = source.status()
        self._pulse.beat()
        if not status.fault:
            self._named = None
        elif self._faulty and self._named is None:
            self._named = _named(source)
        self._faulty = status.fault
        return SourceState(status, seen, self._named or NO_FAULT)


def _named(source: XraySource) -> Fault:
    try:
        return source.faults()
    except LinkLost:
        raise
    except DriverError:  # a model that knows no such question; silence shows at the next look
        return NO_FAULT


@dataclass(frozen=True)
class Workers:
    """One thread per device."""

    conveyor: Worker[Conveyor]
    source: Worker[XraySource]
    detector: Worker[Detector]
    portal: Worker[RadiationPortal] | None
    weighbridge: Worker[Weighbridge] | None
    camera: Worker[ContainerCamera] | None
    pulses: tuple[Pulse, Pulse, Pulse]  # of conveyor, generator and detector

    def all(self) -> list[Worker[Any]]:
        """Return those that are there."""
        may_be: list[Worker[Any] | None] = [self.portal, self.weighbridge, self.camera]
        return [self.conveyor, self.source, self.detector, *(w for w in may_be if w is not None)]

    def silent_for(self) -> float:
        """Return the seconds since the quietest of those that guard the beam was heard."""
        return max(pulse.silent_for() for pulse in self.pulses)


def workers(devices: ScannerDevices, geometry: Geometry, post: Post) -> Workers:
    """Return the workers of a scanner, not started."""
    rate = geometry.scan_speed / geometry.pitch
    belt, tube, lines = Pulse(), Pulse(), Pulse()

    def still_there(detector: Detector) -> None:
        if detector.running:  # a scan that failed left it so (edge/scanner/acquisition.py)
            detector.stop(DETECTOR_PATIENCE)
        # Harmless while it does not run, and an answer is an answer.
        detector.configure(rate, patience=DETECTOR_PATIENCE)

    return Workers(
        conveyor=Worker(
            CONVEYOR, _conveyor(devices), post, poll=ConveyorPoll(belt), every=CONVEYOR_POLL
        ),
        source=Worker(
            SOURCE,
            _source(devices.xray_source),
            post,
            poll=SourcePoll(tube),
            every=SOURCE_POLL,
        ),
        detector=Worker(
            DETECTOR, _detector(devices, rate, lines), post, poll=still_there, every=DETECTOR_POLL
        ),
        portal=_portal(devices, post),
        weighbridge=_weighbridge(devices, post),
        camera=_camera(devices, post),
        pulses=(belt, tube, lines),
    )


def _conveyor(devices: ScannerDevices) -> Callable[[], Conveyor]:
    where = devices.conveyor
    return lambda: Conveyor(
        open_link(where.url, where.baudrate or CONVEYOR_BAUDRATE), unit=where.address
    )


def _source(where: XRaySourceDevice) -> Callable[[], XraySource]:
    def open_source() -> XraySource:
        link = open_link(where.url, where.baudrate or SOURCE_BAUDRATE)
        source = XraySource(link, where.habit, where.scale, filament=where.order)
        source.beam(on=False)  # whatever a crash left behind
        source.set_kv(where.kilovolts)
        source.set_ma(where.milliamperes)
        if where.filament_limit is not None and where.filament_standby is not None:
            source.set_filament(where.filament_limit, where.filament_standby)
        return source

    return open_source


def _detector(devices: ScannerDevices, rate: float, pulse: Pulse) -> Callable[[], Detector]:
    def open_detector() -> Detector:
        detector = Detector(open_link(devices.detector.url), heard=pulse.beat)
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
