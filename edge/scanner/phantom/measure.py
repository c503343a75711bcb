"""The self-test: from a transmission to a result. Pure: picture and time are handed in.

1. In comes a transmission (H, W), or (2, H, W) with low energy first, as the calibration makes it.
2. The phantom is found in the high energy, or else in the low one: a dead energy is a finding of
   the test and must not hide the phantom. Where it is found in neither there is a reason, and no
   measurement.
3. Every measurement is made, whatever the others say.
4. A scanner of one energy cannot discriminate materials; its materials fail.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.scanner.phantom import steel
from edge.scanner.phantom.detection import Seen, sure
from edge.scanner.phantom.layout import PHANTOM, Layout, Rect
from edge.scanner.phantom.limits import SelfTestLimits
from edge.scanner.phantom.registration import NotFound, Placed, register
from edge.scanner.phantom.resolution import MODULATION, Sharpness, sharpness
from edge.scanner.phantom.result import Measurement, Parameter, Result, confidence
from edge.scanner.phantom.substances import ratios, separation, shift
from edge.scanner.phantom.wires import wires

Image = NDArray[np.float32]

SMALLEST = 16  # pixels of a side
MOST_PIXELS = 32_000_000  # twice the phantom at 0.1 mm
CLIPPED = 0.9  # of the air at full scale: the gain has drifted up, and how far is not seen
AIR = Rect(16.0, 14.0, 300.0, 24.0)  # a strip of the phantom where nothing lies


def self_test(
    transmission: Image,
    at: float,
    limits: SelfTestLimits | None = None,
    pitch_mm: float = 1.0,
    layout: Layout = PHANTOM,
) -> Result:
    """Return what ``transmission`` of the phantom says about the scanner.

    ``at`` is the time of the scan in seconds since 1970, ``pitch_mm`` the nominal size of a pixel.
    Raises nothing for any picture: one that shows no phantom fails with a reason.
    """
    limits = limits or SelfTestLimits()
    planes = transmission if transmission.ndim == 3 else transmission[None]
    if (reason := _unfit(planes)) is not None:
        return Result(at, layout.name, (), reason)
    planes = np.clip(np.nan_to_num(planes, nan=0.0), 0, 1).astype(np.float32)
    try:
        placed = _found(planes, layout, pitch_mm)
    except NotFound as reason:
        return Result(at, layout.name, (), str(reason))
    low, high = placed.on(planes[0]), placed.on(planes[-1])
    found = [
        _air(low, high, limits),
        _penetration(high, layout, limits),
        _contrast(high, layout, limits),
        *_resolution(high, layout, limits),
        *_wires(low, layout, limits),
        *_materials(low, high, layout, limits, dual=len(planes) == 2),
    ]
    return Result(at, layout.name, tuple(found), placement=_placement(placed))


def _unfit(planes: Image) -> str | None:
    """Return why a picture is not even looked at, None if it is."""
    if planes.ndim != 3 or len(planes) not in (1, 2) or min(planes.shape[1:]) < SMALLEST:
        return f"a picture of shape {planes.shape} is none of a phantom"
    if planes[0].size > MOST_PIXELS:
        return f"{planes[0].size / 1e6:.0f} million pixels; scan the phantom alone"
    return None


def _found(planes: Image, layout: Layout, pitch_mm: float) -> Placed:
    try:
        return register(planes[-1], layout, pitch_mm)
    except NotFound:
        if len(planes) == 1:
            raise
        return register(planes[0], layout, pitch_mm)


def _air(low: Placed, high: Placed, limits: SelfTestLimits) -> Measurement:
    """Return the open beam, by calibration 100 %, of the energy that is farther off."""
    samples = [placed.region(AIR)[0].astype(np.float64) for placed in (low, high)]
    value, error = min((float(s.mean()) * 100, float(s.std()) * 10) for s in samples)
    over = max(float((s >= 1.0).mean()) for s in samples)
    detail = "above full scale; take the air reference again" if over > CLIPPED else ""
    return Measurement("air level", Parameter.AIR, None if detail else value, "%",
                       limits.air_level, True, confidence(value, limits.air_level, error / 4),
                       detail)  # fmt: skip


def _penetration(high: Placed, layout: Layout, limits: SelfTestLimits) -> Measurement:
    seen, z = steel.penetration(high, layout)
    return Measurement(
        "penetration", Parameter.PENETRATION, seen.value, "mm steel", limits.penetration, True,
        sure(seen, limits.penetration), _steps(seen, z),
    )  # fmt: skip


def _contrast(high: Placed, layout: Layout, limits: SelfTestLimits) -> Measurement:
    seen, z = steel.contrast(high, layout)
    return Measurement(
        "contrast sensitivity", Parameter.CONTRAST, seen.value,
        "mm", limits.contrast, False,
        sure(seen, limits.contrast), _steps(seen, z),
    )  # fmt: skip


def _resolution(high: Placed, layout: Layout, limits: SelfTestLimits) -> list[Measurement]:
    limit = limits.resolved(high.pitch_mm)

    def one(name: str, found: Sharpness) -> Measurement:
        value = found.value
        certain = 1.0 if value is None else confidence(value, limit, found.uncertainty)
        return Measurement(name, Parameter.RESOLUTION, value, "lp/mm", limit, True,
                           certain, f"at {MODULATION:.0%} modulation")  # fmt: skip

    across, along = sharpness(high, layout)
    return [one("resolution across", across), one("resolution along", along)]


def _wires(low: Placed, layout: Layout, limits: SelfTestLimits) -> list[Measurement]:
    wanted = {
        "air": ("wire in air", limits.wire_in_air),
        "aluminium": ("wire behind aluminium", limits.wire_behind_aluminium),
        "steel": ("wire behind steel", limits.wire_behind_steel),
    }
    found = []
    for band in layout.bands:
        name, limit = wanted[band.name]
        seen, z = wires(low, layout, band)
        found.append(Measurement(name, Parameter.WIRE, seen.value, "mm copper", limit, False,
                                 sure(seen, limit), _steps(seen, z)))  # fmt: skip
    return found


def _materials(
    low: Placed, high: Placed, layout: Layout, limits: SelfTestLimits, *, dual: bool
) -> list[Measurement]:
    found = ratios(low, high, layout) if dual else []
    gap, gap_error = separation(found) if dual else (None, 0.0)
    off, off_error, worst = shift(found, limits.ratios) if dual else (None, 0.0, "")
    off = off if off is not None and math.isfinite(off) else None
    single = "" if dual else "one energy only"
    told = ", ".join(f"{r.sample.material} {r.value:.2f}" for r in found)
    return [
        Measurement("material separation", Parameter.MATERIALS, gap, "σ", limits.separation, True,
                    1.0 if gap is None else confidence(gap, limits.separation, gap_error),
                    single or told),
        Measurement("material shift", Parameter.MATERIALS, off, "%", limits.ratio_shift, False,
                    1.0 if off is None else confidence(off, limits.ratio_shift, off_error),
                    single or worst),
    ]  # fmt: skip


def _steps(seen: Seen, z: list[float]) -> str:
    return f"{seen.count} of {len(z)} seen; z " + " ".join(f"{value:.1f}" for value in z)


def _placement(placed: Placed) -> dict[str, float]:
    along_line, along_belt = placed.scale
    return {
        "rotation_deg": placed.rotation,
        "scale_line": along_line,
        "scale_belt": along_belt,
        "residual_mm": placed.residual,
    }
