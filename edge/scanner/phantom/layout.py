"""The phantom as data: what lies where, in millimetres, and nothing about any picture of it.

After ANSI N42.46 and IEC 62523, whose five questions it asks; sizes are ours, for scanners of up
to 200 kV and a pixel of 0.5 to 1.5 mm (docs/selftest.md has the drawing).

1. x runs along the detector line, y along the belt; the origin is the phantom's top left corner.
2. Five lead discs, of which one breaks every symmetry: it may lie turned or upside down.
3. Penetration: steel steps with a lead triangle each, which points to one of four sides.
4. Contrast: thin steel shims on a steel plate.
5. Wires: copper wires, leaning a little, through air and behind aluminium and steel.
6. Resolution: a lead square turned by 10°: its edges cross the pixels slowly, however it lies
   within 8° of straight.
7. Materials: samples of two or three substances a class, at about the same optical depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Kind(StrEnum):
    """What an operator's colours tell apart, lightest first."""

    ORGANIC = "organic"
    INORGANIC = "inorganic"
    METAL = "metal"


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle along the axes, mm."""

    left: float
    top: float
    right: float
    bottom: float

    def outline(self) -> Points:
        """Return its four corners (4, 2)."""
        return np.array(
            [[self.left, self.top], [self.right, self.top],
             [self.right, self.bottom], [self.left, self.bottom]]
        )  # fmt: skip

    def grown(self, by: float) -> Rect:
        """Return it ``by`` mm larger on every side; smaller where negative."""
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the wedge: mm of steel, its place, and where its triangle points (0–3)."""

    thickness: float
    place: Rect
    points_to: int  # quarter turns from up, clockwise

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the step and of its triangle's box."""
        place = self.place
        return (place.left + place.right) / 2, (place.top + place.bottom) / 2


