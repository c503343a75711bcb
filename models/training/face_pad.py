"""What tells a held-up picture from a face, learnt from rendered ones: a network over eight signs.

Bona fide: people at a gate and passport-like pictures, as sharp, blurred, grainy or compressed as
cameras make them. Attacks: prints and screens, from plain to hardly visible. A sign's weight may
only speak for an attack the more of it there is (their direction is set, their size is learnt).
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.face.geometry import Face
from models.face.pad import SIGNS, signs
from models.training.face_scenes import any_look, clutter, spoilt
from simulators.world.faces import Pictured, at_gate, identity, picture
from simulators.world.faces_attacks import Attack, Held, held_up

__all__ = ["Weighing", "fit_pad", "some_attack", "some_face"]

Array = NDArray[np.float32]
Rng = np.random.Generator
_TOWARDS = {
    "peak": 1,
    "peaks": 1,
    "fall-off": -1,
    "black": 1,
    "colour": -1,
    "blue": 1,
    "gloss": 1,
    "edges": 1,
}
_ERROR = 0.012  # of the landmarks, in eye distances: as the detector errs


class Weighing(nn.Module):  # type: ignore[misc]
    """Signs (n, 8) → (n, 1), 0 to 1; rises with every sign in the direction it has."""

    def __init__(self, hidden: int = 6) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(len(SIGNS), hidden) * 0.3 - 1.0)
        self.shift = nn.Parameter(torch.zeros(hidden))
        self.second = nn.Parameter(torch.randn(hidden, 1) * 0.3)
        self.base = nn.Parameter(torch.zeros(1))
        towards = torch.tensor([float(_TOWARDS[name]) for name in SIGNS])
        self.register_buffer("towards", towards)

    def logit(self, found: Tensor) -> Tensor:
        """Return the logit."""
        inner = torch.tanh((found * self.towards) @ functional.softplus(self.first) + self.shift)
        value: Tensor = inner @ functional.softplus(self.second) + self.base
        return value

    def forward(self, found: Tensor) -> Tensor:
        """Return the score."""
        return torch.sigmoid(self.logit(found))


def fit_pad(seed: int, each: int = 350) -> Weighing:
    """Return the network after learning from ``each`` faces and as many attacks."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 14])
    cv2.setRNGSeed(seed)
    good, bad = gathered(rng, each, attack=False), gathered(rng, each, attack=True)
    found = torch.from_numpy(np.concatenate([good, bad]))
    truth = torch.cat([torch.zeros(len(good), 1), torch.ones(len(bad), 1)])
    network = Weighing()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.03, weight_decay=1e-3)
    for step in range(1500):
        noisy = found + torch.randn_like(found) * 0.04
        value = functional.binary_cross_entropy_with_logits(network.logit(noisy), truth)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        if step % 300 == 0:
            sys.stdout.write(f"pad step {step}, loss {value.item():.4f}\n")
    network.eval()
    return network


def gathered(rng: Rng, count: int, attack: bool) -> Array:
    """Return the signs of ``count`` rendered faces or attacks, (n, 8)."""
    rows: list[Array] = []
    while len(rows) < count:
        shown = some_attack(rng) if attack else some_face(rng)
        found = signs(shown.image, as_found(shown, rng))
        if found is not None:
            rows.append(found)
    return np.stack(rows)


def as_found(shown: Pictured, rng: Rng) -> Face:
    """Return the face as a detector would: its points a little off."""
    gap = float(np.linalg.norm(shown.landmarks[1] - shown.landmarks[0]))
    off = rng.normal(0, _ERROR * gap, (5, 2)).astype(np.float32)
    return Face(shown.box, shown.landmarks + off, 1.0)


def some_face(rng: Rng) -> Pictured:
    """Return a person at a gate, or a picture as on a passport, through some camera."""
    seed, look = int(rng.integers(1 << 40)), any_look(rng, 0.5)
    if rng.random() < 0.5:
        shown = at_gate(seed, look, int(rng.integers(400, 600)), int(rng.integers(400, 600)))
    else:
        back = clutter(rng, 480, 380) if rng.random() < 0.5 else None
        shown = picture(identity(seed), look, 480, 380, back)
    return Pictured(_camera(shown.image, rng), shown.box, shown.landmarks)


def some_attack(rng: Rng) -> Pictured:
    """Return somebody's picture held up, through the same cameras."""
    how = Held(
        tilt=float(rng.normal(0, 12)),
        lean=float(rng.normal(0, 5)),
        height=float(rng.uniform(0.65, 1.25)),
        pitch=float(rng.uniform(2.05, 5.0)),
        strength=float(rng.beta(1.2, 1.6)),
        phase=float(rng.uniform(0, 6)),
        glare=float(max(rng.normal(0.3, 0.4), 0)),
    )
    kind = Attack.PRINT if rng.random() < 0.5 else Attack.SCREEN
    high, wide = int(rng.integers(400, 560)), int(rng.integers(400, 560))
    wall = (
        clutter(rng, high, wide) if rng.random() < 0.4 else np.full((high, wide, 3), 128, np.uint8)
    )
    shown = held_up(kind, int(rng.integers(1 << 40)), any_look(rng, 0.3), how, wall)
    return Pictured(_camera(shown.image, rng), shown.box, shown.landmarks)


def _camera(image: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    if rng.random() < 0.3:
        image = spoilt(image, rng)
    grain = rng.normal(0, rng.uniform(0.5, 4), image.shape).astype(np.int16)
    noisy = np.clip(image + grain, 0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 97))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
