"""An e-gate without metal: every device of the lane behind a real port, and travellers in front.

A traveller sees what a person sees, the lamps and the leaves, and acts on that alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from drivers.gate.registers import GateState, Lamp, decode
from edge.documents.optical.light import Light
from simulators.barcode_reader.device import FakeBarcodeReader
from simulators.camera.device import FakeCamera, on_http
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.serve import serve_card
from simulators.document_reader.device import FakeDocumentReader
from simulators.gate.device import FakeGate
from simulators.lanes.waiting import sees
from simulators.ports import kept_port
from simulators.serve import on_pty
from simulators.world.travellers import Image, Story, Traveller, nobody

GLASS: Mapping[Light, Image] = {  # the reader's empty glass, as its cameras see it
    light: np.full((700, 990, 3), level, np.uint8)
    for light, level in ((Light.WHITE, 40), (Light.INFRARED, 40), (Light.ULTRAVIOLET, 12))
}
NOBODY = nobody()
BARCODE, LOW_CAMERA = "barcode_reader", "face_camera_low"
_CAMERAS = {
    Light.WHITE: "page_camera",
    Light.INFRARED: "page_camera_infrared",
    Light.ULTRAVIOLET: "page_camera_ultraviolet",
}
PATIENCE = 60.0  # s a traveller waits for the gate to do something
TRIES = 15.0  # s for the gate to react to a document or a body
MOMENT = 1.0  # s after which a lamp means what it shows


class Left(StrEnum):
    """How a traveller came out of it."""

    CROSSED = "crossed"
    WALKED_BACK = "walked-back"
    SENT_AWAY = "sent-away"
    GAVE_UP = "gave-up"


@dataclass
class EGateLane:
    """The devices, their addresses, and what the cameras see."""

    pace: float = 1.0  # how much faster than life leaves and people move
    lights: Collection[Light] = tuple(Light)  # that the document reader has
    extras: Collection[str] = ()  # devices that a lane may be without: BARCODE, LOW_CAMERA
    gate: FakeGate = field(default_factory=FakeGate)
    reader: FakeDocumentReader = field(default_factory=FakeDocumentReader)
    barcode: FakeBarcodeReader = field(default_factory=FakeBarcodeReader)
    on_glass: Mapping[Light, Image] = field(default_factory=lambda: GLASS)
    in_front: Image = field(default_factory=lambda: NOBODY)
    seated: bool = False  # who stands inside is below what the upper face camera sees
    urls: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.pace = self.pace
        self.page_cameras = {light: self._over_glass(light) for light in self.lights}
        self.page_camera = self.page_cameras[Light.WHITE]
        self.face_camera = FakeCamera(lambda _: NOBODY if self.seated else self.in_front, rate=10.0)
        self.face_camera_low = FakeCamera(lambda _: self.in_front, rate=10.0)
        self._chip_port = 0  # while nothing is served

    @contextmanager
    def served(self) -> Iterator[EGateLane]:
        """Put every device behind its port while the block runs."""
        with ExitStack() as ports:
            self._chip_port = ports.enter_context(kept_port())
            self.urls = {
                "gate": ports.enter_context(on_pty(self.gate, self._clock)),
                "document_reader": ports.enter_context(on_pty(self.reader)),
                "chip_reader": f"vpcd://127.0.0.1:{self._chip_port}",
                "face_camera": ports.enter_context(on_http(self.face_camera)),
            }
            for light, camera in self.page_cameras.items():
                self.urls[_CAMERAS[light]] = ports.enter_context(on_http(camera))
            if BARCODE in self.extras:
                self.urls[BARCODE] = ports.enter_context(on_pty(self.barcode))
            if LOW_CAMERA in self.extras:
                self.urls[LOW_CAMERA] = ports.enter_context(on_http(self.face_camera_low))
            try:
                yield self
            finally:
                self.stopping.set()

    def _over_glass(self, light: Light) -> FakeCamera:
        return FakeCamera(lambda _: self.on_glass[light], rate=5.0)

    def _clock(self) -> float:
        return time.monotonic() * self.pace

    def passes(self, who: Traveller) -> Left:
        """Let ``who`` go through the gate; return how it ended. Blocks for the whole passage."""
        if not self._sees(self._invites):
            return Left.GAVE_UP
        self.shows(*who.codes)
        with self._document(who):
            if not self._sees(lambda: not self._green, within=TRIES):
                return Left.GAVE_UP
            if not self._sees(lambda: self.gate.entry.passable or self._turned_away()):
                return Left.GAVE_UP
            if not self.gate.entry.passable:
                return Left.SENT_AWAY
        return Left.WALKED_BACK if who.story is Story.TURNS_BACK else self._walk(who)

    def shows(self, *codes: bytes) -> None:
        """Hold each of these before the bar code reader for as long as it takes to read it."""
        for code in codes:
            self.barcode.show(code)
            self.stopping.wait(3 * self.barcode.reads_in)
            self._sees(lambda: self.barcode.has_read, within=TRIES)
            self.barcode.take_away()

    @contextmanager
    def _document(self, who: Traveller) -> Iterator[None]:
        """Lay the document down for as long as the gate needs it."""
        done = threading.Event()
        faults = ChipFaults(mute=1000) if who.story is Story.MUTE_CHIP else None
        card = Chip(who.chip, faults=faults, keys=who.keys)
        place = ("127.0.0.1", self._chip_port)
        thread = threading.Thread(target=serve_card, args=(card, *place, done), name="card")
        thread.start()
        self.on_glass = who.pages
        self.reader.place(who.lines)
        try:
            yield
        finally:
            self.reader.remove()
            self.on_glass = GLASS
            done.set()
            thread.join()

    def _walk(self, who: Traveller) -> Left:
        self.in_front = who.face
        self.gate.person_enters(followers=1 if who.story is Story.TAILGATED else 0)
        try:
            if not self._sees(lambda: self.gate.exit.passable or self._asked_back()):
                return Left.GAVE_UP
            return self._go_on() if self.gate.exit.passable else self._go_back()
        finally:
            self.in_front = NOBODY

    def _go_on(self) -> Left:
        self.gate.person_leaves()
        gone = self._sees(lambda: not self.gate.people.inside)
        return Left.CROSSED if gone else Left.GAVE_UP

    def _go_back(self) -> Left:
        gone = self._sees(lambda: not self.gate.person_turns_back())
        return Left.WALKED_BACK if gone else Left.GAVE_UP

    @property
    def _state(self) -> GateState:
        return decode(self.gate.inputs())

    @property
    def _lamp(self) -> Lamp:
        return self._state.lamps.entry

    @property
    def _green(self) -> bool:
        return self._lamp is Lamp.GREEN

    def _invites(self) -> bool:
        """Whether the lamp over the closed entry of an empty gate is green."""
        return self._green and self.gate.entry.shut and not self.gate.people.inside

    def _turned_away(self) -> bool:
        """Whether the gate invites the next traveller, or is out of service."""
        return self._stays(self._invites) or self._stays(
            lambda: self._state.lamps.entry is Lamp.RED
        )

    def _asked_back(self) -> bool:
        """Whether the entry is open again and the light inside has changed to yellow."""
        return self.gate.entry.passable and self._state.lamps.inside is Lamp.YELLOW and self._green

    def _stays(self, what: Callable[[], bool]) -> bool:
        """Whether ``what`` holds, and still does after a moment."""
        return what() and not self._sees(lambda: not what(), within=MOMENT / self.pace)

    def _sees(self, what: Callable[[], bool], within: float = PATIENCE) -> bool:
        return sees(what, within, self.stopping)