@dataclass(frozen=True, slots=True)
class Shim:
    """A thin square of steel about (x, y)."""

    thickness: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Band:
    """What the wires run behind: mm of a material, from y = top to y = bottom."""

    name: str
    material: str | None
    thickness: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A square of one substance."""

    material: str
    kind: Kind
    thickness: float
    place: Rect


@dataclass(frozen=True, slots=True)
class Part:
    """A flat piece: mm of one material within an outline (n, 2)."""

    material: str
    thickness: float
    outline: Points


@dataclass(frozen=True, slots=True)
class Wire:
    """A straight copper wire from one end to the other, mm."""

    diameter: float
    begin: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """One phantom. ``name`` changes when anything does: results of two are not one trend."""

    name: str
    width: float
    height: float
    discs: tuple[tuple[float, float], ...]
    disc: float  # diameter of a disc, mm
    steps: tuple[Step, ...]
    triangle: float  # side of a triangle's box, mm
    plate: Rect
    plate_thickness: float
    shims: tuple[Shim, ...]
    shim: float  # side of a shim, mm
    blank_rows: tuple[float, ...]  # y on the plate where no shim is
    diameters: tuple[float, ...]
    first_wire: float  # x of the first wire's upper end, mm
    spacing: float
    lean: float  # mm that a wire's lower end lies to the right of its upper one
    bands: tuple[Band, ...]
    square: tuple[float, float]  # centre
    square_side: float
    square_angle: float  # degrees
    samples: tuple[Sample, ...]

    def wire(self, index: float) -> Wire:
        """Return wire ``index``; between two whole numbers it is the gap between two wires."""
        x = self.first_wire + index * self.spacing
        top, bottom = self.bands[0].top - 3, self.bands[-1].bottom + 3
        whole = 0 <= index < len(self.diameters) and index == int(index)
        diameter = self.diameters[int(index)] if whole else 0.0
        return Wire(diameter, (x, top), (x + self.lean, bottom))

    def parts(self) -> Iterator[Part]:
        """Yield every flat piece; a wire is none."""
        for x, y in self.discs:
            yield Part("lead", 3.0, _circle(x, y, self.disc / 2))
        for step in self.steps:
            yield Part("iron", step.thickness, step.place.outline())
            yield Part("lead", 5.0, triangle(step.centre, self.triangle, step.points_to))
        yield Part("iron", self.plate_thickness, self.plate.outline())
        for shim in self.shims:
            half = self.shim / 2
            place = Rect(shim.x - half, shim.y - half, shim.x + half, shim.y + half)
            yield Part("iron", shim.thickness, place.outline())
        left = self.first_wire - 20
        right = self.first_wire + self.spacing * len(self.diameters) + self.lean
        for band in self.bands:
            if band.material:
                outline = Rect(left, band.top, right, band.bottom).outline()
                yield Part(band.material, band.thickness, outline)
        yield Part("lead", 1.0, turned_square(self))
        for sample in self.samples:
            yield Part(sample.material, sample.thickness, sample.place.outline())


def triangle(centre: tuple[float, float], side: float, points_to: int) -> Points:
    """Return a triangle that fills its box ``side`` mm wide and points up, right, down or left."""
    half = side / 2
    local = np.array([[0.0, -half], [half, half], [-half, half]])
    for _ in range(points_to % 4):
        local = np.stack([-local[:, 1], local[:, 0]], 1)  # a quarter turn, clockwise as seen
    return np.asarray(local + np.array(centre))


def turned_square(layout: Layout) -> Points:
    """Return the corners of the slanted square, clockwise from the upper left."""
    half, angle = layout.square_side / 2, radians(layout.square_angle)
    local = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    return np.asarray(local @ turn.T + np.array(layout.square))


def _circle(x: float, y: float, radius: float) -> Points:
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.stack([x + radius * np.cos(t), y + radius * np.sin(t)], 1)


def _steps() -> tuple[Step, ...]:
    thicknesses = (10.0, 16.0, 22.0, 28.0, 32.0, 36.0, 40.0, 44.0, 48.0)
    pointing = (0, 1, 2, 3, 1, 0, 3, 2, 0)
    return tuple(
        Step(mm, Rect(26 + 33 * i, 28, 59 + 33 * i, 64), to)
        for i, (mm, to) in enumerate(zip(thicknesses, pointing, strict=True))
    )


def _samples() -> tuple[Sample, ...]:
    wanted = (
        ("polyethylene", Kind.ORGANIC, 60.0),
        ("nylon", Kind.ORGANIC, 50.0),
        ("sugar", Kind.ORGANIC, 45.0),
        ("aluminium", Kind.INORGANIC, 20.0),
        ("glass", Kind.INORGANIC, 20.0),
        ("iron", Kind.METAL, 3.0),
        ("copper", Kind.METAL, 2.0),
    )
    return tuple(
        Sample(material, kind, mm, Rect(30 + 52 * i, 202, 66 + 52 * i, 236))
        for i, (material, kind, mm) in enumerate(wanted)
    )


PHANTOM = Layout(
    name="five-parameter 1",
    width=420.0,
    height=260.0,
    discs=((10, 10), (410, 10), (410, 250), (10, 250), (10, 100)),
    disc=8.0,
    steps=_steps(),
    triangle=18.0,
    plate=Rect(26, 84, 210, 182),
    plate_thickness=10.0,
    shims=tuple(
        Shim(mm, 46 + 29 * i, 98) for i, mm in enumerate((1.0, 0.5, 0.25, 0.12, 0.06, 0.03))
    ),
    shim=14.0,
    blank_rows=(122.0, 140.0, 158.0, 172.0),
    diameters=(1.0, 0.64, 0.40, 0.25, 0.16, 0.10, 0.064, 0.040),
    first_wire=242.0,
    spacing=19.0,
    lean=6.0,
    bands=(
        Band("air", None, 0.0, 84, 114),
        Band("aluminium", "aluminium", 10.0, 118, 148),
        Band("steel", "iron", 4.0, 152, 182),
    ),
    square=(364.0, 46.0),
    square_side=36.0,
    square_angle=10.0,
    samples=_samples(),
)
