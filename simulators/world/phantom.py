"""The self-test's phantom as a thing on the belt, and what a worn scanner makes of it.

It is drawn from the same layout that the measurement knows, by the physics of models/xray. It may
lie shifted, turned, or upside down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, radians, sin

import numpy as np

from edge.scanner.phantom.layout import PHANTOM, Layout, Points
from models.xray.projection import Detector, make_detector, raw_counts
from models.xray.spectrum import depth_from_bins
from simulators.world.goods import Container, Scene
from simulators.world.goods_canvas import Canvas, Image
from simulators.world.items import LINES, PIXELS, Item

FINER = 3  # times: half a pixel of lead is not half as deep as a whole one, it is half as wide


@dataclass(frozen=True, slots=True)
class Lying:
    """How the phantom lies: its middle off the picture's (mm), turned (degrees), upside down."""

    x: float = 0.0
    y: float = 0.0
    turned: float = 0.0
    upside_down: bool = False

    def place(self, points: Points, layout: Layout, middle: Points) -> Points:
        """Return the phantom's millimetres as millimetres on the belt."""
        local = points - np.array([layout.width / 2, layout.height / 2])
        if self.upside_down:
            local = local * np.array([1.0, -1.0])
        angle = radians(self.turned)
        turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
        return np.asarray(local @ turn.T + middle + np.array([self.x, self.y]))


def phantom_tau(
    lying: Lying | None = None,
    lines: int = LINES,
    pixels: int = PIXELS,
    pitch_mm: float = 1.0,
    layout: Layout = PHANTOM,
) -> Image:
    """Return the phantom's optical depth (2, lines, pixels), low energy first."""
    lying = lying or Lying()
    canvas = Canvas(lines * FINER, pixels * FINER, FINER / pitch_mm)
    middle = np.array([canvas.width_mm / 2, canvas.height_mm / 2])
    for part in layout.parts():
        if (drawn := canvas.raster([lying.place(part.outline, layout, middle)])) is not None:
            share, top, left = drawn
            canvas.add(part.material, share * np.float32(part.thickness), top, left)
    for index in range(len(layout.diameters)):
        wire = layout.wire(index)
        ends = lying.place(np.array([wire.begin, wire.end]), layout, middle)
        if (drawn := canvas.stroke(ends, wire.diameter)) is not None:
            share, top, left = drawn
            # A round wire is on average π/4 of its diameter thick.
            canvas.add("copper", share * np.float32(wire.diameter * pi / 4), top, left)
    return _seen_by_pixels(canvas)


def _seen_by_pixels(canvas: Canvas) -> Image:
    """Return τ of each pixel: the beam that comes through its parts is added, not their τ."""
    rows = []
    for top in range(0, canvas.lines, 64 * FINER):
        fine = np.exp(-depth_from_bins(canvas.sums[:, top : top + 64 * FINER]))
        shape = (2, fine.shape[1] // FINER, FINER, canvas.pixels // FINER, FINER)
        rows.append(-np.log(np.maximum(fine.reshape(shape).mean((2, 4)), 1e-12)))
    return np.concatenate(rows, axis=1).astype(np.float32)


def phantom_item(lying: Lying | None = None, seed: int = 1, layout: Layout = PHANTOM) -> Item:
    """Return the phantom as an item for a simulated lane."""
    tau = phantom_tau(lying, layout=layout)
    low, high = raw_counts(tau, make_detector(tau.shape[2], seed=seed, dead=0.0), seed)
    mask = np.zeros(tau.shape[1:], np.bool_)
    scene = Scene(seed, Container.CARGO, tau, high, low, mask, (), 1.0)
    return Item("phantom", False, scene)


@dataclass(frozen=True, slots=True)
class Wear:
    """What has become worse since the scanner was new. Nothing, unless it is set."""

    blur: float = 0.0  # pixels, added to the point spread
    flux: float = 1.0  # of the photons that come, and of the counts that they give
    read_noise: float = 0.0  # counts, added
    dead_energy: int | None = None  # 0 low, 1 high: counts nothing of the beam
    drift: tuple[float, float] = (1.0, 1.0)  # of each energy's gain since the air reference
    uneven: float = 0.0  # spread of each pixel's own drift since the air reference


def worn(detector: Detector, wear: Wear) -> Detector:
    """Return ``detector`` as it was when its references were taken."""
    return replace(
        detector,
        photons=detector.photons * wear.flux,
        open_counts=detector.open_counts * wear.flux,
        spread=float(np.hypot(detector.spread, wear.blur)),
        read_noise=float(np.hypot(detector.read_noise, wear.read_noise)),
    )


def drifted(detector: Detector, wear: Wear, seed: int = 5) -> Detector:
    """Return ``detector`` as it is when the phantom is scanned: its gain is another by then."""
    rng = np.random.default_rng([seed, detector.pixels])
    own = 1.0 + wear.uneven * rng.standard_normal(detector.gain.shape)
    gain = detector.gain * np.array(wear.drift)[:, None] * own
    if wear.dead_energy is not None:
        gain[wear.dead_energy] = 0.0
    return replace(detector, gain=gain.astype(np.float32))
