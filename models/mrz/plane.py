"""Grey pages, and upright views of a part of them.

1. A page is grey, 8 bit, (height, width); colour is weighed as OpenCV does. Anything else is
   refused.
2. A view is a rectangle anywhere on the page at any turn: its pixel (x, y) is page ``origin +
   x·along + y·down``. Sampling takes the page from the level of a pyramid that is just finer than
   the view.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Page", "View", "grey"]

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]


def grey(image: NDArray[np.uint8]) -> Grey:
    """Return the grey of an image, grey or (height, width, 3) BGR; ValueError for another."""
    if image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            f"a page is uint8 and not empty, this is {image.dtype} of shape {image.shape}"
        )
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] == 3:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    raise ValueError(f"a page is (height, width) or (height, width, 3), this is {image.shape}")


@dataclass(frozen=True, slots=True)
class View:
    """An upright rectangle of ``width`` × ``height`` pixels and where it lies on the page."""

    origin: Points  # page point of view pixel (0, 0)
    along: Points  # page vector of one view pixel to the right
    width: int
    height: int

    @property
    def down(self) -> Points:
        """Page vector of one view pixel down."""
        return np.array([-self.along[1], self.along[0]])

    @property
    def step(self) -> float:
        """Page pixels per view pixel."""
        return float(np.hypot(*self.along))

    def to_page(self, points: Points) -> Points:
        """Return page points of view points, both (…, 2)."""
        return np.asarray(self.origin + points[..., :1] * self.along + points[..., 1:] * self.down)


class Page:
    """One grey page and its coarser copies, made when first asked for."""

    def __init__(self, image: Grey) -> None:
        self._levels = [image]
        self.height, self.width = image.shape

    def sample(self, points: Points, step: float) -> Grey:
        """Return the page at ``points`` (rows, columns, 2), ``step`` page pixels apart."""
        level = 0
        while step >= 2.0 and min(self._level(level).shape) > 8:
            level, step = level + 1, step / 2
        scale = 0.5**level
        at = ((points + 0.5) * scale - 0.5).astype(np.float32)
        source = self._level(level)
        return np.asarray(
            cv2.remap(
                source, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ),
            np.uint8,
        )

    def look(self, view: View) -> Grey:
        """Return the view's pixels (height, width)."""
        x, y = np.meshgrid(np.arange(view.width, dtype=float), np.arange(view.height, dtype=float))
        return self.sample(view.to_page(np.stack([x, y], -1)), view.step)

    def fit(self, side: int) -> tuple[Grey, float]:
        """Return the page, its longer side ``side`` pixels, and page pixels per pixel."""
        step = max(self.height, self.width) / side
        size = (max(1, round(self.width / step)), max(1, round(self.height / step)))
        way = cv2.INTER_AREA if step > 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(self._levels[0], size, interpolation=way), np.uint8), step

    def _level(self, index: int) -> Grey:
        while len(self._levels) <= index:
            self._levels.append(np.asarray(cv2.pyrDown(self._levels[-1]), np.uint8))
        return self._levels[index]
