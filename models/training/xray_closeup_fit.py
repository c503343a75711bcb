"""Fit the close-up network on places that the scene network pointed at.

1. A batch is threats and harmless places, drawn evenly; razor blades and the rest as they come.
2. Each is moved a little, turned by quarters, mirrored, and recorded anew, as scenes are.
3. A second course begins with the mean of the first, at a lower rate, with more places.
4. Everything follows from the seed, the places and the number of steps (xray_fitting.py).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.xray_closeup_network import CloseUp, loss
from models.training.xray_fitting import Learner, seeded
from models.training.xray_places import KEPT, pictures
from models.training.xray_scene_tiles import exposed
from models.xray.closeup import FINE_MM, VIEW
from models.xray.scenes import channels

Rng = np.random.Generator
Batch = tuple[Tensor, Tensor, Tensor]

THREATS, HARMLESS = 24, 40  # of a batch
PEAK_RATES, DECAY = (1.5e-3, 1.0e-3), 1e-2  # of each course


class Places:
    """The places of some files: ``passed`` is (n, 2, KEPT, KEPT) of each, mapped."""

    def __init__(self, names: list[Path]) -> None:
        shards = [np.load(name) for name in names]
        self.passed = [np.load(pictures(name), mmap_mode="r") for name in names]
        self.where = np.array(
            [(a, b) for a, shard in enumerate(self.passed) for b in range(len(shard))]
        )
        self.kind = np.concatenate([shard["kind"] for shard in shards])
        self.logit = np.concatenate([shard["logit"] for shard in shards])
        self.energies = np.concatenate([shard["energies"] for shard in shards])

    def view(self, at: int, rng: Rng) -> NDArray[np.float32]:
        """Return the channels (5, VIEW, VIEW) of one new recording of a place."""
        shard, row = self.where[at]
        top, left = rng.integers(KEPT - VIEW + 1, size=2)
        kept = self.passed[shard][row, :, top : top + VIEW, left : left + VIEW]
        shown = exposed(kept.astype(np.float32), rng, self.energies[at] == 1, FINE_MM)
        view = np.rot90(channels(shown), int(rng.integers(4)), (1, 2))
        return np.ascontiguousarray(view[:, :, ::-1] if rng.random() < 0.5 else view)


class Evenly:
    """Numbers in random order, every one once before any comes again."""

    def __init__(self, numbers: NDArray[np.intp], rng: Rng) -> None:
        self._numbers, self._rng = numbers, rng
        self._left: list[int] = []

    def take(self, count: int) -> list[int]:
        """Take the next ``count``."""
        if len(self._left) < count:
            self._left += self._rng.permutation(self._numbers).tolist()
        taken, self._left = self._left[:count], self._left[count:]
        return taken


class Batches:
    """Batches of places, some with a threat and some without."""

    def __init__(self, places: Places, seed: int, course: int = 0) -> None:
        parts = [seed, 6, course] if course else [seed, 6]
        self._places, self._rng = places, np.random.default_rng(parts)
        self._threats = Evenly(np.flatnonzero(places.kind >= 0), self._rng)
        self._harmless = Evenly(np.flatnonzero(places.kind < 0), self._rng)

    def next(self) -> Batch:
        """Return the views, what the scene network said, and the kinds."""
        chosen = self._threats.take(THREATS) + self._harmless.take(HARMLESS)
        views = np.stack([self._places.view(at, self._rng) for at in chosen])
        before, kind = self._places.logit[chosen], self._places.kind[chosen]
        return torch.from_numpy(views), torch.from_numpy(before), torch.from_numpy(kind).long()


def train(
    places: Places,
    seed: int,
    steps: int,
    told: Callable[[str, CloseUp], None],
    course: int = 0,
    begun: CloseUp | None = None,
) -> CloseUp:
    """Return the running mean of a network trained for ``steps``, from ``begun`` or at random."""
    seeded(seed)
    batches = Batches(places, seed, course)
    learner = Learner(begun or CloseUp(), steps, PEAK_RATES[course], DECAY, told)
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(batches.next)
        for _ in range(steps):
            views, before, kind = ready.result()
            ready = beside.submit(batches.next)
            (found,) = learner.see(views)
            learner.learn(loss(found, before, kind))
    return learner.learned()
