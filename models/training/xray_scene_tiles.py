"""Scenes for the scene network: rendered once into a folder, recorded anew whenever used.

1. A scene is packed once (simulators/world/goods.py), and six threats are hidden in it in turn, so
   that the same goods are seen with and without; two hard negatives take a threat's place as well.
2. What is kept is optical depth at ``WORKING_MM``, without noise: of the whole scene, and of the
   320 mm round each threat. Everything is rendered at 1 mm and reduced as a picture would be.
3. A recording adds what scanners do: photons, blur, residual gain by column, wobble by line, a
   changed open beam, lost lines. One in six has one energy only, at any exposure, often 8 bits.
4. Seeds below ``UNSEEN`` train; threat shapes of simulators/world/goods_unseen.py never do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_tiles import GROUP
from models.xray.projection import transmission
from models.xray.scenes import KINDS, MASK_STRIDE, WORKING_MM, channels
from models.xray.spectrum import depth_from_bins
from simulators.world.goods import PITCH_MM, Container, hidden_pose, pack, visible
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_harmless import LOOKALIKES, NEGATIVES
from simulators.world.goods_threats import DRAW, Threat

Image = NDArray[np.float32]
Half = NDArray[np.float16]
Rng = np.random.Generator
Draw = Callable[[Canvas, Pose, Rng], None]

LINES, PIXELS = 560, 512  # mm, of a scene
WINDOW = 160  # working pixels kept round a threat
THREATS, HARMLESS = 6, 2  # hidden in each scene in turn
LEAST = 0.35  # of a threat must show, or it is not asked for
SHARD = 100  # scenes a file
FACTOR = round(WORKING_MM / PITCH_MM)
ODDS = {
    Threat.PISTOL: 0.12, Threat.REVOLVER: 0.13, Threat.KNIFE: 0.19, Threat.RAZOR: 0.22,
    Threat.STAR: 0.11, Threat.BAR: 0.10, Threat.DEVICE: 0.13,
}  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """Rendered scenes: arrays of τ (…, 2, h, w), masks, kinds (−1 none), and where windows lie."""

    scenes: Half
    windows: Half
    masks: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    places: NDArray[np.int32]  # scene, top, left in working pixels


def render(folder: Path, seed: int, shards: int, first: int = 0) -> None:
    """Render the shards that ``folder`` lacks of ``first`` … ``first + shards``."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for index in range(first, first + shards):
        path = folder / f"{seed}-{index}.npz"
        if not path.exists():
            made = _shard(seed, index)
            rough = path.with_suffix(".part")
            with rough.open("wb") as file:
                np.savez(file, **vars(made))
            rough.rename(path)


def load(path: Path) -> Shard:
    """Return a rendered shard."""
    with np.load(path) as kept:
        return Shard(**{name: kept[name] for name in kept.files})


def _shard(seed: int, index: int) -> Shard:
    scenes, found = [], []
    for number in range(SHARD):
        rng = np.random.default_rng([seed, 77, index, number])
        canvas = Canvas(LINES, PIXELS, 1.0 / PITCH_MM)
        pack(canvas, rng, list(Container)[int(rng.integers(len(Container)))])
        tau = canvas.tau()
        scenes.append(_working(tau))
        behind = transmission(tau[1])
        for kind in _threats(rng):
            found.append((number, _hidden(canvas, behind, DRAW[kind], kind, rng)))
        for _ in range(HARMLESS):
            found.append((number, _hidden(canvas, behind, _harmless(rng), None, rng)))
    kept = [(number, *window) for number, window in found if window is not None]
    return Shard(
        np.stack(scenes),
        np.stack([row[1] for row in kept]),
        np.stack([row[2] for row in kept]),
        np.array([row[3] for row in kept], np.int8),
        np.array([(row[0], *row[4]) for row in kept], np.int32),
    )


def _threats(rng: Rng) -> list[Threat]:
    picked = rng.choice(len(ODDS), THREATS, p=list(ODDS.values()))
    return [list(ODDS)[int(index)] for index in picked]


def _harmless(rng: Rng) -> Draw:
    kinds = NEGATIVES if rng.random() < 0.7 else LOOKALIKES
    return kinds[int(rng.integers(len(kinds)))]


Window = tuple[Half, NDArray[np.bool_], int, tuple[int, int]]


