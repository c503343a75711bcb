"""From optical depth to what a line scanner counts, and back.

1. Transmission is exp(−τ). Two things one behind the other add their τ; pixels are never blended.
2. The beam and the pixel blur transmission (point spread), before any photon is counted.
3. Photons are Poisson: ``photons`` reach an open pixel, fewer where τ is high.
4. The detector adds its own: a gain per column (and its error), an offset per column, wobble (the
   tube's output from line to line), read noise, dead pixels, and a 16-bit ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Counts = NDArray[np.uint16]

FULL_SCALE = 65535


@dataclass(frozen=True)
class Detector:
    """One line detector with its two energies; arrays are (2, pixels), low first."""

    gain: Image
    offset: Image
    dead: NDArray[np.bool_]
    photons: float = 20_000.0  # per open pixel and line; published range 10^2.6 to 10^4.6
    open_counts: float = 45_000.0  # leaves room for a 30 % gain below full scale
    spread: float = 0.5  # pixels, standard deviation of the point spread
    wobble: float = 0.004  # standard deviation of the tube's output, from line to line
    read_noise: float = 4.0  # counts

    @property
    def pixels(self) -> int:
        """Return the number of pixels in a line."""
        return int(self.gain.shape[1])


def make_detector(pixels: int, seed: int, dead: float = 0.002, **settings: float) -> Detector:
    """Return a detector as it leaves the factory: 8 % gain spread, a share ``dead`` of dead pixels.

    A dead pixel is stuck dark, stuck bright, or deaf to the beam; which one follows from the seed.
    """
    rng = np.random.default_rng([seed, pixels])
    gain = 1.0 + 0.08 * rng.standard_normal((2, pixels))
    module = 1.0 + 0.03 * rng.standard_normal((2, -(-pixels // 64)))
    gain *= np.repeat(module, 64, axis=1)[:, :pixels]
    offset = 1000.0 + 60.0 * rng.standard_normal((2, pixels))
    return Detector(
        gain=np.clip(gain, 0.6, 1.3).astype(np.float32),
        offset=offset.astype(np.float32),
        dead=rng.random((2, pixels)) < dead,
        **settings,
    )


def transmission(tau: Image) -> Image:
    """Return exp(−τ)."""
    return np.exp(-tau, dtype=np.float32)


def optical_depth(passed: Image, floor: float = 1e-4) -> Image:
    """Return τ of a transmission; what is below ``floor`` counts as ``floor``."""
    return -np.log(np.maximum(passed, np.float32(floor)), dtype=np.float32)


def overlay(scene: Image, thing: Image, row: int, column: int) -> Image:
    """Return τ of ``scene`` (…, H, W) with τ of ``thing`` (…, h, w) added at (row, column).

    What falls outside the scene is cut off. Shapes must agree in all but the last two axes.
    """
    out = scene.copy()
    top, left = max(row, 0), max(column, 0)
    bottom = min(row + thing.shape[-2], scene.shape[-2])
    right = min(column + thing.shape[-1], scene.shape[-1])
    if bottom > top and right > left:
        part = thing[..., top - row : bottom - row, left - column : right - column]
        out[..., top:bottom, left:right] += part
    return out


def blur(passed: Image, spread: float) -> Image:
    """Return the transmission (H, W) or (2, H, W) seen through a Gaussian point spread."""
    if spread <= 0:
        return passed
    if passed.ndim == 3:
        return np.stack([blur(plane, spread) for plane in passed])
    return np.asarray(cv2.GaussianBlur(passed, (0, 0), spread), np.float32)


def photon_noise(passed: Image, photons: float, rng: np.random.Generator) -> Image:
    """Return a noisy transmission: Poisson of mean ``photons`` × transmission, as a share.

    Above 50 photons the normal law stands in for Poisson's (error of the tails below 1 %).
    """
    mean = np.maximum(passed, 0) * np.float32(photons)
    noisy = mean + np.sqrt(mean) * rng.standard_normal(passed.shape, dtype=np.float32)
    few = mean < 50
    noisy[few] = rng.poisson(mean[few])
    return (np.maximum(noisy, 0) / np.float32(photons)).astype(np.float32)


def raw_counts(tau: Image, detector: Detector, seed: int) -> Counts:
    """Return what ``detector`` sends for τ (2, lines, pixels): uint16 of the same shape."""
    rng = np.random.default_rng(seed)
    passed = photon_noise(blur(transmission(tau), detector.spread), detector.photons, rng)
    wobble = 1.0 + detector.wobble * rng.standard_normal((1, tau.shape[1], 1))
    signal = passed * (wobble * detector.open_counts * detector.gain[:, None, :])
    return _digitise(signal, detector, rng)


def dark_counts(lines: int, detector: Detector, seed: int) -> Counts:
    """Return ``lines`` lines with the beam off."""
    signal = np.zeros((2, lines, detector.pixels))
    return _digitise(signal, detector, np.random.default_rng(seed))


def air_counts(lines: int, detector: Detector, seed: int) -> Counts:
    """Return ``lines`` lines with the beam on and nothing in it."""
    return raw_counts(np.zeros((2, lines, detector.pixels), np.float32), detector, seed)


def _digitise(signal: NDArray[np.floating], detector: Detector, rng: np.random.Generator) -> Counts:
    noise = detector.read_noise * rng.standard_normal(signal.shape, dtype=np.float32)
    counts = signal + detector.offset[:, None, :] + noise
    for energy, row in enumerate(detector.dead):
        for pixel in np.flatnonzero(row):
            counts[energy, :, pixel] = _stuck(int(pixel), counts[energy, :, pixel])
    return np.clip(np.rint(counts), 0, FULL_SCALE).astype(np.uint16)


def _stuck(pixel: int, column: NDArray[np.floating]) -> NDArray[np.floating] | float:
    """Return what a dead pixel says: nothing, full scale, or a tenth of what it should."""
    return (0.0, float(FULL_SCALE), column * 0.1)[pixel % 3]
