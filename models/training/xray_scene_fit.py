"""Fit the scene network: batches of the same goods with and without, and the hardest once more.

1. A batch is threats, the same places without them, hard negatives, places anywhere, and some of
   the harmless tiles that alarmed most so far. In half of the places some more things lie about.
2. Most steps see tiles of 256 mm, which teach most for the time; the last see 320 mm, with as much
   around a threat as the network can use.
3. AdamW, the rate rising for 500 steps and falling to zero along a cosine; the running mean of the
   weights is kept. Everything follows from the seed and the number of steps.
"""

from __future__ import annotations

import copy
import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import cv2
import numpy as np
import torch
from torch import Tensor

from models.training.xray_scene_network import SceneNetwork, loss
from models.training.xray_scene_things import Half, Rng, Shelf
from models.training.xray_scene_tiles import Image, Mask, laid, recorded

Told = Callable[[str, SceneNetwork], None]
Piece = tuple[Image, Mask, int]

NEAR, FAR = 128, 160  # working pixels of a tile, early and late
COUNTS = {NEAR: (10, 2, 3, 5), FAR: (8, 2, 2, 4)}  # threats, hard negatives, anywhere, again
EARLY = 0.8  # of the steps
PEAK_RATE = 1.5e-3
RISING = 500  # steps
CLUTTER = 0.5  # odds of more things in a place, one or two
TRIES = 6  # of places for one threat
POOL = 1000
ALARMING = -2.0  # logit


class Pool:
    """The harmless tiles that alarmed most."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, Half]] = []
        self._count = 0

    def offer(self, alarm: float, tile: Image) -> None:
        """Keep ``tile`` if it alarmed more than the least of those kept."""
        self._count += 1
        entry = (alarm, self._count, tile.astype(np.float16))
        if len(self._kept) < POOL:
            heapq.heappush(self._kept, entry)
        elif alarm > self._kept[0][0]:
            heapq.heapreplace(self._kept, entry)

    def take(self, rng: Rng) -> Image | None:
        """Take one out at random; it comes back with what it then alarms, if at all."""
        if not self._kept:
            return None
        at = int(rng.integers(len(self._kept)))
        self._kept[at], self._kept[-1] = self._kept[-1], self._kept[at]
        _, _, tile = self._kept.pop()
        heapq.heapify(self._kept)
        return tile.astype(np.float32)


class Source:
    """Batches out of rendered scenes and things drawn to be hidden in them."""

    def __init__(self, shards: list[Half], seed: int) -> None:
        self.rng = np.random.default_rng([seed, 5])
        self.shards, self.shelf = shards, Shelf(self.rng)
        self.pool, self.side = Pool(), NEAR

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
        harmless = [self._negative() for _ in range(negatives)]
        harmless += [self._place(1.0) for _ in range(places)]
        for _ in range(again):
            tile = self.pool.take(self.rng)
            harmless.append(self._place(1.0) if tile is None else tile)
        return made + [(tile, self._empty(), -1) for tile in harmless]

    def wider(self) -> None:
        """Show larger tiles from now on."""
        if self.side != FAR:
            self.side, self.pool = FAR, Pool()

    def _empty(self) -> Mask:
        return np.zeros((self.side, self.side), np.bool_)

    def _twins(self) -> list[Piece]:
        while True:
            threat, kind = self.shelf.threat()
            for _ in range(TRIES):  # thin ones show in few places
                tile = self._place(0.6)
                found = laid(tile, threat, self.rng)
                if found is not None:
                    return [(*found, kind), (tile, self._empty(), -1)]

    def _negative(self) -> Image:
        tile = self._place(0.6)
        found = laid(tile, self.shelf.harmless(), self.rng)
        return tile if found is None else found[0]

    def _place(self, spread: float) -> Image:
        """Return a tile of a scene, its corner within the middle ``spread`` of where it may be."""
        shard = self.shards[int(self.rng.integers(len(self.shards)))]
        scene = shard[int(self.rng.integers(len(shard)))]
        room = np.array(scene.shape[1:]) - self.side
        corner = room * (0.5 + spread * self.rng.uniform(-0.5, 0.5, 2))
        top, left = (round(at) for at in corner.tolist())
        part = scene[:, top : top + self.side, left : left + self.side]
        tile: Image = part.astype(np.float32)
        if self.rng.random() < CLUTTER:
            for _ in range(int(self.rng.integers(1, 3))):
                found = laid(tile, self.shelf.harmless(), self.rng)
                tile = tile if found is None else found[0]
        return tile


def train(shards: list[Half], seed: int, steps: int, told: Told) -> SceneNetwork:
    """Return the running mean of a network trained for ``steps`` from random weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    source = Source(shards, seed)
    network = SceneNetwork().to(memory_format=torch.channels_last).train()
    average: SceneNetwork = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
    smooth = 4.0
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(source.recordings)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = PEAK_RATE * share(step, steps)
            pieces, tiles, masks = ready.result()
            if step == round(EARLY * steps):
                source.wider()
            ready = beside.submit(source.recordings)
            value, alarms = _step(network, optimiser, tiles, masks)
            wait([ready])  # the pool must not change under it, or no run would repeat another
            source.learn(pieces, alarms)
            follow(average, network, min(0.999, step / (step + 10)))
            smooth = smooth * 0.99 + 0.01 * value
            if (step + 1) % 100 == 0:
                told(f"step {step + 1} of {steps}: loss {smooth:.4f}", average)
    average.eval()
    return average


def share(step: int, steps: int) -> float:
    """Return the share of the peak rate: up over ``RISING``, then down along a cosine."""
    return float(min(1, (step + 1) / RISING) * (0.5 + 0.5 * np.cos(np.pi * step / steps)))


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
