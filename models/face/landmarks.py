"""Five landmarks of one face, and whether it is one: a small network over a cut from a picture.

The first cut is by the detector's box, the second is turned upright by what the first said.
Points are those of ``geometry``; ``PLACES`` is where they lie in the second cut of a face that
looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import TEMPLATE, Face, similarity

__all__ = ["PLACES", "VIEW", "Regress", "refined"]

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
Regress = Callable[[Array], Array]
"""(1, 1, 64, 64) grey, 0 to 255 → (11,): logit of a face, five points, -0.5 to 0.5 of the cut."""

VIEW = 64  # pixels
PLACES: Array = (TEMPLATE - TEMPLATE.mean(0)) * np.float32(0.56) + np.array([32, 34], np.float32)
_ROUND = 1.3  # the first cut's side over the box's size


def refined(regress: Regress, grey: Image, face: Face) -> Face | None:
    """Return ``face`` with landmarks measured closely and a score both looks agree on, or None."""
    x, y, wide, high = face.box
    scale = VIEW / max(_ROUND * face.size, 1.0)
    corner = np.array([x + wide / 2, y + high / 2]) - VIEW / 2 / scale
    matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    _, points = _look(regress, grey, matrix)
    try:
        matrix = similarity(points, PLACES)
    except ValueError:
        return None
    chance, points = _look(regress, grey, matrix)
    return Face(face.box, points, float(np.sqrt(chance * face.score)))


def _look(regress: Regress, grey: Image, matrix: NDArray[np.float64]) -> tuple[float, Array]:
    """Return the chance of a face in the cut by ``matrix``, and its points in the picture."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    view = _cut(grey, matrix, scale)
    told = regress(view[None, None].astype(np.float32))
    seen = (told[1:].reshape(5, 2) + 0.5) * VIEW
    back = cv2.invertAffineTransform(matrix)
    points = np.asarray(seen @ back[:, :2].T + back[:, 2], np.float32)
    return 1 / (1 + float(np.exp(-np.clip(told[0], -30, 30)))), points


def _cut(grey: Image, matrix: NDArray[np.float64], scale: float) -> Image:
    """Return the cut; a picture that shrinks by much is shrunk by areas first: no aliasing."""
    if scale < 0.6:
        size = tuple(max(1, round(n * scale)) for n in grey.shape[::-1])
        ratio = np.array([grey.shape[1] / size[0], grey.shape[0] / size[1]])
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        middle = matrix[:, :2] @ ((ratio - 1) / 2)  # pixels are counted at their middles
        matrix = np.hstack([matrix[:, :2] * ratio, (matrix[:, 2] + middle)[:, None]])
    view = cv2.warpAffine(grey, matrix, (VIEW, VIEW), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, np.uint8)
