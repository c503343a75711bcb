"""Step wedges: known materials in known thickness, as the scanner saw them.

1. A step is a region of a calibrated picture: mean and spread of its transmission, low and high.
   Its edges stay out, as they are blurred. A region of another thickness, or black, is refused.
2. Wedges want two light materials and a metal at least, each with ``LEAST_STEPS`` steps; what
   lies between the elements measured is interpolated, what lies beyond is not known.
3. The spread of a step over its mean tells how many photons a pixel gets: var = T/photons.
4. One JSON file holds them, with version, time and SHA-256; a changed or foreign file is refused.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.scanner.materials.errors import MaterialsError

Image = NDArray[np.float32]

VERSION = 1
FORMAT = "border-material-wedges"
LEAST_STEPS = 5
LEAST_PIXELS = 64
MARGIN = 0.15  # of a region's side, kept out on each side
BLACK = 1e-3  # mean transmission; nothing can be learned below
UNEVEN = 0.10  # of its mean, that a quarter of a region may be off; steps differ by more
HEAVY = 40.0  # Zeff beyond which an element is judged by its own curve, not by its neighbours'


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``areal`` in g/cm², mean and standard deviation of its transmission (low, high)."""

    material: str
    zeff: float
    areal: float
    low: float
    high: float
    low_spread: float
    high_spread: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step lies in the picture: ``region`` is left, top, width, height in pixels."""

    material: str
    zeff: float
    areal: float
    region: tuple[int, int, int, int]


@dataclass(frozen=True)
class Wedges:
    """All steps of one calibration; ``at`` is the second (UTC) at which they were scanned."""

    scanner: str
    origin: str  # measured | nominal
    at: float
    steps: tuple[Step, ...] = field(repr=False)

    def age(self, now: float) -> float:
        """Return the seconds since the wedges were scanned."""
        return now - self.at

    @property
    def photons(self) -> tuple[float, float]:
        """Return the photons of an open pixel, low and high, seen in the steps' noise."""
        low = [s.low_spread**2 / s.low for s in self.steps]
        high = [s.high_spread**2 / s.high for s in self.steps]
        return float(1 / np.median(low)), float(1 / np.median(high))

    @property
    def sha256(self) -> str:
        """Return the hash that the file carries and that every result can name."""
        return hashlib.sha256(_canonical(self)).hexdigest()

    def by_material(self) -> list[list[Step]]:
        """Return the steps of each material from thin to thick, lightest material first."""
        names = {step.material: step.zeff for step in self.steps}
        return [
            sorted((s for s in self.steps if s.material == name), key=lambda s: s.areal)
            for name in sorted(names, key=lambda name: names[name])
        ]


def measured(picture: Image, places: Sequence[Place], scanner: str, at: float) -> Wedges:
    """Return the wedges seen at ``places`` of a transmission (2, lines, pixels), low first.

    Raises MaterialsError for places that show no even step, or that together are no wedges.
    """
    return collect(scanner, at, [measure(picture, place) for place in places])


def measure(picture: Image, place: Place) -> Step:
    """Return the step at ``place`` of a transmission (2, lines, pixels).

    Raises MaterialsError for a region that lies outside, is too small, black, or not even.
    """
    name = f"{place.material} of {place.areal:g} g/cm²"
    inner = _inside(picture, place.region, name)
    mean, spread = inner.mean((1, 2)), inner.std((1, 2))
    if not np.isfinite(mean).all() or mean.min() < BLACK:
        raise MaterialsError(f"{name} is black; take a thinner step")
    if _uneven(inner, mean, spread):
        raise MaterialsError(f"{name} is uneven; check where its region is")
    low, high, low_spread, high_spread = (float(v) for v in (*mean, *spread))
    return Step(place.material, place.zeff, place.areal, low, high, low_spread, high_spread)


