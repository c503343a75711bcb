"""How the face networks learn: fresh scenes all the time, a cosine of the rate, one thread."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.face_networks import DIMENSIONS, Detector, Embedding, Landmarks
from models.training.face_people import PeopleMaker
from models.training.face_points import PointsMaker
from models.training.face_scenes import SceneMaker

__all__ = ["fit_detector", "fit_embedding", "fit_landmarks"]

WARM = 60  # steps
MARGIN, SCALE = 0.25, 24.0  # of the additive cosine margin


def fit_detector(seed: int, minutes: float) -> tuple[Detector, int]:
    """Return the detector after ``minutes``, and its steps."""
    torch.manual_seed(seed)
    maker, network = SceneMaker(seed), Detector().to(memory_format=torch.channels_last)

    def step() -> Tensor:
        image, wanted = (torch.from_numpy(a) for a in maker.batch(32, fresh=8))
        with torch.autocast("cpu", torch.bfloat16):  # twice as fast where the CPU can
            found = network(image.contiguous(memory_format=torch.channels_last))
        return _detector_loss(found.float(), wanted)

    steps = _descend(network.parameters(), step, minutes, 2e-3, "detector")
    return network, steps


def _detector_loss(found: Tensor, wanted: Tensor) -> Tensor:
    near = wanted[:, 0]
    chance = torch.sigmoid(found[:, 0])
    cross = functional.binary_cross_entropy_with_logits(found[:, 0], near, reduction="none")
    focal = (cross * (chance - near).abs() ** 1.5 * (1 + 4 * near)).sum()
    counts = wanted[:, -1:]
    faces = counts.sum() + 1
    error = functional.smooth_l1_loss(found[:, 1:], wanted[:, 1:-1], reduction="none", beta=0.05)
    weight = torch.ones(14)
    weight[4:] = 2.0
    return (2 * focal + (error * counts * weight[None, :, None, None]).sum()) / faces


def fit_landmarks(seed: int, minutes: float) -> tuple[Landmarks, int]:
    """Return the landmark network after ``minutes``, and its steps."""
    torch.manual_seed(seed)
    maker, network = PointsMaker(seed), Landmarks()

    def step() -> Tensor:
        view, told = (torch.from_numpy(a) for a in maker.batch(48, fresh=1))
        found = network(view)
        real = told[:, :1]
        cross = functional.binary_cross_entropy_with_logits(found[:, :1], real)
        off = functional.smooth_l1_loss(found[:, 1:], told[:, 1:], reduction="none", beta=0.01)
        return 0.2 * cross + 10 * (off * real).sum() / (real.sum() * 10 + 1)

    return network, _descend(network.parameters(), step, minutes, 2e-3, "landmarks")


def fit_embedding(seed: int, minutes: float) -> tuple[Embedding, int]:
    """Return the embedding after ``minutes`` of learning, rendering not counted, and its steps."""
    torch.manual_seed(seed)
    maker = PeopleMaker(seed)
    network = Embedding().to(memory_format=torch.channels_last)
    middles = nn.Parameter(torch.randn(maker.people, DIMENSIONS) * 0.1)

    def step() -> Tensor:
        image, who = (torch.from_numpy(a) for a in maker.batch(64))
        with torch.autocast("cpu", torch.bfloat16):
            vectors = network(image.contiguous(memory_format=torch.channels_last))
        cosine = functional.normalize(vectors.float()) @ functional.normalize(middles).T
        sharp = cosine - MARGIN * functional.one_hot(who, maker.people)
        return functional.cross_entropy(SCALE * sharp, who)

    steps = _descend([*network.parameters(), middles], step, minutes, 4e-3, "embedding")
    return network, steps


def _descend(
    parameters: Iterable[nn.Parameter],
    step: Callable[[], Tensor],
    minutes: float,
    peak: float,
    name: str,
) -> int:
    given = list(parameters)
    optimiser = torch.optim.AdamW(given, lr=peak, weight_decay=5e-3)
    began, steps, recent = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - began) / 60 / minutes) < 1:
        rate = peak * min(1, (steps + 1) / WARM) * (0.5 * (1 + math.cos(math.pi * done)) + 0.003)
        for group in optimiser.param_groups:
            group["lr"] = rate
        value = step()
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(given, 5.0)
        optimiser.step()
        steps, recent = steps + 1, 0.98 * recent + 0.02 * value.item()
        if steps % 50 == 0:
            sys.stdout.write(f"{name} step {steps}, {done:.0%}, loss {recent:.4f}\n")
            sys.stdout.flush()
    return steps
