"""How a rendered tile becomes a picture: energy, contrast, window, gamma, blur, photons, JPEG.

1. Two energies stay two in 3 of 10 tiles, in 7 of 10 from a lane; else one mixture of them is left.
2. Two energies keep their calibrated scale. A single one is exported as a clerk would: any
   contrast, window and gamma, 8 bits, often JPEG, now and then inverted, with a vignette or rim.
3. The network's input, masks and kinds are made from the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.segmenter import KINDS
from models.xray.view import CHANNELS, STRIDE, TILE, channels
from simulators.world.goods_shapes import smooth_noise

Image = NDArray[np.float32]
Rng = np.random.Generator


@dataclass(frozen=True)
class Tile:
    """One framed view: τ (2, h, w) low first, h and w ≤ 128, and where its threat is, if any."""

    tau: NDArray[np.float16]
    mask: NDArray[np.bool_]
    kind: int  # index in KINDS, −1 for none
    two: float = 0.3  # how often it is used with both energies


def recorded(tile: Tile, rng: Rng) -> tuple[Image, Image, Image]:
    """Return one random recording of a tile as network input, masks and kinds."""
    tau, mask = _flipped(tile.tau.astype(np.float32), tile.mask, rng)
    two = bool(rng.random() < tile.two)
    passed = exposed(tau if two else _one_energy(tau, rng), rng, two)
    view = channels(passed)
    rows, columns = mask.shape
    out = np.zeros((CHANNELS, TILE, TILE), np.float32)
    out[:, :rows, :columns] = view
    whole = np.zeros((TILE, TILE), np.float32)
    whole[:rows, :columns] = mask
    side = TILE // STRIDE
    masks = np.zeros((len(KINDS), side, side), np.float32)
    kinds = np.zeros(len(KINDS), np.float32)
    if tile.kind >= 0:
        small = whole.reshape(side, STRIDE, side, STRIDE).mean((1, 3))
        masks[tile.kind] = small > 0.3
        kinds[tile.kind] = 1
    return out, masks, kinds


def exposed(tau: Image, rng: Rng, two: bool) -> Image:
    """Return the transmission that some scanner, film or export makes of τ."""
    depth = tau * np.float32(1.0 if two else np.exp(rng.uniform(np.log(0.35), np.log(3))))
    if rng.random() < 0.3:
        depth = depth + np.float32(0.2) * smooth_noise(depth.shape[1:], rng, 2.0) ** 2
    passed = np.exp(-depth)
    if rng.random() < 0.6:
        spread = float(rng.uniform(0.3, 1.3))
        passed = np.stack([cv2.GaussianBlur(plane, (0, 0), spread) for plane in passed])
    if rng.random() < 0.1:
        _black_edge(passed, rng)
    photons = np.float32(10 ** rng.uniform(2.6, 5))
    passed += np.sqrt(passed / photons) * rng.standard_normal(passed.shape, dtype=np.float32)
    return passed if two else _exported(passed, rng)


def _black_edge(passed: Image, rng: Rng) -> None:
    """Black out one side or corner in place: the rim of a detector, or lead."""
    y, x = np.mgrid[: passed.shape[1], : passed.shape[2]] / max(passed.shape[1:])
    turn = rng.uniform(0, 2 * np.pi)
    across = x * np.cos(turn) + y * np.sin(turn)
    passed[:, across > np.quantile(across, rng.uniform(0.75, 0.99))] = 0


def _exported(passed: Image, rng: Rng) -> Image:
    """Return what an 8-bit file keeps: window, gamma, steps, JPEG."""
    if rng.random() < 0.3:
        passed = np.maximum(passed, 0) ** np.float32(rng.uniform(0.6, 1.6))
    top, bottom = rng.uniform(0.2, 1.08), rng.uniform(-0.02, 0.15)
    if rng.random() < 0.5:
        bottom = 0.0
    level = bottom + passed * np.float32(top - bottom)
    if rng.random() < 0.04:
        level = 1 - level
    image = np.clip(np.rint(level * 255), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 96))]
        again = cv2.imdecode(cv2.imencode(".jpg", image[0], quality)[1], cv2.IMREAD_GRAYSCALE)
        image = np.asarray(again, np.uint8)[None]
    passed = image.astype(np.float32) / np.float32(255)
    return passed


def _one_energy(tau: Image, rng: Rng) -> Image:
    share = np.float32(rng.random())
    return tau[:1] * share + tau[1:] * (1 - share)


def _flipped(tau: Image, mask: NDArray[np.bool_], rng: Rng) -> tuple[Image, NDArray[np.bool_]]:
    turns = int(rng.integers(4))
    tau, mask = np.rot90(tau, turns, (1, 2)), np.rot90(mask, turns)
    if rng.random() < 0.5:
        tau, mask = tau[:, :, ::-1], mask[:, ::-1]
    return np.ascontiguousarray(tau), np.ascontiguousarray(mask)