def collect(scanner: str, at: float, steps: Sequence[Step], origin: str = "measured") -> Wedges:
    """Return the wedges of ``steps``; raise MaterialsError where rule 2 or sense is broken."""
    wedges = Wedges(scanner, origin, at, tuple(steps))
    for step in steps:
        _check_step(step)
    groups = wedges.by_material()
    light = [group for group in groups if group[0].zeff < HEAVY]
    if len(light) < 3 or light[-1][0].zeff < 20:
        raise MaterialsError("wedges want two light materials and a metal (Zeff 20 to 40) at least")
    for group in groups:
        _check_group(group)
    return wedges


def save(wedges: Wedges, path: Path) -> None:
    """Write ``wedges`` to ``path``; the file is replaced whole or not at all."""
    body = json.loads(_canonical(wedges)) | {"sha256": wedges.sha256}
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def load(path: Path) -> Wedges:
    """Return the wedges of a file; raise MaterialsError if it is not one, or was changed."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        steps = [Step(**step) for step in body["steps"]]
        kind = (body["format"], body["version"])
        said = body["sha256"]
        wedges = collect(body["scanner"], float(body["at"]), steps, body["origin"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise MaterialsError(f"{path.name} is no file of wedges ({error}); scan them") from error
    if kind != (FORMAT, VERSION):
        raise MaterialsError(f"{path.name} is {kind}, wanted {(FORMAT, VERSION)}; scan the wedges")
    if said != wedges.sha256:
        raise MaterialsError(f"{path.name} was changed after it was written; scan the wedges")
    return wedges


def _inside(picture: Image, region: tuple[int, int, int, int], name: str) -> Image:
    if picture.ndim != 3 or picture.shape[0] != 2:
        raise MaterialsError(f"wedges want both energies, got a picture of {picture.shape}")
    left, top, wide, high = region
    if min(left, top) < 0 or top + high > picture.shape[1] or left + wide > picture.shape[2]:
        raise MaterialsError(f"{name}: region {region} lies outside of {picture.shape[1:]}")
    across, down = round(wide * MARGIN), round(high * MARGIN)
    inner = picture[:, top + down : top + high - down, left + across : left + wide - across]
    if inner[0].size < LEAST_PIXELS:
        raise MaterialsError(f"{name}: region {region} has under {LEAST_PIXELS} inner pixels")
    return inner


def _uneven(inner: Image, mean: Image, spread: Image) -> bool:
    """Return whether the region's quarters differ by more than its noise explains."""
    down, across = inner.shape[1] // 2, inner.shape[2] // 2
    halves = (inner[:, :down], inner[:, down:])
    quarters = [q.mean((1, 2)) for h in halves for q in (h[..., :across], h[..., across:])]
    allowed = UNEVEN * mean + 4 * spread / np.sqrt(down * across)
    return bool((np.abs(np.stack(quarters) - mean) > allowed).any())


def _check_step(step: Step) -> None:
    numbers = [getattr(step, f.name) for f in fields(step) if f.name != "material"]
    sane = all(isinstance(n, int | float) and math.isfinite(n) and n > 0 for n in numbers)
    if not sane or max(step.low, step.high) > 1.05 or step.zeff > 100:
        raise MaterialsError(f"step {step.material!r} has a number out of reach: {numbers}")


def _check_group(group: list[Step]) -> None:
    name = group[0].material
    if len(group) < LEAST_STEPS:
        raise MaterialsError(f"{name} has {len(group)} steps; {LEAST_STEPS} are needed")
    if len({step.zeff for step in group}) > 1:
        raise MaterialsError(f"{name} is given with two values of Zeff")
    for thin, thick in itertools.pairwise(group):
        if not (thick.areal > thin.areal and thick.high < thin.high and thick.low < thin.low):
            raise MaterialsError(f"{name}: {thick.areal:g} g/cm² lets no less through than thinner")


def _canonical(wedges: Wedges) -> bytes:
    body = {
        "format": FORMAT,
        "version": VERSION,
        "scanner": wedges.scanner,
        "origin": wedges.origin,
        "at": wedges.at,
        "steps": [asdict(step) for step in wedges.steps],
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
