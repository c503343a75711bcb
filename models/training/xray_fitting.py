"""How the X-ray networks learn, whatever they learn from.

AdamW in bfloat16, the rate rising for ``RISING`` steps and falling to zero along a cosine; what is
kept is the running mean of the weights. On one thread, so that a run follows from its seed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Generic, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

RISING = 500  # steps
TELL = 100  # steps
SLOWEST = 0.999  # of the running mean


def seeded(seed: int) -> None:
    """Make all that follows in this process repeatable."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def share(step: int, steps: int) -> float:
    """Return the share of the peak rate: up over ``RISING``, then down along a cosine."""
    return float(min(1, (step + 1) / RISING) * (0.5 + 0.5 * np.cos(np.pi * step / steps)))


class Learner(Generic[Network]):
    """A network in training for ``steps`` steps, and the running mean of its weights."""

    def __init__(
        self,
        network: Network,
        steps: int,
        peak_rate: float,
        decay: float,
        told: Callable[[str, Network], None],
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last).train()
        self.average = copy.deepcopy(network)
        self._optimiser = torch.optim.AdamW(network.parameters(), lr=peak_rate, weight_decay=decay)
        self._peak_rate, self._steps, self._told = peak_rate, steps, told
        self._step, self._smooth = 0, float("nan")

    def see(self, views: Tensor) -> tuple[Tensor, ...]:
        """Return all that the network says of ``views``, in full precision."""
        with torch.autocast("cpu", torch.bfloat16):  # 1.7 times as fast where the CPU can
            found = self.network(views.to(memory_format=torch.channels_last))
        return tuple(part.float() for part in (found if isinstance(found, tuple) else (found,)))

    def learn(self, loss: Tensor) -> None:
        """Take one step down ``loss``; say now and then how it goes."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._peak_rate * share(self._step, self._steps)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        _follow(self.average, self.network, min(SLOWEST, self._step / (self._step + 10)))
        value = float(loss.detach())
        self._smooth = value if self._step == 0 else self._smooth * 0.99 + 0.01 * value
        self._step += 1
        if self._step % TELL == 0:
            text = f"step {self._step} of {self._steps}: loss {self._smooth:.4f}"
            self._told(text, self.average)

    def learned(self) -> Network:
        """Return the running mean, ready to be asked."""
        done: Network = self.average.eval()
        return done


@torch.no_grad()  # type: ignore[untyped-decorator]
def _follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """Move the running mean of the weights towards the network's."""
    for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(new, 1 - keep)
        else:
            mean.copy_(new)
