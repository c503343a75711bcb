"""How the patch network learns: fresh patches every step, one cosine of the rate, one thread.

Four convolutions, two answers; each patch is asked one of the two questions, the other answer is
left alone. The average of the weights is kept.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from models.document.patches import SIDE, Question
from models.training.optical_patches import PatchMaker

__all__ = ["Network", "export", "fit"]

WIDTHS = (16, 24, 40, 64)
BATCH, PEAK = 64, 3e-3


class Network(nn.Module):  # type: ignore[misc]
    """(n, 3, 64, 64), 0 to 255 → (n, 2) logits. The first convolution sees every pixel: dots."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        last = 3
        for index, width in enumerate(WIDTHS):
            kernel, stride = (5, 2) if index == 0 else (3, 2 if index < 3 else 1)
            layers += [
                nn.Conv2d(last, width, kernel, stride, kernel // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
            last = width
        self.features = nn.Sequential(*layers)
        self.answers = nn.Linear(2 * last, len(Question))

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits."""
        x = self.features(patches / 127.5 - 1)
        return self.answers(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


def fit(seed: int, minutes: float) -> Network:
    """Return the network after ``minutes``."""
    torch.manual_seed(seed)
    maker = PatchMaker(seed)
    network = Network().to(memory_format=torch.channels_last)
    average: Network = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=1e-3)
    began, step, recent = time.monotonic(), 0, 0.7
    while (done := (time.monotonic() - began) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = PEAK * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * done))
        value = _step(network, optimiser, maker)
        _follow(average, network, min(0.99, step / (step + 10)))
        step, recent = step + 1, 0.98 * recent + 0.02 * value
        if step % 50 == 0:
            sys.stdout.write(f"step {step}, {done:.0%}, loss {recent:.4f}\n")
            sys.stdout.flush()
    average.eval()
    return average


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX, for any number of patches."""
    torch.onnx.export(
        network.to(memory_format=torch.contiguous_format).eval(),
        (torch.zeros(2, 3, SIDE, SIDE),),
        str(path),
        input_names=["patches"],
        output_names=["told"],
        dynamic_shapes={"patches": {0: torch.export.Dim("n")}},
        external_data=False,
        verbose=False,
    )


def _step(network: Network, optimiser: torch.optim.Optimizer, maker: PatchMaker) -> float:
    patches, truth = (torch.from_numpy(array) for array in maker.batch(BATCH))
    asked = ~torch.isnan(truth)
    logits = network(patches.contiguous(memory_format=torch.channels_last))
    value = nn.functional.binary_cross_entropy_with_logits(logits[asked], truth[asked])
    optimiser.zero_grad()
    value.backward()
    optimiser.step()
    return float(value.detach())


@torch.no_grad()  # type: ignore[untyped-decorator]
def _follow(average: Network, network: Network, keep: float) -> None:
    for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(new, 1 - keep)
        else:
            mean.copy_(new)
