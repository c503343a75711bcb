"""Things to hide in scenes: drawn one by one, kept for a while, and laid in many places.

A thing is the sum of µ·thickness in each bin of the spectrum (models/xray/spectrum.py), which adds
to whatever else lies in the beam; so any thing can lie in any scene, as if drawn there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_tiles import GROUP
from models.xray.scenes import KINDS, WORKING_MM
from simulators.world.goods import PITCH_MM, hidden_pose
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_harmless import FILLING, LOOKALIKES, NEGATIVES
from simulators.world.goods_threats import DRAW, Threat

Half = NDArray[np.float16]
Rng = np.random.Generator
Draw = Callable[[Canvas, Pose, Rng], None]
T = TypeVar("T")

FACTOR = round(WORKING_MM / PITCH_MM)
ROOM = 480  # mm, of the canvas on which a thing is drawn
KEPT = 200  # things of a sort
FRESH = 0.15  # odds that a thing taken is drawn anew
TALLEST = 25.0  # Σ µ·thickness beyond which nothing is left of the beam
SHARES = {
    Threat.PISTOL: 0.11, Threat.REVOLVER: 0.10, Threat.KNIFE: 0.21, Threat.RAZOR: 0.24,
    Threat.STAR: 0.12, Threat.BAR: 0.07, Threat.DEVICE: 0.15,
}  # fmt: skip
HARMLESS: Mapping[str, tuple[tuple[Draw, ...], float]] = {
    "filling": (FILLING, 0.25),
    "lookalikes": (LOOKALIKES, 0.35),
    "negatives": (NEGATIVES, 0.40),
}


class Shelf:
    """Things of each sort drawn lately; one in ``1 / FRESH`` taken is replaced by a new one."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._kept: dict[str, list[Half]] = {}

    def threat(self) -> tuple[Half, int]:
        """Return a threat and the index of its kind in KINDS."""
        kind = _drawn(self._rng, SHARES)
        return self._taken(kind.value, lambda: DRAW[kind]), KINDS.index(GROUP[kind])

    def harmless(self) -> Half:
        """Return a thing that is no threat, often one that looks like it."""
        sort = _drawn(self._rng, {name: share for name, (_, share) in HARMLESS.items()})
        draws = HARMLESS[sort][0]
        return self._taken(sort, lambda: draws[int(self._rng.integers(len(draws)))])

    def _taken(self, sort: str, draw: Callable[[], Draw]) -> Half:
        kept = self._kept.setdefault(sort, [])
        if len(kept) < KEPT:
            kept.append(thing(draw(), self._rng))
            return kept[-1]
        at = int(self._rng.integers(KEPT))
        if self._rng.random() < FRESH:
            kept[at] = thing(draw(), self._rng)
        return kept[at]


def thing(draw: Draw, rng: Rng) -> Half:
    """Return (bins, h, w), Σ µ·thickness at ``WORKING_MM`` of one thing in a pose, and no more."""
    while True:
        side = round(ROOM / PITCH_MM)
        canvas = Canvas(side, side, 1.0 / PITCH_MM)
        pose = hidden_pose(canvas, rng)
        x, y = (ROOM / 2 + rng.uniform(0, WORKING_MM, 2)).tolist()
        draw(canvas, replace(pose, x=x, y=y), rng)
        left, top, w, h = cv2.boundingRect((canvas.sums[-1] > 1e-4).astype(np.uint8))
        if w:
            return reduced(canvas.sums[:, _whole(top, h), _whole(left, w)])


def reduced(sums: NDArray[np.float32]) -> Half:
    """Return (bins, h, w) at ``WORKING_MM`` of what was drawn at ``PITCH_MM``: the beam's mean."""
    size = (sums.shape[2] // FACTOR, sums.shape[1] // FACTOR)
    passed = [cv2.resize(np.exp(-plane), size, interpolation=cv2.INTER_AREA) for plane in sums]
    return np.asarray(-np.log(np.maximum(np.stack(passed), np.exp(-TALLEST))), np.float16)


def _whole(first: int, length: int) -> slice:
    """Return the rows or columns of whole working pixels that hold ``length`` from ``first``."""
    start, end = first // FACTOR, -(-(first + length) // FACTOR)
    return slice(start * FACTOR, end * FACTOR)


def _drawn(rng: Rng, shares: Mapping[T, float]) -> T:
    return list(shares)[int(rng.choice(len(shares), p=list(shares.values())))]
