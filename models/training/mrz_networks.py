"""The two small networks of the zone reader, and how they become ONNX files.

``Lines``  a strip of one line, 32 rows → the class of every 4 pixels: blank, A–Z, 0–9, ``<``.
``Finder`` a grey page → at a quarter of its size: is this the core of a zone's line, at which angle
           does it lie, how wide is a character.
Both are fully convolutional: any width, any page.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["Finder", "Lines", "export"]


def _conv(
    inside: int,
    outside: int,
    kernel: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 1,
    dilation: int = 1,
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):  # type: ignore[misc]
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """Add the body's answer to its question."""
        return x + self.body(x)


class Lines(nn.Module):  # type: ignore[misc]
    """(n, 1, 32, 4t) → class scores (n, 38, t)."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            _conv(1, 24, stride=2),
            _conv(24, 48, stride=(2, 1)),
            _conv(48, 64, stride=2),
            _conv(64, 96),
            _conv(96, 128, kernel=(4, 3), padding=(0, 1)),
        )
        self.compare = nn.Sequential(
            *(_Residual(_conv(128, 128, kernel=(1, 5), padding=(0, 2))) for _ in range(3))
        )
        self.name = nn.Conv2d(128, 38, 1)

    def forward(self, strips: Tensor) -> Tensor:
        """Return the scores of each frame."""
        return self.name(self.compare(self.look(strips))).squeeze(2)


class Finder(nn.Module):  # type: ignore[misc]
    """(n, 1, 16h, 16w) → (n, 4, 4h, 4w): core, cos and sin of the double angle, pitch."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Sequential(_conv(1, 12, stride=2), _conv(12, 24, stride=2), _conv(24, 24))
        self.mid = nn.Sequential(_conv(24, 32, stride=2), _Residual(_conv(32, 32)))
        self.far = nn.Sequential(
            _conv(32, 48, stride=2),
            *(_Residual(_conv(48, 48, padding=d, dilation=d)) for d in (1, 2, 4, 1)),
        )
        self.far_up = nn.Conv2d(48, 32, 1)
        self.mid_up = nn.Sequential(_conv(32, 32), nn.Conv2d(32, 24, 1))
        self.say = nn.Sequential(_conv(24, 24), nn.Conv2d(24, 4, 1))

    def forward(self, page: Tensor) -> Tensor:
        """Return the four maps at a quarter of the page's size."""
        near = self.near(page)
        mid = self.mid(near)
        mid = mid + nn.functional.interpolate(self.far_up(self.far(mid)), scale_factor=2.0)
        return self.say(near + nn.functional.interpolate(self.mid_up(mid), scale_factor=2.0))


def export(network: nn.Module, example: Tensor, free: dict[int, str], path: Path) -> None:
    """Write ``network`` to ``path``; ``free`` names its input's axes of any length."""
    network = network.to(memory_format=torch.contiguous_format).eval()
    torch.onnx.export(
        network,
        (example.contiguous(),),
        str(path),
        input_names=["image"],
        output_names=["scores"],
        dynamic_axes={"image": free, "scores": {}},
        opset_version=17,
        dynamo=False,
    )
