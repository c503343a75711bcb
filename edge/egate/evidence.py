"""What is known about one document and its holder, while the passage lasts and no longer.

Nothing here is ever written to disk or to a log. ``None`` means not looked at yet; an error means
that looking failed, and how. ``forget`` overwrites every picture and lets all of it go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contract.passage import Check as Answer
from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz
from edge.documents.optical.light import Light
from edge.documents.page import PageReading
from edge.documents.result import Check
from edge.egate.face.capture import Captured

Image = NDArray[np.uint8]


@dataclass
class Evidence:
    """All that the devices said. Images are BGR, H × W × 3, 8 bit."""

    printed: Mrz | None = None
    printed_error: str | None = None
    chip: Reading | None = field(default=None, repr=False)
    chip_error: Exception | None = None
    chip_seconds: float | None = None
    proofs: Mapping[str, Check] | None = None  # of authenticity, and of the chip itself, by name
    portrait: Image | None = field(default=None, repr=False)  # the chip's, DG2
    page: PageReading | None = field(default=None, repr=False)
    page_image: Image | None = field(default=None, repr=False)  # under white light
    page_error: Exception | None = None
    lit: dict[Light, Image] = field(default_factory=dict, repr=False)  # under the other lights
    light_errors: dict[Light, Exception] = field(default_factory=dict)
    optical: Mapping[str, Check] | None = None  # as the groups that profiles name
    codes: dict[str, bytes] = field(default_factory=dict, repr=False)  # shown beside it, by kind
    shown: Mapping[str, Check] | None = None  # what those say
    captured: Captured | None = field(default=None, repr=False)
    face: Sequence[Answer] | None = None  # what the captured face says
    face_error: Exception | None = None
    approved_by: str | None = None

    @property
    def pages(self) -> dict[Light, Image]:
        """The page under every light that there is a picture of."""
        white = {} if self.page_image is None else {Light.WHITE: self.page_image}
        return white | self.lit

    def forget(self) -> None:
        """Overwrite the pictures with zeros and let everything go."""
        for picture in (*self.pages.values(), self.portrait):
            if picture is not None and picture.flags.writeable:
                picture[:] = 0
        if self.captured is not None:
            self.captured.forget()
        vars(self).update(vars(Evidence()))
