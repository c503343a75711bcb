"""The scene network: fully convolutional, for pictures of known pitch, cheap where pixels are many.

1. Input (n, 5, h, w) at ``WORKING_MM`` a pixel, h and w multiples of 32 (models/xray/scenes.py).
2. The way down halves five times, with one more residual step where most shapes are told apart.
   The way up adds 1×1 projections (it does not concatenate), which costs a fifth of a decoder.
3. ``masks`` (n, 6, h/4, w/4): where each kind lies. ``sure`` (n, 7, h/8, w/8): any threat, then
   the six kinds, judged with some 300 mm of surroundings.
4. The loss of ``sure`` is that of the decision: its largest cells on a threat must be high, its
   largest cells elsewhere low. That of ``masks`` weighs a razor blade's cells as a device's, and
   the worst of the others. Nothing is gained by being right on the average cell.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.xray.scenes import CHANNELS, KINDS, MASK_STRIDE, SURE_STRIDE

WIDTHS = (24, 40, 80, 112, 144)  # at 1/2, 1/4 … 1/32
NECK = 64
TOP = 6  # cells of a tile that speak for it
WORST = 24  # mask cells of a tile that are most wrongly thought a threat


def _step(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):  # type: ignore[misc]
    """A step whose result is added to what it was given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.step = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width, h, w) of the same shape."""
        return functional.relu(x + self.step(x))


class SceneNetwork(nn.Module):  # type: ignore[misc]
    """An encoder and an additive pyramid; gives logits."""

    def __init__(self) -> None:
        super().__init__()
        quarter, eighth, sixteenth, deepest = WIDTHS[1:]
        self.stem = _step(CHANNELS, WIDTHS[0], 2, 5)
        self.down = nn.ModuleList(
            nn.Sequential(_step(a, b, 2), Residual(b)) for a, b in pairwise(WIDTHS)
        )
        self.more = nn.ModuleList([Residual(eighth), Residual(sixteenth)])
        self.middle = _step(deepest + sixteenth, sixteenth)
        self.from_middle = nn.Conv2d(sixteenth, NECK, 1)
        self.from_eighth = nn.Conv2d(eighth, NECK, 1)
        self.fine = _step(NECK, NECK)
        self.sure = nn.Conv2d(NECK, len(KINDS) + 1, 1)
        self.from_fine = nn.Conv2d(NECK, quarter, 1)
        self.from_quarter = nn.Conv2d(quarter, quarter, 1)
        self.masks = nn.Conv2d(quarter, len(KINDS), 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of ``masks`` and ``sure``."""
        quarter = self.down[0](self.stem(x))
        eighth = self.more[0](self.down[1](quarter))
        sixteenth = self.more[1](self.down[2](eighth))
        middle = self.middle(torch.cat([_doubled(self.down[3](sixteenth)), sixteenth], 1))
        fine = self.fine(self.from_eighth(eighth) + _doubled(self.from_middle(middle)))
        finest = functional.relu(self.from_quarter(quarter) + _doubled(self.from_fine(fine)))
        return self.masks(finest), self.sure(fine)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class DeployedScene(nn.Module):  # type: ignore[misc]
    """The network as it is shipped: probabilities instead of logits.

    A cell's certainty is that of the nine about it: one cell alone is often mistaken.
    """

    def __init__(self, network: SceneNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of ``masks`` and ``sure``."""
        masks, sure = self.network(x)
        calm = functional.avg_pool2d(sure, 3, 1, 1, count_include_pad=False)
        return torch.sigmoid(masks), torch.sigmoid(calm)


def loss(found: tuple[Tensor, Tensor], masks: Tensor) -> Tensor:
    """Return the loss for ``masks`` (n, 6, h/4, w/4), each 0 or 1."""
    pieces, sure = found
    return balanced(pieces, masks) + 0.3 * _dice(pieces, masks) + decision(sure, masks)


def balanced(logits: Tensor, masks: Tensor) -> Tensor:
    """Return the mean over a threat's cells, whatever its size, and over a tile's worst others."""
    beside = functional.max_pool2d(masks, 3, 1, 1)  # a cell beside the threat is neither
    size = masks.sum((1, 2, 3))
    missed = (functional.softplus(-logits) * masks).sum((1, 2, 3)) / size.clamp(min=1)
    false = functional.softplus(logits.masked_fill(beside > 0.5, -12.0))
    worst = false.flatten(1).topk(WORST, 1).values.mean(1)
    return missed.sum() / (size > 0).sum().clamp(min=1) + worst.mean() + false.mean()


def decision(sure: Tensor, masks: Tensor) -> Tensor:
    """Return the loss of rule 4, any threat and the six kinds."""
    cells = functional.max_pool2d(masks, SURE_STRIDE // MASK_STRIDE)
    truth = torch.cat([cells.amax(1, keepdim=True), cells], 1)
    near = functional.max_pool2d(truth, 3, 1, 1)
    hit = _top(sure.masked_fill(truth < 0.5, -12.0), 1).mean(2)
    every = (functional.softplus(-sure) * truth).sum((2, 3)) / truth.sum((2, 3)).clamp(min=1)
    alarm = _top(sure.masked_fill(near > 0.5, -12.0), TOP)
    shown = truth.amax((2, 3))
    missed = (functional.softplus(-hit) + 0.5 * every) * shown
    false = functional.softplus(alarm).mean(2)
    scale = torch.full((sure.shape[1],), 0.2)
    scale[0] = 1.0
    return ((missed + false) * scale).sum(1).mean()


def _top(logits: Tensor, count: int) -> Tensor:
    return logits.flatten(2).topk(count, 2).values


def _dice(logits: Tensor, masks: Tensor) -> Tensor:
    shown = masks.amax((2, 3)) > 0
    if not bool(shown.any()):
        return torch.zeros(())
    p, t = torch.sigmoid(logits[shown]), masks[shown]
    overlap, size = (p * t).sum((1, 2)), (p + t).sum((1, 2))
    return (1 - (2 * overlap + 1) / (size + 1)).mean()