def _hidden(
    canvas: Canvas, behind: Image, draw: Draw, kind: Threat | None, rng: Rng
) -> Window | None:
    """Return the window round one thing hidden in the scene, or None where it does not show."""
    layer = canvas.blank()
    draw(layer, hidden_pose(canvas, rng), rng)
    covered = layer.sums[4] > 1e-4
    if not covered.any():
        return None
    top, left = _corner(covered, rng)
    part = (slice(top, top + WINDOW * FACTOR), slice(left, left + WINDOW * FACTOR))
    alone = depth_from_bins(np.ascontiguousarray(layer.sums[:, *part]))
    mask = alone[1] > 0.02
    if kind and not visible(behind[part], alone[1], mask, LEAST):
        return None
    tau = depth_from_bins(canvas.sums[:, *part] + layer.sums[:, *part])
    small = cv2.resize(mask.astype(np.float32), (WINDOW, WINDOW), interpolation=cv2.INTER_AREA)
    index = KINDS.index(GROUP[kind]) if kind else -1
    return _working(tau), small > 0.3, index, (top // FACTOR, left // FACTOR)


def _corner(covered: NDArray[np.bool_], rng: Rng) -> tuple[int, int]:
    """Return a window's corner, on whole working pixels, with the thing about its middle."""
    x, y, w, h = cv2.boundingRect(covered.astype(np.uint8))
    side = WINDOW * FACTOR
    top = int(np.clip(y + h / 2 - side / 2 + rng.uniform(-30, 30), 0, covered.shape[0] - side))
    left = int(np.clip(x + w / 2 - side / 2 + rng.uniform(-30, 30), 0, covered.shape[1] - side))
    return top // FACTOR * FACTOR, left // FACTOR * FACTOR


def _working(tau: Image) -> Half:
    size = (tau.shape[2] // FACTOR, tau.shape[1] // FACTOR)
    passed = [cv2.resize(np.exp(-p), size, interpolation=cv2.INTER_AREA) for p in tau]
    return np.asarray(-np.log(np.maximum(np.stack(passed), 1e-6)), np.float16)


def recorded(tau: Half, mask: NDArray[np.bool_], kind: int, rng: Rng) -> tuple[Image, Image]:
    """Return the network's input and its masks (6, h/4, w/4) of one recording of a tile."""
    passed = exposed(np.exp(-tau.astype(np.float32)), rng)
    turns, mirrored = int(rng.integers(4)), bool(rng.random() < 0.5)
    view, mask = np.rot90(channels(passed), turns, (1, 2)), np.rot90(mask, turns)
    if mirrored:
        view, mask = view[:, :, ::-1], mask[:, ::-1]
    rows, columns = (side // MASK_STRIDE for side in mask.shape)
    masks = np.zeros((len(KINDS), rows, columns), np.float32)
    if kind >= 0:
        cells = mask.reshape(rows, MASK_STRIDE, columns, MASK_STRIDE).mean((1, 3))
        masks[kind] = cells > 0.25
    return np.ascontiguousarray(view, np.float32), masks


def exposed(passed: Image, rng: Rng) -> Image:
    """Return the transmission (1 or 2, h, w) that a scanner makes of a noiseless (2, h, w)."""
    if rng.random() < 0.18:
        return _one_energy(passed, rng)
    return _scanned(passed, rng)


def _scanned(passed: Image, rng: Rng) -> Image:
    spread = float(rng.uniform(0, 0.6))
    if spread > 0.2:
        passed = np.stack([cv2.GaussianBlur(plane, (0, 0), spread) for plane in passed])
    photons = np.float32(FACTOR**2 * 10 ** rng.uniform(3.9, 4.8))
    noise = rng.standard_normal(passed.shape, dtype=np.float32)
    seen = passed + np.sqrt(passed / photons) * noise
    rows = 1 + rng.uniform(0, 0.005) * rng.standard_normal((1, passed.shape[1], 1))
    columns = 1 + rng.uniform(0, 0.004) * rng.standard_normal((len(passed), 1, passed.shape[2]))
    seen = seen * (rows * columns * rng.normal(1, 0.006)).astype(np.float32)
    if rng.random() < 0.08:
        at = int(rng.integers(seen.shape[1]))
        seen[:, at : at + int(rng.integers(1, 4))] *= np.float32(rng.choice([0.0, 0.5]))
    return np.asarray(seen, np.float32)


def _one_energy(passed: Image, rng: Rng) -> Image:
    share = np.float32(rng.choice([0.0, 1.0, rng.random()]))
    tau = -np.log(np.maximum(passed[:1] * share + passed[1:] * (1 - share), 1e-6))
    if rng.random() < 0.5:
        tau = tau * np.float32(np.exp(rng.uniform(-0.35, 0.35))) + np.float32(rng.uniform(0, 0.1))
    seen = _scanned(np.exp(-tau), rng)
    if rng.random() < 0.5:
        seen = np.asarray(np.rint(np.clip(seen, 0, 1) * 255) / 255, np.float32)
    return seen
