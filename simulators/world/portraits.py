"""Portraits of people who do not exist: rendered, plainly no photograph, the same for a seed.

A portrait is upright, frontal, shoulders to crown, in the proportions that Doc 9303-3 asks of a
photograph (the head fills 70 to 80 % of the height). ``faces`` knows the same person in other
moments: ``at_gate(seed, …)`` is who ``portrait(seed, …)`` shows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.faces import Look, identity, picture

__all__ = ["portrait"]

Image = NDArray[np.uint8]
_TALLEST = 256  # pixels that are rendered; a larger portrait is enlarged, as documents' scans are


def portrait(seed: int, height: int, width: int) -> Image:
    """Return the face of ``seed`` as (height, width, 3), BGR."""
    rng = np.random.default_rng([seed, 0x1CA0])
    ratio = min(1.0, _TALLEST / height)
    size = max(1, round(height * ratio)), max(1, round(width * ratio))
    look = Look(
        yaw=float(rng.normal(0, 1.5)),
        pitch=float(rng.normal(0, 1.5)),
        light=(float(rng.normal(0, 0.25)), -0.4, 1.0),
        ambient=0.6,
        bright=1.1,
    )
    wall = np.full((*size, 3), rng.uniform(200, 245), np.uint8)
    small = picture(identity(seed), look, *size, wall).image
    if size == (height, width):
        return small
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
