"""A picture in small: the mean of whole squares of pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def shrunk(planes: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return the mean of every ``factor`` × ``factor`` pixels of ``planes`` (n, lines, pixels).

    Where a square reaches over the lower or right edge, the edge's pixels are repeated in it.
    """
    if factor == 1:
        return planes
    _, height, width = planes.shape
    size = (-(-width // factor), -(-height // factor))
    below, beside = size[1] * factor - height, size[0] * factor - width
    small = np.empty((len(planes), size[1], size[0]), planes.dtype)
    for plane, out in zip(planes, small, strict=True):
        if below or beside:
            plane = cv2.copyMakeBorder(plane, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        cv2.resize(plane, size, dst=out, interpolation=cv2.INTER_AREA)
    return small
