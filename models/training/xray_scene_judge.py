"""How good the networks are on rendered items they never saw: every figure of their cards.

1. An item is one bag, parcel or pallet of 560 × 512 mm (simulators/world/items.py), rendered with
   its scanner's noise. Every item is judged empty of threats; some again with one hidden in them,
   and some of those with a shape that training never had. Where none of its poses showed (one item
   in a hundred, mostly pallets of machinery), the next item is asked instead.
2. An item alarms where its score reaches the threshold. A hit also needs a region on the threat:
   an alarm for the wrong reason is counted as a miss.
3. The threshold is set on one set of harmless items (``TUNING``) and judged on another
   (``UNSEEN_FROM``). Rates: per item, and per harmless object in the items (``alarms_per_object``).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_figures import auc, hits_at
from models.xray.closeup import Adds, closer
from models.xray.scenes import MASK_STRIDE, WORKING_MM, Cells, Runner, look, spots, working
from models.xray.segmenter import REGION
from simulators.world.goods import OPEN, PITCH_MM, Box, Scene, scene
from simulators.world.items import LINES, PIXELS

Image = NDArray[np.float32]

UNSEEN_FROM, TUNING = 100_000, 200_000  # first seeds
TUNED, HARMLESS, THREATS, STRANGE = 1000, 1500, 600, 300  # items to judge on
FALSE_ALARMS = 0.004
FAINT = 0.02  # score of a region that is looked at


@dataclass(frozen=True)
class Item:
    """A rendered item, 1 mm a pixel, and where its threat is, in working pixels, if it shows."""

    passed: NDArray[np.float16]
    box: tuple[float, float, float, float] | None
    kind: str
    things: int


@dataclass(frozen=True)
class Seen:
    """What was made of an item: its score, the best score of a region on the threat, and all."""

    score: float
    found: float
    kind: str
    things: int
    spots: tuple[float, ...]


def item(seed: int, threat: bool, unseen: bool = False) -> Item:
    """Return the item of ``seed`` as its scanner shows it."""
    goods = scene(seed, LINES, PIXELS, threat=threat, unseen=unseen)
    return of_scene(goods)


def of_scene(goods: Scene) -> Item:
    """Return a rendered scene as an item; half precision is finer than its noise."""
    picture = np.stack([goods.low, goods.high]).astype(np.float32) / np.float32(OPEN)
    passed = picture.astype(np.float16)
    if not goods.boxes:
        return Item(passed, None, "", goods.things)
    (hidden,) = goods.boxes
    box = _scaled(hidden, goods.pitch_mm) if hidden.asked else None
    return Item(passed, box, hidden.kind.value, goods.things)


def _scaled(box: Box, pitch_mm: float) -> tuple[float, float, float, float]:
    share = pitch_mm / WORKING_MM
    return box.x * share, box.y * share, box.w * share, box.h * share


def cached(folder: Path, first: int, count: int, threat: bool, unseen: bool = False) -> list[Item]:
    """Return ``count`` items from ``first`` on, rendered into ``folder`` unless they are there.

    With ``threat``, those in which one shows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{first}-{'unseen' if unseen else 'threat' if threat else 'harmless'}"
    every = (
        _kept(folder / f"{name}-{seed}.npz", seed, threat, unseen)
        for seed in itertools.count(first)
    )
    return list(itertools.islice((one for one in every if one.box or not threat), count))


def _kept(path: Path, seed: int, threat: bool, unseen: bool) -> Item:
    if not path.exists():
        made = item(seed, threat, unseen)
        rough = path.with_suffix(".part")
        with rough.open("wb") as file:
            place = np.array(made.box or [])
            np.savez(file, passed=made.passed, box=place, kind=made.kind, things=made.things)
        rough.rename(path)
    with np.load(path) as kept:
        x, y, w, h = kept["box"].tolist() or [0.0] * 4
        box = (x, y, w, h) if w else None
        return Item(kept["passed"], box, str(kept["kind"]), int(kept["things"]))


def judged(
    items: list[Item], run: Runner, adds: Adds | None = None, energies: int = 2
) -> list[Seen]:
    """Return what the network makes of each item, with a second look or without one.

    One energy sees the high one alone.
    """
    cv2.setNumThreads(1)
    made = []
    for one in items:
        picture = one.passed[-energies:].astype(np.float32)
        cells = look(working(picture, PITCH_MM), run)
        made.append(_seen(one, closer(cells, picture, PITCH_MM, adds) if adds else cells))
    return made


def _seen(one: Item, cells: Cells) -> Seen:
    found, every = 0.0, spots(cells, max(REGION * cells.score, FAINT))
    for spot in every:
        if one.box and _touches(spot.x, spot.y, spot.w, spot.h, one.box):
            found = max(found, spot.score)
    scores = tuple(spot.score for spot in every)
    return Seen(cells.score, found, one.kind, one.things, scores)


