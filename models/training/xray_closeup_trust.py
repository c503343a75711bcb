"""How far the close-up network is believed: by a share of what it says.

1. It learned from places drawn evenly, and an item alarms by its worst one; a share of its word may
   do better there than all of it.
2. It is the share with which most threats of the tuning items are found at few false alarms. To
   believe it more of some kinds than of others fitted those items better and others worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.xray_figures import hits_at
from models.training.xray_scene_judge import Item
from models.xray.closeup import cut, peaks
from models.xray.scenes import WORKING_MM, Runner, channels, look, working
from simulators.world.goods import PITCH_MM

Floats = NDArray[np.float32]
Says = Callable[[Floats], Floats]  # views (n, 5, VIEW, VIEW) to logits (n,)

RATES = (0.002, 0.004, 0.008)  # false alarms per item at which hits are counted
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
TOUCHES = 8  # working pixels between a place and the threat it lies on
NONE = -9.0  # logit of an item at which nothing is looked at again


@dataclass(frozen=True)
class Word:
    """What was said of the n places of one item: logits before, and what is added; on a threat."""

    before: Floats
    added: Floats
    on: NDArray[np.bool_]


def words(items: list[Item], run: Runner, says: Says) -> list[Word]:
    """Return what both networks say of the places of each item."""
    return [_word(one, run, says) for one in items]


def trust(threats: list[Word], harmless: list[Word]) -> float:
    """Return the share by rule 2, the smallest of those that do equally well."""

    def hits(share: float) -> float:
        bad = np.array([_highest(word, share, word.on) for word in threats])
        good = np.array([_highest(word, share, word.on | True) for word in harmless])
        return float(np.mean([hits_at(bad, good, rate) for rate in RATES]))

    return max(SHARES, key=hits)


def _word(one: Item, run: Runner, says: Says) -> Word:
    picture = one.passed.astype(np.float32)
    found = peaks(look(working(picture, PITCH_MM), run).sure)
    if not found:
        nothing = np.zeros(0, np.float32)
        return Word(nothing, nothing, np.zeros(0, np.bool_))
    scale = WORKING_MM / PITCH_MM
    views = [channels(cut(picture, (p.x * scale, p.y * scale), PITCH_MM)) for p in found]
    before = np.array([peak.logit for peak in found], np.float32)
    on = np.array([_on(peak.x, peak.y, one) for peak in found])
    return Word(before, says(np.stack(views)), on)


def _on(x: int, y: int, one: Item) -> bool:
    if one.box is None:
        return False
    left, top, wide, high = one.box
    across = left - TOUCHES <= x <= left + wide + TOUCHES
    return across and top - TOUCHES <= y <= top + high + TOUCHES


def _highest(word: Word, share: float, of: NDArray[np.bool_]) -> float:
    moved = word.before + share * word.added
    return float(moved[of].max(initial=NONE))
