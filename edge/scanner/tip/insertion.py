"""Put a threat into a picture that was taken without it, as the scanner would have shown it.

1. Transmission is multiplied by what the threat lets through of the beam that its surroundings
   left over: optical depths add, hardened over the spectrum; with one energy they just add.
2. What it lets through is first blurred by the scanner's point spread.
3. The picture's noise is that of more photons than now arrive. Each of them gets through with
   the threat's transmission p: thinning, which makes Poisson counts of T to Poisson counts of pT
   exactly. Read noise, which p diminished, is filled up.
4. Only the threat's own window is touched; not one pixel elsewhere changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.tip.placement import Place
from models.xray.basis import hidden_behind
from models.xray.projection import blur, optical_depth

Image = NDArray[np.float32]

AROUND = 3  # pixels a side, averaged to learn what the beam has been through
FEW = 50  # photons below which counts are thinned one by one
LEAST = 1e-4  # of τ; less is no threat


@dataclass(frozen=True, slots=True)
class Optics:
    """How a scanner sees, in pixels and shares of the open beam; the design's, if not measured.

    ``photons`` reach an open pixel, low and high; ``spread`` and ``read`` are standard deviations
    of the point spread and of the read noise. measured.py takes them from a lane's own figures.
    """

    photons: tuple[float, float] = (20_000.0, 20_000.0)
    spread: float = 0.5
    read: float = 0.0


def insert(picture: Image, place: Place, optics: Optics, rng: np.random.Generator) -> Image:
    """Return a copy of a transmission (1 or 2, lines, pixels) with the threat at ``place``."""
    out = picture.copy()
    rim = int(np.ceil(3 * optics.spread))
    rows, columns = (_wider(part, rim, most) for part, most in _spans(place, picture))
    scene = out[:, rows, columns]
    tau = np.zeros((2, *scene.shape[1:]), np.float32)
    top, left = place.row - rows.start, place.column - columns.start
    tau[:, top : top + place.tau.shape[1], left : left + place.tau.shape[2]] = place.tau
    passed = blur(_passed(scene, tau), optics.spread)
    scene[...] = thinned(scene, passed, optics, rng)
    return out


def thinned(scene: Image, passed: Image, optics: Optics, rng: np.random.Generator) -> Image:
    """Return noisy transmission ``scene`` after each photon got through with chance ``passed``."""
    passed = np.minimum(passed, 1)  # a blur's sum is rounded
    photons = np.array(optics.photons, np.float32)[-len(scene) :, None, None]
    lost = passed * (1 - passed) * np.maximum(scene, 0) / photons
    read = np.float32(optics.read) ** 2 * (1 - passed**2)
    noise = np.sqrt(lost + read) * rng.standard_normal(scene.shape, dtype=np.float32)
    out = scene * passed + noise
    counts = scene * photons
    few = (counts < FEW) & (passed < 1)
    out[few] = _one_by_one(counts[few], passed[few], rng) / np.broadcast_to(photons, few.shape)[few]
    sane: Image = np.clip(out, 0, np.maximum(scene, 1))
    return sane


def _one_by_one(counts: Image, passed: Image, rng: np.random.Generator) -> Image:
    whole = np.floor(np.maximum(counts, 0))
    through = rng.binomial(whole.astype(np.int64), passed.astype(np.float64))
    return (through + (counts - whole) * passed).astype(np.float32)


def _passed(scene: Image, tau: Image) -> Image:
    """Return the share of the beam (planes, h, w) that the threat lets through."""
    if len(scene) == 1:
        return np.exp(-tau[1:])
    thing = tau.max(0) > LEAST
    around = optical_depth(np.stack([cv2.blur(plane, (AROUND, AROUND)) for plane in scene]))
    passed = np.ones_like(scene)
    passed[:, thing] = hidden_behind(around[:, thing], tau[:, thing])
    return passed


def _spans(place: Place, picture: Image) -> list[tuple[slice, int]]:
    return list(zip(place.window, picture.shape[1:], strict=True))


def _wider(part: slice, rim: int, most: int) -> slice:
    return slice(max(part.start - rim, 0), min(part.stop + rim, most))