def _touches(x: int, y: int, w: int, h: int, box: tuple[float, float, float, float]) -> bool:
    """Return whether a region's middle is on the threat's box, or the other way round."""
    left, top, wide, high = (value / MASK_STRIDE for value in box)
    middle, other = (x + w / 2, y + h / 2), (left + wide / 2, top + high / 2)
    on = left - 1 <= middle[0] <= left + wide + 1 and top - 1 <= middle[1] <= top + high + 1
    return on or (x <= other[0] <= x + w and y <= other[1] <= y + h)


def threshold(harmless: list[Seen], false_alarms: float = FALSE_ALARMS) -> float:
    """Return the score that ``false_alarms`` of harmless items reach."""
    return float(np.quantile([seen.score for seen in harmless], 1 - false_alarms))


def figures(threats: list[Seen], harmless: list[Seen], at: float, name: str) -> dict[str, float]:
    """Return the figures of a set of items at the threshold ``at``, their names after ``name``."""
    bad = np.array([seen.score for seen in threats])
    good = np.array([seen.score for seen in harmless])
    found = np.array([seen.found for seen in threats])
    made = {
        f"{name}_auc": auc(bad, good),
        f"{name}_hits": float((found >= at).mean()),
        f"{name}_alarms": float((good >= at).mean()),
        f"{name}_hits_at_0_4pct": hits_at(found, good, FALSE_ALARMS),
        f"{name}_hits_at_5pct": hits_at(found, good, 0.05),
    }
    return {key: round(value, 4) for key, value in made.items()}


def per_object(harmless: list[Seen], at: float) -> float:
    """Return the alarming regions for each harmless thing."""
    alarms = sum(score >= at for seen in harmless for score in seen.spots)
    return round(alarms / max(1, sum(seen.things for seen in harmless)), 5)


def at_object_rate(
    tuning: list[Seen], threats: list[Seen], harmless: list[Seen]
) -> dict[str, float]:
    """Return the figures at the threshold that FALSE_ALARMS of the harmless objects reach."""
    every = np.sort([score for seen in tuning for score in seen.spots])[::-1]
    allowed = int(FALSE_ALARMS * sum(seen.things for seen in tuning))
    at = float(every[min(allowed, len(every) - 1)])
    return {
        "object_rate_threshold": round(at, 4),
        "object_rate_hits": round(float(np.mean([seen.found >= at for seen in threats])), 4),
        "object_rate_alarms_per_object": per_object(harmless, at),
        "object_rate_alarms_per_item": round(
            float(np.mean([seen.score >= at for seen in harmless])), 4
        ),
    }


def by_kind(threats: list[Seen], at: float, name: str) -> dict[str, float]:
    """Return the hits of each kind of threat at the threshold."""
    kinds = sorted({seen.kind for seen in threats})
    share = {k: np.mean([s.found >= at for s in threats if s.kind == k]) for k in kinds}
    return {f"{name}_hits_{kind}": round(float(value), 4) for kind, value in share.items()}


def everything(folder: Path, run: Runner, adds: Adds | None = None) -> dict[str, float]:
    """Return the card's figures and, as ``threshold``, the score from which an item alarms.

    ``single_threshold`` is that for one energy.
    """
    sets = {
        "tuning": cached(folder, TUNING, TUNED, threat=False),
        "good": cached(folder, UNSEEN_FROM, HARMLESS, threat=False),
        "bad": cached(folder, UNSEEN_FROM, THREATS, threat=True),
        "strange": cached(folder, UNSEEN_FROM, STRANGE, threat=True, unseen=True),
    }
    two = {name: judged(items, run, adds) for name, items in sets.items()}
    one = {name: judged(items, run, adds, energies=1) for name, items in sets.items()}
    at, alone = threshold(two["tuning"]), threshold(one["tuning"])
    made = {"strict_threshold": round(at, 4), **figures(two["bad"], two["good"], at, "items")}
    made |= by_kind(two["bad"], at, "items")
    made["alarms_per_object"] = per_object(two["good"], at)
    made |= at_object_rate(two["tuning"], two["bad"], two["good"])
    made["threshold"] = made["object_rate_threshold"]  # a missed threat costs more than a look
    made |= figures(two["strange"], two["good"], at, "strange_shapes")
    made |= by_kind(two["strange"], at, "strange_shapes")
    made |= figures(one["bad"], one["good"], alone, "single")
    single = at_object_rate(one["tuning"], one["bad"], one["good"])
    made["single_threshold"] = single.pop("object_rate_threshold")
    return made | {f"single_{name}": value for name, value in single.items()}
