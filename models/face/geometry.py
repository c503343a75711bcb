"""Where a face is, and how it is laid into the square that embeddings are computed from.

1. Landmarks are five points in pixels: the eye on the picture's left, the other eye, the nose tip,
   the corner of the mouth on the picture's left, the other corner.
2. ``align`` turns, scales and shifts (no shear) so that they come nearest to the five points that
   ArcFace-family embeddings are trained with, in a square of 112 pixels.
3. ``upright`` cuts a face out, derotated, with a passport photograph's margins, for people to see.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["SIDE", "TEMPLATE", "Face", "align", "eye_distance", "similarity", "upright"]

Image = NDArray[np.uint8]
Points = NDArray[np.float32]

SIDE = 112  # pixels
TEMPLATE: Points = np.array(  # the common five points of the ArcFace family, InsightFace
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)
_CROP_WIDTH, _CROP_HEIGHT = 480, 600
_CROP_EYES = 0.25  # of the width between the pupils: ISO/IEC 39794-5 portraits have 0.25 or more
_CROP_EYE_LINE = 0.45  # of the height, from the top


@dataclass(frozen=True, slots=True)
class Face:
    """One face found: box (x, y, width, height) in pixels, five landmarks (5, 2), score 0 to 1."""

    box: tuple[float, float, float, float]
    landmarks: Points
    score: float

    @property
    def size(self) -> float:
        """Side of the square of the box's area, pixels."""
        return float(np.sqrt(max(self.box[2], 0) * max(self.box[3], 0)))


def align(image: Image, landmarks: Points) -> Image:
    """Return the face with ``landmarks`` as 112 × 112, BGR as given."""
    moved = cv2.warpAffine(
        _fine_enough(image, landmarks), similarity(landmarks, TEMPLATE), (SIDE, SIDE)
    )
    return np.asarray(moved, np.uint8)


def upright(image: Image, face: Face) -> Image:
    """Return the face derotated, 600 × 480, the pupils a quarter of the width apart."""
    gap = _CROP_EYES * _CROP_WIDTH
    line, middle = _CROP_EYE_LINE * _CROP_HEIGHT, _CROP_WIDTH / 2
    eyes = np.array([[middle - gap / 2, line], [middle + gap / 2, line]], np.float32)
    matrix = similarity(face.landmarks[:2], eyes)
    size = (_CROP_WIDTH, _CROP_HEIGHT)
    cut = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def similarity(given: Points, wanted: Points) -> NDArray[np.float64]:
    """Return the 2×3 matrix that takes ``given`` nearest to ``wanted`` (Umeyama 1991).

    Raises ValueError where all points fall together.
    """
    a, b = given.astype(np.float64), wanted.astype(np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    flat = a - mean_a
    spread = float((flat**2).sum())
    if not np.isfinite(spread) or spread < 1e-6:
        raise ValueError("the landmarks of a face fall together")
    u, s, vt = np.linalg.svd((b - mean_b).T @ flat)
    keep = np.diag([1.0, np.sign(np.linalg.det(u @ vt))])
    turn = u @ keep @ vt
    scale = float((s * np.diag(keep)).sum()) / spread
    return np.hstack([scale * turn, (mean_b - scale * turn @ mean_a)[:, None]])


def eye_distance(face: Face) -> float:
    """Return the distance of the pupils, pixels."""
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def _fine_enough(image: Image, landmarks: Points) -> Image:
    """Return ``image`` smoothed where it is shrunk by more than two: a warp alone would alias."""
    gap = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    shrink = gap / float(TEMPLATE[1, 0] - TEMPLATE[0, 0])
    if shrink <= 2:
        return image
    x, y = (int(v) for v in landmarks.mean(0))
    reach = int(4 * gap)
    top, left = max(y - reach, 0), max(x - reach, 0)
    smooth = image.copy()
    part = smooth[top : y + reach, left : x + reach]
    if part.size:
        part[:] = cv2.GaussianBlur(part, (0, 0), 0.4 * shrink)
    return smooth
