"""YuNet, where an operator has added it: run by OpenCV, from the bytes whose hash was checked."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import Face
from models.slots import SlotError

__all__ = ["Yunet"]

Image = NDArray[np.uint8]
_LONGEST = 640  # pixels: faces of a gate are large, and time grows with the square
_OVERLAP, _MOST = 0.3, 64
_ERRORS = 2  # OpenCV's level for errors


class Yunet:
    """Finds faces; one thread at a time, the others wait."""

    def __init__(self, content: bytes, least: float) -> None:
        """``least`` is the score from which a place is a face. Raises SlotError."""
        model, nothing = np.frombuffer(content, np.uint8), np.empty(0, np.uint8)
        self._one = threading.Lock()
        talk = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(_ERRORS)  # OpenCV 5 warns about a target that nobody set
        try:
            self._net = cv2.FaceDetectorYN.create(
                "onnx", model, nothing, (320, 320), least, _OVERLAP, _MOST
            )
        except cv2.error as error:
            raise SlotError(f"OpenCV cannot run this detector: {error.msg}") from error
        finally:
            cv2.utils.logging.setLogLevel(talk)

    def __call__(self, image: Image) -> list[Face]:
        """Return the faces of a BGR picture, best first."""
        ratio = min(1.0, _LONGEST / max(image.shape[:2]))
        size = max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio))
        small = image if ratio == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        with self._one:
            self._net.setInputSize(size)
            _, rows = self._net.detect(small)
        faces = [
            _face(row / np.float32(ratio), float(row[14])) for row in ([] if rows is None else rows)
        ]
        return sorted(faces, key=lambda face: -face.score)


def _face(row: NDArray[np.float32], score: float) -> Face:
    """Return one row of YuNet: box, then right eye, left eye, nose, right and left mouth corner.

    Its right and left are the person's; the first is on the picture's left, as ours.
    """
    box = (float(row[0]), float(row[1]), float(row[2]), float(row[3]))
    return Face(box, np.asarray(row[4:14].reshape(5, 2), np.float32), min(max(score, 0.0), 1.0))
