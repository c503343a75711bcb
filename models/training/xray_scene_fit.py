"""Fit the scene network: batches of the same goods with and without, and the hardest once more.

1. A batch is threats, the same places without them, hard negatives, places anywhere, and some of
   the harmless tiles that alarmed most so far.
2. Three quarters of the steps see tiles of 256 mm, which teach most for the time; the rest see
   320 mm, with as much around a threat as the network can use.
3. A second round shows wide tiles alone, and the kinds that are hard more often.
4. AdamW, the rate rising for 200 steps and falling to zero over each round; the running mean
   of the weights is kept. Everything follows from the seed and the number of steps.
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.xray_scene_network import SceneNetwork, Weights, begin_from, loss
from models.training.xray_scene_tiles import Half, Shard, load, recorded

Rng = np.random.Generator
Told = Callable[[str, SceneNetwork], None]
Piece = tuple[Half, NDArray[np.bool_], int]

NEAR, FAR = 128, 160  # working pixels of a tile, early and late
COUNTS = {NEAR: (10, 2, 3, 5), FAR: (8, 2, 2, 4)}  # threats, hard negatives, anywhere, again
EARLY = 0.75  # of the steps
PEAK_RATE = 1.5e-3
HARD = (0.15, 0.20, 0.25, 0.17, 0.06, 0.17)  # odds of each kind of KINDS in the second round
POOL = 1500
ALARMING = -2.0  # logit


class Pool:
    """The harmless tiles that alarmed most."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, Half]] = []
        self._count = 0

    def offer(self, alarm: float, tile: Half) -> None:
        """Keep ``tile`` if it alarmed more than the least of those kept."""
        self._count += 1
        entry = (alarm, self._count, tile)
        if len(self._kept) < POOL:
            heapq.heappush(self._kept, entry)
        elif alarm > self._kept[0][0]:
            heapq.heapreplace(self._kept, entry)

    def take(self, rng: Rng) -> Half | None:
        """Take one out at random; it comes back with what it then alarms, if at all."""
        if not self._kept:
            return None
        at = int(rng.integers(len(self._kept)))
        self._kept[at], self._kept[-1] = self._kept[-1], self._kept[at]
        _, _, tile = self._kept.pop()
        heapq.heapify(self._kept)
        return tile


class Source:
    """Batches out of rendered shards."""

    def __init__(self, shards: list[Shard], seed: int, odds: Sequence[float] | None = None) -> None:
        """Take threats as they were rendered, or each kind with its ``odds``."""
        self.rng, self.odds = np.random.default_rng([seed, 5]), odds
        self.shards, self.pool, self.side = shards, Pool(), NEAR
        self.threats = [np.flatnonzero(shard.kinds >= 0) for shard in shards]
        self.harmless = [np.flatnonzero(shard.kinds < 0) for shard in shards]

    def recordings(self) -> tuple[list[Piece], Tensor, Tensor]:
        """Return the tiles of a batch, their recordings, and the masks wanted of them."""
        pieces = self.batch()
        made = [recorded(*piece, self.rng) for piece in pieces]
        views, masks = (torch.from_numpy(np.stack(part)) for part in zip(*made, strict=True))
        return pieces, views, masks

    def learn(self, pieces: list[Piece], alarms: list[float]) -> None:
        """Offer the harmless tiles that alarmed to the pool."""
        for (tile, _, kind), alarm in zip(pieces, alarms, strict=True):
            if kind < 0 and alarm > ALARMING and tile.shape[1] == self.side:
                self.pool.offer(alarm, tile)

    def batch(self) -> list[Piece]:
        """Return the tiles of one batch."""
        made: list[Piece] = []
        threats, negatives, places, again = COUNTS[self.side]
        for _ in range(threats):
            made += self._twins()
        made += [self._negative() for _ in range(negatives)]
        harmless = [self._anywhere() for _ in range(places)]
        for _ in range(again):
            tile = self.pool.take(self.rng)
            harmless.append(self._anywhere() if tile is None else tile)
        return made + [(tile, self._empty(), -1) for tile in harmless]

    def wider(self) -> None:
        """Show larger tiles from now on."""
        if self.side != FAR:
            self.side, self.pool = FAR, Pool()

    def _empty(self) -> NDArray[np.bool_]:
        return np.zeros((self.side, self.side), np.bool_)

    def _twins(self) -> list[Piece]:
        number = int(self.rng.integers(len(self.shards)))
        shard, at = self.shards[number], int(self.rng.choice(self._some(number)))
        part = self._cut(shard.masks[at])
        scene, y, x = (int(value) for value in shard.places[at])
        whole = shard.scenes[scene][:, y : y + shard.masks.shape[1], x : x + shard.masks.shape[2]]
        mask = shard.masks[at][part]
        return [
            (shard.windows[at][:, *part], mask, int(shard.kinds[at])),
            (whole[:, *part], self._empty(), -1),
        ]

    def _some(self, number: int) -> NDArray[np.intp]:
        """Return the windows of a shard to take a threat from."""
        if self.odds is None:
            return self.threats[number]
        kind = int(self.rng.choice(len(self.odds), p=self.odds))
        return np.flatnonzero(self.shards[number].kinds == kind)

    def _cut(self, mask: NDArray[np.bool_]) -> tuple[slice, slice]:
        """Return a tile's part of a window in which most of the threat is."""
        room = mask.shape[0] - self.side
        tries = self.rng.integers(0, room + 1, (6, 2))
        parts = [(slice(y, y + self.side), slice(x, x + self.side)) for y, x in tries.tolist()]
        seen = [int(mask[part].sum()) for part in parts]
        return next(p for p, pixels in zip(parts, seen, strict=True) if pixels >= 0.8 * max(seen))

    def _negative(self) -> Piece:
        number = int(self.rng.integers(len(self.shards)))
        shard, at = self.shards[number], int(self.rng.choice(self.harmless[number]))
        return shard.windows[at][:, *self._cut(shard.masks[at])], self._empty(), -1

    def _anywhere(self) -> Half:
        shard = self.shards[int(self.rng.integers(len(self.shards)))]
        scene = shard.scenes[int(self.rng.integers(len(shard.scenes)))]
        top = int(self.rng.integers(scene.shape[1] - self.side + 1))
        left = int(self.rng.integers(scene.shape[2] - self.side + 1))
        tile: Half = scene[:, top : top + self.side, left : left + self.side]
        return tile


