"""The scene network: fully convolutional, for pictures of known pitch, cheap where pixels are many.

1. Input (n, 5, h, w) at ``WORKING_MM`` a pixel, h and w multiples of 32 (models/xray/scenes.py).
2. The encoder, and the first step back up, are those of the crop network (xray_network.py) and
   begin with its weights: shapes are learned once. The rest of the way up adds (it does not
   concatenate) 1×1 projections, which costs a fifth of that network's decoder.
3. ``masks`` (n, 6, h/4, w/4): where each kind lies. ``sure`` (n, 7, h/16, w/16): any threat, then
   the six kinds, judged with some 300 mm of surroundings.
4. The loss of ``sure`` is that of the decision: its largest cells on a threat must be high, its
   largest cells elsewhere low. That of ``masks`` weighs a razor blade's cells as a device's, and
   the worst of the others. Nothing is gained by being right on the average cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.xray_network import WIDTHS
from models.xray.scenes import CHANNELS, KINDS, MASK_STRIDE, SURE_STRIDE

NECK = 48
TOP = 3  # cells of a tile that speak for it
WORST = 24  # mask cells of a tile that are most wrongly thought a threat
Weights = Mapping[str, np.ndarray]


def _step(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class SceneNetwork(nn.Module):  # type: ignore[misc]
    """The crop network's encoder and an additive pyramid; gives logits."""

    def __init__(self) -> None:
        super().__init__()
        quarter, eighth, sixteenth, deepest = WIDTHS[1:]
        self.stem = _step(CHANNELS, WIDTHS[0], 2, 5)
        self.down = nn.ModuleList(
            nn.Sequential(_step(a, b, 2), _step(b, b)) for a, b in pairwise(WIDTHS)
        )
        self.up = nn.ModuleList([_step(deepest + sixteenth, sixteenth)])
        self.sure = nn.Conv2d(sixteenth, len(KINDS) + 1, 1)
        self.from_middle = nn.Conv2d(sixteenth, NECK, 1)
        self.from_eighth = nn.Conv2d(eighth, NECK, 1)
        self.fine = _step(NECK, quarter)
        self.from_quarter = nn.Conv2d(quarter, quarter, 1)
        self.masks = nn.Conv2d(quarter, len(KINDS), 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of ``masks`` and ``sure``."""
        x = self.stem(x)
        levels = []
        for stage in self.down:
            x = stage(x)
            levels.append(x)
        quarter, eighth, sixteenth, deepest = levels
        middle = self.up[0](torch.cat([_doubled(deepest), sixteenth], 1))
        fine = self.fine(self.from_eighth(eighth) + _doubled(self.from_middle(middle)))
        finest = functional.relu(self.from_quarter(quarter) + _doubled(fine))
        return self.masks(finest), self.sure(middle)


@torch.no_grad()  # type: ignore[untyped-decorator]
def begin_from(network: SceneNetwork, weights: Weights, tiles: Tensor) -> None:
    """Give the network the crop network's weights as exported: ``NAME.weight``, ``…_bias``.

    Its batch normalisation was folded away. Here it is put back so that, on ``tiles``, it changes
    nothing: each layer's spread and mean are measured and given back as scale and shift.
    """
    steps = {
        name: part
        for name, part in network.named_modules()
        if _is_step(part) and f"network.{name}.0.weight" in weights
    }
    hooks = []
    for name, step in steps.items():
        kernel = torch.from_numpy(weights[f"network.{name}.0.weight"].copy())
        step[0].weight[:, : kernel.shape[1]] = kernel
        step[0].weight[:, kernel.shape[1] :] = 0  # channels that the crop network does not have
        bias = torch.from_numpy(weights[f"network.{name}.0.weight_bias"].copy())
        hooks.append(step[0].register_forward_hook(_put_back(step[1], bias)))
    network.eval()
    network(tiles)
    network.train()
    for hook in hooks:
        hook.remove()


def _is_step(part: nn.Module) -> bool:
    return isinstance(part, nn.Sequential) and isinstance(part[0], nn.Conv2d)


def _put_back(norm: nn.BatchNorm2d, bias: Tensor) -> Callable[[nn.Module, object, Tensor], None]:
    def hook(_: nn.Module, __: object, found: Tensor) -> None:
        mean, spread = found.mean((0, 2, 3)), found.var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
        norm.weight.copy_(torch.sqrt(spread + norm.eps))
        norm.bias.copy_(bias + mean)

    return hook


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class DeployedScene(nn.Module):  # type: ignore[misc]
    """The network as it is shipped: probabilities instead of logits."""

    def __init__(self, network: SceneNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of ``masks`` and ``sure``."""
        masks, sure = self.network(x)
        return torch.sigmoid(masks), torch.sigmoid(sure)


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
