"""The close-up network: one place, ``VIEW`` × ``VIEW`` pixels of a millimetre, in; one logit out.

1. Input (n, 5, VIEW, VIEW), the channels of models/xray/scenes.py; the place is in the middle.
2. It halves its picture twice at once, then three times more. What is left is looked at as a whole
   and for its strongest part. Out come logits of any threat and of each kind.
3. "Any threat" is added to what the scene network said there (as in boosting), so it learns only
   what that one does not know. Harmless places that are most certain count for more than the rest:
   an alarm follows from the worst place of a bag, not from the average one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.xray_scene_network import Residual
from models.xray.scenes import CHANNELS, KINDS

WIDTHS = (48, 80, 128, 192)  # at 1/4, 1/8, 1/16, 1/32
WORST = 12  # harmless places of a batch that every threat is compared with


def _step(inputs: int, outputs: int, kernel: int, stride: int, pad: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class CloseUp(nn.Module):  # type: ignore[misc]
    """A small encoder; gives logits (n, 1 + kinds)."""

    def __init__(self) -> None:
        super().__init__()
        quarter, eighth, sixteenth, deepest = WIDTHS
        self.body = nn.Sequential(
            _step(CHANNELS, quarter, 8, 4, 2),
            _step(quarter, eighth, 3, 2, 1), Residual(eighth), Residual(eighth),
            _step(eighth, sixteenth, 3, 2, 1), Residual(sixteenth), Residual(sixteenth),
            _step(sixteenth, deepest, 3, 2, 1), Residual(deepest),
        )  # fmt: skip
        self.head = nn.Linear(2 * deepest, 1 + len(KINDS))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (n, 1 + kinds) of places (n, 5, VIEW, VIEW)."""
        seen = self.body(x)
        return self.head(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1))


class DeployedCloseUp(nn.Module):  # type: ignore[misc]
    """The network as it is shipped: what to add to the scene network's logit, (n,).

    A place is looked at as it is and mirrored, and ``share`` of what is said on average is added
    (models/training/xray_closeup_trust.py).
    """

    def __init__(self, network: CloseUp, share: float = 1.0) -> None:
        super().__init__()
        self.network, self.share = network, share

    def forward(self, x: Tensor) -> Tensor:
        """Return what to add (n,) of places (n, 5, VIEW, VIEW)."""
        found = self.network(x) + self.network(torch.flip(x, [3]))
        return found[:, 0] * (self.share / 2)


def loss(found: Tensor, before: Tensor, kind: Tensor) -> Tensor:
    """Return the loss of logits (n, 1 + kinds) for ``kind`` (n,) of KINDS or −1, by rule 3.

    ``before`` (n,) is the scene network's logit.
    """
    threat = kind >= 0
    sure = found[:, 0] + before
    plain = functional.binary_cross_entropy_with_logits(sure, threat.float())
    worst = sure[~threat].topk(min(WORST, int((~threat).sum()))).values
    apart = functional.softplus(worst[None] - sure[threat][:, None]).mean()
    kinds = functional.one_hot(kind.clamp(min=0), len(KINDS)).float() * threat[:, None]
    which = functional.binary_cross_entropy_with_logits(found[:, 1:], kinds)
    return plain + 0.5 * apart + which
