"""Offset and gain of a line detector: from raw counts to transmission.

1. A dark reference (beam off) gives each pixel's offset, an air reference (beam on, belt empty) its
   gain. Each needs ``LEAST_LINES`` good lines; lines the link lost are left out.
2. A pixel is dead if the references show it stuck, deaf, glaring or saturated: its response is
   outside 0.5–1.6 of its neighbours', its noise outside 0.2–5 of the usual, or it sits at the rail.
3. ``normalise``: (raw − offset) / gain, dead pixels filled in from the nearest live ones on both
   sides, clipped to (0, 1]. With ``air_pixels`` the belt's free edges take out the tube's wobble.
4. Lost lines are not invented: they read as black (``FLOOR``), and ``picture`` marks them.
5. A calibration has an age; the time is handed in. What is stale says so, it is not refused here.
6. The residual is the spread of the columns' means over a second air exposure: ≤ 0.3 % is wanted.

Arrays may lead with an energy axis: raw counts are uint16 (lines, pixels) or (2, lines, pixels).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint16]
Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEAST_LINES = 16
RAIL = 65_535
FLOOR = 1.0 / RAIL
NEIGHBOURS = 31  # pixels that a pixel's response is compared with
RESPONSE = (0.5, 1.6)  # of the neighbours' median; factory gains spread by 8 %
NOISE = (0.2, 5.0)  # of the usual noise in air
WANTED_RESIDUAL = 0.003  # vendors' figure for column non-uniformity


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
    """One calibration: arrays are (…, pixels); ``at`` is the second of the air reference."""

    offset: Image
    gain: Image
    dead: Mask
    at: float
    air_pixels: int = 0

    def age(self, now: float) -> float:
        """Return the seconds since the air reference."""
        return now - self.at

    def fresh(self, now: float, within: float) -> bool:
        """Return whether the calibration is 0 to ``within`` seconds old."""
        return 0 <= self.age(now) <= within

    def normalise(self, raw: Counts) -> Image:
        """Return the transmission of ``raw``, same shape; raise CalibrationError on misfit."""
        return np.clip(self._unclipped(raw), np.float32(FLOOR), np.float32(1.0))

    def picture(self, raw: Counts) -> Picture:
        """Return the transmission of ``raw`` with its lost lines and saturated pixels marked."""
        return Picture(
            self.normalise(raw), lost_lines(raw), (raw >= RAIL) & ~self.dead[..., None, :]
        )

    def residual(self, air: Counts) -> float:
        """Return the column non-uniformity left in another air exposure, as a share."""
        kept = _good(air, "check")
        columns = self._unclipped(kept).mean(-2)
        return float((columns.std(-1) / columns.mean(-1)).max())

    def _unclipped(self, raw: Counts) -> Image:
        if raw.ndim != self.offset.ndim + 1 or _line(raw) != self.offset.shape:
            raise CalibrationError(
                f"lines of shape {raw.shape} do not fit a calibration of {self.offset.shape}; "
                "recalibrate with this detector"
            )
        out: Image = raw.astype(np.float32)
        out -= self.offset[..., None, :]
        out *= (1 / self.gain)[..., None, :]
        _fill(out, self.dead)
        if self.air_pixels:
            out /= self._tube(out)
        out[..., lost_lines(raw), :] = FLOOR
        return out

    def _tube(self, out: Image) -> Image:
        """Return the tube's output in each line (…, lines, 1), seen at the belt's free edges."""
        edges = np.concatenate([out[..., : self.air_pixels], out[..., -self.air_pixels :]], axis=-1)
        tube = np.median(edges, axis=-1, keepdims=True)
        safe: Image = np.maximum(tube, 0.1).astype(np.float32)
        return safe


def calibrate(dark: Counts, air: Counts, at: float, air_pixels: int = 0) -> Calibration:
    """Return the calibration of two references; raise CalibrationError if they cannot be right."""
    dark, air = _good(dark, "dark"), _good(air, "air")
    if _line(dark) != _line(air):
        raise CalibrationError(f"dark {dark.shape} and air {air.shape} are of different detectors")
    offset, gain = dark.mean(-2), air.mean(-2) - dark.mean(-2)
    if float(np.median(gain)) < 100:
        raise CalibrationError(
            "air is no brighter than dark; check that the beam is on and the belt is empty"
        )
    dead = dead_pixels(dark, air)
    if dead.mean() > 0.5:
        raise CalibrationError(f"{dead.mean():.0%} of the pixels are dead; check the detector")
    safe = np.where(dead, 1.0, np.maximum(gain, 1.0))
    return Calibration(offset.astype(np.float32), safe.astype(np.float32), dead, at, air_pixels)


def dead_pixels(dark: Counts, air: Counts) -> Mask:
    """Return which pixels (…, pixels) cannot be trusted, by rule 2."""
    response = air.mean(-2) - dark.mean(-2)
    around = np.maximum(_running_median(response), 1.0)
    noise = air.std(-2)
    usual = np.maximum(np.median(noise, -1, keepdims=True), 1e-6)
    deaf = (response < RESPONSE[0] * around) | (response > RESPONSE[1] * around)
    odd = (noise < NOISE[0] * usual) | (noise > NOISE[1] * usual)
    railed = (dark.mean(-2) > 0.5 * RAIL) | (air.max(-2) >= RAIL)
    return np.asarray(deaf | odd | railed)


def lost_lines(raw: Counts) -> Mask:
    """Return which lines (lines,) never arrived: every pixel of any energy at 0 or at the rail."""
    gone = (raw == 0).all(-1) | (raw == RAIL).all(-1)
    return np.asarray(gone if raw.ndim == 2 else gone.any(tuple(range(raw.ndim - 2))))


def _good(raw: Counts, name: str) -> Counts:
    if raw.ndim not in (2, 3) or raw.dtype != np.uint16 or not raw.size:
        raise CalibrationError(f"{name}: wanted uint16 lines, got {raw.dtype} {raw.shape}")
    kept: Counts = raw[..., ~lost_lines(raw), :]
    if kept.shape[-2] < LEAST_LINES:
        raise CalibrationError(
            f"{name}: {kept.shape[-2]} good lines of {raw.shape[-2]}; {LEAST_LINES} are needed"
        )
    return kept


def _line(raw: Counts) -> tuple[int, ...]:
    return (*raw.shape[:-2], raw.shape[-1])


def _running_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = min(NEIGHBOURS, values.shape[-1]) // 2
    pad = [(0, 0)] * (values.ndim - 1) + [(half, half)]
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, pad, mode="symmetric"), 2 * half + 1, axis=-1
    )
    found: NDArray[np.float64] = np.median(windows, axis=-1)
    return found


def _fill(out: Image, dead: Mask) -> None:
    """Fill dead pixels of ``out`` in place, linearly between the nearest live ones."""
    planes = out.reshape(-1, *out.shape[-2:])
    for plane, row in zip(planes, dead.reshape(-1, dead.shape[-1]), strict=True):
        live = np.flatnonzero(~row)
        for pixel in np.flatnonzero(row):
            at = int(np.searchsorted(live, pixel))
            left, right = live[max(at - 1, 0)], live[min(at, live.size - 1)]
            share = np.float32((pixel - left) / max(right - left, 1) if left < pixel else 0)
            plane[:, pixel] = plane[:, left] * (1 - share) + plane[:, right] * share
