"""Exactly n characters on a strip: the most likely evenly spaced places, and what stands there.

1. The network says for every 4 pixels: blank or which character. A strip has 5 such frames to a
   character, if it was cut to the right pitch; ``period`` measures that on the rhythm of blank and
   ink.
2. Characters follow each other in 4 to 7 frames, five being the rule. The likelihood of n
   characters is that of the frames under them not being blank, and of the frames between and
   outside being blank.
3. One table answers for every n up to 44; the lengths 30, 36 and 44 are compared by its last
   entries.
4. A character's chances are the mean of its frames' chances, blank left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.mrz.alphabet import BLANK, CHARACTERS

__all__ = ["PERIOD", "Alignment", "align", "period"]

Floats = NDArray[np.float64]

PERIOD = 5.0  # frames per character
_PERIODS = np.arange(3.4, 7.8, 0.05)
_STEPS = np.array([4, 5, 6, 7])
_UNEVEN = 0.4  # what a frame more or less than five costs, squared
_FLOOR = -8.0  # no single frame decides


@dataclass(frozen=True, slots=True)
class Alignment:
    """n characters on one strip."""

    score: float  # log-likelihood of exactly n characters; 0 is certain
    frames: NDArray[np.intp]  # (n,)
    chances: Floats  # (n, 37), rows sum to 1, columns as CHARACTERS

    @property
    def text(self) -> str:
        """The most likely characters."""
        return "".join(CHARACTERS[i] for i in self.chances.argmax(1))

    @property
    def confidence(self) -> Floats:
        """The chance of each of them."""
        return np.asarray(self.chances.max(1))


def period(scores: NDArray[np.float32]) -> float:
    """Return the frames per character of class scores (38, frames), as their rhythm has it.

    The rhythm is taken in windows of a dozen characters, so that a pitch that drifts along the
    line does not wash it out.
    """
    ink = 1 - _softmax(scores.astype(float))[BLANK]
    size = min(60, len(ink))
    starts = np.arange(0, len(ink) - size + 1, max(1, size // 2))
    windows = ink[starts[:, None] + np.arange(size)[None, :]] * np.hanning(size)
    windows = windows - windows.mean(1, keepdims=True)
    waves = np.exp(-2j * np.pi * np.arange(size)[:, None] / _PERIODS[None, :])
    return float(_PERIODS[(np.abs(windows @ waves) ** 2).sum(0).argmax()])


def align(scores: NDArray[np.float32], lengths: tuple[int, ...]) -> dict[int, Alignment]:
    """Align class scores (38, frames) with each of ``lengths`` that fits."""
    chances = _softmax(scores.astype(float))
    blank = np.maximum(np.log(chances[BLANK] + 1e-9), _FLOOR)
    inked = np.maximum(np.log1p(-chances[BLANK] + 1e-9), _FLOOR)
    beside = np.maximum(np.append(inked[1:], _FLOOR), np.insert(inked[:-1], 0, _FLOOR))
    places = (inked + beside) / 2
    table, back, ends = _table(places, np.insert(np.cumsum(blank), 0, 0.0), max(lengths))
    found = {}
    for length in lengths:
        total = table[length - 1] + ends
        if np.isfinite(total.max()):
            frames = _trace(back, length, int(total.argmax()))
            found[length] = Alignment(float(total.max()), frames, _names(chances, frames))
    return found


def _table(places: Floats, before: Floats, longest: int) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Return, for i + 1 characters ending at t: best score, last step, cost of the rest.

    ``before[t]`` is the sum of blank over frames 0 … t - 1; the frames next to a character are
    free.
    """
    count = len(places)
    t = np.arange(count)
    ends = before[-1] - before[np.minimum(t + 2, count)]
    table = np.full((longest, count), -np.inf)
    back = np.zeros((longest, count), np.intp)
    table[0] = before[np.maximum(t - 1, 0)] + places
    for i in range(1, longest):
        options = np.full((len(_STEPS), count), -np.inf)
        for k, step in enumerate(_STEPS[: max(0, count - _STEPS[0])]):
            gap = before[step - 1 : count - 1] - before[2 : count - step + 2]
            options[k, step:] = table[i - 1, :-step] + gap - _UNEVEN * (step - 5) ** 2
        back[i] = _STEPS[options.argmax(0)]
        table[i] = options.max(0) + places
    return table, back, ends


def _trace(back: NDArray[np.intp], length: int, last: int) -> NDArray[np.intp]:
    frames = np.zeros(length, np.intp)
    frames[-1] = last
    for i in range(length - 1, 0, -1):
        frames[i - 1] = frames[i] - back[i, frames[i]]
    return frames


def _names(chances: Floats, frames: NDArray[np.intp]) -> Floats:
    beside = [np.clip(frames + d, 0, chances.shape[1] - 1) for d in (-1, 0, 1)]
    mean = chances[1:, beside[0]] + 2 * chances[1:, beside[1]] + chances[1:, beside[2]]
    return np.asarray((mean / (mean.sum(0) + 1e-12)).T)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(0))
    return np.asarray(raised / raised.sum(0))
