"""A picture with a face, from a file: JPEG, JPEG 2000, PNG, BMP or TIFF, as BGR, 8 bit."""

from __future__ import annotations

from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

__all__ = ["FaceFileError", "load"]

Image = NDArray[np.uint8]
_LARGEST = 64 * 2**20  # bytes
_SIDES = 16, 20_000  # pixels


class FaceFileError(Exception):
    """A file that is no picture: missing, torn, or of another kind."""


def load(path: Path) -> Image:
    """Return the picture in ``path``, turned as its EXIF says. Raises FaceFileError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise FaceFileError(f"{path}: larger than {_LARGEST} bytes; give a smaller picture")
        coded = path.read_bytes()
    except OSError as error:
        raise FaceFileError(f"{path}: cannot be read: {error.strerror}; check the path") from error
    image = _decoded(coded)
    if image is None:
        raise FaceFileError(f"{path}: no JPEG, JPEG 2000, PNG, BMP or TIFF picture, or a torn one")
    low, high = _SIDES
    if not all(low <= side <= high for side in image.shape[:2]):
        size = f"{image.shape[1]} × {image.shape[0]}"
        raise FaceFileError(f"{path}: {size} pixels; sides of {low} to {high} can be looked at")
    return image


def _decoded(coded: bytes) -> Image | None:
    try:
        image = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR) if coded else None
    except cv2.error:
        image = None
    return _jpeg2000(coded) if image is None else np.asarray(image, np.uint8)


def _jpeg2000(coded: bytes) -> Image | None:
    """Decode with the library that reads the chips' portraits: it knows more variants."""
    try:
        rgb = np.asarray(imagecodecs.jpeg2k_decode(coded))
    except (imagecodecs.Jpeg2kError, ValueError):
        return None
    if rgb.dtype != np.uint8 or rgb.ndim not in (2, 3):
        return None
    if rgb.ndim == 2:
        return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.ascontiguousarray(rgb[..., 2::-1])
