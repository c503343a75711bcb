"""Empty containers and trays, what may be hidden in them, and how a scanner sees them each time.

1. A steel box from above shows its roof and floor, from the side its two corrugated walls; a tray
   is plastic with ribs. Dimensions in mm are those of a 20-foot box (ISO 1496-1) and of a common
   screening tray; every unit is a little different from the next: sheet, frame and rib positions.
2. A hiding is one kilogram of something small, drawn where it can be seen at all: 160 kV do not
   pass a beam of steel or a wall along its length, and nobody can be asked to look through.
3. A pass is how the same thing looks next time: late or early on the belt, a little aside and
   askew, at another and uneven speed, through fresh photons, tube wobble and column errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from models.xray.materials import MATERIALS
from models.xray.projection import blur, optical_depth, photon_noise, transmission
from simulators.world.goods_canvas import Canvas, Image, Points, Pose
from simulators.world.goods_shapes import box, plate, rounded

Rng = np.random.Generator
Mask = NDArray[np.bool_]

HERE = Pose(0, 0)
AIR = 200.0  # mm of free belt before and behind
SEEN = 3.5  # optical depth, about, behind which hiding is no longer asked to be found
CORRUGATION = 278.0  # mm from rib to rib of a side wall
FLOOR_PHOTONS = 1.0 / 65_535  # what the detector can say at least


class Empty(StrEnum):
    """The kinds of empty thing."""

    TOP = "steel box from above"
    SIDE = "steel box from the side"
    TRAY = "tray"


@dataclass(frozen=True, slots=True)
class Size:
    """Of a kind: length along the belt and width across it in mm, and the pixel in mm."""

    length: float
    width: float
    pitch: float


SIZES = {
    Empty.TOP: Size(6058.0, 2438.0, 12.0),
    Empty.SIDE: Size(6058.0, 2591.0, 12.0),
    Empty.TRAY: Size(600.0, 400.0, 2.0),
}


@dataclass(frozen=True)
class Pass:
    """How far one passage is from the ideal one; shares and pixels, standard deviations."""

    late: float = 6.0  # pixels along the belt
    aside: float = 0.8  # pixels across it
    askew: float = 0.0008  # rad
    speed: float = 0.006  # share, of the whole passage
    uneven: float = 0.5  # pixels, slow wander of the belt within a passage
    photons: float = 20_000.0
    wobble: float = 0.002  # share, left after the free edges were looked at
    columns: float = 0.002  # share, left after calibration


def empty(kind: Empty, unit: int) -> Image:
    """Return τ (2, lines, pixels) of one ``unit`` of ``kind``, without noise."""
    return _canvas(kind, unit).tau()


def hidden(kind: Empty, unit: int, seed: int, kilograms: float = 1.0) -> tuple[Image, Mask]:
    """Return τ of ``unit`` with ``kilograms`` of something hidden in it, and where that lies."""
    canvas, rng = _canvas(kind, unit), np.random.default_rng([seed, 77])
    base = canvas.tau()[1]
    for _ in range(40):
        layer = canvas.blank()
        _packets(layer, rng, SIZES[kind], kilograms)
        mask = layer.covered()
        if mask.any() and float(np.median(base[mask])) < SEEN:
            break
    canvas.include(layer)
    return canvas.tau(), mask


def passed(tau: Image, seed: int, how: Pass | None = None) -> Image:
    """Return the transmission (2, lines, pixels) that the scanner makes of ``tau`` this time."""
    how, rng = how or Pass(), np.random.default_rng([seed, 78])
    seen = blur(transmission(_moved(tau, how, rng)), 0.5)
    seen = photon_noise(seen, how.photons, rng)
    _, lines, pixels = tau.shape
    seen *= 1 + how.wobble * rng.standard_normal((1, lines, 1), np.float32)
    seen *= 1 + how.columns * rng.standard_normal((2, 1, pixels), np.float32)
    return np.clip(seen, np.float32(FLOOR_PHOTONS), np.float32(1))


def depth(tau: Image, seed: int, how: Pass | None = None) -> Image:
    """Return the high optical depth (lines, pixels) of a pass."""
    return optical_depth(passed(tau, seed, how)[1], FLOOR_PHOTONS)


def _moved(tau: Image, how: Pass, rng: Rng) -> Image:
    _, lines, pixels = tau.shape
    knots = how.uneven * rng.standard_normal(6)
    y, x = np.arange(lines, dtype=np.float64), np.arange(pixels, dtype=np.float32)
    wander = np.interp(y, np.linspace(0, lines, 6), knots)
    scale, late = 1 + how.speed * rng.standard_normal(), how.late * rng.standard_normal()
    turn, aside = how.askew * rng.standard_normal(), how.aside * rng.standard_normal()
    along = ((y - lines / 2) * scale + lines / 2 + late + wander).astype(np.float32)
    to_y = along[:, None] + np.float32(turn) * (x[None] - pixels / 2)
    to_x = x[None] + np.float32(aside) - np.float32(turn) * (along[:, None] - lines / 2)
    planes = [
        cv2.remap(plane, to_x.astype(np.float32), to_y, cv2.INTER_LINEAR, borderValue=0)
        for plane in tau
    ]
    return np.stack(planes)


def _canvas(kind: Empty, unit: int) -> Canvas:
    size = SIZES[kind]
    lines = round((size.length + 2 * AIR) / size.pitch)
    canvas = Canvas(lines, round((size.width * 1.12) / size.pitch), 1 / size.pitch)
    rng = np.random.default_rng([unit, 79])
    _DRAW[kind](canvas, rng, size, (canvas.width_mm - size.width) / 2)
    return canvas


def _strip(x: float, y: float, wide: float, long: float) -> Points:
    return box(wide, long, x + wide / 2, y + long / 2)


def _put(canvas: Canvas, material: str, thick: float, rng: Rng, *outlines: Points) -> None:
    """Draw plates whose thickness keeps to its gauge within 2 %."""
    for outline in outlines:
        plate(canvas, material, [outline], thick * (1 + 0.02 * rng.standard_normal()), HERE)


def _top(canvas: Canvas, rng: Rng, size: Size, left: float) -> None:
    whole = _strip(left, AIR, size.width, size.length)
    _put(canvas, "iron", 2.0, rng, whole)
    _put(canvas, "wood", 28.0, rng, whole)
    _ends(canvas, rng, size, left)
    for side in (left, left + size.width - 40):
        _put(canvas, "iron", 60.0, rng, _strip(side, AIR, 40, size.length))
    for at in np.arange(AIR + 250, AIR + size.length - 150, 290.0):
        y = at + rng.normal(0, 2)
        _put(canvas, "iron", 5.5, rng, _strip(left, y, size.width, 45))
    for at in (0.34, 0.62):
        _put(canvas, "iron", 6.0, rng, _strip(left, AIR + at * size.length, size.width, 330))
    for share in (0.25, 0.5, 0.75):  # steel strips between the boards
        x = left + share * size.width + rng.normal(0, 2)
        _put(canvas, "iron", 2.0, rng, _strip(x, AIR, 40, size.length))


def _side(canvas: Canvas, rng: Rng, size: Size, left: float) -> None:
    _put(canvas, "iron", 3.6, rng, _strip(left, AIR, size.width, size.length))
    first = AIR + 90 + rng.normal(0, 2)
    for at in np.arange(first, AIR + size.length - 200, CORRUGATION / 2):
        _put(canvas, "iron", 0.6, rng, _strip(left + 60, at, size.width - 220, 68))
    _ends(canvas, rng, size, left)
    _put(canvas, "iron", 9.0, rng, _strip(left, AIR, 60, size.length))  # top rail
    _put(canvas, "iron", 14.0, rng, _strip(left + size.width - 160, AIR, 160, size.length))
    _put(canvas, "wood", 900.0, rng, _strip(left + size.width - 190, AIR, 28, size.length))
    for at in np.arange(AIR + 250, AIR + size.length - 150, 290.0):
        y = at + rng.normal(0, 2)
        _put(canvas, "iron", 80.0, rng, _strip(left + size.width - 160, y, 120, 8))


def _ends(canvas: Canvas, rng: Rng, size: Size, left: float) -> None:
    for y, long in ((AIR, 70.0), (AIR + size.length - 90, 90.0)):
        _put(canvas, "iron", 25.0, rng, _strip(left, y, size.width, long))
    for y in (AIR, AIR + size.length - 178):
        for x in (left, left + size.width - 162):
            _put(canvas, "iron", 40.0, rng, _strip(x, y, 162, 178))


def _tray(canvas: Canvas, rng: Rng, size: Size, left: float) -> None:
    middle = Pose(left + size.width / 2, AIR + size.length / 2)
    outer, inner = (rounded(size.width - d, size.length - d, 40) for d in (0, 8))
    plate(canvas, "pvc", [box(canvas.width_mm, canvas.height_mm)], 2.5,
          Pose(canvas.width_mm / 2, canvas.height_mm / 2))  # the belt  # fmt: skip
    plate(canvas, "polyethylene", [outer], 3.0 * (1 + 0.02 * rng.standard_normal()), middle)
    plate(canvas, "polyethylene", [outer, inner], 90.0, middle)
    for share in np.linspace(-0.4, 0.4, 7):
        y = share * size.length + rng.normal(0, 0.5)
        plate(canvas, "polyethylene", [box(size.width - 40, 4, 0, y)], 8.0, middle)
    for share in (-0.3, 0.3):
        plate(canvas, "polyethylene", [box(4, size.length - 60, share * size.width)], 8.0, middle)


_DRAW = {Empty.TOP: _top, Empty.SIDE: _side, Empty.TRAY: _tray}


def _packets(canvas: Canvas, rng: Rng, size: Size, kilograms: float) -> None:
    """Draw one to four equal packets of a thickness that fits a wall or a floor."""
    stuff = str(rng.choice(["sugar", "explosive", "salt", "paper", "iron", "lead"]))
    parts = int(rng.integers(1, 5))
    heavy = MATERIALS[stuff].density > 3
    thick = rng.uniform(5, 30) if heavy else rng.uniform(15, 50)
    area = 1e6 * kilograms / parts / (MATERIALS[stuff].density * thick)  # mm²
    wide = np.sqrt(area) * rng.uniform(0.7, 1.3)
    margin = 0.12
    x = (canvas.width_mm - size.width) / 2 + rng.uniform(margin, 1 - margin) * size.width
    y = AIR + rng.uniform(margin, 1 - margin) * size.length
    turn = float(rng.uniform(0, np.pi))
    for index in range(parts):
        shift = np.array([(index - (parts - 1) / 2) * wide * 1.1, 0.0])
        plate(canvas, stuff, [rounded(wide, area / wide, 4) + shift], thick, Pose(x, y, turn))
