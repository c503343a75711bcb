"""Fit the scene network: batches of the same goods with and without, and the hardest once more.

1. A batch is threats, the same places without them, hard negatives, places anywhere, and some of
   the harmless tiles that alarmed most so far. In half of the places some more things lie about.
2. Most steps see tiles of 256 mm, which teach most for the time; the last see 320 mm, with as much
   around a threat as the network can use.
3. Everything follows from the seed, the scenes and the number of steps (xray_fitting.py).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import torch
from torch import Tensor

from models.training.xray_fitting import Learner, seeded
from models.training.xray_scene_network import SceneNetwork, loss
from models.training.xray_scene_things import Half, Rng, Shelf
from models.training.xray_scene_tiles import Image, Mask, laid, recorded

Told = Callable[[str, SceneNetwork], None]
Piece = tuple[Image, Mask, int]

NEAR, FAR = 128, 160  # working pixels of a tile, early and late
COUNTS = {NEAR: (10, 2, 3, 5), FAR: (8, 2, 2, 4)}  # threats, hard negatives, anywhere, again
EARLY = 0.8  # of the steps
PEAK_RATE, DECAY = 1.5e-3, 1e-3
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
    seeded(seed)
    source = Source(shards, seed)
    learner = Learner(SceneNetwork(), steps, PEAK_RATE, DECAY, told)
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(source.recordings)
        for step in range(steps):
            pieces, tiles, masks = ready.result()
            if step == round(EARLY * steps):
                source.wider()
            ready = beside.submit(source.recordings)
            found, sure = learner.see(tiles)
            learner.learn(loss((found, sure), masks))
            wait([ready])  # the pool must not change under it, or no run would repeat another
            source.learn(pieces, sure.detach()[:, 0].amax((1, 2)).tolist())
    return learner.learned()
