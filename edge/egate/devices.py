"""The e-gate's devices, each in its worker: how it is opened, what a poll of it is.

The chip reader has no poll: it is asked to read once a document lies on it. The officers' badge
reader and the reader of bar codes are there where the lane's file names one; the gate works without
them, but not without the latter where it wants a boarding pass of everybody.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from drivers.badge_reader.reader import BAUDRATE as BADGE_BAUDRATE
from drivers.badge_reader.reader import BadgeReader, CardRead, Tamper, load_key
from drivers.barcode_reader.reader import BAUDRATE as BARCODE_BAUDRATE
from drivers.barcode_reader.reader import BarcodeReader, Scan
from drivers.barcode_reader.reader import Dialect as Barcodes
from drivers.camera.camera import Camera, Frame
from drivers.chip_reader.chip_reader import ChipReader, Patience, open_reader
from drivers.document_reader.codec import Dialect
from drivers.document_reader.codec import Event as DocumentEvent
from drivers.document_reader.reader import BAUDRATE as DOCUMENT_BAUDRATE
from drivers.document_reader.reader import DocumentReader
from drivers.errors import DriverError
from drivers.gate.gate import BAUDRATE as GATE_BAUDRATE
from drivers.gate.gate import Gate
from drivers.gate.registers import GateState
from drivers.link import open_link
from edge.documents.chip.reader import Reading, read_chip, read_size
from edge.documents.optical.light import Light
from edge.egate.badge import Badges, Officer
from edge.egate.boarding import BoardingSection
from edge.egate.config import (
    BadgeReaderDevice,
    BarcodeReaderDevice,
    CameraDevice,
    EGateConfig,
    EGateDevices,
)
from edge.runtime.worker import Post, Worker

GATE, DOCUMENT_READER, CHIP_READER = "gate", "document-reader", "chip-reader"
PAGE_CAMERA, FACE_CAMERA = "page-camera", "face-camera"
FACE_CAMERA_LOW = "face-camera-low"
BADGE_READER, BARCODE_READER = "badge-reader", "barcode-reader"
LIGHTS = {
    Light.INFRARED: "page-camera-infrared",
    Light.ULTRAVIOLET: "page-camera-ultraviolet",
}
READERS = frozenset(
    {DOCUMENT_READER, CHIP_READER, PAGE_CAMERA, FACE_CAMERA, FACE_CAMERA_LOW, *LIGHTS.values()}
)
"""Devices without which, where the lane has them, no traveller is served."""

GATE_POLL = 0.05  # s; the controller's watchdog bears 2 s of silence
DOCUMENT_POLL = 0.03  # s that one look at the reader may block its thread
GLANCE_WITHIN = 1.0  # s for such a frame
ASK_AFTER = 2.0  # s of silence of the document reader
BADGE_POLL = 0.2  # s that one look at the badge reader may block its thread
BARCODE_POLL = 0.1
CAMERA_POLL = 0.5  # s between frames that nobody asked for: enough to see a camera freeze
_DIALECTS = {
    "framed": Dialect.FRAMED,
    "framed-lrc": Dialect.FRAMED_LRC,
    "lines": Dialect.LINES,
}


Pictures = Mapping[Light, Future[Frame]]
"""Pictures of the page that were asked for, by light."""


class GatePoll:
    """One beat of the host's heart, and what the controller sees."""

    def __init__(self) -> None:
        self._beat = 0

    def __call__(self, gate: Gate) -> GateState:
        """Beat, read, return."""
        self._beat += 1
        gate.heartbeat(self._beat)
        return gate.read()


class DocumentPoll:
    """Listens to the reader, and asks it what lies there: at first, after rubbish, after silence.

    A document may have come or gone while the link was away or the line was noisy; and a reader
    that speaks only when something happens cannot otherwise be told from one that is dead.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reader: DocumentReader | None = None
        self._ask_at = 0.0

    def __call__(self, reader: DocumentReader) -> DocumentEvent | None:
        """Return what it says now, if anything."""
        if reader is not self._reader:
            self._reader, self._ask_at = reader, 0.0
        asks = self._clock() >= self._ask_at
        try:
            event = reader.inquire() if asks else reader.poll(DOCUMENT_POLL)
        except DriverError:
            self._ask_at = 0.0
            raise
        if event is not None:
            self._ask_at = self._clock() + ASK_AFTER
        return event


@dataclass(frozen=True, slots=True)
class Shown:
    """A badge was shown: whose, None where it is nobody's."""

    officer: Officer | None


class BadgePoll:
    """Asks the reader what happened, and whose badge it was: that takes a moment of its thread."""

    def __init__(self, badges: Badges) -> None:
        self._badges = badges

    def __call__(self, reader: BadgeReader) -> Shown | Tamper | None:
        """Return what happened, if anything."""
        event = reader.poll(BADGE_POLL)
        return Shown(self._badges.officer(event)) if isinstance(event, CardRead) else event


