"""Offset and gain of a line detector: from raw counts to transmission.

1. A dark reference (beam off) gives each pixel's offset, an air reference (beam on, belt empty) its
   gain. Each needs ``LEAST_LINES`` good lines; lines the link lost are left out.
2. Dead pixels are found in the references and filled in (edge/scanner/dead_pixels.py); too many of
   them, or too many side by side, and there is no calibration.
3. ``normalise``: (raw − offset) / gain, dead pixels filled in, clipped to (0, 1]. With
   ``air_pixels`` the belt's free edges take out the tube's wobble (edge/scanner/tube.py).
4. Lost lines are not invented: they read as black (``FLOOR``), and ``picture`` marks them.
5. The gain follows the air in front of every item (edge/scanner/drift.py). What has drifted too far
   to be followed says so in ``trouble``.
6. A calibration has an age; the time is handed in. What is stale says so, it is not refused here.
7. The residual is the spread of the columns' means over a second air exposure: ≤ 0.3 % is wanted.
   ``check`` refuses a calibration whose residual, its photon noise left out, is larger.

There is one calibration per view. Arrays may lead with an energy axis: raw counts are uint16
(lines, pixels) or (2, lines, pixels).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge.scanner import tube
from edge.scanner.dead_pixels import BLIND, Filling, dead_pixels, fill, fillings, widest
from edge.scanner.moments import RAIL, Counts, Mask, Moments, Values, lost_lines

Image = NDArray[np.float32]

LEAST_LINES = 16
FLOOR = 1.0 / RAIL
WANTED_RESIDUAL = 0.003  # vendors' figure for column non-uniformity
MOST_DEAD = 0.05  # of the pixels
LEAST_GAIN = 100.0  # counts between dark and air, below which no beam was on


class CalibrationError(Exception):
    """References that no calibration can be made from, or lines that do not fit one."""


@dataclass(frozen=True)
class Picture:
    """Normalised lines with what is wrong with them marked."""

    transmission: Image  # (…, lines, pixels), 0 < t ≤ 1
    lost: Mask  # (lines,)
    saturated: Mask  # (…, lines, pixels)


@dataclass(frozen=True)
class Calibration:
    """One calibration: arrays are (…, pixels); ``at`` is the second of the air reference.

    ``reference`` is the gain at that second, ``gain`` what it has become since; ``noise`` (…) is
    that of one air pixel, as a share; ``trouble`` says why it cannot be trusted any more.
    """

    offset: Image
    gain: Image
    dead: Mask
    at: float
    air_pixels: int = 0
    noise: Values = field(default_factory=lambda: np.zeros(()))
    reference: Image | None = None
    trouble: str = ""

    def age(self, now: float) -> float:
        """Return the seconds since the air reference."""
        return now - self.at

    def fresh(self, now: float, within: float) -> bool:
        """Return whether the calibration is 0 to ``within`` seconds old, and to be trusted."""
        return 0 <= self.age(now) <= within and not self.trouble

    def normalise(self, raw: Counts, out: Image | None = None) -> Image:
        """Return the transmission of ``raw``, same shape; raise CalibrationError on misfit."""
        shown = self.unclipped(raw, out)
        return np.clip(shown, np.float32(FLOOR), np.float32(1.0), out=shown)

    def picture(self, raw: Counts) -> Picture:
        """Return the transmission of ``raw`` with its lost lines and saturated pixels marked."""
        return Picture(self.normalise(raw), lost_lines(raw), self.saturated(raw))

    def saturated(self, raw: Counts) -> Mask:
        """Return which live pixels of ``raw`` are at the rail."""
        return np.asarray((raw >= RAIL) & ~self.dead[..., None, :])

    def residual(self, air: Counts) -> float:
        """Return the column non-uniformity left in another air exposure, as a share."""
        kept = air[..., ~lost_lines(air), :]
        columns = self.unclipped(kept).mean(-2, dtype=np.float64)
        return float((columns.std(-1) / columns.mean(-1)).max())

    def check(self, air: Moments, reference_lines: int) -> None:
        """Raise CalibrationError if a second look at the ``air`` is not as even as it has to be.

        ``reference_lines`` is how many lines of air the calibration was made of.
        """
        columns = np.where(self.dead, np.nan, (air.mean - self.offset) / self.gain)
        spread = np.nanstd(columns, -1) / np.nanmean(columns, -1)
        expected = self.noise**2 * (1 / air.lines + 1 / reference_lines)
        left = float(np.sqrt(np.maximum(spread**2 - expected, 0)).max())
        if left > WANTED_RESIDUAL:
            raise CalibrationError(
                f"columns of air still differ by {left:.2%}; is something on the belt, or does the "
                "detector still warm up?"
            )

    def unclipped(self, raw: Counts, out: Image | None = None) -> Image:
        """Return what `normalise` does before it clips: air is 1 on average, and noisy."""
        if raw.ndim != self.offset.ndim + 1 or _line(raw) != self.offset.shape:
            raise CalibrationError(
                f"lines of shape {raw.shape} do not fit a calibration of {self.offset.shape}; "
                "recalibrate with this detector"
            )
        shown: Image = np.empty(raw.shape, np.float32) if out is None else out
        np.subtract(raw, self.offset[..., None, :], out=shown)
        shown *= self._share[..., None, :]
        fill(shown, self._filling)
        if self.air_pixels:
            shown /= tube.output(shown, self.air_pixels, self.noise)
        shown[..., lost_lines(raw), :] = FLOOR
        return shown

    @cached_property
    def _share(self) -> Image:
        return np.asarray(1 / self.gain)

    @cached_property
    def _filling(self) -> tuple[Filling, ...]:
        return fillings(self.dead)


def calibrate(
    dark: Counts | Moments, air: Counts | Moments, at: float, air_pixels: int = 0
) -> Calibration:
    """Return the calibration of two references; raise CalibrationError if they cannot be right."""
    dark, air = _reference(dark, "dark"), _reference(air, "air")
    if dark.shape != air.shape:
        raise CalibrationError(f"dark {dark.shape} and air {air.shape} are of different detectors")
    gain = air.mean - dark.mean
    usual = np.median(gain, -1)
    if float(usual.min()) < LEAST_GAIN:
        raise CalibrationError(
            "air is no brighter than dark; check that the beam is on and the belt is empty"
        )
    dead = dead_pixels(dark, air)
    _check(dead)
    safe = np.where(dead, 1.0, np.maximum(gain, 1.0)).astype(np.float32)
    offset = dark.mean.astype(np.float32)
    return Calibration(offset, safe, dead, at, air_pixels, air.noise / usual, safe)


def _check(dead: Mask) -> None:
    if dead.mean() > MOST_DEAD:
        raise CalibrationError(f"{dead.mean():.0%} of the pixels are dead; check the detector")
    if (blind := widest(dead)) >= BLIND:
        raise CalibrationError(
            f"{blind} dead pixels lie side by side: the detector is blind there; replace the module"
        )


def _reference(taken: Counts | Moments, name: str) -> Moments:
    found = taken if isinstance(taken, Moments) else _moments(taken, name)
    if found.lines < LEAST_LINES:
        raise CalibrationError(f"{name}: {found.lines} good lines; {LEAST_LINES} are needed")
    return found


def _moments(raw: Counts, name: str) -> Moments:
    if raw.ndim not in (2, 3) or raw.dtype != np.uint16 or not raw.size:
        raise CalibrationError(f"{name}: wanted uint16 lines, got {raw.dtype} {raw.shape}")
    found = Moments()
    found.add(raw[..., ~lost_lines(raw), :])
    return found


def _line(raw: Counts) -> tuple[int, ...]:
    return (*raw.shape[:-2], raw.shape[-1])
