"""How much a picture shows: what there is to say against it, and whether it may be called clear.

Shares are of the pixels of the high energy; a picture that is blind is never called clear.

1. Too few pixels: fewer than 16 a side is blind.
2. Black: all darker than 1/16 of the range is blind, as is 16-bit depth that had to be guessed and
   of which a quarter is not reached: the beam was off, or the guess is wrong. Else the share told
   where τ is above 5.5, as in a lane's own check; above a quarter, a lane's limit, it is blind.
3. At the rail: the share (of the worse energy) at the top of the range, where the detector or
   whoever made the file cut off. Air cut at its mean reaches half a picture, more is blind.
4. Flat: the means of 32 × 32 parts are all alike, though every pixel be noisy. This is blind: an
   empty belt, a detector that is saturated or stuck, and no beam at all look the same.
5. Exchanged energies: whatever it is, more of the low energy stays in it. Optical depth over what
   lies in the beam is compared, above each plane's own air and as it is; both have to say so, as
   planes may not be calibrated (the air differs) and may show no air (the least is something).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.scanner.cargo.seen import BLIND
from models.xray.view import reduced

Image = NDArray[np.float32]

SAMPLE = 512  # pixels a side that are looked at
LEAST_SIDE = 16
DARK = 1 / 16  # 8 of 12 bits: a dark current, or no 12 bits
DIM = 1 / 4  # 10 of 12 bits
BLACK = np.float32(np.exp(-BLIND))
TOLD = 0.01  # share
MOST_BLACK = 0.25  # examinations.most_black of a lane
MOST_RAILED = 0.5
SATURATED = 0.995
FLAT = 0.004  # transmission; one step of 8 bits
PARTS = 32
GOODS = (0.1, 3.0)  # τ above air, of the mean and of either energy
LEAST_GOODS = 64  # pixels of the sample
EXCHANGED = 0.95  # τ_low/τ_high; 1.2 is the least of rendered goods, 0.82 the most of exchanged


@dataclass(frozen=True, slots=True)
class Doubt:
    """What there is to say against a picture, and whether it is blind for that."""

    words: str
    blind: bool


def doubts(transmission: Image, guessed: bool = False) -> Iterator[Doubt]:
    """Yield what there is to say against a transmission (1 or 2, H, W), by rules 1 to 4.

    ``guessed``: its depth had to be guessed.
    """
    rows, columns = transmission.shape[1:]
    if min(rows, columns) < LEAST_SIDE:
        yield Doubt(f"only {columns}×{rows} pixels", True)
    sample = _sample(transmission)
    yield from _black(sample[-1], guessed)
    yield from _railed(sample)
    if _flat(sample[-1:]):
        yield Doubt("flat: no contrast, as of an empty belt or without a beam", True)


def exchanged(transmission: Image) -> bool:
    """Return whether two energies seem to be exchanged, by rule 5."""
    if len(transmission) != 2:
        return False
    tau = -np.log(np.maximum(_sample(transmission), BLACK))
    above = tau - np.percentile(tau, 1, axis=(1, 2), keepdims=True)
    goods = (above.mean(0) > GOODS[0]) & (above.max(0) < GOODS[1])
    if int(goods.sum()) < LEAST_GOODS:
        return False
    return all(
        float(low[goods].sum()) < EXCHANGED * float(high[goods].sum())
        for low, high in (above, tau)
    )  # fmt: skip


def _sample(transmission: Image) -> Image:
    step = max(1, max(transmission.shape[1:]) // SAMPLE)
    return transmission[:, ::step, ::step]


def _black(high: Image, guessed: bool) -> Iterator[Doubt]:
    brightest, share = float(np.percentile(high, 99)), float((high < BLACK).mean())
    if brightest < DARK:
        yield Doubt(
            f"black: nothing is brighter than {brightest:.1%} of the range, as without a beam", True
        )
        return
    if guessed and brightest < DIM:
        yield Doubt(
            f"dark: nothing is brighter than {brightest:.0%} of 12 bits; no beam, or a file of "
            "fewer bits that does not say so",
            True,
        )
    if share >= TOLD:
        yield Doubt(f"{share:.0%} of the picture black: nothing is seen there", share > MOST_BLACK)


def _railed(sample: Image) -> Iterator[Doubt]:
    share = float((sample >= 1).mean((1, 2)).max())
    if float(np.percentile(sample[-1], 1)) > SATURATED:
        yield Doubt("saturated: nothing is seen in the beam", True)
    elif share >= TOLD:
        words = f"{share:.0%} of the picture at the top of the range: nothing is seen there"
        yield Doubt(words, share > MOST_RAILED)


def _flat(high: Image) -> bool:
    """Return whether all parts are alike; what is black or saturated is called that instead."""
    parts = reduced(high, PARTS)
    return DARK < float(parts.max()) < SATURATED and float(np.ptp(parts)) < FLAT
