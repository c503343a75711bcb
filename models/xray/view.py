"""What the crop network sees: an optical-depth picture of any exposure, made comparable.

1. The picture becomes optical depth τ = −ln(transmission). Below 4/255 all is equally black: an
   8-bit file knows no better, and the black frame round a detector would else set the scale.
2. It is reduced (area mean), never magnified, to the sides of the wanted view.
3. Four channels, scaled by the whole view so that a tile knows how dark its surroundings are:
   depth      (τ − air) / 2, clipped to 0…2: absolute, so that steel differs from cloth;
   contrast   √((τ − air) / (dark − air + 0.1)), clipped to 0…1.25: free of exposure and window;
   detail     τ less its mean around, over its spread around + 0.04, clipped to ±2: thin metal
              beside thick is seen here and nowhere else;
   material   (τ_low/τ_high − 1) / 2, clipped to 0…1, faded where τ_high < 0.1; 0 for one energy.
   ``air`` and ``dark`` are the 2nd and 98th percentile of τ (of τ_high where there are two).
4. What of a tile lies outside the picture is air (zeros).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

TILE = 128
STRIDE = 4  # pixels of a tile for one cell of the masks
CHANNELS = 4
FLOOR = 4.0 / 255.0
AROUND = 25  # pixels, the side of the neighbourhood for detail


def reduced(transmission: Image, longest: int) -> Image:
    """Return (planes, h, w) of a transmission (planes, H, W) with no side above ``longest``."""
    rows, columns = transmission.shape[1:]
    scale = longest / max(rows, columns)
    if scale >= 1:
        return transmission
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in transmission])


def channels(transmission: Image) -> Image:
    """Return the four channels (4, h, w) of a transmission (1 or 2, h, w); two are low, high."""
    tau = -np.log(np.clip(transmission, FLOOR, 1.0))
    depth = tau[-1]
    air, dark = np.percentile(depth, (2, 98)).astype(np.float32)
    above = np.maximum(depth - air, 0)
    out = np.zeros((CHANNELS, *depth.shape), np.float32)
    out[0] = np.minimum(above / 2, 2)
    out[1] = np.minimum(np.sqrt(above / (dark - air + np.float32(0.1))), 1.25)
    mean, square = (cv2.blur(plane, (AROUND, AROUND)) for plane in (above, above * above))
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    out[2] = np.clip((above - mean) / (spread + np.float32(0.04)), -2, 2)
    if len(tau) == 2:
        fade = np.clip(depth * 10, 0, 1)
        out[3] = np.clip((tau[0] / np.maximum(depth, 0.02) - 1) / 2, 0, 1) * fade
    return out
