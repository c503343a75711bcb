"""The devices that say what an item is, listened to all the time, asked once an item."""

from __future__ import annotations

from typing import cast

from drivers.radiation.codec import Event as RadiationEvent
from edge.runtime.clock import Clock
from edge.runtime.worker import Condition, Happening, Seen, Trouble
from edge.scanner.camera import CameraWatch
from edge.scanner.config import ScannerConfig
from edge.scanner.devices import CAMERA, PORTAL, CameraReading, Workers
from edge.scanner.identify import PAPERS, Known, identify, questions, unasked, with_papers
from edge.scanner.portal import PortalWatch


class Identifier:
    """Portal, weighbridge and camera, those that the lane has. It lives in the agent's loop."""

    def __init__(self, config: ScannerConfig, workers: Workers, clock: Clock) -> None:
        how = config.identification
        self._papers = (config.examinations.manifests, how.manifest)
        portal = PortalWatch(how.thresholds, clock.monotonic)
        self._portal = None if workers.portal is None else portal
        self._camera = None if workers.camera is None else CameraWatch()
        self._asked = questions(how, self._portal, workers.weighbridge, self._camera)

    def hear(self, happening: Happening) -> None:
        """Take in what a device said, if it is one of these."""
        if self._portal is not None:
            match happening:
                case Seen(device, event) if device == PORTAL:
                    self._portal.feed(cast(RadiationEvent, event))
                case Trouble(device) | Condition(device, error=Exception()) if device == PORTAL:
                    self._portal.spoil()
        match happening:
            case Seen(device, reading) if device == CAMERA and self._camera is not None:
                self._camera.feed(cast(CameraReading, reading))

    def tick(self) -> None:
        """Look at what is overdue."""
        if self._portal is not None:
            self._portal.tick()

    @property
    def unknown(self) -> Known:
        """What is known of an item before anybody was asked."""
        folder, wanted = self._papers
        known = unasked(self._asked, "there was no time to ask")
        return known if folder is None else known.missing(PAPERS, "nobody looked", wanted)

    async def identify(self) -> Known:
        """Ask about the item at the barrier."""
        return await with_papers(await identify(self._asked), *self._papers)
