"""Consignments by HS chapter, with the truth a declaration would state: weight, number, contents.

1. A consignment is one kind of package in a grid, in one or two layers along the beam, on a pallet.
   It follows from its seed, its chapter and its variety, and nothing else.
2. A package holds what its chapter says (``CHAPTERS``); every package of a consignment is alike but
   for a few millimetres, as packing machines and people make them. A *mixed* one is not.
3. Weight is exact: the canvas adds up g/cm² as it draws. Sizes keep to what 160 kV see through.
4. Smuggled goods take the place of some packages: same carton, other contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.xray.materials import MATERIALS
from models.xray.projection import blur, photon_noise, transmission
from simulators.world import goods_filling as filling
from simulators.world import goods_lookalikes as lookalikes
from simulators.world.goods_canvas import Canvas, Image, Pose
from simulators.world.goods_harmless import Draw
from simulators.world.goods_shapes import body, box, cloth, ellipse, plate, rounded, wire

Rng = np.random.Generator

PITCH_MM = 4.0
LINES, PIXELS = 288, 320
PHOTONS = 20_000.0
FLOOR = 1.0 / 65_535
PALLET = 22.0  # mm of wood seen along the beam, and 100 mm high


class WeighingCanvas(Canvas):
    """A canvas that also knows the g/cm² of all that was drawn."""

    def __init__(self, lines: int, pixels: int, scale: float) -> None:
        super().__init__(lines, pixels, scale)
        self.areal = np.zeros((lines, pixels), np.float32)

    def add(self, material: str, thickness: Image, top: int, left: int) -> None:
        """Add a patch as any canvas does, and weigh it."""
        super().add(material, thickness, top, left)
        rows, columns = thickness.shape
        areal = thickness * np.float32(MATERIALS[material].density * 0.1)
        self.areal[top : top + rows, left : left + columns] += areal

    def stamp(self, other: WeighingCanvas, top: int, left: int) -> None:
        """Add all of ``other`` at (top, left); what falls outside is cut off."""
        rows = min(other.lines, self.lines - top)
        columns = min(other.pixels, self.pixels - left)
        if min(rows, columns, top + 1, left + 1) <= 0:
            return
        self.sums[:, top : top + rows, left : left + columns] += other.sums[:, :rows, :columns]
        self.areal[top : top + rows, left : left + columns] += other.areal[:rows, :columns]

    @property
    def kilograms(self) -> float:
        """Return the weight of all that was drawn."""
        return float(self.areal.sum()) * (0.1 / self.scale) ** 2 / 1000


@dataclass(frozen=True)
class Contents:
    """A variety: its wrapping, what it is stuffed with (mm of solid), and the things in it."""

    stuff: str
    thickness: tuple[float, float]
    things: tuple[Draw, ...] = ()
    count: tuple[int, int] = (0, 0)
    wrap: str = "carton"
    tidy: bool = False  # things stand in rows, not anyhow


def _fruit(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    size = rng.uniform(28, 34)
    body(canvas, "water", ellipse(size, size), pose, size)


def _profile(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    body(canvas, "aluminium", rounded(230, 26, 2), Pose(pose.x, pose.y, 0.0), 13, wall=2.0)


def _pipe(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    body(canvas, "iron", rounded(230, 24, 10), Pose(pose.x, pose.y, 0.0), 12, wall=1.2)


def _coil(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    for radius in (24, 32, 40, 48):
        ring = ellipse(radius, radius)
        wire(canvas, "copper", np.vstack([ring, ring[:1]]), 3.5, Pose(pose.x, pose.y))


def _tile(canvas: Canvas, pose: Pose, rng: Rng) -> None:
    plate(canvas, "ceramic", [box(88, 88)], rng.uniform(20, 24), Pose(pose.x, pose.y))


CHAPTERS: Mapping[str, Mapping[str, Contents]] = {
    "08": {"crates": Contents("paper", (2, 4), (_fruit,), (9, 9), tidy=True)},
    "17": {
        "sacks": Contents("sugar", (45, 75), wrap="sack"),
        "packets": Contents("sugar", (40, 70), wrap="carton"),
    },
    "22": {
        "bottles": Contents("paper", (2, 4), (filling.bottle,), (4, 4), tidy=True),
        "cans": Contents("paper", (1, 3), (filling.can,), (6, 9), tidy=True),
    },
    "25": {"sacks": Contents("salt", (30, 55), wrap="sack")},
    "39": {
        "pellets": Contents("polyethylene", (70, 130), wrap="sack"),
        "wares": Contents("polyethylene", (15, 40), (lookalikes.oval,), (1, 3)),
    },
    "44": {"boards": Contents("wood", (120, 240), wrap="none")},
    "48": {
        "reams": Contents("paper", (80, 150)),
        "rolls": Contents("paper", (60, 110), wrap="roll"),
    },
    "52": {"bales": Contents("cotton", (150, 320), wrap="none")},
    "62": {
        "cartons": Contents("cotton", (60, 160), (lookalikes.zip_, lookalikes.buckle), (1, 3)),
    },
    "64": {"pairs": Contents("paper", (4, 12), (filling.shoe,), (2, 4))},
    "69": {"tiles": Contents("paper", (2, 4), (_tile,), (4, 4), tidy=True)},
    "73": {
        "pipes": Contents("paper", (1, 2), (_pipe,), (6, 6), tidy=True),
        "fasteners": Contents("iron", (4, 9), (lookalikes.bolt, lookalikes.wrench), (3, 6)),
    },
    "74": {"coils": Contents("paper", (3, 6), (_coil,), (1, 4), tidy=True)},
    "76": {"profiles": Contents("paper", (1, 2), (_profile,), (6, 6), tidy=True)},
    "84": {
        "parts": Contents("wood", (10, 25), (filling.casting, lookalikes.gear), (1, 2)),
    },
    "85": {
        "devices": Contents("polyethylene", (10, 25), (filling.electronics,), (1, 2)),
        "cables": Contents("paper", (4, 8), (filling.cable, lookalikes.connector), (2, 4)),
    },
}


@dataclass(frozen=True)
class Consignment:
    """τ (2, lines, pixels) and g/cm², without noise, and what is true of it."""

    chapter: str
    variety: str
    tau: Image = field(repr=False)
    areal: Image = field(repr=False)
    across: int
    up: int
    layers: int
    kilograms: float
    depth_mm: float  # of the goods, along the beam
    foreign: int = 0  # packages that hold something else

    @property
    def packages(self) -> int:
        """Return how many packages there are."""
        return self.across * self.up * self.layers


def consignment(
    seed: int,
    chapter: str | None = None,
    variety: str | None = None,
    foreign: str | None = None,
    mixed: bool = False,
) -> Consignment:
    """Return the consignment of ``seed``; ``foreign`` names a chapter that some packages hold."""
    rng = np.random.default_rng([seed, 90])
    chapter = chapter or str(rng.choice(sorted(CHAPTERS)))
    variety = variety or str(rng.choice(sorted(CHAPTERS[chapter])))
    canvas = WeighingCanvas(LINES, PIXELS, 1 / PITCH_MM)
    size = rng.uniform(230, 300, 2)
    across, up = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    layers = 1 if rng.random() < 0.7 else 2
    kinds = _kinds(rng, chapter, variety, across * up * layers, foreign, mixed)
    _stack(canvas, rng, size, across, up, [_package(kind, size, rng) for kind in kinds], kinds)
    strange = sum(kind[1] is not kinds[-1][1] for kind in kinds) if foreign else 0
    return Consignment(
        chapter, variety, canvas.tau(), canvas.areal, across, up, layers,
        canvas.kilograms, 220.0 * layers, strange,
    )  # fmt: skip


def pictured(tau: Image, seed: int, photons: float = PHOTONS) -> Image:
    """Return the transmission (2, lines, pixels) that a calibrated scanner shows of ``tau``."""
    rng = np.random.default_rng([seed, 91])
    seen = photon_noise(blur(transmission(tau), 0.5), photons, rng)
    return np.clip(seen, np.float32(FLOOR), np.float32(1))


Kind = tuple[int, Contents]  # the seed of a package, and what it holds


def _kinds(
    rng: Rng, chapter: str, variety: str, count: int, foreign: str | None, mixed: bool
) -> list[Kind]:
    """Return what each package holds; the last one always is as declared."""
    seed = int(rng.integers(2**31))
    own = CHAPTERS[chapter][variety]
    if mixed:
        every = [contents for kinds in CHAPTERS.values() for contents in kinds.values()]
        return [(seed + k, every[int(rng.integers(len(every)))]) for k in range(count)]
    kinds: list[Kind] = [(seed, own)] * count
    if foreign:
        other = next(iter(CHAPTERS[foreign].values()))
        for at in rng.choice(count - 1, max(1, count // 4), replace=False):
            kinds[int(at)] = (seed, other)
    return kinds


def _stack(
    canvas: WeighingCanvas,
    rng: Rng,
    size: NDArray[np.float64],
    across: int,
    up: int,
    packages: list[WeighingCanvas],
    kinds: list[Kind],
) -> None:
    left = (canvas.width_mm - across * size[0]) / 2
    bottom = canvas.height_mm - 140
    centre = Pose(canvas.width_mm / 2, bottom + 50)
    plate(canvas, "wood", [box(across * size[0] + 30, 100)], PALLET, centre)
    place = rng.permutation(len(packages))
    for package, index in zip(packages, place, strict=True):
        column, row = int(index) % across, int(index) // across % up
        x, y = left + column * size[0], bottom - (row + 1) * size[1]
        at = np.rint(np.array([y, x]) * canvas.scale + rng.normal(0, 0.5, 2)).astype(int)
        canvas.stamp(package, max(0, int(at[0])), max(0, int(at[1])))


def _package(kind: Kind, size: NDArray[np.float64], place: Rng) -> WeighingCanvas:
    """Return one package on a canvas of its own; ``place`` shifts the things in it a little."""
    seed, contents = kind
    rng = np.random.default_rng([seed, 92])
    wide, high = size
    canvas = WeighingCanvas(int(high / PITCH_MM), int(wide / PITCH_MM), 1 / PITCH_MM)
    middle = Pose(canvas.width_mm / 2, canvas.height_mm / 2)
    _wrapped(canvas, contents, rng, middle)
    count = int(rng.integers(contents.count[0], contents.count[1] + 1))
    side = max(1, round(np.sqrt(count)))
    for index in range(count):
        draw = contents.things[int(rng.integers(len(contents.things)))]
        draw(canvas, _pose(canvas, rng, place, contents.tidy, index, count, side), rng)
    return canvas


def _pose(
    canvas: Canvas, rng: Rng, place: Rng, tidy: bool, index: int, count: int, side: int
) -> Pose:
    off = rng.uniform(-0.25, 0.25, 2)
    turn = float(rng.uniform(0, 2 * np.pi))
    if tidy:
        rows = -(-count // side)
        off = (np.array([index % side, index // side]) + 0.5) / [side, rows] - 0.5
        turn = 0.0
    x, y = (off + 0.5) * [canvas.width_mm, canvas.height_mm] + place.normal(0, 2, 2)
    size = 0.55 if tidy and side > 1 else 0.8
    return Pose(float(x), float(y), turn + float(place.normal(0, 0.02)), size=size)


def _wrapped(canvas: WeighingCanvas, contents: Contents, rng: Rng, middle: Pose) -> None:
    """Draw the stuffing in its wrapping: carton, sack, roll, or nothing but itself."""
    wide, high = canvas.width_mm - 8, canvas.height_mm - 8
    thick = rng.uniform(*contents.thickness)
    match contents.wrap:
        case "sack":
            body(canvas, contents.stuff, rounded(wide, high, 60), middle, thick / 2)
        case "roll":
            body(canvas, contents.stuff, ellipse(wide / 2, high / 2), middle, thick / 2)
            body(canvas, "paper", ellipse(30, 30), middle, 30, wall=6)
        case "carton":
            plate(canvas, "paper", [box(wide, high), box(wide - 10, high - 10)], 60, middle)
            plate(canvas, contents.stuff, [box(wide - 8, high - 8)], thick, middle)
        case _:
            _bare(canvas, contents.stuff, thick, rng, (wide, high))


def _bare(
    canvas: WeighingCanvas, stuff: str, thick: float, rng: Rng, size: tuple[float, float]
) -> None:
    if stuff == "cotton":
        layer = WeighingCanvas(canvas.lines - 2, canvas.pixels - 2, canvas.scale)
        cloth(layer, stuff, thick * 0.6, rng, folds=1)
        canvas.stamp(layer, 1, 1)
        return
    for index in range(6):  # boards, one above the other, with their gaps
        y = (index + 0.5) * size[1] / 6 + 4
        plate(canvas, stuff, [box(size[0], size[1] / 6 - 5)], thick, Pose(canvas.width_mm / 2, y))
