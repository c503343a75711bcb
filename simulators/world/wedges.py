"""Step wedges on the belt: rows of known materials in known steps, for the lane's calibration.

Each row is one material, each column one thickness; between them the beam is open.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.scanner.materials.nominal import NAMES, thicknesses
from edge.scanner.materials.wedges import Place
from models.xray.materials import MATERIALS
from models.xray.spectrum import optical_depth

SIDE, GAP = 34, 12  # pixels of a step, and of air around it
PIXELS = 512


@dataclass(frozen=True)
class WedgeScene:
    """Noiseless τ (2, lines, pixels), low first, and where each step lies."""

    tau: NDArray[np.float32] = field(repr=False)
    places: tuple[Place, ...]


def wedges(names: tuple[str, ...] = NAMES, pixels: int = PIXELS) -> WedgeScene:
    """Return the wedges of ``names``, one below the other, beside free belt on both sides."""
    pitch = SIDE + GAP
    tau = np.zeros((2, GAP + pitch * len(names), pixels), np.float32)
    places = []
    for row, name in enumerate(names):
        material = MATERIALS[name]
        for column, areal in enumerate(thicknesses(name)):
            left, top = 2 * GAP + column * pitch, GAP + row * pitch
            depth = optical_depth(material, areal).astype(np.float32)
            tau[:, top : top + SIDE, left : left + SIDE] = depth[:, None, None]
            places.append(Place(name, material.zeff, areal, (left, top, SIDE, SIDE)))
    return WedgeScene(tau, tuple(places))
