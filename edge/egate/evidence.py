"""What is known about one document and its holder, while the passage lasts and no longer.

Nothing here is ever written to disk or to a log. ``None`` means not looked at yet; an error means
that looking failed, and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz
from edge.documents.page import PageReading
from edge.documents.result import Check

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
    page: PageReading | None = field(default=None, repr=False)
    page_image: Image | None = field(default=None, repr=False)
    page_error: Exception | None = None
    face_image: Image | None = field(default=None, repr=False)
    face_error: Exception | None = None
    approved_by: str | None = None
