"""How the two networks learn: fresh material every step, one cosine of the rate, one thread.

``Lines`` learns the class of each frame; blank counts half, as it is half of them. ``Finder``
learns the cores (cross-entropy and overlap) and, on the cores alone, the angle and the pitch.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from models.training.mrz_networks import Finder, Lines
from models.training.mrz_scenes import SceneMaker
from models.training.mrz_strips import StripMaker

__all__ = ["fit_finder", "fit_lines"]

PEAK = 2e-3
WARM = 50  # steps
LINES_BATCH, FINDER_BATCH = 24, 8
NetworkT = TypeVar("NetworkT", bound=nn.Module)
Batch = Callable[[], tuple["np.ndarray", "np.ndarray"]]


def fit_lines(seed: int, minutes: float) -> tuple[Lines, int]:
    """Return the line network after ``minutes``, and its steps."""
    torch.manual_seed(seed)
    maker = StripMaker(seed)
    weight = torch.ones(38)
    weight[0] = 0.5

    def loss(scores: Tensor, truth: Tensor) -> Tensor:
        return nn.functional.cross_entropy(scores, truth, weight=weight)

    return _fit(Lines(), lambda: maker.batch(LINES_BATCH), loss, minutes)


def fit_finder(seed: int, minutes: float) -> tuple[Finder, int]:
    """Return the finder after ``minutes``, and its steps."""
    torch.manual_seed(seed)
    maker = SceneMaker(seed)
    return _fit(Finder(), lambda: maker.batch(FINDER_BATCH), _finder_loss, minutes)


def _finder_loss(scores: Tensor, truth: Tensor) -> Tensor:
    core = truth[:, 0]
    on = (core > 0.3).float()
    cells = on.sum() + 1
    cross = nn.functional.binary_cross_entropy_with_logits(scores[:, 0], core)
    chance = torch.sigmoid(scores[:, 0])
    overlap = (2 * (chance * core).sum() + 1) / ((chance**2).sum() + (core**2).sum() + 1)
    angle = ((scores[:, 1:3] - truth[:, 1:3]).abs().sum(1) * on).sum() / cells
    pitch = ((scores[:, 3] - truth[:, 3]).abs() * on).sum() / cells
    return 2 * cross + (1 - overlap) + 0.5 * angle + pitch


def _fit(
    network: NetworkT, batch: Batch, loss: Callable[[Tensor, Tensor], Tensor], minutes: float
) -> tuple[NetworkT, int]:
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=1e-2)
    began, step, recent = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - began) / 60 / minutes) < 1:
        rate = PEAK * min(1, (step + 1) / WARM) * (0.5 * (1 + math.cos(math.pi * done)) + 0.005)
        for group in optimiser.param_groups:
            group["lr"] = rate
        image, truth = (torch.from_numpy(array) for array in batch())
        value = loss(network(image.contiguous(memory_format=torch.channels_last)), truth)
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        step, recent = step + 1, 0.98 * recent + 0.02 * value.item()
        if step % 100 == 0:
            sys.stdout.write(
                f"{type(network).__name__} step {step}, {done:.0%}, loss {recent:.4f}\n"
            )
            sys.stdout.flush()
    return network.eval(), step
