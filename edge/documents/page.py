"""A picture of a document page, read: lines, put right where the zone allows, and parsed.

A page without a zone is a PageReading without one, not an error. Nothing here is kept or logged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz import Mrz
from edge.documents.page_repair import Repair, repaired
from models.mrz.reader import read_page

__all__ = ["PageError", "PageReading", "load", "read"]


class PageError(Exception):
    """A file that is no picture of a page: missing, torn, or of another kind."""


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one page said.

    ``zone`` is None where the page has no zone that could be read. ``confidence`` is the network's
    chance for each character as first read, ``repairs`` what was changed after that. ``quad`` are
    the zone's corners on the page in pixels, clockwise from the text's top left; ``rotation`` how
    far the text is turned clockwise, in degrees.
    """

    zone: Mrz | None
    confidence: tuple[tuple[float, ...], ...] = ()
    repairs: tuple[Repair, ...] = field(default=(), repr=False)
    quad: tuple[tuple[float, float], ...] = ()
    rotation: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether a zone was read and all its check digits hold."""
        return self.zone is not None and self.zone.valid


def read(image: NDArray[np.uint8]) -> PageReading:
    """Read the zone of a page image, (height, width) or (height, width, 3) BGR, 8 bit, at any turn.

    Raises ValueError for an array that is no image.
    """
    found = read_page(image)
    if found is None:
        return PageReading(zone=None)
    zone, repairs = repaired(found.lines, found.alternatives)
    return PageReading(zone, found.confidence, repairs, found.quad, found.rotation)


def load(path: Path) -> NDArray[np.uint8]:
    """Return the image in ``path``, (height, width, 3) BGR; PageError if it holds none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PageError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        image = (
            cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
        )
    except cv2.error as error:
        raise PageError(f"{path}: torn image: {error.err}") from error
    if image is None:
        raise PageError(
            f"{path}: {len(content)} bytes that are no image; give a JPEG, PNG, BMP or TIFF file"
        )
    return np.asarray(image, np.uint8)
