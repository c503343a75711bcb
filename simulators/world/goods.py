"""Goods on the belt: whole scenes and close crops, each with the truth about what is in it.

1. A scene follows from its seed and nothing else; the same seed with and without a threat is the
   same bag, so that a recogniser (and a test) sees what one object changes.
2. A bag, parcel or small pallet is a container, its fabric and filling, some lookalikes, a threat;
   a pallet holds one class of cargo (simulators/world/goods_cargo.py).
   The threat is turned out of the beam by 60° at most, and at least half of it shows wherever that
   can be: what no beam reaches, and a blade seen on edge, no one can be asked to find in one view.
3. ``tau`` holds the noiseless optical depth; ``high`` and ``low`` are the calibrated 16-bit
   pictures a scanner would store; ``raw_counts`` is what its detector sends before calibration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.projection import (
    Detector,
    blur,
    make_detector,
    photon_noise,
    transmission,
)
from models.xray.projection import raw_counts as count
from simulators.world.goods_canvas import Canvas, Image, Pose
from simulators.world.goods_cargo import Cargo, consignment
from simulators.world.goods_harmless import any_pose, draw_any
from simulators.world.goods_shapes import box, cloth, plate, rounded, wire
from simulators.world.goods_threats import DRAW, Threat
from simulators.world.goods_unseen import UNSEEN

Counts = NDArray[np.uint16]
Mask = NDArray[np.bool_]
Rng = np.random.Generator

PITCH_MM = 1.0  # of a bag scanner's picture
PHOTONS = 20_000.0
TRIES = 12  # poses of a threat, until one shows
SHOWN = 0.5  # of a threat, or it is not asked for
DARKER = 0.03  # of the open beam is taken, where a threat shows
MOST_TURNED = np.pi / 3  # rad, of a threat: half its face is seen
OPEN = 60_000  # of 65 535 in a stored picture, where nothing is in the beam


class Container(StrEnum):
    """What the goods travel in."""

    BAG = "bag"
    PARCEL = "parcel"
    CARGO = "cargo"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a threat lies, in pixels: left, top, width, height; what it is; what share shows."""

    x: int
    y: int
    w: int
    h: int
    kind: Threat
    shows: float

    @property
    def asked(self) -> bool:
        """Whether enough of it shows to be asked for."""
        return self.shows >= SHOWN


@dataclass(frozen=True)
class Scene:
    """One object on the belt; arrays are (lines, pixels), ``tau`` (2, lines, pixels) low first."""

    seed: int
    container: Container
    tau: Image
    high: Counts
    low: Counts
    mask: Mask
    boxes: tuple[Box, ...]
    pitch_mm: float
    cargo: Cargo | None = None  # of a pallet
    things: int = 0  # harmless ones in it, its container and stuffing not counted


def scene(
    seed: int,
    lines: int = 512,
    pixels: int = 1000,
    threat: bool | Threat = False,
    container: Container | None = None,
    pitch_mm: float = PITCH_MM,
    unseen: bool = False,
) -> Scene:
    """Return the scene of ``seed``; ``threat`` names its kind, or True lets the seed choose one.

    ``unseen`` draws the threat in a shape that training never uses.
    """
    rng = np.random.default_rng([seed, 1])
    kind_of_box = container or list(Container)[int(rng.integers(3))]
    canvas = Canvas(lines, pixels, 1.0 / pitch_mm)
    packed = pack(canvas, rng, kind_of_box)
    mask: Mask = np.zeros((lines, pixels), np.bool_)
    boxes: tuple[Box, ...] = ()
    if threat:
        mask, boxes = _hide(canvas, np.random.default_rng([seed, 2]), threat, unseen)
    tau = canvas.tau()
    low, high = _picture(tau, np.random.default_rng([seed, 3]))
    return Scene(seed, kind_of_box, tau, high, low, mask, boxes, pitch_mm, *packed)


def raw_counts(goods: Scene, detector: Detector | None = None) -> Counts:
    """Return what the detector counts: uint16 (2, lines, pixels), low energy first."""
    line = detector or make_detector(goods.tau.shape[2], seed=1)
    return count(goods.tau, line, goods.seed)