class ChipStation:
    """Where a document lies while its chip is read. A card is there only for one reading."""

    def __init__(self, url: str, patience: Patience, *, bac_after_pace: bool) -> None:
        self._url = url
        self._bac_after_pace = bac_after_pace
        self._patience = patience
        self.reader: ChipReader | None = None

    def read(self, key_input: str) -> tuple[Reading, float]:
        """Return all of the chip's readable files, and the seconds it took from power-on.

        Raises a ChipError, or a DriverError where no card or no reader is there.
        """
        self.reader = open_reader(self._url, self._patience)
        try:
            size = read_size(self.reader.power_on())
            start = time.monotonic()
            reading = read_chip(
                self.reader,
                key_input,
                secrets.token_bytes,
                read_size=size,
                bac_after_pace=self._bac_after_pace,
            )
            return reading, time.monotonic() - start
        finally:
            self.close()

    def close(self) -> None:
        """Let the card go."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None


@dataclass(frozen=True)
class Workers:
    """One thread per device."""

    gate: Worker[Gate]
    document_reader: Worker[DocumentReader]
    chip_reader: Worker[ChipStation]
    page_camera: Worker[Camera]
    face_camera: Worker[Camera]
    page_camera_infrared: Worker[Camera] | None = None
    page_camera_ultraviolet: Worker[Camera] | None = None
    face_camera_low: Worker[Camera] | None = None
    badge_reader: Worker[BadgeReader] | None = None
    barcode_reader: Worker[BarcodeReader] | None = None

    @property
    def lights(self) -> dict[Light, Worker[Camera]]:
        """The cameras that see the page under another light than white."""
        there = {
            Light.INFRARED: self.page_camera_infrared,
            Light.ULTRAVIOLET: self.page_camera_ultraviolet,
        }
        return {light: worker for light, worker in there.items() if worker is not None}

    def __iter__(self) -> Iterator[Worker[Any]]:
        """Yield those that there are."""
        return (worker for worker in vars(self).values() if worker is not None)


def needed(workers: Workers, passes: BoardingSection | None) -> list[str]:
    """Return the names of those without which no traveller is served."""
    wanted = READERS | {BARCODE_READER} if passes is not None and passes.required else READERS
    return [worker.name for worker in workers if worker.name in wanted]


def workers(config: EGateConfig, post: Post) -> Workers:
    """Return the workers of an e-gate, not started."""
    devices, policy = config.devices, config.policy
    patience = Patience(policy.chip_answers_within, policy.chip_within)
    return Workers(
        gate=Worker(GATE, _gate(devices), post, poll=GatePoll(), every=GATE_POLL),
        document_reader=Worker(
            DOCUMENT_READER, _document_reader(devices), post, poll=DocumentPoll(), every=0.001
        ),
        chip_reader=Worker(
            CHIP_READER,
            lambda: ChipStation(
                devices.chip_reader.url, patience, bac_after_pace=policy.bac_after_pace
            ),
            post,
        ),
        page_camera=_camera(PAGE_CAMERA, devices.page_camera, post),
        face_camera=_camera(FACE_CAMERA, devices.face_camera, post),
        page_camera_infrared=_camera_if(LIGHTS[Light.INFRARED], devices.page_camera_infrared, post),
        page_camera_ultraviolet=_camera_if(
            LIGHTS[Light.ULTRAVIOLET], devices.page_camera_ultraviolet, post
        ),
        face_camera_low=_camera_if(FACE_CAMERA_LOW, devices.face_camera_low, post),
        badge_reader=_badge_reader(devices.badge_reader, config.badges, post),
        barcode_reader=_barcode_reader(devices.barcode_reader, post),
    )


def _gate(devices: EGateDevices) -> Callable[[], Gate]:
    where = devices.gate
    return lambda: Gate(open_link(where.url, where.baudrate or GATE_BAUDRATE), unit=where.address)


def _document_reader(devices: EGateDevices) -> Callable[[], DocumentReader]:
    where = devices.document_reader
    return lambda: DocumentReader(
        open_link(where.url, where.baudrate or DOCUMENT_BAUDRATE), _DIALECTS[where.dialect]
    )


def _badge_reader(
    where: BadgeReaderDevice | None, badges: Badges | None, post: Post
) -> Worker[BadgeReader] | None:
    if where is None or badges is None:
        return None

    def open_it() -> BadgeReader:
        key = load_key(where.key)
        return BadgeReader(
            open_link(where.url, where.baudrate or BADGE_BAUDRATE), key, where.address
        )

    return Worker(BADGE_READER, open_it, post, poll=BadgePoll(badges), every=0.001)


def _barcode_reader(where: BarcodeReaderDevice | None, post: Post) -> Worker[BarcodeReader] | None:
    if where is None:
        return None
    dialect = Barcodes[where.dialect.upper()]

    def open_it() -> BarcodeReader:
        return BarcodeReader(open_link(where.url, where.baudrate or BARCODE_BAUDRATE), dialect)

    return Worker(BARCODE_READER, open_it, post, poll=_next_code, every=0.001)


def _next_code(reader: BarcodeReader) -> Scan | None:
    return reader.poll(BARCODE_POLL)


def _camera(name: str, where: CameraDevice, post: Post) -> Worker[Camera]:
    def open_camera() -> Camera:
        return Camera.open(where.url, frozen_after=where.frozen_after)

    return Worker(name, open_camera, post, poll=_glance, every=CAMERA_POLL)


def _camera_if(name: str, where: CameraDevice | None, post: Post) -> Worker[Camera] | None:
    return None if where is None else _camera(name, where, post)


def _glance(camera: Camera) -> Frame:
    return camera.frame(GLANCE_WITHIN)
