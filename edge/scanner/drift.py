"""The gain follows the air that is seen in front of every item, within bounds.

1. The air lines are weighed against the reference by their number: a short look moves little.
2. A pixel that is off by more than ``STEP`` and its noise is not followed: something was in front
   of it. Where many are, nothing is followed, and the calibration says that it cannot be trusted.
3. Where the belt's free edges tell the tube's output, what all pixels share is left to them.
4. The gain never goes further than ``MOST`` from that of the reference; where many pixels would,
   the calibration has drifted and says so. A new reference starts afresh.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.scanner import tube
from edge.scanner.calibration import LEAST_LINES, Calibration, Image
from edge.scanner.moments import Moments

WEIGHT = 128  # lines; the reference counts for so many
STEP = 0.02  # of the gain, from item to item
NOISE = 5.0  # standard deviations
MOST = 0.05  # of the gain at the reference
MANY = 0.01  # of the live pixels


def follow(known: Calibration, air: Moments) -> Calibration:
    """Return ``known`` with its gain moved towards the ``air`` seen now."""
    if air.lines < LEAST_LINES or known.reference is None:
        return known
    seen = (air.mean - known.offset) / known.gain
    if known.air_pixels:
        seen /= np.clip(np.median(seen, -1, keepdims=True), 1 - tube.MOST, 1 + tube.MOST)
    noise = NOISE * known.noise[..., None] / np.sqrt(air.lines)
    off = np.abs(seen - 1) > STEP + noise
    if (many := _share(off, known)) > MANY:
        return replace(
            known, trouble=f"{many:.1%} of the pixels changed by more than {STEP:.0%} since the "
            "item before; is the belt empty in front of it? Take a new air reference"
        )  # fmt: skip
    weight = air.lines / (air.lines + WEIGHT)
    gain = known.gain * np.where(off, 1, 1 + weight * (seen - 1))
    least, most = known.reference * (1 - MOST), known.reference * (1 + MOST)
    far = _share((gain < least) | (gain > most), known)
    trouble = (
        f"{far:.1%} of the pixels have drifted by more than {MOST:.0%}; take a new air reference"
        if far > MANY
        else known.trouble
    )
    held: Image = np.clip(gain, least, most).astype(np.float32)
    return replace(known, gain=held, trouble=trouble)


def _share(pixels: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], known: Calibration) -> float:
    live = ~known.dead
    return float(pixels[live].mean()) if live.any() else 1.0