def train(
    shards: list[Shard], weights: Weights, seed: int, steps: tuple[int, int], told: Told
) -> SceneNetwork:
    """Return a network trained for two rounds of ``steps`` from the crop network's ``weights``."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network, source = SceneNetwork(), Source(shards, seed)
    begin_from(network, weights, source.recordings()[1])
    network = round_of(network, source, steps[0], PEAK_RATE, told)
    return again(network, shards, seed, steps[1], told)


def again(
    network: SceneNetwork, shards: list[Shard], seed: int, steps: int, told: Told
) -> SceneNetwork:
    """Return the network after a second round, of wide tiles, with what is hard more often."""
    source = Source(shards, seed + 1, HARD)
    source.wider()
    return round_of(network, source, steps, PEAK_RATE * 0.6, told)


def round_of(
    network: SceneNetwork, source: Source, steps: int, peak: float, told: Told
) -> SceneNetwork:
    """Return the running mean of the network over a round of ``steps``."""
    network = network.to(memory_format=torch.channels_last).train()
    average: SceneNetwork = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-3)
    smooth = 4.0
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(source.recordings)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = peak * _share(step, steps)
            pieces, tiles, masks = ready.result()
            if step == round(EARLY * steps):
                source.wider()
            ready = beside.submit(source.recordings)
            value, alarms = _step(network, optimiser, tiles, masks)
            wait([ready])  # the pool must not change under it, or no run would repeat another
            source.learn(pieces, alarms)
            follow(average, network, min(0.998, step / (step + 10)))
            smooth = smooth * 0.99 + 0.01 * value
            if (step + 1) % 100 == 0:
                told(f"step {step + 1} of {steps}: loss {smooth:.4f}", average)
    average.eval()
    return average


def _share(step: int, steps: int) -> float:
    """Return the share of the peak rate: up over 200 steps, then down along a cosine."""
    return float(min(1, (step + 1) / 200) * (0.5 + 0.5 * np.cos(np.pi * step / steps)))


def _step(
    network: SceneNetwork, optimiser: torch.optim.Optimizer, tiles: Tensor, masks: Tensor
) -> tuple[float, list[float]]:
    """Return the loss of a batch, after learning from it, and how much each tile alarmed."""
    with torch.autocast("cpu", torch.bfloat16):  # 1.7 times as fast where the CPU can
        found = network(tiles.to(memory_format=torch.channels_last))
    found = (found[0].float(), found[1].float())
    value = loss(found, masks)
    optimiser.zero_grad()
    value.backward()
    optimiser.step()
    return float(value.detach()), found[1][:, 0].detach().amax((1, 2)).tolist()


@torch.no_grad()  # type: ignore[untyped-decorator]
def follow(average: torch.nn.Module, network: torch.nn.Module, keep: float) -> None:
    """Move the running mean of the weights towards the network's."""
    for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(new, 1 - keep)
        else:
            mean.copy_(new)


def load_all(folder: Path, seed: int, shards: int) -> list[Shard]:
    """Return the first ``shards`` of what was rendered from ``seed``."""
    return [load(folder / f"{seed}-{index}.npz") for index in range(shards)]
