"""The anomaly network: a small encoder–decoder with a mask head and a head for the whole tile.

Input (n, 4, 128, 128); masks (n, 6, 32, 32) and kinds (n, 7: any, then the six kinds), as
probabilities. Every convolution is followed by batch normalisation, which the export folds away.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.xray.segmenter import KINDS
from models.xray.view import CHANNELS

WIDTHS = (16, 32, 64, 96, 128)


def _step(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Network(nn.Module):  # type: ignore[misc]
    """Five halvings down, three doublings up with skips, two heads. Gives logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _step(CHANNELS, WIDTHS[0], 2, 5)
        self.down = nn.ModuleList(
            nn.Sequential(_step(a, b, 2), _step(b, b)) for a, b in pairwise(WIDTHS)
        )
        self.up = nn.ModuleList(
            _step(WIDTHS[k + 1] + WIDTHS[k], WIDTHS[k]) for k in range(len(WIDTHS) - 2, 0, -1)
        )
        self.masks = nn.Conv2d(WIDTHS[1], len(KINDS), 1)
        self.kinds = nn.Linear(2 * (WIDTHS[-1] + WIDTHS[1]), len(KINDS) + 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of masks and kinds."""
        x = self.stem(x)
        levels = []
        for stage in self.down:
            x = stage(x)
            levels.append(x)
        deep = x
        for stage, level in zip(self.up, reversed(levels[:-1]), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = stage(torch.cat([x, level], 1))
        pooled = [f(t) for t in (deep, x) for f in (_largest, _mean)]
        return self.masks(x), self.kinds(torch.cat(pooled, 1))


class Deployed(nn.Module):  # type: ignore[misc]
    """The network as it is shipped: probabilities instead of logits."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of masks and kinds."""
        masks, kinds = self.network(x)
        return torch.sigmoid(masks), torch.sigmoid(kinds)


def loss(found: tuple[Tensor, Tensor], true_masks: Tensor, true_kinds: Tensor) -> Tensor:
    """Return BCE of masks + half Dice where there is one + BCE of kinds and of any."""
    masks, kinds = found
    weight = torch.tensor(4.0)  # threats cover little of a tile
    each = functional.binary_cross_entropy_with_logits(masks, true_masks, pos_weight=weight)
    shown = true_kinds > 0
    dice = torch.zeros(())
    if bool(shown.any()):
        p, t = torch.sigmoid(masks[shown]), true_masks[shown]
        overlap, size = (p * t).sum((1, 2)), (p + t).sum((1, 2))
        dice = (1 - (2 * overlap + 1) / (size + 1)).mean()
    every = torch.cat([true_kinds.amax(1, keepdim=True), true_kinds], 1)
    whole = functional.binary_cross_entropy_with_logits(kinds, every, reduction="none")
    share = whole[:, 0].mean() + whole[:, 1:].sum(1).mean() * 0.5
    return each + 0.5 * dice + 0.5 * share


def _largest(x: Tensor) -> Tensor:
    return x.amax((2, 3))


def _mean(x: Tensor) -> Tensor:
    return x.mean((2, 3))
