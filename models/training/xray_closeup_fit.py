"""Fit the close-up network on places that the scene network pointed at.

1. A batch is threats and harmless places, drawn evenly; razor blades and the rest as they come.
2. Each is moved a little, turned by quarters, mirrored, and recorded anew, as scenes are.
3. AdamW, the rate rising and falling along a cosine; the running mean of the weights is kept.
   Everything follows from the seed, the places and the number of steps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.xray_closeup_network import CloseUp, loss
from models.training.xray_places import KEPT
from models.training.xray_scene_fit import follow, share
from models.training.xray_scene_tiles import exposed
from models.xray.closeup import FINE_MM, VIEW
from models.xray.scenes import channels

Rng = np.random.Generator
Batch = tuple[Tensor, Tensor, Tensor]

THREATS, HARMLESS = 24, 40  # of a batch
PEAK_RATE = 1.5e-3


class Places:
    """The places of some files, in memory: ``passed`` is (n, 2, KEPT, KEPT) of each file."""

    def __init__(self, names: list[Path]) -> None:
        shards = [np.load(name) for name in names]
        self.passed = [shard["passed"] for shard in shards]
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


class Batches:
    """Batches of places, everything drawn evenly once before it is drawn again."""

    def __init__(self, places: Places, seed: int) -> None:
        self._places, self._rng = places, np.random.default_rng([seed, 6])
        self._threats = np.flatnonzero(places.kind >= 0)
        self._harmless = np.flatnonzero(places.kind < 0)
        self._left: dict[int, list[int]] = {}

    def next(self) -> Batch:
        """Return the views, what the scene network said, and the kinds."""
        chosen = self._drawn(self._threats, THREATS) + self._drawn(self._harmless, HARMLESS)
        views = np.stack([self._places.view(at, self._rng) for at in chosen])
        before, kind = self._places.logit[chosen], self._places.kind[chosen]
        return torch.from_numpy(views), torch.from_numpy(before), torch.from_numpy(kind).long()

    def _drawn(self, of: NDArray[np.intp], count: int) -> list[int]:
        left = self._left.setdefault(id(of), [])
        if len(left) < count:
            left += self._rng.permutation(of).tolist()
        taken = left[:count]
        del left[:count]
        return taken


def train(places: Places, seed: int, steps: int, told: Callable[[str, CloseUp], None]) -> CloseUp:
    """Return the running mean of a network trained for ``steps`` from random weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    batches = Batches(places, seed)
    network = CloseUp().to(memory_format=torch.channels_last).train()
    average: CloseUp = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-2)
    smooth = 1.5
    with ThreadPoolExecutor(1) as beside:
        ready = beside.submit(batches.next)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = PEAK_RATE * share(step, steps)
            views, before, kind = ready.result()
            ready = beside.submit(batches.next)
            with torch.autocast("cpu", torch.bfloat16):
                found = network(views.to(memory_format=torch.channels_last))
            value = loss(found.float(), before, kind)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            follow(average, network, min(0.999, step / (step + 10)))
            smooth = smooth * 0.99 + 0.01 * float(value.detach())
            if (step + 1) % 100 == 0:
                told(f"step {step + 1} of {steps}: loss {smooth:.4f}", average)
    average.eval()
    return average
