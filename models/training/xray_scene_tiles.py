"""Scenes for the scene network: rendered once into a folder, filled and recorded anew at each use.

1. What is kept of a scene is Σ µ·thickness in each bin of the spectrum at ``WORKING_MM``, without
   noise. It is drawn at 1 mm and reduced as a picture would be.
2. A thing laid in it adds; the two energies then follow from the sum (models/xray/spectrum.py).
3. A recording adds what scanners do: photons, blur, residual gain by column, wobble by line, a
   changed open beam, lost lines. One in six has one energy only, at any exposure, often 8 bits.
4. Seeds below ``UNSEEN`` train; threat shapes of simulators/world/goods_unseen.py never do.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_scene_things import Half, Rng, reduced
from models.xray.scenes import KINDS, MASK_STRIDE, WORKING_MM, channels
from models.xray.spectrum import depth_from_bins
from simulators.world.goods import PITCH_MM, Container, pack, visible
from simulators.world.goods_canvas import Canvas

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

LINES, PIXELS = 560, 512  # mm, of a scene
SHARD = 100  # scenes a file
LEAST = 0.4  # of a threat must show, or it is not asked for
COVERED = 0.02  # of high optical depth: here lies something
ONE_ENERGY = 0.18  # of the recordings
BLUR_MM = 1.2  # σ, at most
CELL = 0.25  # of a mask cell that a threat fills, or most of what it fills of any


def render(folder: Path, seed: int, shards: int, first: int = 0) -> None:
    """Render the shards that ``folder`` lacks of ``first`` … ``first + shards``."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for index in range(first, first + shards):
        path = folder / f"{seed}-{index}.npy"
        if not path.exists():
            rough = path.with_suffix(".part")
            with rough.open("wb") as file:
                np.save(file, np.stack([_scene(seed, index, number) for number in range(SHARD)]))
            rough.rename(path)


def load(folder: Path, seed: int, shards: int) -> list[Half]:
    """Return the first ``shards`` of what was rendered from ``seed``, mapped: (n, bins, h, w)."""
    return [np.load(folder / f"{seed}-{index}.npy", mmap_mode="r") for index in range(shards)]


def _scene(seed: int, index: int, number: int) -> Half:
    rng = np.random.default_rng([seed, 77, index, number])
    canvas = Canvas(LINES, PIXELS, 1.0 / PITCH_MM)
    pack(canvas, rng, list(Container)[int(rng.integers(len(Container)))])
    return reduced(canvas.sums)


def laid(tile: Image, thing: Half, rng: Rng) -> tuple[Image, Mask] | None:
    """Return ``tile`` with ``thing`` in it and where it lies, or None where it does not show.

    Tiles are (bins, h, w). The thing is turned by quarters, mirrored, stretched a little, and its
    centre lies in the middle two thirds.
    """
    alone = _placed(thing, tile.shape[1], rng)
    high = depth_from_bins(alone)[1]
    mask = high > COVERED
    if not visible(np.exp(-depth_from_bins(tile)[1]), high, mask, LEAST):
        return None
    return tile + alone, mask


def _placed(thing: Half, side: int, rng: Rng) -> Image:
    turned = np.rot90(thing, int(rng.integers(4)), (1, 2))
    turned = turned[:, :, ::-1] if rng.random() < 0.5 else turned
    size = [max(1, round(edge * rng.uniform(0.88, 1.14))) for edge in turned.shape[1:]]
    planes = [cv2.resize(plane.astype(np.float32), size[::-1]) for plane in turned]
    out = np.zeros((len(planes), side, side), np.float32)
    middle = side * rng.uniform(1 / 6, 5 / 6, 2)
    corner = [round(at - edge / 2) for at, edge in zip(middle, size, strict=True)]
    there = [slice(max(at, 0), at + edge) for at, edge in zip(corner, size, strict=True)]
    here = [
        slice(max(-at, 0), max(-at, 0) + len(range(*part.indices(side))))
        for at, part in zip(corner, there, strict=True)
    ]
    out[:, *there] = np.stack(planes)[:, *here]
    return out


def recorded(tile: Image | Half, mask: Mask, kind: int, rng: Rng) -> tuple[Image, Image]:
    """Return the network's input and its masks (6, h/4, w/4) of one recording of a tile."""
    noiseless = np.exp(-depth_from_bins(tile.astype(np.float32)))
    passed = exposed(noiseless, rng, one_energy=rng.random() < ONE_ENERGY)
    turns, mirrored = int(rng.integers(4)), bool(rng.random() < 0.5)
    view, mask = np.rot90(channels(passed), turns, (1, 2)), np.rot90(mask, turns)
    if mirrored:
        view, mask = view[:, :, ::-1], mask[:, ::-1]
    rows, columns = (side // MASK_STRIDE for side in mask.shape)
    masks = np.zeros((len(KINDS), rows, columns), np.float32)
    if kind >= 0:
        cells = mask.reshape(rows, MASK_STRIDE, columns, MASK_STRIDE).mean((1, 3))
        masks[kind] = cells > min(CELL, 0.7 * float(cells.max()))
    return np.ascontiguousarray(view, np.float32), masks


def exposed(passed: Image, rng: Rng, one_energy: bool, pitch_mm: float = WORKING_MM) -> Image:
    """Return the transmission (1 or 2, h, w) that a scanner makes of a noiseless (2, h, w)."""
    return (_one_energy if one_energy else _scanned)(passed, rng, pitch_mm)


def _scanned(passed: Image, rng: Rng, pitch_mm: float) -> Image:
    spread = float(rng.uniform(0, BLUR_MM)) / pitch_mm
    if spread > 0.2:
        passed = np.stack([cv2.GaussianBlur(plane, (0, 0), spread) for plane in passed])
    photons = np.float32(pitch_mm**2 * 10 ** rng.uniform(3.9, 4.8))
    noise = rng.standard_normal(passed.shape, dtype=np.float32)
    seen = passed + np.sqrt(passed / photons) * noise
    rows = 1 + rng.uniform(0, 0.005) * rng.standard_normal((1, passed.shape[1], 1))
    columns = 1 + rng.uniform(0, 0.004) * rng.standard_normal((len(passed), 1, passed.shape[2]))
    seen = seen * (rows * columns * rng.normal(1, 0.006)).astype(np.float32)
    if rng.random() < 0.08:
        at = int(rng.integers(seen.shape[1]))
        seen[:, at : at + int(rng.integers(1, 4))] *= np.float32(rng.choice([0.0, 0.5]))
    return np.asarray(seen, np.float32)


def _one_energy(passed: Image, rng: Rng, pitch_mm: float) -> Image:
    share = np.float32(rng.choice([0.0, 1.0, rng.random()]))
    tau = -np.log(np.maximum(passed[:1] * share + passed[1:] * (1 - share), 1e-6))
    if rng.random() < 0.5:
        tau = tau * np.float32(np.exp(rng.uniform(-0.35, 0.35))) + np.float32(rng.uniform(0, 0.1))
    seen = _scanned(np.exp(-tau), rng, pitch_mm)
    if rng.random() < 0.5:
        seen = np.asarray(np.rint(np.clip(seen, 0, 1) * 255) / 255, np.float32)
    return seen
