"""The networks of the face: detector, landmarks, embedding of aligned faces, signs of an attack."""

from __future__ import annotations

from torch import Tensor, nn

from models.training.face_scenes import CHANNELS

__all__ = ["DIMENSIONS", "Detector", "Embedding", "Landmarks"]

DIMENSIONS = 128


def _step(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Detector(nn.Module):  # type: ignore[misc]
    """Grey (n, 1, 8h, 8w), 0 to 255 → (n, 15, h, w): nearness, box and landmarks of a face."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.stem = nn.Sequential(_step(1, 16, 2, 5), _step(16, 32, 2), _step(32, width, 2))
        self.blocks = nn.ModuleList(
            nn.Sequential(_step(width, width), _step(width, width)) for _ in range(3)
        )
        self.head = nn.Conv2d(width, CHANNELS, 1)
        nn.init.constant_(self.head.bias[:1], -3.0)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits of nearness and 14 measures."""
        x = self.stem((image - 127.5) / 64)
        for block in self.blocks:
            x = x + block(x)
        found: Tensor = self.head(x)
        return found


class Embedding(nn.Module):  # type: ignore[misc]
    """RGB (n, 3, 112, 112), -1 to 1 → (n, 128); compared by the cosine."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = nn.AvgPool2d(2)  # what tells these faces apart is seen at 56 pixels
        self.stem = nn.Sequential(_step(3, 32, 2), _step(32, 48))
        self.stages = nn.ModuleList(
            nn.ModuleList([_step(wide, wide), _step(wide, out, 2)])
            for wide, out in ((48, 64), (64, 96))
        )
        self.last = nn.Sequential(
            _step(96, 128),
            nn.Conv2d(128, 128, 7, groups=128, bias=False),  # where on the face matters
            nn.BatchNorm2d(128),
            nn.Flatten(),
            nn.Linear(128, DIMENSIONS, bias=False),
            nn.BatchNorm1d(DIMENSIONS),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the embedding, not normalised."""
        x = self.stem(self.shrink(image))
        for same, down in self.stages:
            x = down(x + same(x))
        vector: Tensor = self.last(x)
        return vector


class Landmarks(nn.Module):  # type: ignore[misc]
    """Grey (n, 1, 64, 64), 0 to 255 → (n, 11): logit of a face, five points, shares of the cut."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _step(1, 24, 2, 5),
            _step(24, 32, 2),
            _step(32, 48),
            _step(48, 64, 2),
            _step(64, 64),
            _step(64, 96, 2),
            nn.Flatten(),
            nn.Linear(96 * 4 * 4, 128),
            nn.ReLU(inplace=True),
            nn.Linear(128, 11),
        )

    def forward(self, view: Tensor) -> Tensor:
        """Return the logit and ten coordinates."""
        told: Tensor = self.body((view - 127.5) / 64)
        return told
