"""The calibration table: (τ_high, R = τ_low/τ_high) → Zeff, g/cm², how sure, and what kind.

1. At each τ_high the wedges give R of every material; between the light ones Zeff and the areal
   density follow R on a monotone curve. Heavy elements (lead) have a curve of their own: beyond
   the K edge R falls, and one pair of numbers then means two materials.
2. Noise: var τ = 1/(photons · T) + (read/T)² + RESIDUAL², by energy; smoothing divides the first
   two. Through the table's local slope it becomes the standard deviation of Zeff.
3. Confidence is the probability that Zeff is right within ``WITHIN``, in per cent.
4. Kind by Zeff: organic < 10, inorganic < 18, metal. It is ambiguous instead where
   thin     too little is in the beam to tell: noise of Zeff above ``TOO_NOISY``, τ_high < 1;
   thick    too little comes through to tell: the same at τ_high ≥ 1, and all beyond the wedges;
   heavy    a light element or lead: R within ``ALIKE`` standard deviations of a heavy curve;
   outside  R is further from every curve than noise explains: no material has it.
   Lost lines, dead and saturated pixels are ``unknown``; the map sets them.
5. Lookup is the nearest cell: the table is fine enough (1/100 τ, 1/250 R).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge.scanner.materials.curves import Floats, monotone
from edge.scanner.materials.errors import MaterialsError
from edge.scanner.materials.wedges import HEAVY, Step, Wedges

ROWS, COLUMNS = 640, 1250
DEPTH_STEP, RATIO_STEP, RATIO_FROM = 0.01, 0.004, 0.7
AIR = 0.02  # τ_high below which nothing is in the beam: paper has more
ORGANIC, METAL = 10.0, 18.0  # Zeff
WITHIN = 0.10
TOO_NOISY = 0.20  # standard deviation of Zeff over Zeff
ALIKE = 2.0
EXPLAINED = 4.0  # standard deviations of R
RESIDUAL = 0.001  # of τ: what calibration leaves of a column, spread over neighbours
READ = 1e-4  # of the open beam: 4 counts of 45 000


class Kind(IntEnum):
    """What a pixel shows; from ``THIN`` on it is ambiguous."""

    AIR = 0
    ORGANIC = 1
    INORGANIC = 2
    METAL = 3
    THIN = 4
    THICK = 5
    HEAVY = 6
    OUTSIDE = 7
    UNKNOWN = 8


@dataclass(frozen=True)
class Table:
    """Arrays are (ROWS · COLUMNS,), row by row; ``smooth`` is the window the noise is for."""

    zeff: NDArray[np.float32] = field(repr=False)
    areal: NDArray[np.float32] = field(repr=False)
    confidence: NDArray[np.uint8] = field(repr=False)
    kind: NDArray[np.uint8] = field(repr=False)
    smooth: int
    at: float
    sha256: str  # of the wedges

    def age(self, now: float) -> float:
        """Return the seconds since its wedges were scanned."""
        return now - self.at

    def fresh(self, now: float, within: float) -> bool:
        """Return whether its wedges were scanned 0 to ``within`` seconds ago."""
        return 0 <= self.age(now) <= within


@dataclass(frozen=True)
class _Grid:
    """Axes as columns and rows: ``depth`` (ROWS, 1), ``ratio`` (1, COLUMNS), noise of each τ."""

    depth: Floats
    ratio: Floats
    low_noise: Floats
    high_noise: Floats

    @property
    def ratio_noise(self) -> Floats:
        """Return the standard deviation of R in each cell."""
        noise: Floats = np.hypot(self.low_noise, self.ratio * self.high_noise) / self.depth
        return noise


def build(wedges: Wedges, smooth: int = 3) -> Table:
    """Return the table of ``wedges`` for pictures averaged over ``smooth`` × ``smooth`` pixels."""
    if smooth < 1 or smooth % 2 == 0:
        raise MaterialsError(f"smoothing takes an odd window, not {smooth}")
    groups = wedges.by_material()
    light = [group for group in groups if group[0].zeff < HEAVY]
    heavy = [group for group in groups if group[0].zeff >= HEAVY]
    grid = _grid(wedges.photons, smooth)
    curves = _rising(np.stack([_ratios(group, grid.depth[:, 0]) for group in light], 1))
    zeff, areal = _inverted(light, curves, grid)
    noise = _zeff_noise(zeff, grid)
    sure = _confidence(np.clip(zeff, 1, HEAVY), noise)
    kind = _kinds(zeff, noise, grid)
    kind[_aliases(heavy, grid) & (kind < Kind.THIN)] = Kind.HEAVY
    kind[_beyond(curves, grid) & (kind < Kind.THIN)] = Kind.OUTSIDE
    top = min(-math.log(group[-1].high) for group in light)
    kind[grid.depth[:, 0] > top] = Kind.THICK
    kind[grid.depth[:, 0] < AIR] = Kind.AIR
    # A heavy one keeps its confidence: it is that of the light reading, were it light.
    sure[(kind >= Kind.THIN) & (kind != Kind.HEAVY)] = 0
    return Table(
        np.clip(zeff, 1, light[-1][0].zeff).astype(np.float32).ravel(),
        areal.astype(np.float32).ravel(),
        sure.ravel(),
        kind.ravel(),
        smooth,
        wedges.at,
        wedges.sha256,
    )


def _grid(photons: tuple[float, float], smooth: int) -> _Grid:
    depth = np.float64(DEPTH_STEP) * (np.arange(ROWS, dtype=np.float64) + 0.5)[:, None]
    ratio = (RATIO_FROM + (np.arange(COLUMNS, dtype=np.float64) + 0.5) * RATIO_STEP)[None, :]
    return _Grid(
        depth,
        ratio,
        _depth_noise(depth * ratio, photons[0], smooth),
        _depth_noise(depth, photons[1], smooth),
    )


def _depth_noise(tau: Floats, photons: float, smooth: int) -> Floats:
    opened = np.exp(np.minimum(tau, 30.0))
    counted = (opened / photons + (READ * opened) ** 2) / smooth**2
    noise: Floats = np.sqrt(counted + RESIDUAL**2)
    return noise


def _ratios(group: list[Step], depth: Floats) -> Floats:
    """Return R of one material at each τ_high, along log τ_high."""
    high = np.array([-math.log(step.high) for step in group])
    low = np.array([-math.log(step.low) for step in group])
    if high[0] <= 0:
        raise MaterialsError(f"{group[0].material}: its thinnest step shows nothing")
    return monotone(np.log(high), low / high, np.log(depth))


def _rising(curves: Floats) -> Floats:
    """Return R (ROWS, materials) made to rise with Zeff, where noise has it fall."""
    least = np.arange(curves.shape[1]) * 1e-4
    rising: Floats = np.maximum.accumulate(curves - least, axis=1) + least
    return rising


def _inverted(light: list[list[Step]], curves: Floats, grid: _Grid) -> tuple[Floats, Floats]:
    """Return Zeff (not yet clipped) and g/cm² in each cell."""
    numbers = np.array([group[0].zeff for group in light])
    depth = grid.depth[:, 0]
    mass = np.stack([_areal(group, depth) for group in light], 1)
    zeff, areal = np.empty((ROWS, COLUMNS)), np.empty((ROWS, COLUMNS))
    for row, ratios in enumerate(curves):
        zeff[row] = monotone(ratios, numbers, grid.ratio[0])
        held = np.clip(grid.ratio[0], ratios[0], ratios[-1])
        areal[row] = np.exp(monotone(ratios, np.log(mass[row]), held))
    return zeff, areal


def _areal(group: list[Step], depth: Floats) -> Floats:
    high = np.array([0.0, *(-math.log(step.high) for step in group)])
    mass = monotone(high, np.array([0.0, *(step.areal for step in group)]), depth)
    positive: Floats = np.maximum(mass, 1e-4)
    return positive


def _zeff_noise(zeff: Floats, grid: _Grid) -> Floats:
    """Return the standard deviation of Zeff: through τ_low, and through τ_high with τ_low held."""
    down, across = np.gradient(zeff, DEPTH_STEP, RATIO_STEP)
    by_low = across / grid.depth
    by_high = down - across * grid.ratio / grid.depth
    noise: Floats = np.hypot(by_low * grid.low_noise, by_high * grid.high_noise)
    return noise


def _confidence(zeff: Floats, noise: Floats) -> NDArray[np.uint8]:
    reach = np.linspace(0, 4, 401)
    likely = np.array([100 * math.erf(x / math.sqrt(2)) for x in reach])
    found = np.interp(WITHIN * zeff / np.maximum(noise, 1e-9), reach, likely)
    sure: NDArray[np.uint8] = found.astype(np.uint8)
    return sure


def _kinds(zeff: Floats, noise: Floats, grid: _Grid) -> NDArray[np.uint8]:
    kind: NDArray[np.uint8] = np.digitize(zeff, (ORGANIC, METAL)).astype(np.uint8)
    kind += np.uint8(Kind.ORGANIC)
    wild = noise > TOO_NOISY * np.clip(zeff, 5, HEAVY)
    # Among metals Zeff is uncertain long before "metal" is.
    wild &= ~((zeff - 2 * noise > METAL) | (zeff > 2 * METAL))
    kind[wild & (grid.depth < 1)] = Kind.THIN
    kind[wild & (grid.depth >= 1)] = Kind.THICK
    return kind


def _aliases(heavy: list[list[Step]], grid: _Grid) -> NDArray[np.bool_]:
    found = np.zeros((ROWS, COLUMNS), np.bool_)
    for group in heavy:
        ratio = _ratios(group, grid.depth[:, 0])[:, None]
        found |= np.abs(grid.ratio - ratio) < ALIKE * grid.ratio_noise
    return found


def _beyond(curves: Floats, grid: _Grid) -> NDArray[np.bool_]:
    reach = EXPLAINED * grid.ratio_noise + 0.02
    below = grid.ratio < curves[:, :1] - reach
    above = grid.ratio > curves[:, -1:] * 1.08 + reach  # molybdenum is 8 % above iron
    return np.asarray(below | above)
