"""Which pixels of a line detector cannot be trusted, and what to show in their place.

1. The references show a pixel stuck, deaf, glaring, flickering or saturated: its response is
   outside 0.5–1.6 of its neighbours' or below a fifth of the usual, its noise outside 0.2–5 of the
   usual, or it is often at the rail.
2. A dead pixel is filled in from the nearest live ones on both sides, linearly.
3. Where ``BLIND`` of them lie side by side nothing can be filled in: a thing fits in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.scanner.moments import RAIL, Moments

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

NEIGHBOURS = 31  # pixels that a pixel's response is compared with
RESPONSE = (0.5, 1.6)  # of the neighbours' median; factory gains spread by 8 %
LEAST = 0.2  # of the usual response: a whole module may be deaf, neighbours and all
NOISE = (0.2, 5.0)  # of the usual noise in air
RAILED = 0.1  # of the lines; in weak light a good pixel's noise touches the rail now and then
BLIND = 12  # pixels; a razor blade is 22 mm wide


def dead_pixels(dark: Moments, air: Moments) -> Mask:
    """Return which pixels (…, pixels) cannot be trusted."""
    response = air.mean - dark.mean
    around = np.maximum(_running_median(response), 1.0)
    usual = np.median(response, -1, keepdims=True)
    noise = air.spread
    usual_noise = np.maximum(np.median(noise, -1, keepdims=True), 1e-6)
    deaf = (response < RESPONSE[0] * around) | (response < LEAST * usual)
    odd = (noise < NOISE[0] * usual_noise) | (noise > NOISE[1] * usual_noise)
    railed = (dark.mean > 0.5 * RAIL) | (air.railed > RAILED)
    return np.asarray(deaf | (response > RESPONSE[1] * around) | odd | railed)


def widest(dead: Mask) -> int:
    """Return how many dead pixels lie side by side at most."""
    rows = dead.reshape(-1, dead.shape[-1])
    edges = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=-1)
    begins, ends = np.argwhere(edges == 1)[:, 1], np.argwhere(edges == -1)[:, 1]
    return int((ends - begins).max(initial=0))


@dataclass(frozen=True)
class Filling:
    """What is put in the place of the dead pixels of one plane; arrays are (n,)."""

    pixels: NDArray[np.intp]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    share: Image  # of the right one


def fillings(dead: Mask) -> tuple[Filling, ...]:
    """Return the filling of every plane of ``dead`` (…, pixels)."""
    return tuple(_filling(row) for row in dead.reshape(-1, dead.shape[-1]))


def fill(out: Image, with_: tuple[Filling, ...]) -> None:
    """Fill the dead pixels of ``out`` (…, lines, pixels) in place."""
    for plane, filling in zip(_planes(out), with_, strict=True):
        if filling.pixels.size:
            left, right = plane[:, filling.left], plane[:, filling.right]
            plane[:, filling.pixels] = left + (right - left) * filling.share


def _planes(out: Image) -> Iterator[Image]:
    """Yield the planes as views: a reshape might copy."""
    if out.ndim == 2:
        yield out
        return
    for part in out:
        yield from _planes(part)


def _filling(dead: Mask) -> Filling:
    live, pixels = np.flatnonzero(~dead), np.flatnonzero(dead)
    if not live.size:
        return Filling(*(np.zeros(0, np.intp),) * 3, np.zeros(0, np.float32))
    after = np.searchsorted(live, pixels)
    left, right = live[np.maximum(after - 1, 0)], live[np.minimum(after, live.size - 1)]
    share = np.where(left < pixels, (pixels - left) / np.maximum(right - left, 1), 0.0)
    return Filling(pixels, left, right, share.astype(np.float32))


def _running_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    half = min(NEIGHBOURS, values.shape[-1]) // 2
    pad = [(0, 0)] * (values.ndim - 1) + [(half, half)]
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, pad, mode="symmetric"), 2 * half + 1, axis=-1
    )
    found: NDArray[np.float64] = np.median(windows, axis=-1)
    return found