def pack(canvas: Canvas, rng: Rng, container: Container) -> tuple[Cargo | None, int]:
    """Draw a container of the canvas' size with harmless goods in it.

    Returns a pallet's class of cargo, and the number of things.
    """
    wide, high = canvas.width_mm * rng.uniform(0.6, 0.95), canvas.height_mm * rng.uniform(0.6, 0.95)
    centre = Pose(canvas.width_mm / 2, canvas.height_mm / 2, float(rng.normal(0, 0.03)))
    if container is Container.CARGO:
        cargo = list(Cargo)[int(rng.integers(len(Cargo)))]
        return cargo, consignment(canvas, rng, cargo, centre, wide, high)
    _CONTAINERS[container](canvas, rng, centre, wide, high)
    area = wide * high / 1e4  # dm²
    count = int(rng.uniform(0.3, 0.9) * min(area, 24)) + 2
    for _ in range(count):
        draw_any(canvas, rng)
    return None, count


def _bag(canvas: Canvas, rng: Rng, centre: Pose, wide: float, high: float) -> None:
    cloth(canvas, "cotton", rng.uniform(2, 25), rng)
    shell = rounded(wide, high, 40)
    plate(canvas, "nylon", [shell], rng.uniform(1, 4), centre)
    wire(canvas, "nylon", np.vstack([shell, shell[:1]]), rng.uniform(4, 14), centre)
    if rng.random() < 0.5:
        for side in (-0.2, 0.2):
            rail = np.array([[-wide / 2, side * high], [wide / 2, side * high]])
            wire(canvas, "aluminium", rail, rng.uniform(4, 12), centre)


def _parcel(canvas: Canvas, rng: Rng, centre: Pose, wide: float, high: float) -> None:
    plate(canvas, "paper", [box(wide, high)], rng.uniform(4, 14), centre)
    plate(canvas, "paper", [box(wide, high), box(wide - 8, high - 8)], 90, centre)
    cloth(canvas, "polyethylene", rng.uniform(0.5, 4), rng)


_CONTAINERS = {Container.BAG: _bag, Container.PARCEL: _parcel}


def _hide(
    canvas: Canvas, rng: Rng, threat: bool | Threat, unseen: bool
) -> tuple[Mask, tuple[Box, ...]]:
    kind = threat if isinstance(threat, Threat) else list(Threat)[int(rng.integers(len(Threat)))]
    behind = np.exp(-canvas.tau()[1])
    most, best, mask = -1.0, canvas, np.zeros(behind.shape, np.bool_)
    for _ in range(TRIES):
        layer = canvas.blank()
        (UNSEEN if unseen else DRAW)[kind](layer, hidden_pose(canvas, rng), rng)
        covered = layer.covered()
        shows = shown(behind, layer.tau()[1], covered)
        if shows > most:
            most, best, mask = shows, layer, covered
        if shows >= SHOWN:
            break
    canvas.include(best)
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    return mask, (Box(x, y, w, h, kind, most),) if w else ()


def hidden_pose(canvas: Canvas, rng: Rng) -> Pose:
    """Return where a threat lies: within the middle half, its face at most 60° out of the beam."""
    pose = any_pose(canvas, rng, spread=0.5)
    return replace(pose, tilt=min(pose.tilt, MOST_TURNED))


def shown(behind: Image, threat: Image, mask: Mask) -> float:
    """Return the share of a threat that takes ``DARKER`` from what is left of the beam."""
    if not mask.any():
        return 0.0
    lost = behind * -np.expm1(-threat)
    return float((lost[mask] > DARKER).mean())


def visible(behind: Image, threat: Image, mask: Mask, least: float = SHOWN) -> bool:
    """Return whether ``least`` of a threat shows."""
    return bool(mask.any()) and shown(behind, threat, mask) >= least


def _picture(tau: Image, rng: Rng) -> Counts:
    passed = photon_noise(blur(transmission(tau), 0.5), PHOTONS, rng)
    return np.clip(np.rint(passed * OPEN), 0, 65_535).astype(np.uint16)
