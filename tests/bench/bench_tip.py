"""Threat image projection: how fast, and whether anyone can tell.

400 rendered items, each with the same threat genuine and projected; controls are projections done
wrong on purpose, so that the judges are judged too.
"""

from __future__ import annotations

import time

import numpy as np

from edge.scanner.tip.insertion import Optics
from edge.scanner.tip.placement import NoPlace
from edge.scanner.tip.projector import Projector, Subject
from models.xray.tip.library import load
from simulators.world.goods import OPEN, scene
from tests.unit.tip_scrutiny import artefacts, looks, told_apart
from tests.unit.tip_world import pair

ITEMS = 400
FIRST = 5_000  # seeds that nothing was tuned on
Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    return [*_speed(), *_judged()]


def _speed() -> list[Row]:
    projector, subject = Projector(load(), Optics(), 1.0), Subject("i", "clear", "release", False)
    bags = [scene(seed, lines=1000, pixels=512) for seed in range(4)]
    pictures = [(np.stack([b.low, b.high]).astype(np.float32) * 65_535 / OPEN).clip(0, 65_535)
                .astype(np.uint16) for b in bags]  # fmt: skip
    made, refused, begun = 0, 0, time.perf_counter()
    for seed in range(40):
        try:
            projector.project(pictures[seed % 4], subject, "p", seed, bytes(16), 0.0)
            made += 1
        except NoPlace:
            refused += 1
    rate = made / (time.perf_counter() - begun)
    return [
        ("projections into 1000 × 512, two energies", f"{rate:.1f} /s", "≥ 5 /s"),
        ("items that no threat of five fits into", f"{refused} of {made + refused}", "none set"),
    ]


def _judged() -> list[Row]:
    rows: dict[str, list[np.ndarray]] = {}
    stamps = dict(load().stamps)
    for seed in range(FIRST, FIRST + ITEMS):
        if (both := pair(seed, stamps)) is None:
            continue
        ways = {"genuine": both.genuine, "projected": both.projected, **both.controls}
        for name, shown in ways.items():
            rows.setdefault(name, []).append(looks(shown.picture, shown.place))
    seen = {name: np.array(found) for name, found in rows.items()}
    genuine = seen.pop("genuine")
    out = [("threats that are judged", f"{len(genuine)}", "")]
    out.append(
        ("genuine ones with a visible artefact", f"{artefacts(genuine, genuine):.0%}", "5 %")
    )
    for name, found in seen.items():
        best = max(told_apart(genuine, found).values())
        mine = name == "projected"
        out.append((f"{name} told from genuine, AUC", f"{best:.2f}", "≤ 0.60" if mine else "bad"))
        share = f"{artefacts(genuine, found):.0%}"
        out.append((f"{name} with a visible artefact", share, "≤ 10 %" if mine else "bad"))
    return out
